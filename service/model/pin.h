/* The PIN of a receipt: six digits that show, together with the code, whose work it is. Derived from the work's id by the
 * installation's key, so that an answer that was lost can be given again; only a keyed digest is stored. */
#pragma once

#include "service/model/secret.h"
#include "service/model/submission.h"

/* For the work's submitter alone; the caller's. */
char *pin_of(const struct secrets *secrets, const char *submission);
/* What is stored of it; the caller's. */
char *pin_digest(const struct secrets *secrets, const char *submission, const char *pin);
/* Is it this work's? Failures are counted, one guess at a time: REASON_LOGIN_SLOWED for a minute after five. */
bool pin_check(struct sql *sql, const struct secrets *secrets, const struct submission *submission, const char *pin,
               int64_t now_ms, bool *right, GError **error);
