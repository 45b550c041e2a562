/* SQLite: one thread and connection owns all writes and checkpoints (3.40 corrupts when two connections write or
 * checkpoint at once; so does the group commit: up to 64 transactions, or 10 ms of them, share one fsync). Readers are
 * read-only connections from a pool and never checkpoint. Settings follow the measurements of the project's fault runs:
 * WAL with synchronous=FULL lost nothing over power cuts, NORMAL lost everything acknowledged.
 *
 * After an input/output error at COMMIT nobody knows what the disk holds: the database refuses all further work
 * (is_healthy turns false) and main ends the program with EX_IOERR, so that recovery starts from the file.
 */
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "common/failure.h"
#include "service/database/driver.h"

enum {
    READERS = 4,
    BATCH_OPERATIONS = 64,
    BATCH_US = 10000,
    APPLICATION_ID = 0x58554550, /* "XUEP" */
};

struct sqlite_sql {
    struct sql base;
    int64_t lease_clock_ms; /* read when the transaction began */
    sqlite3 *connection;
    GHashTable *statements; /* literal text -> sqlite3_stmt *, idle between uses */
};

struct sql_result {
    struct sqlite_sql *sql;
    sqlite3_stmt *statement;
    int64_t changed;
};

struct operation {
    database_work *work;
    void *context;
    GError *error;
    bool good;
    bool done; /* under the database's lock */
};

/* At the end of an address. */
#define READ_ONLY "?mode=ro"

struct sqlite_database {
    struct database base;
    char *path;
    struct sqlite_sql writer;
    bool reads_only; /* no writer and no checkpoint: beside a service that runs */
    GThread *thread;
    GAsyncQueue *operations; /* struct operation *; one whose work is NULL asks for a checkpoint and carries no more */
    GAsyncQueue *readers;    /* struct sqlite_sql *, idle ones */
    atomic_bool failed;
    atomic_bool stopping;
    GMutex lock; /* guards `done` of every operation */
    GCond settled;
};

static enum reason reason_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return REASON_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return REASON_BUSY;
    case SQLITE_FULL:
        return REASON_FULL;
    case SQLITE_IOERR:
        return REASON_UNKNOWN_OUTCOME;
    default:
        return REASON_INTERNAL;
    }
}

static bool fail(sqlite3 *connection, const char *what, GError **error)
{
    g_set_error(error, DATABASE_ERROR, (int)reason_of(sqlite3_extended_errcode(connection)), "%s: %s", what,
                sqlite3_errmsg(connection));
    return false;
}

static bool run_plain(sqlite3 *connection, const char *text, GError **error)
{
    return sqlite3_exec(connection, text, NULL, NULL, NULL) == SQLITE_OK || fail(connection, text, error);
}

static bool sqlite_script(struct sql *base, const char *text, GError **error)
{
    return run_plain(((struct sqlite_sql *)base)->connection, text, error);
}

/* The prepared statement of a literal text, made on first use. A statement still running (a nested use of the same
 * text) is not shared: the nested one is prepared apart and finalized after. */
static sqlite3_stmt *statement_get(struct sqlite_sql *sql, const char *text, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(sql->statements, text);
    const char *tail = NULL;

    if (statement != NULL && !sqlite3_stmt_busy(statement)) {
        return statement;
    }
    const bool nested = statement != NULL;
    if (sqlite3_prepare_v3(sql->connection, text, -1, nested ? 0 : SQLITE_PREPARE_PERSISTENT, &statement, &tail) !=
        SQLITE_OK) {
        fail(sql->connection, text, error);
        return NULL;
    }
    if (tail != NULL && tail[strspn(tail, " \n;")] != '\0') {
        sqlite3_finalize(statement);
        g_set_error(error, DATABASE_ERROR, REASON_INTERNAL, "text after the first statement: %s", tail);
        return NULL;
    }
    if (!nested) {
        g_hash_table_insert(sql->statements, (gpointer)(uintptr_t)text, statement);
    }
    return statement;
}

