/* The part of the seam that no engine cares about: choosing the driver, and rows into structs by column name. */
#include "service/database/database.h"

#include <string.h>

#include "common/failure.h"
#include "service/database/driver.h"

static const struct {
    const char *scheme;
    const struct database_driver *driver;
} DRIVERS[] = {
    {"sqlite", &sqlite_driver},
    {"postgresql", &postgres_driver},
    {"postgres", &postgres_driver},
};

struct database *database_open(const char *address, GError **error)
{
    g_autofree char *scheme = g_uri_parse_scheme(address);

    for (size_t i = 0; scheme != NULL && i < G_N_ELEMENTS(DRIVERS); i++) {
        if (strcmp(DRIVERS[i].scheme, scheme) == 0) {
            struct database *database = DRIVERS[i].driver->open(address, error);
            if (database != NULL) {
                g_mutex_init(&database->listening);
            }
            return database;
        }
    }
    g_set_error(error, DATABASE_ERROR, REASON_INPUT, "no database engine for \"%s\"", scheme == NULL ? "" : scheme);
    return NULL;
}

void database_free(struct database *database)
{
    if (database != NULL) {
        database_unlisten(database);
        g_mutex_clear(&database->listening);
        database->driver->close(database);
    }
}

const char *database_engine(const struct database *database)
{
    return database->driver->name;
}

bool database_is_shared(const struct database *database)
{
    return database->driver->is_shared;
}

static void set_listener(struct database *database, database_wake *wake, void *context)
{
    g_mutex_lock(&database->listening);
    database->wake = wake;
    database->wake_context = context;
    g_mutex_unlock(&database->listening);
}

void database_listen(struct database *database, database_wake *wake, void *context)
{
    set_listener(database, wake, context);
    if (database->driver->listen != NULL) {
        database->driver->listen(database);
    }
}

void database_unlisten(struct database *database)
{
    if (database->driver->unlisten != NULL) {
        database->driver->unlisten(database);
    }
    set_listener(database, NULL, NULL);
}

void database_wake_listener(struct database *database, unsigned topics)
{
    g_mutex_lock(&database->listening);
    for (unsigned topic = 0; topic < SQL_TOPIC_COUNT && database->wake != NULL; topic++) {
        if ((topics & 1U << topic) != 0) {
            database->wake(database->wake_context, (enum sql_topic)topic);
        }
    }
    g_mutex_unlock(&database->listening);
}

bool database_transact(struct database *database, const char *name, database_work *work, void *context, GError **error)
{
    return database->driver->transact(database, name, work, context, error);
}

bool database_read(struct database *database, const char *name, database_work *work, void *context, GError **error)
{
    return database->driver->read(database, name, work, context, error);
}

bool database_checkpoint(struct database *database, GError **error)
{
    return database->driver->checkpoint(database, error);
}

bool database_backup(struct database *database, const char *path, GError **error)
{
    return database->driver->backup(database, path, error);
}

bool database_is_healthy(struct database *database)
{
    return database->driver->is_healthy(database);
}

bool sql_script(struct sql *sql, const char *text, GError **error)
{
    return sql->driver->script(sql, text, error);
}

bool sql_lock(struct sql *sql, enum sql_lock lock, GError **error)
{
    return !sql->locks || sql->driver->lock(sql, lock, error);
}

bool sql_notify(struct sql *sql, enum sql_topic topic, GError **error)
{
    sql->topics |= 1U << topic;
    return sql->driver->notify == NULL || sql->driver->notify(sql, topic, error);
}

bool sql_lease_clock(struct sql *sql, int64_t *now_ms, GError **error)
{
    return sql->driver->lease_clock(sql, now_ms, error);
}

bool sql_lock_row(struct sql *sql, const char *text, struct sql_values values, GError **error)
{
    return !sql->locks || sql_later(sql, text, values, error);
}

bool sql_run(struct sql *sql, const char *text, struct sql_values values, int64_t *changed, GError **error)
{
    struct sql_result *result = NULL;

    if (!sql->driver->execute(sql, text, values, &result, error)) {
        return false;
    }
    int step = 1;
    while (step > 0) {
        step = sql->driver->next(result, error);
    }
    if (step == 0 && changed != NULL) {
        *changed = sql->driver->changed(result);
    }
    sql->driver->finish(result);
    return step == 0;
}

bool sql_later(struct sql *sql, const char *text, struct sql_values values, GError **error)
{
    return sql->driver->later != NULL ? sql->driver->later(sql, text, values, error)
                                      : sql_run(sql, text, values, NULL, error);
}

