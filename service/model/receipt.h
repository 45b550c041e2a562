/* The receipt of a work that was made before by the same request. */
#pragma once

#include "service/model/submission.h"

/* By the digest that the work was made with; *receipt is written only when *found. */
bool receipt_find_again(struct sql *sql, const struct secrets *secrets, const char *idempotency,
                        struct submission_receipt *receipt, bool *found, GError **error);
