/* PostgreSQL through libpq: a pool of connections, transactions run again as a whole, and one connection that listens.
 *
 * Writers run at READ COMMITTED, side by side. SERIALIZABLE was not taken: every record of the ledger depends on the one
 * before, so that any two writers would conflict, and each would be run twice. Instead the model writes guarded UPDATEs
 * and takes the locks of database.h; a deadlock all the same (40P01), and what else passes by itself, is run again.
 * Readers are REPEATABLE READ READ ONLY: one snapshot, no locks.
 *
 * A server that does not answer is tried again for PATIENCE_MS, by waits of 100 ms that double up to 1 s (measured: a
 * cap of 3 s costs just that after a restart); then the caller gets REASON_DATABASE_DOWN. A connection that was lost
 * while it committed is asked about by the transaction's number; REASON_UNKNOWN_OUTCOME when that cannot be done.
 *
 * Threads: any. A connection is used by one thread at a time; the pool grows to as many as are used at once.
 */
#include "service/database/postgres.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/failure.h"

enum {
    CONNECTIONS_MOST = 64, /* never more than threads that use the database: disk threads, housekeeping, main */
    WAIT_FIRST_MS = 100,
    WAIT_MOST_MS = 1000,
    CONFLICT_FIRST_MS = 2,
    PATIENCE_MS = 2000,
    CONFLICT_PATIENCE_MS = 20000,
    OUTCOME_PATIENCE_MS = 10000,
    LISTEN_LOOK_MS = 5000, /* how often the listener asks whether its line is alive */
};

struct listener {
    struct postgres_sql *sql;
    GThread *thread;
    int stop_fd;               /* an eventfd */
    struct database *database; /* borrowed */
};

struct postgres_database {
    struct database base;
    char *address;
    GMutex lock; /* guards the next two */
    GCond changed;
    GPtrArray *idle; /* struct postgres_sql *; the last one put back is taken first, so that few stay in use */
    int made;
    struct listener *listener; /* NULL: nobody listens; changed by one thread */
};

static struct postgres_sql *connection_take(struct postgres_database *database)
{
    struct postgres_sql *sql = NULL;

    g_mutex_lock(&database->lock);
    while (database->idle->len == 0 && database->made >= CONNECTIONS_MOST) {
        g_cond_wait(&database->changed, &database->lock);
    }
    if (database->idle->len > 0) {
        sql = g_ptr_array_steal_index(database->idle, database->idle->len - 1);
    } else {
        database->made++;
    }
    g_mutex_unlock(&database->lock);
    return sql == NULL ? postgres_new(database->address) : sql;
}

static void connection_give(struct postgres_database *database, struct postgres_sql *sql)
{
    g_mutex_lock(&database->lock);
    g_ptr_array_add(database->idle, sql);
    g_cond_signal(&database->changed);
    g_mutex_unlock(&database->lock);
}

/* How long a transaction is tried again, and how long it waits in between. */
struct patience {
    int64_t begun_us;
    int64_t wait_ms; /* the next one; 0: none yet */
};

static bool wait_again(struct patience *patience, int64_t first_ms, int64_t most_ms)
{
    if (g_get_monotonic_time() - patience->begun_us > most_ms * 1000) {
        return false;
    }
    patience->wait_ms = patience->wait_ms == 0 ? first_ms : MIN(patience->wait_ms * 2, WAIT_MOST_MS);
    /* half of it by chance, so that two that were in each other's way part */
    g_usleep((gulong)(patience->wait_ms * 500 + g_random_int_range(0, (int)patience->wait_ms * 500 + 1)));
    return true;
}

/* After a COMMIT without an answer. True: it is committed. */
static bool find_outcome(struct postgres_sql *sql, GError **error)
{
    struct patience patience = {.begun_us = g_get_monotonic_time()};
    enum postgres_outcome outcome;

    postgres_disconnect(sql);
    do {
        outcome = postgres_outcome(sql);
    } while ((outcome == POSTGRES_RUNNING || (outcome == POSTGRES_CANNOT_TELL && sql->connection == NULL)) &&
             wait_again(&patience, WAIT_FIRST_MS, OUTCOME_PATIENCE_MS));
    if (outcome == POSTGRES_COMMITTED) {
        g_clear_error(error);
        return true;
    }
    if (outcome == POSTGRES_ABORTED) {
        sql->trouble = POSTGRES_DOWN; /* nothing of it remains: run it again */
        return false;
    }
    sql->trouble = POSTGRES_BROKEN;
    g_prefix_error(error, "no answer to COMMIT of transaction %s: ", sql->transaction);
    if (error != NULL && *error != NULL) {
        (*error)->code = REASON_UNKNOWN_OUTCOME;
    }
    return false;
}

