#include "service/model/node.h"

static const char SEEN[] = /* node.seen */
    "INSERT INTO node (id, version, sandbox, seen_ms) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (id) DO UPDATE SET version = excluded.version, sandbox = excluded.sandbox, seen_ms = excluded.seen_ms";
static const char LEFT[] = /* node.left */
    "DELETE FROM node WHERE id = $1";
static const char LIST[] = /* node.list: a boot clock may have begun anew, so what lies ahead of it is old as well */
    "SELECT id, version, sandbox, seen_ms FROM node WHERE seen_ms > $1 AND seen_ms <= $2 ORDER BY id LIMIT 1000";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct node, id),
    SQL_FIELD(struct node, version),
    SQL_FIELD(struct node, sandbox),
    SQL_FIELD(struct node, seen_ms),
};
const struct sql_map node_map = SQL_MAP(struct node, COLUMNS);

bool node_seen(struct sql *sql, const struct node *node, GError **error)
{
    int64_t now_ms;

    return sql_lease_clock(sql, &now_ms, error) &&
           sql_run(sql, SEEN,
                   SQL_VALUES(SQL_T(node->id), SQL_T(node->version), SQL_T(node->sandbox), SQL_I(now_ms)), NULL,
                   error);
}

bool node_left(struct sql *sql, const char *id, GError **error)
{
    return sql_run(sql, LEFT, SQL_VALUES(SQL_T(id)), NULL, error);
}

struct sql_rows *node_list(struct sql *sql, GError **error)
{
    int64_t now_ms;

    if (!sql_lease_clock(sql, &now_ms, error)) {
        return NULL;
    }
    return sql_rows(sql, LIST, SQL_VALUES(SQL_I(now_ms - NODE_GONE_MS), SQL_I(now_ms + NODE_GONE_MS)), &node_map, error);
}
