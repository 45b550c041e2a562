/* What a submitter allowed beyond the site itself, and may take back or add at any time. Taking the licence itself back is
 * withdrawing the work (submission_withdraw). */
#pragma once

#include "service/model/submission.h"

/* The uses as kept, a JSON array of site, embed, exhibition, media; the caller's. "[]" when there is no licence. */
bool consent_scopes(struct sql *sql, const char *submission, char **scopes, GError **error);
/* All that was given: [{kind, version, scopes}]; the caller's. NULL with *error. */
json_t *consent_given(struct sql *sql, const char *submission, GError **error);
/* Other uses. A use less takes effect at the next request on every channel. Decisions are pinned to the uses too: a work in
 * review, and a public one with a use more, is a new revision at the first stage. The same uses change nothing. One ledger
 * record of the change. REASON_STATE when the work is over. */
bool consent_set_scopes(struct sql *sql, const struct rules *rules, struct submission *submission, const char *scopes,
                        const char *peer, int64_t now_ms, GError **error);
