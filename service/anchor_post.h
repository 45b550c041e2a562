/* The end of the ledger told to a server of the operator's choice (ledger_anchor_url), best of another department, so that a
 * cut tail is found there. A POST of JSON {"seq", "hash", "at_ms", "public_key"}, whenever the ledger has grown, every
 * anchor_seconds at most; repeated until a 2xx came. Signed as webhooks are:
 *
 *     Xuepai-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body" under ledger_anchor_secret, hex>
 *
 * A thread of its own, because the other side may be slow. */
#pragma once

#include "service/app.h"

struct anchor_post;

/* NULL where no address is set. */
struct anchor_post *anchor_post_start(struct app *app);
/* Returns within the time of one request. NULL is fine. */
void anchor_post_stop(struct anchor_post *post);
