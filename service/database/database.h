/* The database seam: transactions, statements, rows into structs. Engines live behind driver.h.
 *
 * Model code is synchronous and runs on disk threads, never on a thread of the HTTP server. One SQL text serves every
 * engine: literal, parameters $1…$N, times passed in. A `struct sql` is one connection inside one transaction; it never
 * leaves the callback that got it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

struct database;
struct sql;

/* `address`: "sqlite:/path/file.db" ("?mode=ro" after it: to be read alone, beside a service that runs), or an address of libpq, "postgresql://user@host1,host2/name?target_session_attrs=
 * read-write". Applies no schema (model/migrate does). */
struct database *database_open(const char *address, GError **error);
void database_free(struct database *database); /* no transaction runs any more */
typedef struct database Database;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Database, database_free)

/* "sqlite" or "postgres". */
const char *database_engine(const struct database *database);
/* True when other services may use the same database at this moment. */
bool database_is_shared(const struct database *database);

typedef bool database_work(struct sql *sql, void *context, GError **error);

/* Runs `work` on the writer inside a transaction and returns after the COMMIT is durable. Several callers share one
 * commit. `work` false, or a failing commit: nothing of it remains, *error says why (REASON_UNKNOWN_OUTCOME when the
 * engine cannot tell). `work` may be run again after a conflict: it must not change *context except by overwriting
 * results. `name` appears in metrics and errors. */
bool database_transact(struct database *database, const char *name, database_work *work, void *context, GError **error);

/* Runs `work` on a reader: one consistent snapshot; writing statements fail. */
bool database_read(struct database *database, const char *name, database_work *work, void *context, GError **error);

enum sql_topic {
    SQL_TOPIC_JOBS, /* a job was queued */
    SQL_TOPIC_SITE, /* a work is published, or no longer, or may no longer be embedded */
    SQL_TOPIC_COUNT
};

/* `wake` is called after each commit of a transaction that called sql_notify(), be it of this service (then before
 * database_transact() returns) or of another one of the same database, and whenever something may have been missed (a
 * new connection). It is a hint: who waits looks at the table every second as well. It must be short and must not use
 * the database. Any thread.
 * One listener at a time; database_unlisten() returns when no call is under way and none will follow. */
typedef void database_wake(void *context, enum sql_topic topic);
void database_listen(struct database *database, database_wake *wake, void *context);
void database_unlisten(struct database *database);

/* Flushes and truncates the write-ahead log. Called when idle and at stop. */
bool database_checkpoint(struct database *database, GError **error);
/* A consistent copy into a new file, fsynced; REASON_UNSUPPORTED where the server's own tools do that. */
bool database_backup(struct database *database, const char *path, GError **error);
/* False when what was acknowledged can no longer be trusted and the program must end; a server that does not answer is
 * no such case (REASON_DATABASE_DOWN, and the next transaction tries again). */
bool database_is_healthy(struct database *database);

enum sql_kind {
    SQL_KIND_NULL,
    SQL_KIND_TEXT,
    SQL_KIND_INT64,
};

struct sql_value {
    enum sql_kind kind;
    const char *text; /* borrowed for the call; NULL binds SQL NULL */
    int64_t number;
};

struct sql_values {
    const struct sql_value *at; /* [count], bound to $1…$count */
    size_t count;
};

#define SQL_T(value)                                                                                                   \
    {                                                                                                                  \
        SQL_KIND_TEXT, (value), 0                                                                                      \
    }
#define SQL_I(value)                                                                                                   \
    {                                                                                                                  \
        SQL_KIND_INT64, NULL, (value)                                                                                  \
    }
#define SQL_VALUES(...)                                                                                                \
    ((struct sql_values){(const struct sql_value[]){__VA_ARGS__},                                                      \
                         sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value)})
#define SQL_NO_VALUES ((struct sql_values){NULL, 0})

/* How the columns of a result fill a struct: by name, checked at compile time (another C type has no association).
 * Text fields are char * owned by the row (NULL for SQL NULL); numbers are int64_t (0 for NULL). */
struct sql_column {
    const char *name;
    enum sql_kind kind;
    size_t offset;
};

struct sql_map {
    const struct sql_column *columns; /* [count] */
    size_t count;
    size_t row_bytes;
};

#define SQL_FIELD(type, field)                                                                                         \
    {                                                                                                                  \
#field, _Generic(((type *)0)->field, char * : SQL_KIND_TEXT, int64_t : SQL_KIND_INT64), offsetof(type, field)  \
    }
#define SQL_MAP(type, columns)                                                                                         \
    {                                                                                                                  \
        columns, G_N_ELEMENTS(columns), sizeof(type)                                                                   \
    }

/* A statement without rows; *changed (may be NULL) gets the number of rows written. */
bool sql_run(struct sql *sql, const char *text, struct sql_values values, int64_t *changed, GError **error);

/* The same when nobody waits for what it changed: PostgreSQL gets it together with the next statement, or with the COMMIT,
 * and an error of it is said there. */
bool sql_later(struct sql *sql, const char *text, struct sql_values values, GError **error);

/* The first row into *row (its old text fields are freed first); *found false when there is none. A column of the map
 * that the statement does not deliver is an error. */
bool sql_row(struct sql *sql, const char *text, struct sql_values values, const struct sql_map *map, void *row,
             bool *found, GError **error);
void sql_row_clear(const struct sql_map *map, void *row);

/* The first column of the first row, a number (0 for NULL); without a row *number stays as it is. */
bool sql_number(struct sql *sql, const char *text, struct sql_values values, int64_t *number, GError **error);

/* All rows; the statement carries its own LIMIT. */
struct sql_rows {
    const struct sql_map *map;
    GByteArray *bytes;
    size_t count;
};
struct sql_rows *sql_rows(struct sql *sql, const char *text, struct sql_values values, const struct sql_map *map,
                          GError **error);
void *sql_rows_at(const struct sql_rows *rows, size_t index);
void sql_rows_free(struct sql_rows *rows);
typedef struct sql_rows SqlRows;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SqlRows, sql_rows_free)

/* Several statements separated by ';' without parameters: migrations alone use it. */
bool sql_script(struct sql *sql, const char *text, GError **error);

/* Writers of SQLite run one after the other. Those of PostgreSQL run side by side and each statement sees what was
 * committed before it began (READ COMMITTED), so what is read and then built upon is locked first, in a statement of its
 * own, and read after that. Order of locks, everywhere: the work, rows of the work, the ledger. */

/* Runs `text`, a SELECT that ends in a /pg: FOR … UPDATE/ comment, in a writing transaction that has neighbours; nothing
 * otherwise. Held until the end of the transaction. No row is no error. */
bool sql_lock_row(struct sql *sql, const char *text, struct sql_values values, GError **error);

/* One transaction of all services holds it, until its end. */
enum sql_lock {
    SQL_LOCK_SCHEMA, /* migrations, and the mirror of the rules */
    SQL_LOCK_LEDGER, /* the end of the hash chain */
    SQL_LOCK_COUNT
};
bool sql_lock(struct sql *sql, enum sql_lock lock, GError **error);

/* Wakes listeners when this transaction commits. Called where one of the topics happens and nowhere else: on PostgreSQL
 * notifying transactions commit one after the other (measured: 47 % fewer transactions a second). */
bool sql_notify(struct sql *sql, enum sql_topic topic, GError **error);

/* The clock that leases are judged by, in ms, read when a writing transaction began: the same for all services of a database. SQLite:
 * CLOCK_BOOTTIME, which nobody sets; PostgreSQL: the server's clock. */
bool sql_lease_clock(struct sql *sql, int64_t *now_ms, GError **error);
