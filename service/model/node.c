#include "service/model/node.h"

#define GONE_MS 30000 /* six signs of life were missed */

static const char SEEN[] = /* node.seen */
    "INSERT INTO node (id, version, seen_ms) VALUES ($1, $2, $3)"
    " ON CONFLICT (id) DO UPDATE SET version = excluded.version, seen_ms = excluded.seen_ms";
static const char LEFT[] = /* node.left */
    "DELETE FROM node WHERE id = $1";
static const char LIST[] = /* node.list: a boot clock may have begun anew, so what lies ahead of it is old as well */
    "SELECT id, version, seen_ms FROM node WHERE seen_ms > $1 AND seen_ms <= $2 ORDER BY id LIMIT 1000";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct node, id),
    SQL_FIELD(struct node, version),
    SQL_FIELD(struct node, seen_ms),
};
const struct sql_map node_map = SQL_MAP(struct node, COLUMNS);

bool node_seen(struct sql *sql, const char *id, const char *version, GError **error)
{
    int64_t now_ms;

    return sql_lease_clock(sql, &now_ms, error) &&
           sql_run(sql, SEEN, SQL_VALUES(SQL_T(id), SQL_T(version), SQL_I(now_ms)), NULL, error);
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
    return sql_rows(sql, LIST, SQL_VALUES(SQL_I(now_ms - GONE_MS), SQL_I(now_ms + GONE_MS)), &node_map, error);
}
