/* The list behind parked.h; the server's own. */
#pragma once

#include "service/http/exchange.h"

struct parked_list;

typedef void parked_run(void *context, struct request *request);

/* `run` gets a request that is to run again; called without the list's lock. */
struct parked_list *parked_list_new(parked_run *run, void *context);
void parked_list_free(struct parked_list *list);
guint64 parked_list_wakes(struct parked_list *list);
void parked_list_add(struct parked_list *list, struct request *request);
void parked_list_wake(struct parked_list *list, const char *topic);
/* Runs what is due; everything when `all`. */
void parked_list_expire(struct parked_list *list, int64_t now_ms, bool all);
size_t parked_list_count(struct parked_list *list);
