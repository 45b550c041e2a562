/* The province's sample (抽查): of the works that a policy publishes, a share is looked at afterwards by people of the
 * province, while they stay published. Nobody chooses which. The ledger's record submission.published names the share
 * (detail.sample_percent), and its own hash draws: the first eight hex digits of the hash, as a number below 2^32, are
 * below that share of 2^32, or not. So whoever has the ledger can draw every work again, and nobody knows the outcome
 * before a work is public. What was drawn is a record of its own, sample.drawn, which names the one that drew it. */
#pragma once

#include "service/database/database.h"
#include "service/model/ledger.h"
#include "service/model/rules.h"
#include "service/model/staff.h"
#include "service/model/submission.h"

enum { SAMPLE_PERCENT_MOST = 100 };

/* `hash`: 64 hex digits. */
bool sample_is_drawn(const char *hash, int64_t percent);
/* Right behind the publication's own record, in its transaction. */
bool sample_draw(struct sql *sql, const struct submission *submission, int64_t percent, int64_t now_ms, GError **error);

/* May this person look at the sample, of this region (NULL: at all)? REASON_DENIED, REASON_OUT_OF_SCOPE. */
bool sample_may(const struct rules *rules, const struct staff *staff, const char *region, GError **error);
/* *waits: the work was drawn and nobody of the province has decided yet. */
bool sample_find(struct sql *sql, const char *submission, bool *waits, GError **error);
/* confirmed, sent_back, taken_down, or gone. Nothing happens to a work that does not wait. */
bool sample_close(struct sql *sql, const char *submission, const char *state, int64_t now_ms, GError **error);
/* How many wait. */
bool sample_count(struct sql *sql, int64_t *waiting, GError **error);
