/* How an answer leaves: through the library, or by hand where the library could not. Server thread.
 *
 * Both note in the request what was sent, for its access line and figures.
 */
#pragma once

#include "service/http/exchange.h"

/* request->response becomes the library's. False: no memory, or no time for an answer; the connection is to be closed. */
bool answer_queue(struct request *request);

/* While a body is under way the library can answer only by closing the socket with unread bytes in it, and the reset
 * overtakes the answer. So the answer is written beside the library, the body dropped for a while, and then closed. */
void answer_by_hand(struct request *request);
