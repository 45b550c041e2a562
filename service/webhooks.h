/* Tells receivers with an address what happened: each on its own, one request at a time, again for a day while it does not
 * answer 2xx. A thread of its own looks for what is due, once a second and when it is woken; the requests run on one thread
 * for each receiver that has something due, so that a slow one holds up nobody else. Several services of one database share
 * the work: a delivery is taken in a transaction. What is sent is the same at every attempt, but for time and signature. */
#pragma once

#include "service/app.h"
#include "service/model/receiver.h"

struct webhooks;

struct webhooks *webhooks_start(struct app *app);
void webhooks_stop(struct webhooks *webhooks); /* waits for requests under way, five seconds at most; NULL is fine */
void webhooks_wake(struct webhooks *webhooks); /* something may be due; any thread, short; NULL is fine */

/* May an administrator name this address? https anywhere in public, or what the setting webhook_hosts names.
 * REASON_OUTBOUND_ADDRESS. */
bool webhooks_check_url(const struct app *app, const char *url, GError **error);

/* One request now, with an event that never happened; blocks up to five seconds. *outcome: "ok", "http-500", "outbound" …;
 * the caller's. */
bool webhooks_try(const struct app *app, const struct receiver *receiver, int64_t now_ms, char **outcome,
                  GError **error);
