/* Covers of one's own choice: for each clip of a work the moment whose picture stands for it. The moments are a revision's, as JSON
 * {"1": 2500}: position of the clip, milliseconds. A job makes the pictures; until it is over nobody may decide, so what is
 * approved is always what was seen. */
#pragma once

#include "service/database/database.h"
#include "service/model/submission.h"

struct cover {
    int64_t position; /* of the clip, from 1 on */
    int64_t at_ms;
};

/* The moments of the present revision with this one in its place. REASON_COVER where the work has no such clip, or the clip
 * no such moment. The caller's. */
char *cover_moments(const struct submission *submission, const struct cover *cover, GError **error);

/* Its pictures are still to be made. */
bool cover_is_pending(const struct submission *submission);

/* The new pictures stand: they are pinned, and the work has another version. */
bool cover_finish(struct sql *sql, const struct submission *submission, GError **error);
/* They could not be made: the old ones stay, and the ledger says so. */
bool cover_give_up(struct sql *sql, const struct submission *submission, const char *reason, int64_t now_ms,
                   GError **error);
