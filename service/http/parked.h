/* Long polls: a handler that has nothing to say yet parks its request and gives its thread back.
 *
 *     struct response *job_claim_handler(app, request, error)
 *     {
 *         …look; found: answer…
 *         if (request_must_answer(request)) return response_empty(204);
 *         return request_park(request, "jobs", until_ms, job_claim_handler);
 *     }
 *
 * `again` runs on a disk thread when server_wake() names the topic, at the deadline, and when the server stops; in the
 * last two cases request_must_answer() is true. A wake between the handler's look and its park is not lost: the
 * request is then run again at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "service/http/router.h"

struct server;

struct response *request_park(struct request *request, const char *topic, int64_t until_ms, handler *again);
bool request_must_answer(const struct request *request);
/* Any thread; costs a lock and a look at each parked request. */
void server_wake(struct server *server, const char *topic);
