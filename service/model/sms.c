#include "service/model/sms.h"

#include <string.h>

#include "service/model/secret.h"

static const char GET_CURSOR[] = /* sms_cursor.get */
    "SELECT seq FROM sms_cursor WHERE name = 'sms'";
static const char START_CURSOR[] = /* sms_cursor.start */
    "INSERT INTO sms_cursor (name, seq) SELECT 'sms', COALESCE(MAX(seq), 0) FROM ledger WHERE 1 = 1"
    " ON CONFLICT (name) DO NOTHING";
static const char MOVE_CURSOR[] = /* sms_cursor.move */
    "UPDATE sms_cursor SET seq = $2 WHERE name = 'sms' AND seq = $1";
static const char NEWS[] = /* ledger.news */
    "SELECT seq, action, object FROM ledger WHERE seq > $1 ORDER BY seq LIMIT 500";
static const char ADD[] = /* sms_message.add */
    "INSERT INTO sms_message (id, submission, template, due_ms, tries) VALUES ($1, $2, $3, $4, 0)";
static const char LIST_DUE[] = /* sms_message.list_due */
    "SELECT id, submission, template, due_ms, tries FROM sms_message WHERE due_ms <= $1 ORDER BY due_ms LIMIT 20";
static const char TAKE[] = /* sms_message.take */
    "UPDATE sms_message SET due_ms = $3, tries = tries + 1 WHERE id = $1 AND due_ms = $2";
static const char REMOVE[] = /* sms_message.remove */
    "DELETE FROM sms_message WHERE id = $1";

struct news {
    int64_t seq;
    char *action;
    char *object;
};
static const struct sql_column NEWS_COLUMNS[] = {
    SQL_FIELD(struct news, seq),
    SQL_FIELD(struct news, action),
    SQL_FIELD(struct news, object),
};
static const struct sql_map NEWS_MAP = SQL_MAP(struct news, NEWS_COLUMNS);

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct sms_message, id),     SQL_FIELD(struct sms_message, submission),
    SQL_FIELD(struct sms_message, template), SQL_FIELD(struct sms_message, due_ms),
    SQL_FIELD(struct sms_message, tries),
};
const struct sql_map sms_message_map = SQL_MAP(struct sms_message, COLUMNS);

/* What of the ledger a family is told. */
static const struct {
    const char *action;
    const char *template;
} TOLD[] = {{"submission.returned", "returned"}, {"submission.published", "published"}};

static bool keep(struct sql *sql, const struct news *news, int64_t now_ms, int64_t *count, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TOLD); i++) {
        if (strcmp(TOLD[i].action, news->action) != 0) {
            continue;
        }
        g_autofree char *id = secret_id();
        *count += 1;
        return sql_run(sql, ADD, SQL_VALUES(SQL_T(id), SQL_T(news->object), SQL_T(TOLD[i].template), SQL_I(now_ms)),
                       NULL, error);
    }
    return true;
}

static bool keep_all(struct sql *sql, int64_t from, int64_t now_ms, int64_t *count, GError **error)
{
    g_autoptr(SqlRows) rows = sql_rows(sql, NEWS, SQL_VALUES(SQL_I(from)), &NEWS_MAP, error);
    int64_t moved = 0;

    if (rows == NULL || rows->count == 0) {
        return rows != NULL;
    }
    const struct news *last = sql_rows_at(rows, rows->count - 1);
    if (!sql_run(sql, MOVE_CURSOR, SQL_VALUES(SQL_I(from), SQL_I(last->seq)), &moved, error)) {
        return false;
    }
    for (size_t i = 0; moved == 1 && i < rows->count; i++) { /* else another service was quicker */
        if (!keep(sql, sql_rows_at(rows, i), now_ms, count, error)) {
            return false;
        }
    }
    return true;
}

bool sms_collect(struct sql *sql, int64_t now_ms, int64_t *count, GError **error)
{
    int64_t cursor = -1; /* not begun */

    *count = 0;
    if (!sql_number(sql, GET_CURSOR, SQL_NO_VALUES, &cursor, error)) {
        return false;
    }
    return cursor < 0 ? sql_run(sql, START_CURSOR, SQL_NO_VALUES, NULL, error)
                      : keep_all(sql, cursor, now_ms, count, error);
}

struct sql_rows *sms_list_due(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_rows(sql, LIST_DUE, SQL_VALUES(SQL_I(now_ms)), &sms_message_map, error);
}

bool sms_take(struct sql *sql, const struct sms_message *message, int64_t again_ms, bool *taken, GError **error)
{
    int64_t count = 0;
    const bool done = sql_run(sql, TAKE, SQL_VALUES(SQL_T(message->id), SQL_I(message->due_ms), SQL_I(again_ms)),
                              &count, error);

    *taken = count == 1;
    return done;
}

bool sms_remove(struct sql *sql, const char *id, GError **error)
{
    return sql_run(sql, REMOVE, SQL_VALUES(SQL_T(id)), NULL, error);
}
