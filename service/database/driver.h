/* What a database engine fills in. Private to this folder. */
#pragma once

#include "service/database/database.h"

/* Rows of one running statement. Columns are found by name once, then read by index. */
struct sql_result;

struct sql_driver {
    /* Runs a statement; *result owns what it delivers. Statements without rows deliver a result without rows. */
    bool (*execute)(struct sql *sql, const char *text, struct sql_values values, struct sql_result **result,
                    GError **error);
    /* 1 a row, 0 the end, -1 an error. */
    int (*next)(struct sql_result *result, GError **error);
    int (*column)(const struct sql_result *result, const char *name); /* -1 when absent */
    bool (*is_null)(const struct sql_result *result, int column);
    const char *(*text)(const struct sql_result *result, int column); /* valid until the next row */
    int64_t (*int64)(const struct sql_result *result, int column);
    int64_t (*changed)(const struct sql_result *result);
    void (*finish)(struct sql_result *result);
    bool (*script)(struct sql *sql, const char *text, GError **error);
    bool (*lock)(struct sql *sql, enum sql_lock lock, GError **error); /* writers of a shared database only */
    /* NULL: execute is as good. */
    bool (*later)(struct sql *sql, const char *text, struct sql_values values, GError **error);
    bool (*notify)(struct sql *sql, enum sql_topic topic, GError **error); /* NULL: there are no other services */
    bool (*lease_clock)(struct sql *sql, int64_t *now_ms, GError **error);
};

/* First member of an engine's connection. */
struct sql {
    const struct sql_driver *driver;
    bool locks;      /* other writers run beside this transaction */
    unsigned topics; /* bits of enum sql_topic: sql_notify() in this transaction, or in this batch */
};

struct database_driver {
    const char *name; /* "sqlite"; names the engine's own part of a migration too */
    bool is_shared;   /* several services may use one database */
    struct database *(*open)(const char *address, GError **error);
    void (*close)(struct database *database);
    bool (*transact)(struct database *database, const char *name, database_work *work, void *context, GError **error);
    bool (*read)(struct database *database, const char *name, database_work *work, void *context, GError **error);
    void (*listen)(struct database *database); /* hears of other services; NULL: there are none */
    void (*unlisten)(struct database *database);
    bool (*checkpoint)(struct database *database, GError **error);
    bool (*backup)(struct database *database, const char *path, GError **error);
    bool (*is_healthy)(struct database *database);
};

/* First member of an engine's database. */
struct database {
    const struct database_driver *driver;
    GMutex listening; /* guards the next two; held during a call */
    database_wake *wake;
    void *wake_context;
};

/* For the engine: one call for each bit of `topics`. */
void database_wake_listener(struct database *database, unsigned topics);
#define SQL_ALL_TOPICS ((1U << SQL_TOPIC_COUNT) - 1)

extern const struct database_driver sqlite_driver;
extern const struct database_driver postgres_driver;
