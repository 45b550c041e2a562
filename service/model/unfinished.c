#include "service/model/unfinished.h"

#include "service/model/submission.h"
#include "service/model/upload.h"

static const char LOCK[] = /* unfinished.lock */
    "SELECT id FROM submission WHERE id = (SELECT submission FROM upload WHERE id = $1) /*pg: FOR NO KEY UPDATE */";
static const char GET[] = /* unfinished.get */
    "SELECT " SUBMISSION_FIELDS " JOIN upload u ON u.submission = s.id AND u.revision = s.revision"
    " WHERE u.id = $1 AND s.state = 'uploading'";
static const char LIST[] = /* unfinished.list */
    "SELECT " UPLOAD_FIELDS " FROM upload WHERE state = 'open' AND submission IS NOT NULL"
    " AND expires_ms <= $1 ORDER BY expires_ms LIMIT 200";
static const char EXPIRE[] = /* unfinished.expire */
    "UPDATE upload SET state = 'gone', updated_ms = $2 WHERE id = $1 AND state = 'open' AND expires_ms <= $2";

/* A work that waits for `upload` fails; the caller holds its lock. */
static bool fail_work(struct sql *sql, const char *upload, enum reason reason, int64_t now_ms, GError **error)
{
    const struct move move = {.event = reason == REASON_UPLOAD_EXPIRED ? EVENT_EXPIRED : EVENT_REFUSED,
                              .failure = reason_rule_of(reason)->code};
    g_auto(Submission) submission = {0};
    bool found = false;

    if (!sql_row(sql, GET, SQL_VALUES(SQL_T(upload)), &submission_map, &submission, &found, error)) {
        return false;
    }
    return !found || submission_move(sql, &submission, &DOER_SYSTEM, &move, now_ms, error);
}

/* The work first: the order in which every transaction takes its locks. */
bool unfinished_refuse(struct sql *sql, const char *upload, enum reason reason, int64_t now_ms, bool *changed,
                       GError **error)
{
    return sql_lock_row(sql, LOCK, SQL_VALUES(SQL_T(upload)), error) &&
           upload_refuse(sql, upload, reason_rule_of(reason)->code, now_ms, changed, error) &&
           (!*changed || fail_work(sql, upload, reason, now_ms, error));
}

struct sql_rows *unfinished_list(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_I(now_ms)), &UPLOAD_MAP, error);
}

bool unfinished_expire(struct sql *sql, const char *upload, int64_t now_ms, bool *changed, GError **error)
{
    int64_t count = 0;

    if (!sql_lock_row(sql, LOCK, SQL_VALUES(SQL_T(upload)), error) ||
        !sql_run(sql, EXPIRE, SQL_VALUES(SQL_T(upload), SQL_I(now_ms)), &count, error)) {
        return false;
    }
    *changed = count == 1;
    return !*changed || fail_work(sql, upload, REASON_UPLOAD_EXPIRED, now_ms, error);
}
