/* The seam: typed rows, transactions that fail alone, many writers at once, reopening. */
#include "service/database/database.h"

#include <glib/gstdio.h>

#include "common/failure.h"
#include "tests/unit/support/engine.h"

struct row {
    char *name;
    int64_t count;
};
static const struct sql_column COLUMNS[] = {SQL_FIELD(struct row, name), SQL_FIELD(struct row, count)};
static const struct sql_map MAP = SQL_MAP(struct row, COLUMNS);

/* Where a database of the run's engine lies. */
struct place {
    char *folder;
    char *address;
};

static struct database *open_temporary(struct place *place)
{
    g_autoptr(GError) error = NULL;

    place->folder = g_dir_make_tmp("xuepai-test-XXXXXX", &error);
    g_assert_no_error(error);
    place->address = engine_address(place->folder);
    struct database *database = database_open(place->address, &error);
    g_assert_no_error(error);
    return database;
}

static void remove_temporary(struct place *place)
{
    g_autofree char *folder = place->folder;
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);

    engine_drop(place->address);
    g_free(place->address);

    for (const char *name; (name = g_dir_read_name(listing)) != NULL;) {
        g_autofree char *file = g_build_filename(folder, name, NULL);
        g_remove(file);
    }
    g_rmdir(folder);
}

static bool make_table(struct sql *sql, void *context, GError **error)
{
    (void)context;
    return sql_script(sql, "CREATE TABLE t (name TEXT, count INTEGER NOT NULL) STRICT", error);
}

static bool add(struct sql *sql, void *context, GError **error)
{
    /* parameters out of order: bound by name */
    return sql_run(sql, "INSERT INTO t (count, name) VALUES ($2, $1)", SQL_VALUES(SQL_T(context), SQL_I(3)), NULL,
                   error);
}

static bool add_and_fail(struct sql *sql, void *context, GError **error)
{
    if (!add(sql, context, error)) {
        return false;
    }
    g_set_error(error, MODEL_ERROR, REASON_STATE, "on purpose");
    return false;
}

static bool read_all(struct sql *sql, void *context, GError **error)
{
    struct sql_rows **rows = context;

    *rows = sql_rows(sql, "SELECT count, name FROM t ORDER BY name NULLS FIRST LIMIT 1000", SQL_NO_VALUES, &MAP, error);
    return *rows != NULL;
}

static void test_rows_by_name(void)
{
    struct place place;
    struct database *database = open_temporary(&place);
    struct sql_rows *rows = NULL;

    g_assert_true(database_transact(database, "t", make_table, NULL, NULL));
    g_assert_true(database_transact(database, "t", add, (void *)(uintptr_t) "济南", NULL));
    g_assert_true(database_transact(database, "t", add, NULL, NULL));
    g_assert_true(database_read(database, "t", read_all, &rows, NULL));
    g_assert_cmpuint(rows->count, ==, 2);
    g_assert_null(((struct row *)sql_rows_at(rows, 0))->name);
    g_assert_cmpstr(((struct row *)sql_rows_at(rows, 1))->name, ==, "济南");
    g_assert_cmpint(((struct row *)sql_rows_at(rows, 1))->count, ==, 3);
    sql_rows_free(rows);
    database_free(database);
    remove_temporary(&place);
}

static void test_a_failing_transaction_leaves_nothing(void)
{
    struct place place;
    struct database *database = open_temporary(&place);
    struct sql_rows *rows = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(database_transact(database, "t", make_table, NULL, NULL));
    g_assert_false(database_transact(database, "t", add_and_fail, (void *)(uintptr_t) "x", &error));
    g_assert_error(error, MODEL_ERROR, REASON_STATE);
    g_assert_true(database_read(database, "t", read_all, &rows, NULL));
    g_assert_cmpuint(rows->count, ==, 0);
    sql_rows_free(rows);
    database_free(database);
    remove_temporary(&place);
}

static void test_readers_cannot_write(void)
{
    struct place place;
    struct database *database = open_temporary(&place);

    g_assert_true(database_transact(database, "t", make_table, NULL, NULL));
    g_assert_false(database_read(database, "t", add, (void *)(uintptr_t) "x", NULL));
    database_free(database);
    remove_temporary(&place);
}

static bool missing_column(struct sql *sql, void *context, GError **error)
{
    struct row row = {0};
    bool found;

    (void)context;
    return sql_row(sql, "SELECT name FROM t LIMIT 1", SQL_NO_VALUES, &MAP, &row, &found, error);
}

static void test_a_missing_column_is_an_error(void)
{
    struct place place;
    struct database *database = open_temporary(&place);
    g_autoptr(GError) error = NULL;

    g_assert_true(database_transact(database, "t", make_table, NULL, NULL));
    g_assert_true(database_transact(database, "t", add, (void *)(uintptr_t) "x", NULL));
    g_assert_false(database_read(database, "t", missing_column, NULL, &error));
    g_assert_error(error, DATABASE_ERROR, REASON_INTERNAL);
    database_free(database);
    remove_temporary(&place);
}

