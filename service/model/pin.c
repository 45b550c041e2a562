#include "service/model/pin.h"

#include "common/failure.h"

enum {
    FREE_FAILURES = 5,
    SLOW_MS = 60 * 1000,
};

static const char FAILURE[] = /* submission.pin_failure */
    "UPDATE submission SET pin_failures = pin_failures + 1,"
    " pin_slowed_until_ms = CASE WHEN pin_failures + 1 >= $2 THEN $3 ELSE 0 END"
    " WHERE id = $1";
static const char SLOWED[] = /* submission.pin_slowed: as it is now, one guess at a time */
    "SELECT pin_slowed_until_ms AS until_ms FROM submission WHERE id = $1 /*pg: FOR NO KEY UPDATE */";
static const char RIGHT[] = /* submission.pin_right */
    "UPDATE submission SET pin_failures = 0, pin_slowed_until_ms = 0 WHERE id = $1 AND pin_failures > 0";

char *pin_of(const struct secrets *secrets, const char *submission)
{
    g_autofree char *mac = secret_mac(secrets, "pin", submission);
    g_autofree char *head = g_strndup(mac, 12);
    guint64 number = 0;

    (void)g_ascii_string_to_unsigned(head, 16, 0, G_MAXUINT64, &number, NULL); /* our own hex */
    return g_strdup_printf("%06" G_GUINT64_FORMAT, number % 1000000);
}

char *pin_digest(const struct secrets *secrets, const char *submission, const char *pin)
{
    g_autofree char *both = g_strdup_printf("%s|%s", submission, pin);

    return secret_mac(secrets, "pin-digest", both);
}

bool pin_check(struct sql *sql, const struct secrets *secrets, const struct submission *submission, const char *pin,
               int64_t now_ms, bool *right, GError **error)
{
    g_autofree char *digest = pin_digest(secrets, submission->id, pin);
    int64_t until_ms = 0;

    if (!sql_number(sql, SLOWED, SQL_VALUES(SQL_T(submission->id)), &until_ms, error)) {
        return false;
    }
    if (until_ms > now_ms) {
        return refuse(error, MODEL_ERROR, REASON_LOGIN_SLOWED, "too many wrong PINs");
    }
    *right = secret_equal(digest, submission->pin_digest);
    if (*right) {
        return sql_run(sql, RIGHT, SQL_VALUES(SQL_T(submission->id)), NULL, error);
    }
    return sql_run(sql, FAILURE, SQL_VALUES(SQL_T(submission->id), SQL_I(FREE_FAILURES), SQL_I(now_ms + SLOW_MS)), NULL,
                   error);
}