static bool bind(struct sqlite_sql *sql, sqlite3_stmt *statement, struct sql_values values, GError **error)
{
    for (size_t i = 0; i < values.count; i++) {
        char name[16];
        (void)g_snprintf(name, sizeof name, "$%zu", i + 1); /* always fits */
        /* SQLite takes "$2 … $1" as names in order of appearance, so bind by name. */
        const int index = sqlite3_bind_parameter_index(statement, name);
        const struct sql_value *value = &values.at[i];
        int code = SQLITE_OK;

        if (index == 0) {
            continue;
        }
        if (value->kind == SQL_KIND_INT64) {
            code = sqlite3_bind_int64(statement, index, value->number);
        } else if (value->kind == SQL_KIND_TEXT && value->text != NULL) {
            code = sqlite3_bind_text(statement, index, value->text, -1, SQLITE_TRANSIENT);
        } else {
            code = sqlite3_bind_null(statement, index);
        }
        if (code != SQLITE_OK) {
            return fail(sql->connection, "bind", error);
        }
    }
    return true;
}

static void release(struct sqlite_sql *sql, sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement); /* its code repeats the last step's, which was reported */
    (void)sqlite3_clear_bindings(statement);
    if (g_hash_table_lookup(sql->statements, sqlite3_sql(statement)) != statement) {
        sqlite3_finalize(statement);
    }
}

static bool sqlite_execute(struct sql *base, const char *text, struct sql_values values, struct sql_result **result,
                           GError **error)
{
    struct sqlite_sql *sql = (struct sqlite_sql *)base;
    sqlite3_stmt *statement = statement_get(sql, text, error);

    if (statement == NULL) {
        return false;
    }
    if (!bind(sql, statement, values, error)) {
        release(sql, statement);
        return false;
    }
    *result = g_new0(struct sql_result, 1);
    (*result)->sql = sql;
    (*result)->statement = statement;
    return true;
}

static int sqlite_next(struct sql_result *result, GError **error)
{
    switch (sqlite3_step(result->statement)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        result->changed = sqlite3_changes64(result->sql->connection);
        return 0;
    default:
        fail(result->sql->connection, sqlite3_sql(result->statement), error);
        return -1;
    }
}

static int sqlite_column(const struct sql_result *result, const char *name)
{
    const int count = sqlite3_column_count(result->statement);

    for (int i = 0; i < count; i++) {
        if (strcmp(sqlite3_column_name(result->statement, i), name) == 0) {
            return i;
        }
    }
    return -1;
}

static bool sqlite_is_null(const struct sql_result *result, int column)
{
    return sqlite3_column_type(result->statement, column) == SQLITE_NULL;
}

static const char *sqlite_text(const struct sql_result *result, int column)
{
    return (const char *)sqlite3_column_text(result->statement, column);
}

static int64_t row_int64(const struct sql_result *result, int column)
{
    return sqlite3_column_int64(result->statement, column);
}

static int64_t sqlite_changed(const struct sql_result *result)
{
    return result->changed;
}

static void sqlite_finish(struct sql_result *result)
{
    release(result->sql, result->statement);
    g_free(result);
}

/* One writer: there is nobody to lock out. */
static bool sqlite_lock(struct sql *base, enum sql_lock lock, GError **error)
{
    (void)base;
    (void)lock;
    (void)error;
    return true;
}

static int64_t boot_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail on Linux >= 2.6.39 */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool sqlite_lease_clock(struct sql *base, int64_t *now_ms, GError **error)
{
    (void)error;
    *now_ms = ((const struct sqlite_sql *)base)->lease_clock_ms;
    return true;
}

