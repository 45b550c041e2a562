#include "service/model/sample.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/permission.h"

static const char ADD[] = /* sample.add */
    "INSERT INTO sample (record, submission, revision, drawn_ms, state) VALUES ($1, $2, $3, $4, 'waiting')";
static const char WAITS[] = /* sample.waits */
    "SELECT COUNT(*) AS waiting FROM sample WHERE submission = $1 AND state = 'waiting'";
static const char CLOSE[] = /* sample.close */
    "UPDATE sample SET state = $2, closed_ms = $3 WHERE submission = $1 AND state = 'waiting'";
static const char COUNT[] = /* sample.count */
    "SELECT COUNT(*) AS waiting FROM sample WHERE state = 'waiting' AND record > 0";

enum { DIGITS = 8 };

bool sample_is_drawn(const char *hash, int64_t percent)
{
    g_autofree char *digits = g_strndup(hash, DIGITS);
    guint64 number = 0;

    g_assert(g_ascii_string_to_unsigned(digits, 16, 0, G_MAXUINT32, &number, NULL)); /* a hash of our own */
    return (int64_t)number * 100 < percent << 32;
}

bool sample_draw(struct sql *sql, const struct submission *submission, int64_t percent, int64_t now_ms, GError **error)
{
    struct ledger_anchor head;

    if (percent == 0) {
        return true;
    }
    if (!ledger_head(sql, &head, error)) {
        return false;
    }
    if (!sample_is_drawn(head.hash, percent)) {
        return true;
    }
    json_auto_t *detail = json_pack("{s:I, s:I, s:I}", "record", (json_int_t)head.seq, "revision",
                                    (json_int_t)submission->revision, "sample_percent", (json_int_t)percent);
    const struct ledger_entry entry = {.action = "sample.drawn",
                                       .object = submission->id,
                                       .before = submission->state,
                                       .after = submission->state,
                                       .detail = detail};
    return sql_run(sql, ADD,
                   SQL_VALUES(SQL_I(head.seq), SQL_T(submission->id), SQL_I(submission->revision), SQL_I(now_ms)), NULL,
                   error) &&
           ledger_add(sql, &DOER_SYSTEM.actor, &entry, now_ms, error);
}

bool sample_may(const struct rules *rules, const struct staff *staff, const char *region, GError **error)
{
    return may(rules, staff, PERMISSION_SAMPLE, region, error);
}

bool sample_find(struct sql *sql, const char *submission, bool *waits, GError **error)
{
    int64_t waiting = 0;

    if (!sql_number(sql, WAITS, SQL_VALUES(SQL_T(submission)), &waiting, error)) {
        return false;
    }
    *waits = waiting > 0;
    return true;
}

bool sample_close(struct sql *sql, const char *submission, const char *state, int64_t now_ms, GError **error)
{
    return sql_run(sql, CLOSE, SQL_VALUES(SQL_T(submission), SQL_T(state), SQL_I(now_ms)), NULL, error);
}

bool sample_count(struct sql *sql, int64_t *waiting, GError **error)
{
    return sql_number(sql, COUNT, SQL_NO_VALUES, waiting, error);
}
