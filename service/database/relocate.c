/* This one file speaks the words of both engines: it reads SQLite's catalogue and switches PostgreSQL's guard off. Tables
 * come in the order of their creation, so that what a row refers to is there before it. */
#include "service/database/relocate.h"

#include <string.h>

#include "common/failure.h"
#include "service/database/driver.h"

/* The schema's own bookkeeping: both sides have it from migrating. */
static const char OWN_TABLE[] = "migration";

static const char TABLES[] = /* catalogue of SQLite */
    "SELECT name, CASE WHEN sql LIKE '%WITHOUT ROWID%' THEN '1' ELSE 'rowid' END AS row_order FROM sqlite_master"
    " WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid LIMIT 1000";
static const char COLUMNS[] = /* the same */
    "SELECT name, type FROM pragma_table_info($1) ORDER BY cid LIMIT 1000";
/* A publication was guarded and counted when it was made; its work is past the state that the guard asks for. */
static const char GUARD_OFF[] = "ALTER TABLE publication DISABLE TRIGGER USER";
static const char GUARD_ON[] = "ALTER TABLE publication ENABLE TRIGGER USER";

struct table {
    char *name;
    char *row_order; /* as its rows were made, or by its first column where nothing of that is kept */
};
static const struct sql_column TABLE_COLUMNS[] = {SQL_FIELD(struct table, name), SQL_FIELD(struct table, row_order)};
static const struct sql_map TABLE_MAP = SQL_MAP(struct table, TABLE_COLUMNS);

struct column {
    char *name;
    char *type;
};
static const struct sql_column COLUMN_COLUMNS[] = {SQL_FIELD(struct column, name), SQL_FIELD(struct column, type)};
static const struct sql_map COLUMN_MAP = SQL_MAP(struct column, COLUMN_COLUMNS);

struct move {
    struct sql *from;
    struct database *to;
    const struct relocate_report *report;
};

/* Statements are kept by their text's address for the life of a connection. */
static const char *statement(GString *text)
{
    const char *kept = g_intern_string(text->str);

    (void)g_string_free(text, TRUE);
    return kept;
}

static bool count_rows(struct sql *sql, const char *table, int64_t *count, GError **error)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "SELECT COUNT(*) AS count FROM %s", table);
    return sql_number(sql, statement(text), SQL_NO_VALUES, count, error);
}

static const char *select_of(const struct table *table, const struct sql_rows *columns)
{
    GString *text = g_string_new("SELECT ");

    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = sql_rows_at(columns, i);
        g_string_append_printf(text, "%s%s", i == 0 ? "" : ", ", column->name);
    }
    g_string_append_printf(text, " FROM %s ORDER BY %s", table->name, table->row_order);
    return statement(text);
}

/* Every value travels as text. */
static const char *insert_of(const char *table, const struct sql_rows *columns)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GString) values = g_string_new(NULL);

    g_string_printf(text, "INSERT INTO %s (", table);
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = sql_rows_at(columns, i);
        const bool is_number = strcmp(column->type, "INTEGER") == 0;
        g_string_append_printf(text, "%s%s", i == 0 ? "" : ", ", column->name);
        g_string_append_printf(values, is_number ? "%sCAST($%zu AS BIGINT)" : "%s$%zu", i == 0 ? "" : ", ", i + 1);
    }
    g_string_append_printf(text, ") VALUES (%s)", values->str);
    return statement(text);
}

/* The columns of a result stand in the order of the SELECT. */
static bool copy_rows(struct sql *from, struct sql *to, const struct table *table, const struct sql_rows *columns,
                      int64_t *copied, GError **error)
{
    const struct sql_driver *driver = from->driver;
    const char *insert = insert_of(table->name, columns);
    g_autofree struct sql_value *values = g_new0(struct sql_value, columns->count);
    struct sql_result *result = NULL;
    int more;

    if (!driver->execute(from, select_of(table, columns), SQL_NO_VALUES, &result, error)) {
        return false;
    }
    while ((more = driver->next(result, error)) == 1) {
        for (size_t i = 0; i < columns->count; i++) {
            const bool is_null = driver->is_null(result, (int)i);
            values[i] = (struct sql_value){SQL_KIND_TEXT, is_null ? NULL : driver->text(result, (int)i), 0};
        }
        if (!sql_run(to, insert, (struct sql_values){values, columns->count}, NULL, error)) {
            more = -1;
            break;
        }
        ++*copied;
    }
    driver->finish(result);
    return more == 0;
}

static bool copy_table(struct move *move, struct sql *to, const struct table *place, GError **error)
{
    const char *table = place->name;
    g_autoptr(SqlRows) columns = sql_rows(move->from, COLUMNS, SQL_VALUES(SQL_T(table)), &COLUMN_MAP, error);
    int64_t before = 0;
    int64_t copied = 0;
    int64_t there = 0;
    int64_t here = 0;

    if (columns == NULL || !count_rows(to, table, &before, error)) {
        return false;
    }
    if (before != 0) {
        g_set_error(error, DATABASE_ERROR, REASON_CONFLICT, "the new database has rows already, in %s", table);
        return false;
    }
    if (!copy_rows(move->from, to, place, columns, &copied, error) || !count_rows(move->from, table, &there, error) ||
        !count_rows(to, table, &here, error)) {
        g_prefix_error(error, "%s: ", table);
        return false;
    }
    if (here != there || copied != there) {
        g_set_error(error, DATABASE_ERROR, REASON_INTERNAL,
                    "%s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " rows came", table, here, there);
        return false;
    }
    move->report->table(move->report->context, table, copied);
    return true;
}

static bool write_all(struct sql *to, void *context, GError **error)
{
    struct move *move = context;
    g_autoptr(SqlRows) tables = sql_rows(move->from, TABLES, SQL_NO_VALUES, &TABLE_MAP, error);

    if (tables == NULL || !sql_run(to, GUARD_OFF, SQL_NO_VALUES, NULL, error)) {
        return false;
    }
    for (size_t i = 0; i < tables->count; i++) {
        const struct table *table = sql_rows_at(tables, i);
        if (strcmp(table->name, OWN_TABLE) != 0 && !copy_table(move, to, table, error)) {
            return false;
        }
    }
    return sql_run(to, GUARD_ON, SQL_NO_VALUES, NULL, error);
}

static bool read_all(struct sql *from, void *context, GError **error)
{
    struct move *move = context;

    move->from = from;
    return database_transact(move->to, "relocate", write_all, move, error);
}

bool database_relocate(struct database *from, struct database *to, const struct relocate_report *report, GError **error)
{
    struct move move = {.to = to, .report = report};

    if (strcmp(database_engine(from), "sqlite") != 0 || strcmp(database_engine(to), "postgres") != 0) {
        g_set_error_literal(error, DATABASE_ERROR, REASON_UNSUPPORTED,
                            "rows move from SQLite to PostgreSQL; a SQLite database moves by copying its file");
        return false;
    }
    return database_read(from, "relocate", read_all, &move, error);
}