static const struct sql_driver SQL_DRIVER = {
    .execute = sqlite_execute,
    .next = sqlite_next,
    .column = sqlite_column,
    .is_null = sqlite_is_null,
    .text = sqlite_text,
    .int64 = row_int64,
    .changed = sqlite_changed,
    .finish = sqlite_finish,
    .script = sqlite_script,
    .lock = sqlite_lock,
    .lease_clock = sqlite_lease_clock,
};

static void connection_close(struct sqlite_sql *sql)
{
    g_clear_pointer(&sql->statements, g_hash_table_unref);
    if (sql->connection != NULL) {
        (void)sqlite3_close(sql->connection); /* every statement is finalized above */
        sql->connection = NULL;
    }
}

static void statement_finalize(gpointer statement)
{
    (void)sqlite3_finalize(statement);
}

static bool connection_open(struct sqlite_sql *sql, const char *path, bool writes, GError **error)
{
    const int flags = writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
                             : SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;

    sql->base.driver = &SQL_DRIVER;
    sql->statements = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, statement_finalize);
    if (sqlite3_open_v2(path, &sql->connection, flags, NULL) != SQLITE_OK) {
        fail(sql->connection, path, error);
        connection_close(sql);
        return false;
    }
    sqlite3 *connection = sql->connection;
    (void)sqlite3_extended_result_codes(connection, 1);
    (void)sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, writes ? 0 : 1, NULL);
    (void)sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, 4 << 20);
    (void)sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
    if (!run_plain(connection,
                   writes ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;"
                            "PRAGMA secure_delete=ON; PRAGMA journal_size_limit=67108864"
                          : "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0",
                   error) ||
        !run_plain(connection,
                   "PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000; PRAGMA trusted_schema=OFF;"
                   "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0",
                   error)) {
        connection_close(sql);
        return false;
    }
    return true;
}

/* One transaction of a batch: inside a savepoint, so that its failure leaves the others alone. */
static void operation_run(struct sqlite_database *database, struct operation *operation)
{
    struct sqlite_sql *sql = &database->writer;

    operation->good = run_plain(sql->connection, "SAVEPOINT operation", &operation->error);
    if (!operation->good) {
        return;
    }
    sql->lease_clock_ms = boot_ms();
    operation->good = operation->work(&sql->base, operation->context, &operation->error);
    if (operation->good) {
        operation->good = run_plain(sql->connection, "RELEASE operation", &operation->error);
        return;
    }
    g_autoptr(GError) second = NULL;
    if (!run_plain(sql->connection, "ROLLBACK TO operation; RELEASE operation", &second)) {
        /* SQLite has already rolled the whole transaction back (disk full, I/O): COMMIT will say so. */
        g_prefix_error(&operation->error, "(and: %s) ", second->message);
    }
}

static void batch_settle(struct sqlite_database *database, GPtrArray *batch, const GError *cause)
{
    g_mutex_lock(&database->lock);
    for (guint i = 0; i < batch->len; i++) {
        struct operation *operation = g_ptr_array_index(batch, i);

        if (cause != NULL && operation->good) {
            operation->good = false;
            operation->error = g_error_copy(cause);
        }
        operation->done = true;
    }
    g_cond_broadcast(&database->settled);
    g_mutex_unlock(&database->lock);
    g_ptr_array_set_size(batch, 0);
}