/* One try. False with `trouble` CONFLICT or DOWN: nothing of it remains, and another try may succeed. */
static bool attempt(struct postgres_sql *sql, bool writes, database_work *work, void *context, GError **error)
{
    sql->trouble = POSTGRES_FINE;
    sql->base.topics = 0;
    if (!postgres_ready(sql, error) || !postgres_begin(sql, writes, error)) {
        return false;
    }
    const bool good = work(&sql->base, context, error);
    if (!good || sql->trouble != POSTGRES_FINE || !writes) {
        const enum postgres_trouble trouble = sql->trouble;
        postgres_rollback(sql);
        sql->trouble = trouble;
        if (good && trouble != POSTGRES_FINE) {
            g_set_error(error, DATABASE_ERROR, REASON_INTERNAL, "an error of the database was passed over");
        }
        return good && trouble == POSTGRES_FINE;
    }
    return postgres_commit(sql, error) || (sql->trouble == POSTGRES_UNKNOWN && find_outcome(sql, error));
}

static bool run(struct postgres_database *database, bool writes, database_work *work, void *context, GError **error)
{
    struct patience patience = {.begun_us = g_get_monotonic_time()};
    struct postgres_sql *sql = connection_take(database);
    g_autoptr(GError) cause = NULL;
    bool again = true;
    bool good = false;

    while (again) {
        const bool was_open = sql->connection != NULL;

        g_clear_error(&cause);
        good = attempt(sql, writes, work, context, &cause);
        again = false;
        if (good || sql->trouble == POSTGRES_FINE || sql->trouble == POSTGRES_BROKEN) {
            continue;
        }
        if (sql->trouble == POSTGRES_CONFLICT) {
            again = wait_again(&patience, CONFLICT_FIRST_MS, CONFLICT_PATIENCE_MS);
            continue;
        }
        postgres_disconnect(sql);
        /* an idle connection that the server had closed is no reason to wait */
        again = was_open || wait_again(&patience, WAIT_FIRST_MS, PATIENCE_MS);
    }
    if (good && sql->base.topics != 0) { /* the others hear of it from the server */
        database_wake_listener(&database->base, sql->base.topics);
    }
    connection_give(database, sql);
    if (!good) {
        g_propagate_error(error, g_steal_pointer(&cause));
    }
    return good;
}

static bool postgres_transact(struct database *base, const char *name, database_work *work, void *context,
                              GError **error)
{
    if (!run((struct postgres_database *)base, true, work, context, error)) {
        g_prefix_error(error, "%s: ", name);
        return false;
    }
    return true;
}

static bool postgres_read(struct database *base, const char *name, database_work *work, void *context, GError **error)
{
    if (!run((struct postgres_database *)base, false, work, context, error)) {
        g_prefix_error(error, "%s: ", name);
        return false;
    }
    return true;
}

/* True when the listener was told to stop; otherwise after `fd` (-1: none) has something to read, or the time. */
static bool stop_or_wait(const struct listener *listener, int fd, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = listener->stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

    (void)poll(fds, 2, timeout_ms); /* EINTR is a short wait */
    return fds[0].revents != 0;
}

/* LISTEN first, then the look: a notification sent before LISTEN is gone. */
static bool listener_connect(struct listener *listener)
{
    if (!postgres_ready(listener->sql, NULL)) {
        return false;
    }
    PGresult *result = postgres_plain(listener->sql, "LISTEN xuepai", NULL);
    PQclear(result);
    if (result == NULL) {
        postgres_disconnect(listener->sql);
        return false;
    }
    database_wake_listener(listener->database, SQL_ALL_TOPICS);
    return true;
}

