/* One connection to PostgreSQL. Private to postgres.c and postgres_connection.c. A connection belongs to one thread at
 * a time; the pool in postgres.c hands it over. */
#pragma once

#include <libpq-fe.h>

#include "service/database/driver.h"

/* What stands between this transaction and its COMMIT, noted by the statement that met it: a caller that drops the
 * GError cannot hide it. */
enum postgres_trouble {
    POSTGRES_FINE,
    POSTGRES_CONFLICT, /* another transaction was in the way: 40001, 40P01, 55P03; run the whole again */
    POSTGRES_DOWN,     /* the connection is gone, and nothing of the transaction remains */
    POSTGRES_UNKNOWN,  /* the connection went while it committed */
    POSTGRES_BROKEN,   /* any other error: the engine has given the transaction up */
};

struct postgres_sql {
    struct sql base;
    const char *address;    /* borrowed from the database */
    PGconn *connection;     /* NULL: not connected */
    GHashTable *statements; /* literal text -> name of the prepared statement, owned */
    enum postgres_trouble trouble;
    GPtrArray *due;         /* struct step *: what goes with the next statement, in order */
    bool is_begin_due;      /* BEGIN is one of them */
    bool is_end_sent;       /* a reading transaction's ROLLBACK is on its way; its answer is read before the next use */
    int64_t lease_clock_ms; /* of the running writing transaction */
    char *transaction;      /* number of the running one, decimal; kept until the next begins */
    char *timeline;         /* of the server at connect: a fail-over makes a new one, which may use the number again */
};

struct postgres_sql *postgres_new(const char *address);
void postgres_free(struct postgres_sql *sql);

/* Connects when there is no connection; REASON_DATABASE_DOWN when that fails. */
bool postgres_ready(struct postgres_sql *sql, GError **error);
void postgres_disconnect(struct postgres_sql *sql);

bool postgres_begin(struct postgres_sql *sql, bool writes, GError **error);
/* False leaves the cause in `trouble`. */
bool postgres_commit(struct postgres_sql *sql, GError **error);
/* Leaves a connection that is fit for the next transaction, or none. */
void postgres_rollback(struct postgres_sql *sql);

/* Asks, on a fresh connection, what became of the transaction whose COMMIT got no answer. */
enum postgres_outcome {
    POSTGRES_COMMITTED,
    POSTGRES_ABORTED,
    POSTGRES_RUNNING,    /* its server process has not yet noticed that we left */
    POSTGRES_CANNOT_TELL /* the server does not answer, or is another one now */
};
enum postgres_outcome postgres_outcome(struct postgres_sql *sql);

/* One statement without parameters; its result is the caller's (PQclear), NULL on error. */
PGresult *postgres_plain(struct postgres_sql *sql, const char *text, GError **error);