static void batch_run(struct sqlite_database *database, GPtrArray *batch, struct operation *first)
{
    sqlite3 *connection = database->writer.connection;
    const int64_t until_us = g_get_monotonic_time() + BATCH_US;
    g_autoptr(GError) cause = NULL;

    if (!run_plain(connection, "BEGIN IMMEDIATE", &cause)) {
        first->good = true; /* so that settle gives it the cause */
        g_ptr_array_add(batch, first);
        batch_settle(database, batch, cause);
        return;
    }
    for (struct operation *operation = first; operation != NULL;) {
        operation_run(database, operation);
        g_ptr_array_add(batch, operation);
        const bool room = batch->len < BATCH_OPERATIONS && g_get_monotonic_time() < until_us;
        operation = room ? g_async_queue_try_pop(database->operations) : NULL;
        if (operation != NULL && operation->work == NULL) { /* the end comes after this batch */
            g_async_queue_push_front(database->operations, operation);
            operation = NULL;
        }
    }
    if (!run_plain(connection, "COMMIT", &cause)) {
        if (cause->code == REASON_UNKNOWN_OUTCOME) {
            atomic_store(&database->failed, true);
        }
        if (!sqlite3_get_autocommit(connection)) {
            (void)run_plain(connection, "ROLLBACK", NULL); /* the cause is what counts */
        }
    }
    /* A transaction that failed after its hint may give one too many. */
    database_wake_listener(&database->base, database->writer.base.topics);
    database->writer.base.topics = 0;
    batch_settle(database, batch, cause);
}

static gpointer writer_main(gpointer data)
{
    struct sqlite_database *database = data;
    g_autoptr(GPtrArray) batch = g_ptr_array_new();

    for (;;) {
        struct operation *operation = g_async_queue_pop(database->operations);

        if (operation->work != NULL) {
            batch_run(database, batch, operation);
            continue;
        }
        operation->good = run_plain(database->writer.connection, "PRAGMA wal_checkpoint(TRUNCATE)", &operation->error);
        g_ptr_array_add(batch, operation);
        batch_settle(database, batch, NULL);
        if (atomic_load(&database->stopping)) {
            return NULL;
        }
    }
}

static bool submit(struct sqlite_database *database, database_work *work, void *context, GError **error)
{
    struct operation operation = {.work = work, .context = context};

    if (atomic_load(&database->failed)) {
        g_set_error(error, DATABASE_ERROR, REASON_UNKNOWN_OUTCOME, "the database failed at its last commit");
        return false;
    }
    g_async_queue_push(database->operations, &operation);
    g_mutex_lock(&database->lock);
    while (!operation.done) {
        g_cond_wait(&database->settled, &database->lock);
    }
    g_mutex_unlock(&database->lock);
    if (!operation.good) {
        g_propagate_error(error, operation.error);
    }
    return operation.good;
}

static bool sqlite_transact(struct database *base, const char *name, database_work *work, void *context, GError **error)
{
    if (((struct sqlite_database *)base)->reads_only) {
        g_set_error(error, DATABASE_ERROR, REASON_UNSUPPORTED, "%s: the database was opened to be read", name);
        return false;
    }
    if (!submit((struct sqlite_database *)base, work, context, error)) {
        g_prefix_error(error, "%s: ", name);
        return false;
    }
    return true;
}

static bool sqlite_read(struct database *base, const char *name, database_work *work, void *context, GError **error)
{
    struct sqlite_database *database = (struct sqlite_database *)base;
    struct sqlite_sql *sql = g_async_queue_pop(database->readers);
    bool good = run_plain(sql->connection, "BEGIN", error);

    if (good) {
        sql->lease_clock_ms = boot_ms();
        good = work(&sql->base, context, error);
        (void)run_plain(sql->connection, "ROLLBACK", NULL); /* ends the snapshot; there is nothing to lose */
    }
    g_async_queue_push(database->readers, sql);
    if (!good) {
        g_prefix_error(error, "%s: ", name);
    }
    return good;
}

static bool sqlite_checkpoint(struct database *base, GError **error)
{
    return submit((struct sqlite_database *)base, NULL, NULL, error);
}

static bool sqlite_backup(struct database *base, const char *path, GError **error)
{
    struct sqlite_database *database = (struct sqlite_database *)base;
    struct sqlite_sql *from = g_async_queue_pop(database->readers);
    struct sqlite_sql to = {0};
    int code = SQLITE_ERROR;

    if (connection_open(&to, path, true, error)) {
        sqlite3_backup *backup = sqlite3_backup_init(to.connection, "main", from->connection, "main");
        do {
            code = sqlite3_backup_step(backup, 100);
            g_usleep(code == SQLITE_OK ? 5000 : 0);
        } while (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED);
        (void)sqlite3_backup_finish(backup); /* the step's code says it */
        if (code != SQLITE_DONE) {
            fail(to.connection, "backup", error);
        }
        connection_close(&to);
    }
    g_async_queue_push(database->readers, from);
    return code == SQLITE_DONE;
}

