#include "service/model/edition.h"

#define EDITION_FIELDS                                                                                                 \
    "SELECT e.key AS key, e.name AS name, e.year AS year, e.is_current AS is_current, e.works AS works FROM edition e"

static const char LIST[] = /* edition.list */
    EDITION_FIELDS " ORDER BY e.year DESC, e.key LIMIT 100";
static const char FIND[] = /* edition.find */
    EDITION_FIELDS " WHERE e.key = $1";

static const char COUNT_WORKS[] = /* edition.count_works */
    "SELECT CAST(COALESCE(SUM(works), 0) AS BIGINT) AS count FROM edition";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct edition, key),        SQL_FIELD(struct edition, name),  SQL_FIELD(struct edition, year),
    SQL_FIELD(struct edition, is_current), SQL_FIELD(struct edition, works),
};
static const struct sql_map MAP = SQL_MAP(struct edition, COLUMNS);

struct sql_rows *edition_list(struct sql *sql, GError **error)
{
    return sql_rows(sql, LIST, SQL_NO_VALUES, &MAP, error);
}

struct sql_rows *edition_find(struct sql *sql, const char *key, GError **error)
{
    return sql_rows(sql, FIND, SQL_VALUES(SQL_T(key)), &MAP, error);
}

bool edition_count_works(struct sql *sql, int64_t *count, GError **error)
{
    return sql_number(sql, COUNT_WORKS, SQL_NO_VALUES, count, error);
}
