/* A body as it comes, piece by piece: collected for the handler (JSON), given to its stream, or dropped, as the request's
 * phase says. Server thread; where a handler is to run, the request goes to a pool (dispatch.h).
 */
#pragma once

#include "service/http/exchange.h"

/* Both are false when the connection is to be closed, and the last touch of the request in this turn of its thread. */
bool body_take(struct request *request, const char *data, size_t size);
bool body_end(struct request *request);
/* The request is over: a stream that was not finished keeps what came. */
void body_abort(struct request *request);
