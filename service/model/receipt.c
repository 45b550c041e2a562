#include "service/model/receipt.h"

#include "service/model/pin.h"

static const char GET[] = /* receipt.get */
    "SELECT " SUBMISSION_FIELDS " WHERE s.idempotency = $1";

bool receipt_find_again(struct sql *sql, const struct secrets *secrets, const char *idempotency,
                        struct submission_receipt *receipt, bool *found, GError **error)
{
    g_auto(Submission) submission = {0};

    if (!sql_row(sql, GET, SQL_VALUES(SQL_T(idempotency)), &submission_map, &submission, found, error)) {
        return false;
    }
    if (*found) {
        submission_receipt_clear(receipt);
        *receipt = (struct submission_receipt){.id = g_strdup(submission.id),
                                               .code = g_strdup(submission.code),
                                               .pin = pin_of(secrets, submission.id),
                                               .state = g_strdup(submission.state)};
    }
    return true;
}