static bool sqlite_is_healthy(struct database *base)
{
    return !atomic_load(&((struct sqlite_database *)base)->failed);
}

static void sqlite_close(struct database *base)
{
    struct sqlite_database *database = (struct sqlite_database *)base;

    if (database->thread != NULL) {
        struct operation last = {0}; /* the last checkpoint; the file is whole without it */

        atomic_store(&database->stopping, true);
        g_async_queue_push(database->operations, &last);
        g_clear_pointer(&database->thread, g_thread_join);
        g_clear_error(&last.error);
    }
    for (struct sqlite_sql *reader; (reader = g_async_queue_try_pop(database->readers)) != NULL;) {
        connection_close(reader);
        g_free(reader);
    }
    connection_close(&database->writer);
    g_async_queue_unref(database->operations);
    g_async_queue_unref(database->readers);
    g_mutex_clear(&database->lock);
    g_cond_clear(&database->settled);
    g_free(database->path);
    g_free(database);
}

static bool quick_check(sqlite3 *connection, const char *path, GError **error)
{
    sqlite3_stmt *statement = NULL;
    bool clean = sqlite3_prepare_v2(connection, "PRAGMA quick_check(1)", -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW &&
                 g_strcmp0((const char *)sqlite3_column_text(statement, 0), "ok") == 0;

    sqlite3_finalize(statement);
    if (!clean) {
        g_set_error(error, DATABASE_ERROR, REASON_INTERNAL,
                    "%s is damaged; stop here, keep the file, and restore the newest backup with scripts/restore",
                    path);
    }
    return clean;
}

static bool start_writer(struct sqlite_database *database, GError **error)
{
    G_STATIC_ASSERT(APPLICATION_ID == 1481983312);
    return connection_open(&database->writer, database->path, true, error) &&
           quick_check(database->writer.connection, database->path, error) &&
           run_plain(database->writer.connection, "PRAGMA application_id = 1481983312", error);
}

static bool sqlite_start(struct sqlite_database *database, GError **error)
{
    if (!database->reads_only && !start_writer(database, error)) {
        return false;
    }
    for (int i = 0; i < READERS; i++) {
        struct sqlite_sql *reader = g_new0(struct sqlite_sql, 1);
        if (!connection_open(reader, database->path, false, error)) {
            g_free(reader);
            return false;
        }
        g_async_queue_push(database->readers, reader);
    }
    if (!database->reads_only) {
        database->thread = g_thread_new("database", writer_main, database);
    }
    return true;
}

static struct database *sqlite_open(const char *address, GError **error)
{
    struct sqlite_database *database = g_new0(struct sqlite_database, 1);

    database->base.driver = &sqlite_driver;
    database->path = g_strdup(address + strlen("sqlite:"));
    database->reads_only = g_str_has_suffix(database->path, READ_ONLY);
    if (database->reads_only) {
        database->path[strlen(database->path) - strlen(READ_ONLY)] = '\0';
    }
    database->operations = g_async_queue_new();
    database->readers = g_async_queue_new();
    g_mutex_init(&database->lock);
    g_cond_init(&database->settled);
    if (!sqlite_start(database, error)) {
        sqlite_close(&database->base);
        return NULL;
    }
    return &database->base;
}

const struct database_driver sqlite_driver = {
    .name = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .transact = sqlite_transact,
    .read = sqlite_read,
    .checkpoint = sqlite_checkpoint,
    .backup = sqlite_backup,
    .is_healthy = sqlite_is_healthy,
};
