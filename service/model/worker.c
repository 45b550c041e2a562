#include "service/model/worker.h"

#include "common/failure.h"
#include "service/model/sandbox.h"
#include "service/model/secret.h"

/* Once a second, or the claims of one machine would wait for each other. */
static const char SEEN[] = /* worker.seen */
    "INSERT INTO worker (name, version, sandbox, token_id, seen_ms) SELECT $1, $2, $3, $4, $5"
    " WHERE NOT EXISTS (SELECT 1 FROM worker"
    "                   WHERE name = $1 AND version = $2 AND sandbox = $3 AND token_id = $4 AND seen_ms > $5 - 1000)"
    " ON CONFLICT (name) DO UPDATE SET version = excluded.version, sandbox = excluded.sandbox,"
    " token_id = excluded.token_id, seen_ms = excluded.seen_ms";
static const char SEEN_UNLOCKED[] = /* worker.seen_unlocked: one row for each start, since a name has its process in it */
    "INSERT INTO worker (name, version, sandbox, token_id, seen_ms) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (name) DO UPDATE SET sandbox = excluded.sandbox WHERE worker.sandbox <> excluded.sandbox";
static const char LIST[] = /* worker.list */
    "SELECT w.name, w.version, w.sandbox, w.token_id, w.seen_ms,"
    " (SELECT COUNT(*) FROM job j WHERE j.state = 'leased' AND j.worker = w.name) AS running"
    " FROM worker w WHERE w.seen_ms > $1 ORDER BY w.seen_ms DESC, w.name LIMIT 1000";
static const char TOKEN_ADD[] = /* worker_token.add */
    "INSERT INTO worker_token (id, name, digest, created_ms) VALUES ($1, $2, $3, $4)";
static const char TOKEN_LIST[] = /* worker_token.list */
    "SELECT id, name, created_ms, COALESCE(revoked_ms, 0) AS revoked_ms FROM worker_token"
    " ORDER BY created_ms DESC, id LIMIT 1000";
static const char TOKEN_FIND[] = /* worker_token.find */
    "SELECT id, name, created_ms, 0 AS revoked_ms FROM worker_token WHERE digest = $1 AND revoked_ms IS NULL";
static const char TOKEN_GET[] = /* worker_token.get */
    "SELECT id, name, created_ms, 0 AS revoked_ms FROM worker_token WHERE id = $1 AND revoked_ms IS NULL";
static const char TOKEN_REVOKE[] = /* worker_token.revoke */
    "UPDATE worker_token SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL";
static const char RETURN_JOBS[] = /* job.return_of_token: the machine is to blame, not the file */
    "UPDATE job SET state = 'queued', attempt = attempt - 1, reason = 'infrastructure', permille = 0"
    " WHERE id IN (SELECT id FROM job WHERE state = 'leased'"
    "              AND worker IN (SELECT name FROM worker WHERE token_id = $1) ORDER BY id LIMIT 10000"
    "              /*pg: FOR UPDATE */)";

static const struct sql_column WORKER_COLUMNS[] = {
    SQL_FIELD(struct worker, name),     SQL_FIELD(struct worker, version), SQL_FIELD(struct worker, sandbox),
    SQL_FIELD(struct worker, token_id), SQL_FIELD(struct worker, seen_ms), SQL_FIELD(struct worker, running),
};
const struct sql_map worker_map = SQL_MAP(struct worker, WORKER_COLUMNS);

static const struct sql_column TOKEN_COLUMNS[] = {
    SQL_FIELD(struct worker_token, id),
    SQL_FIELD(struct worker_token, name),
    SQL_FIELD(struct worker_token, created_ms),
    SQL_FIELD(struct worker_token, revoked_ms),
};
const struct sql_map worker_token_map = SQL_MAP(struct worker_token, TOKEN_COLUMNS);

#define LISTED_MS (INT64_C(30) * 24 * 3600 * 1000)

/* The first sign of life of a worker that nothing locks in is recorded. */
static bool seen_unlocked(struct sql *sql, const struct worker *worker, struct sql_values row, int64_t now_ms,
                          GError **error)
{
    int64_t is_new = 0;

    return sql_run(sql, SEEN_UNLOCKED, row, &is_new, error) &&
           (is_new == 0 || sandbox_note_unlocked(sql, worker->name, now_ms, error));
}

bool worker_seen(struct sql *sql, const struct worker *worker, int64_t now_ms, GError **error)
{
    const struct sql_values row =
        SQL_VALUES(SQL_T(worker->name), SQL_T(worker->version), SQL_T(worker->sandbox), SQL_T(worker->token_id),
                   SQL_I(now_ms));

    return (!sandbox_is_none(worker->sandbox) || seen_unlocked(sql, worker, row, now_ms, error)) &&
           sql_later(sql, SEEN, row, error);
}

struct sql_rows *worker_list(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_I(now_ms - LISTED_MS)), &worker_map, error);
}

bool worker_token_add(struct sql *sql, const char *name, const struct actor *actor, int64_t now_ms, char **id,
                      char **token, GError **error)
{
    const glong length = g_utf8_strlen(name, -1);

    if (length < 1 || length > WORKER_NAME_CHARACTERS) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "name: 1 to %d characters", WORKER_NAME_CHARACTERS);
        return false;
    }
    g_autofree char *fresh = secret_id();
    g_autofree char *shown = secret_token();
    g_autofree char *digest = secret_digest(shown);
    json_auto_t *detail = json_pack("{s:s}", "name", name);
    const struct ledger_entry entry = {.action = "worker.added", .object = fresh, .detail = detail};
    if (!sql_run(sql, TOKEN_ADD, SQL_VALUES(SQL_T(fresh), SQL_T(name), SQL_T(digest), SQL_I(now_ms)), NULL, error) ||
        !ledger_add(sql, actor, &entry, now_ms, error)) {
        return false;
    }
    *id = g_steal_pointer(&fresh);
    *token = g_steal_pointer(&shown);
    return true;
}

struct sql_rows *worker_token_list(struct sql *sql, GError **error)
{
    return sql_rows(sql, TOKEN_LIST, SQL_NO_VALUES, &worker_token_map, error);
}

bool worker_token_find(struct sql *sql, const char *token, char **id, GError **error)
{
    g_autofree char *digest = secret_digest(token);
    struct worker_token row = {0};
    bool found = false;

    if (!sql_row(sql, TOKEN_FIND, SQL_VALUES(SQL_T(digest)), &worker_token_map, &row, &found, error)) {
        return false;
    }
    *id = found ? g_strdup(row.id) : NULL;
    sql_row_clear(&worker_token_map, &row);
    return true;
}

bool worker_token_is_in_force(struct sql *sql, const char *id, bool *is, GError **error)
{
    struct worker_token row = {0};
    const bool good = sql_row(sql, TOKEN_GET, SQL_VALUES(SQL_T(id)), &worker_token_map, &row, is, error);

    sql_row_clear(&worker_token_map, &row);
    return good;
}

bool worker_token_revoke(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {.action = "worker.revoked", .object = id};
    int64_t changed = 0;

    if (!sql_run(sql, TOKEN_REVOKE, SQL_VALUES(SQL_T(id), SQL_I(now_ms)), &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such token in force");
    }
    return sql_run(sql, RETURN_JOBS, SQL_VALUES(SQL_T(id)), NULL, error) && sql_notify(sql, SQL_TOPIC_JOBS, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}
