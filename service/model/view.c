#include "service/model/view.h"

static const char ADD_DAY[] = /* view_count.add */
    "INSERT INTO view_count (submission, day, views, seconds) SELECT s.id, $2, $3, $4 FROM submission s WHERE s.id = $1"
    " ON CONFLICT (submission, day) DO UPDATE SET views = view_count.views + excluded.views,"
    " seconds = view_count.seconds + excluded.seconds";
static const char ADD_TOTAL[] = /* view_total.add */
    "INSERT INTO view_total (submission, city, views, seconds) SELECT s.id, s.city, $2, $3 FROM submission s"
    " WHERE s.id = $1 ON CONFLICT (submission) DO UPDATE SET views = view_total.views + excluded.views,"
    " seconds = view_total.seconds + excluded.seconds";
static const char ADD_PART[] = /* view_part.add */
    "INSERT INTO view_part (submission, part, views) SELECT s.id, $2, $3 FROM submission s WHERE s.id = $1"
    " ON CONFLICT (submission, part) DO UPDATE SET views = view_part.views + excluded.views";
/* LEFT although every work has its revision: it is for its title alone, so no planner shall begin with it. */
#define TOP_FIELDS                                                                                                     \
    "SELECT v.submission AS id, r.title AS title, v.city AS city, v.views AS views, v.seconds AS seconds"              \
    " FROM view_total v JOIN publication p ON p.submission = v.submission"                                             \
    " LEFT JOIN revision r ON r.submission = p.submission AND r.number = p.revision"
static const char TOP[] = /* view_total.list */
    TOP_FIELDS " WHERE v.views > 0 ORDER BY v.views DESC, v.submission DESC LIMIT 100";
static const char TOP_OF_CITY[] = /* view_total.list_city */
    TOP_FIELDS " WHERE v.city = $1 AND v.views > 0 ORDER BY v.views DESC, v.submission DESC LIMIT 100";
static const char DAYS[] = /* view_count.list */
    "SELECT day, views, seconds FROM view_count WHERE submission = $1 ORDER BY day DESC LIMIT 400";
static const char PARTS[] = /* view_part.list */
    "SELECT part, views FROM view_part WHERE submission = $1 ORDER BY part LIMIT 20";

static const struct sql_column WORK_COLUMNS[] = {
    SQL_FIELD(struct view_work, id),    SQL_FIELD(struct view_work, title),   SQL_FIELD(struct view_work, city),
    SQL_FIELD(struct view_work, views), SQL_FIELD(struct view_work, seconds),
};
const struct sql_map view_work_map = SQL_MAP(struct view_work, WORK_COLUMNS);

static const struct sql_column DAY_COLUMNS[] = {
    SQL_FIELD(struct view_day, day),
    SQL_FIELD(struct view_day, views),
    SQL_FIELD(struct view_day, seconds),
};
static const struct sql_map DAY_MAP = SQL_MAP(struct view_day, DAY_COLUMNS);

struct part_row {
    int64_t part;
    int64_t views;
};
static const struct sql_column PART_COLUMNS[] = {SQL_FIELD(struct part_row, part), SQL_FIELD(struct part_row, views)};
static const struct sql_map PART_MAP = SQL_MAP(struct part_row, PART_COLUMNS);

bool view_add(struct sql *sql, const char *submission, const char *day, const struct view_tally *tally, GError **error)
{
    for (int i = 0; i < VIEW_PARTS; i++) {
        if (tally->parts[i] > 0 &&
            !sql_later(sql, ADD_PART, SQL_VALUES(SQL_T(submission), SQL_I(i), SQL_I(tally->parts[i])), error)) {
            return false;
        }
    }
    return sql_later(sql, ADD_DAY,
                     SQL_VALUES(SQL_T(submission), SQL_T(day), SQL_I(tally->views), SQL_I(tally->seconds)), error) &&
           sql_later(sql, ADD_TOTAL, SQL_VALUES(SQL_T(submission), SQL_I(tally->views), SQL_I(tally->seconds)), error);
}

struct sql_rows *view_list(struct sql *sql, const char *city, GError **error)
{
    return city[0] == '\0' ? sql_rows(sql, TOP, SQL_NO_VALUES, &view_work_map, error)
                           : sql_rows(sql, TOP_OF_CITY, SQL_VALUES(SQL_T(city)), &view_work_map, error);
}

struct sql_rows *view_days(struct sql *sql, const char *submission, GError **error)
{
    return sql_rows(sql, DAYS, SQL_VALUES(SQL_T(submission)), &DAY_MAP, error);
}

bool view_parts(struct sql *sql, const char *submission, int64_t parts[VIEW_PARTS], GError **error)
{
    g_autoptr(SqlRows) rows = sql_rows(sql, PARTS, SQL_VALUES(SQL_T(submission)), &PART_MAP, error);

    for (int i = 0; i < VIEW_PARTS; i++) {
        parts[i] = 0;
    }
    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct part_row *row = sql_rows_at(rows, i);
        parts[row->part] = row->views;
    }
    return rows != NULL;
}