static bool read_number(struct sql *sql, void *context, GError **error)
{
    return sql_number(sql, "SELECT COUNT(*) FROM t WHERE name = $1", SQL_VALUES(SQL_T("济南")), context, error);
}

static bool read_first_number(struct sql *sql, void *context, GError **error)
{
    return sql_number(sql, "SELECT count, name FROM t ORDER BY count LIMIT 2", SQL_NO_VALUES, context, error);
}

static bool add_counted(struct sql *sql, void *context, GError **error)
{
    return sql_number(sql, "INSERT INTO t (name, count) VALUES ('x', 4), ('y', 5) RETURNING count", SQL_NO_VALUES,
                      context, error);
}

static bool read_no_table(struct sql *sql, void *context, GError **error)
{
    return sql_number(sql, "SELECT COUNT(*) FROM nothing_of_the_kind", SQL_NO_VALUES, context, error);
}

static void test_one_number(void)
{
    struct place place;
    struct database *database = open_temporary(&place);
    int64_t number = 7;
    g_autoptr(GError) error = NULL;

    g_assert_true(database_transact(database, "t", make_table, NULL, NULL));
    g_assert_true(database_read(database, "t", read_first_number, &number, NULL));
    g_assert_cmpint(number, ==, 7); /* no row */
    g_assert_true(database_read(database, "t", read_number, &number, NULL));
    g_assert_cmpint(number, ==, 0);
    g_assert_true(database_transact(database, "t", add_counted, &number, NULL));
    g_assert_cmpint(number, ==, 4);
    g_assert_true(database_transact(database, "t", add, (void *)(uintptr_t) "济南", NULL));
    g_assert_true(database_read(database, "t", read_number, &number, NULL));
    g_assert_cmpint(number, ==, 1);
    g_assert_true(database_read(database, "t", read_first_number, &number, NULL));
    g_assert_cmpint(number, ==, 3);
    g_assert_false(database_read(database, "t", read_no_table, &number, &error));
    g_assert_true(error->domain == DATABASE_ERROR);
    g_assert_cmpint(number, ==, 3); /* written only on success */
    database_free(database);
    remove_temporary(&place);
}

static gpointer write_many(gpointer data)
{
    for (int i = 0; i < 50; i++) {
        /* every tenth fails and must not take its neighbours of the batch along */
        const bool fails = i % 10 == 9;
        g_assert_true(database_transact(data, "t", fails ? add_and_fail : add, (void *)(uintptr_t) "x", NULL) != fails);
    }
    return NULL;
}

static void test_many_writers_share_commits(void)
{
    struct place place;
    struct database *database = open_temporary(&place);
    GThread *threads[8];
    struct sql_rows *rows = NULL;

    g_assert_true(database_transact(database, "t", make_table, NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        threads[i] = g_thread_new("writer", write_many, database);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_thread_join(threads[i]);
    }
    g_assert_true(database_read(database, "t", read_all, &rows, NULL));
    g_assert_cmpuint(rows->count, ==, 8 * 45);
    sql_rows_free(rows);
    database_free(database);

    database = database_open(place.address, NULL);
    g_assert_true(database_read(database, "t", read_all, &rows, NULL));
    g_assert_cmpuint(rows->count, ==, 8 * 45);
    sql_rows_free(rows);
    database_free(database);
    remove_temporary(&place);
}

static void test_backup_is_whole(void)
{
    struct place place;
    struct database *database = open_temporary(&place);
    g_autofree char *copy = g_build_filename(place.folder, "copy", NULL);
    struct sql_rows *rows = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(database_transact(database, "t", make_table, NULL, NULL));
    g_assert_true(database_transact(database, "t", add, (void *)(uintptr_t) "x", NULL));
    if (database_is_shared(database)) {
        g_assert_false(database_backup(database, copy, &error));
        g_assert_error(error, DATABASE_ERROR, REASON_UNSUPPORTED);
        database_free(database);
        remove_temporary(&place);
        return;
    }
    g_assert_true(database_backup(database, copy, &error));
    g_assert_no_error(error);
    database_free(database);
    g_autofree char *address = g_strconcat("sqlite:", copy, NULL);
    database = database_open(address, NULL);
    g_assert_true(database_read(database, "t", read_all, &rows, NULL));
    g_assert_cmpuint(rows->count, ==, 1);
    sql_rows_free(rows);
    database_free(database);
    remove_temporary(&place);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/database/rows_by_name", test_rows_by_name);
    g_test_add_func("/database/a_failing_transaction_leaves_nothing", test_a_failing_transaction_leaves_nothing);
    g_test_add_func("/database/readers_cannot_write", test_readers_cannot_write);
    g_test_add_func("/database/a_missing_column_is_an_error", test_a_missing_column_is_an_error);
    g_test_add_func("/database/one_number", test_one_number);
    g_test_add_func("/database/many_writers_share_commits", test_many_writers_share_commits);
    g_test_add_func("/database/backup_is_whole", test_backup_is_whole);
    return g_test_run();
}
