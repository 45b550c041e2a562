/* The body of an answer that comes from a source (transfer.h); private to this folder. */
#pragma once

#include "service/http/transfer.h"

struct dispatch;
struct pump;
struct MHD_Response;

/* `length` bytes from `offset` of the source; takes source->context over. */
struct pump *pump_new(const struct source *source, int64_t offset, int64_t length);
/* Reads the first piece. Transfer thread. */
bool pump_prime(struct pump *pump, GError **error);
void pump_free(struct pump *pump);
/* The pump is the library's from now on. NULL when memory is out. */
struct MHD_Response *pump_to_library(struct pump *pump, void *connection, struct dispatch *dispatch);