/* Where each field of the map stands in the result; false when a column is missing. */
static bool find_columns(const struct sql *sql, const struct sql_result *result, const struct sql_map *map,
                         int *positions, GError **error)
{
    for (size_t i = 0; i < map->count; i++) {
        positions[i] = sql->driver->column(result, map->columns[i].name);
        if (positions[i] < 0) {
            g_set_error(error, DATABASE_ERROR, REASON_INTERNAL, "the statement delivers no column \"%s\"",
                        map->columns[i].name);
            return false;
        }
    }
    return true;
}

static void fill_row(const struct sql *sql, const struct sql_result *result, const struct sql_map *map,
                     const int *positions, char *row)
{
    for (size_t i = 0; i < map->count; i++) {
        char *field = row + map->columns[i].offset;

        if (map->columns[i].kind == SQL_KIND_INT64) {
            const int64_t number = sql->driver->int64(result, positions[i]);
            memcpy(field, &number, sizeof number);
        } else {
            char *text = NULL;
            if (!sql->driver->is_null(result, positions[i])) {
                text = g_strdup(sql->driver->text(result, positions[i]));
            }
            memcpy(field, &text, sizeof text);
        }
    }
}

void sql_row_clear(const struct sql_map *map, void *row)
{
    for (size_t i = 0; i < map->count; i++) {
        char *field = (char *)row + map->columns[i].offset;

        if (map->columns[i].kind == SQL_KIND_TEXT) {
            char *text;
            memcpy(&text, field, sizeof text);
            g_free(text);
            text = NULL;
            memcpy(field, &text, sizeof text);
        }
    }
}

bool sql_row(struct sql *sql, const char *text, struct sql_values values, const struct sql_map *map, void *row,
             bool *found, GError **error)
{
    struct sql_result *result = NULL;
    g_autofree int *positions = g_new(int, map->count);

    if (!sql->driver->execute(sql, text, values, &result, error)) {
        return false;
    }
    const int step = sql->driver->next(result, error);
    bool fits = step >= 0;
    if (step > 0) {
        fits = find_columns(sql, result, map, positions, error);
        if (fits) {
            sql_row_clear(map, row);
            fill_row(sql, result, map, positions, row);
        }
    }
    if (fits) {
        *found = step > 0;
    }
    /* A writing statement with RETURNING is complete only when stepped to its end. */
    for (int more = step; more > 0 && fits;) {
        more = sql->driver->next(result, error);
        fits = more >= 0;
    }
    sql->driver->finish(result);
    return fits;
}

bool sql_number(struct sql *sql, const char *text, struct sql_values values, int64_t *number, GError **error)
{
    struct sql_result *result = NULL;
    int64_t first = *number;

    if (!sql->driver->execute(sql, text, values, &result, error)) {
        return false;
    }
    int step = sql->driver->next(result, error);
    if (step > 0) {
        first = sql->driver->int64(result, 0);
    }
    while (step > 0) { /* as sql_row() does */
        step = sql->driver->next(result, error);
    }
    sql->driver->finish(result);
    if (step == 0) {
        *number = first;
    }
    return step == 0;
}

struct sql_rows *sql_rows(struct sql *sql, const char *text, struct sql_values values, const struct sql_map *map,
                          GError **error)
{
    g_autoptr(SqlRows) rows = g_new0(struct sql_rows, 1);
    g_autofree int *positions = g_new(int, map->count);
    struct sql_result *result = NULL;

    rows->map = map;
    rows->bytes = g_byte_array_new();
    if (!sql->driver->execute(sql, text, values, &result, error)) {
        return NULL;
    }
    int step = sql->driver->next(result, error);
    if (step > 0 && !find_columns(sql, result, map, positions, error)) {
        step = -1;
    }
    while (step > 0) {
        g_byte_array_set_size(rows->bytes, (guint)((rows->count + 1) * map->row_bytes));
        memset(sql_rows_at(rows, rows->count), 0, map->row_bytes);
        fill_row(sql, result, map, positions, sql_rows_at(rows, rows->count));
        rows->count++;
        step = sql->driver->next(result, error);
    }
    sql->driver->finish(result);
    return step < 0 ? NULL : g_steal_pointer(&rows);
}

void *sql_rows_at(const struct sql_rows *rows, size_t index)
{
    return rows->bytes->data + index * rows->map->row_bytes;
}

void sql_rows_free(struct sql_rows *rows)
{
    if (rows == NULL) {
        return;
    }
    for (size_t i = 0; i < rows->count; i++) {
        sql_row_clear(rows->map, sql_rows_at(rows, i));
    }
    g_byte_array_unref(rows->bytes);
    g_free(rows);
}
