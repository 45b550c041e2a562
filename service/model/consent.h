/* What a submitter allowed beyond the site itself, and may take back or add at any time. Taking the licence itself back is
 * withdrawing the work (submission_withdraw). */
#pragma once

#include "service/model/submission.h"

/* The uses as kept, a JSON array of site, embed, exhibition, media; the caller's. "[]" when there is no licence. */
bool consent_scopes(struct sql *sql, const char *submission, char **scopes, GError **error);
/* Takes effect at the next request on every channel. One ledger record. REASON_STATE when the work is over. */
bool consent_set_scopes(struct sql *sql, const struct rules *rules, const struct submission *submission,
                        const char *scopes, const char *peer, int64_t now_ms, GError **error);