/* Until told to stop (true), or the line is gone (false). */
static bool listener_hear(struct listener *listener)
{
    PGconn *connection = listener->sql->connection;

    while (!stop_or_wait(listener, PQsocket(connection), LISTEN_LOOK_MS)) {
        unsigned topics = 0;

        if (PQconsumeInput(connection) == 0) {
            return false;
        }
        for (PGnotify *note; (note = PQnotifies(connection)) != NULL;) {
            topics |= 1U << g_ascii_strtoull(note->extra, NULL, 10); /* many at once are one hint */
            PQfreemem(note);
        }
        if (topics != 0) {
            database_wake_listener(listener->database, topics & SQL_ALL_TOPICS);
            continue;
        }
        PGresult *alive = postgres_plain(listener->sql, "SELECT 1", NULL);
        PQclear(alive);
        if (alive == NULL) {
            return false;
        }
    }
    return true;
}

static gpointer listener_main(gpointer data)
{
    struct listener *listener = data;
    int wait_ms = WAIT_FIRST_MS;

    for (;;) {
        if (listener_connect(listener)) {
            wait_ms = WAIT_FIRST_MS;
            if (listener_hear(listener)) {
                return NULL;
            }
            postgres_disconnect(listener->sql);
        }
        if (stop_or_wait(listener, -1, wait_ms)) {
            return NULL;
        }
        wait_ms = MIN(wait_ms * 2, WAIT_MOST_MS);
    }
}

static void postgres_unlisten(struct database *base)
{
    struct postgres_database *database = (struct postgres_database *)base;
    struct listener *listener = g_steal_pointer(&database->listener);
    const uint64_t one = 1;

    if (listener != NULL) {
        (void)!write(listener->stop_fd, &one, sizeof one); /* cannot block: the counter is far from full */
        (void)g_thread_join(listener->thread);
        close(listener->stop_fd);
        postgres_free(listener->sql);
        g_free(listener);
    }
}

static void postgres_listen(struct database *base)
{
    struct postgres_database *database = (struct postgres_database *)base;
    struct listener *listener = g_new0(struct listener, 1);

    postgres_unlisten(base);
    listener->sql = postgres_new(database->address);
    listener->stop_fd = eventfd(0, EFD_CLOEXEC);
    g_assert(listener->stop_fd >= 0);
    listener->database = base;
    database->listener = listener;
    listener->thread = g_thread_new("listener", listener_main, listener);
}

/* The server writes its checkpoints itself. */
static bool postgres_checkpoint(struct database *base, GError **error)
{
    (void)base;
    (void)error;
    return true;
}

static bool postgres_backup(struct database *base, const char *path, GError **error)
{
    (void)base;
    g_set_error(error, DATABASE_ERROR, REASON_UNSUPPORTED, "%s: pg_dump or pg_basebackup makes copies of PostgreSQL",
                path);
    return false;
}

static bool postgres_is_healthy(struct database *base)
{
    (void)base;
    return true;
}

static void postgres_close(struct database *base)
{
    struct postgres_database *database = (struct postgres_database *)base;

    postgres_unlisten(base);
    for (guint i = 0; i < database->idle->len; i++) {
        postgres_free(g_ptr_array_index(database->idle, i));
    }
    g_ptr_array_unref(database->idle);
    g_mutex_clear(&database->lock);
    g_cond_clear(&database->changed);
    g_free(database->address);
    g_free(database);
}

static bool nothing(struct sql *sql, void *context, GError **error)
{
    (void)sql;
    (void)context;
    (void)error;
    return true;
}

/* A service that cannot reach its database says so at once and ends; whoever runs it starts it again. */
static struct database *postgres_open(const char *address, GError **error)
{
    struct postgres_database *database = g_new0(struct postgres_database, 1);

    database->base.driver = &postgres_driver;
    database->address = g_strdup(address);
    database->idle = g_ptr_array_new();
    g_mutex_init(&database->lock);
    g_cond_init(&database->changed);
    if (!postgres_read(&database->base, "open", nothing, NULL, error)) {
        postgres_close(&database->base);
        return NULL;
    }
    return &database->base;
}

const struct database_driver postgres_driver = {
    .name = "postgres",
    .is_shared = true,
    .open = postgres_open,
    .close = postgres_close,
    .transact = postgres_transact,
    .read = postgres_read,
    .listen = postgres_listen,
    .unlisten = postgres_unlisten,
    .checkpoint = postgres_checkpoint,
    .backup = postgres_backup,
    .is_healthy = postgres_is_healthy,
};
