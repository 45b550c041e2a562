/* Statements on one connection: prepared once each, parameters in text form with declared types, rows as libpq buffers
 * them. The same SQL text goes to SQLite; what only PostgreSQL understands stands in it as a comment, "/pg: …/" with
 * stars, whose marks are taken off here.
 *
 * Connection settings are those of the project's fault runs: with libpq's own defaults a cut line hangs without a sound
 * until it heals; with these it is noticed after about 4 s. The address may say otherwise, it is read last.
 */
#include "service/database/postgres.h"

#include <string.h>

#include "common/failure.h"

enum {
    TYPE_INT8 = 20, /* numbers of pg_type that never change */
    TYPE_TEXT = 25,
    ADVISORY_KEY = 0x58554550, /* "XUEP": first half of the advisory locks of this program */
    DUE_MOST = 16,             /* statements that wait for the next; neither side's buffers ever fill */
};

struct sql_result {
    PGresult *rows;
    int row; /* the present one; -1 before the first */
};

void postgres_disconnect(struct postgres_sql *sql)
{
    g_ptr_array_set_size(sql->due, 0); /* they name statements of this connection */
    sql->is_end_sent = false;
    g_hash_table_remove_all(sql->statements);
    g_clear_pointer(&sql->connection, PQfinish);
}

void postgres_free(struct postgres_sql *sql)
{
    postgres_disconnect(sql);
    g_hash_table_unref(sql->statements);
    g_ptr_array_unref(sql->due);
    g_free(sql->transaction);
    g_free(sql->timeline);
    g_free(sql);
}

/* Error classes are the seam's; a prefix stands for all codes that begin with it. The first row that fits counts. */
static const struct {
    const char *prefix;
    enum postgres_trouble trouble;
    enum reason reason;
} CODES[] = {
    {"40001", POSTGRES_CONFLICT, REASON_BUSY},      /* could not serialise */
    {"40P01", POSTGRES_CONFLICT, REASON_BUSY},      /* deadlock */
    {"55P03", POSTGRES_CONFLICT, REASON_BUSY},      /* lock not available */
    {"23", POSTGRES_BROKEN, REASON_CONFLICT},       /* constraints and our guards */
    {"08", POSTGRES_DOWN, REASON_DATABASE_DOWN},    /* connection */
    {"57P", POSTGRES_DOWN, REASON_DATABASE_DOWN},   /* shutting down, or not yet up */
    {"57014", POSTGRES_BROKEN, REASON_TIMEOUT},     /* ran too long */
    {"53300", POSTGRES_DOWN, REASON_DATABASE_DOWN}, /* no connection left */
    {"53100", POSTGRES_BROKEN, REASON_FULL},        /* disk */
    {"53", POSTGRES_BROKEN, REASON_BUSY},           /* memory and the like */
};

static bool fail(struct postgres_sql *sql, const PGresult *result, const char *what, GError **error)
{
    const char *code = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const bool lost = sql->connection == NULL || PQstatus(sql->connection) != CONNECTION_OK || code == NULL;
    const char *message = result == NULL ? PQerrorMessage(sql->connection) : PQresultErrorMessage(result);
    enum reason reason = lost ? REASON_DATABASE_DOWN : REASON_INTERNAL;

    sql->trouble = lost ? POSTGRES_DOWN : POSTGRES_BROKEN;
    for (size_t i = 0; !lost && i < G_N_ELEMENTS(CODES); i++) {
        if (g_str_has_prefix(code, CODES[i].prefix)) {
            sql->trouble = CODES[i].trouble;
            reason = CODES[i].reason;
            break;
        }
    }
    g_autofree char *line = g_strchomp(g_strdup(message));
    g_set_error(error, DATABASE_ERROR, (int)reason, "%s: %s (%s)", what, line, code == NULL ? "no answer" : code);
    return false;
}

PGresult *postgres_plain(struct postgres_sql *sql, const char *text, GError **error)
{
    PGresult *result = PQexec(sql->connection, text);
    const ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        return result;
    }
    fail(sql, result, text, error);
    PQclear(result);
    return NULL;
}

static bool run_plain(struct postgres_sql *sql, const char *text, GError **error)
{
    PGresult *result = postgres_plain(sql, text, error);

    PQclear(result);
    return result != NULL;
}

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context; /* "relation exists, skipping" and the like */
    (void)result;
}

/* What every connection is set to: one plan for all values, so that the plan that is tested (tests/http/86-plans) is the
 * plan that runs, and no statement is planned anew its first five times; an answer means that the rows are on disk (and on the standby, where there is one,
 * which a server set to more than "on" keeps), and nobody waits for ever. The timeline tells servers apart. */
static const char SESSION[] =
    "SET plan_cache_mode = force_generic_plan; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '60s';"
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');"
    "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END";

/* Nobody waits for the end of a reading transaction. */
static bool send_end(struct postgres_sql *sql)
{
    sql->is_end_sent = PQsendQuery(sql->connection, "ROLLBACK") != 0;
    return sql->is_end_sent;
}

/* False: the connection is of no more use. */
static bool read_end(struct postgres_sql *sql)
{
    bool good = true;

    sql->is_end_sent = false;
    for (PGresult *result; (result = PQgetResult(sql->connection)) != NULL;) {
        good = good && PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
    }
    return good;
}

bool postgres_ready(struct postgres_sql *sql, GError **error)
{
    static const char *const KEYS[] = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                                       "keepalives_count", "tcp_user_timeout", "application_name",
                                       "client_encoding",  "dbname",           NULL};
    const char *const values[] = {"3", "3", "1", "3", "4000", "xuepai", "UTF8", sql->address, NULL};

    if (sql->connection != NULL && PQstatus(sql->connection) == CONNECTION_OK && (!sql->is_end_sent || read_end(sql))) {
        return true;
    }
    postgres_disconnect(sql);
    sql->connection = PQconnectdbParams(KEYS, values, 1);
    if (PQstatus(sql->connection) != CONNECTION_OK) {
        sql->trouble = POSTGRES_DOWN;
        g_autofree char *line = g_strchomp(g_strdup(PQerrorMessage(sql->connection)));
        g_set_error(error, DATABASE_ERROR, REASON_DATABASE_DOWN, "%s", line);
        postgres_disconnect(sql);
        return false;
    }
    (void)PQsetNoticeReceiver(sql->connection, ignore_notice, NULL);
    PGresult *result = postgres_plain(sql, SESSION, error);
    if (result == NULL) {
        postgres_disconnect(sql);
        return false;
    }
    g_free(sql->timeline);
    sql->timeline = g_strdup(PQgetvalue(result, 0, 0));
    PQclear(result);
    return true;
}

/* Takes the marks off "/pg: … /" comments. */
static char *unwrap(const char *text)
{
    static const char OPEN[] = "/*pg:";
    g_autoptr(GString) plain = g_string_new(NULL);

    for (const char *mark; (mark = strstr(text, OPEN)) != NULL;) {
        const char *end = strstr(mark, "*/");
        g_assert(end != NULL); /* our own literal */
        g_string_append_len(plain, text, mark - text);
        g_string_append_len(plain, mark + strlen(OPEN), end - mark - (gssize)strlen(OPEN));
        text = end + 2;
    }
    g_string_append(plain, text);
    return g_strdup(plain->str);
}

/* The name of the prepared statement of a literal text, made on first use with the types of these values. */
static const char *statement_get(struct postgres_sql *sql, const char *text, struct sql_values values, GError **error)
{
    const char *known = g_hash_table_lookup(sql->statements, text);
    g_autofree Oid *types = g_new(Oid, values.count + 1);

    if (known != NULL) {
        return known;
    }
    g_autofree char *name = g_strdup_printf("s%u", g_hash_table_size(sql->statements));
    g_autofree char *plain = unwrap(text);
    for (size_t i = 0; i < values.count; i++) {
        types[i] = values.at[i].kind == SQL_KIND_INT64 ? TYPE_INT8 : TYPE_TEXT;
    }
    PGresult *result = PQprepare(sql->connection, name, plain, (int)values.count, types);
    const bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!good) {
        fail(sql, result, text, error);
    }
    PQclear(result);
    if (!good) {
        return NULL;
    }
    known = name;
    g_hash_table_insert(sql->statements, (gpointer)(uintptr_t)text, g_steal_pointer(&name));
    return known;
}

/* Statements that belong to transactions; prepared like any other, so that the server parses and plans them once. */
static const char BEGIN_WRITE[] = "BEGIN ISOLATION LEVEL READ COMMITTED";
static const char BEGIN_READ[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
static const char STAMP[] = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, pg_current_xact_id()::text";
static const char CLOCK[] = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/* One prepared statement with its values in text form. */
struct step {
    const char *text;      /* the literal: for errors, and STAMP is known by it */
    const char *statement; /* its name on this connection */
    int count;
    char **values; /* [count]; NULL is SQL NULL */
};

static void step_free(gpointer data)
{
    struct step *step = data;

    for (int i = 0; i < step->count; i++) {
        g_free(step->values[i]);
    }
    g_free(step->values);
    g_free(step);
}

/* Prepares the statement where this connection has not had it yet. */
static struct step *step_new(struct postgres_sql *sql, const char *text, struct sql_values values, GError **error)
{
    const char *statement = statement_get(sql, text, values, error);

    if (statement == NULL) {
        return NULL;
    }
    struct step *step = g_new(struct step, 1);
    *step = (struct step){text, statement, (int)values.count, g_new(char *, values.count + 1)};
    for (size_t i = 0; i < values.count; i++) {
        step->values[i] = values.at[i].kind == SQL_KIND_INT64
                              ? g_strdup_printf("%" G_GINT64_FORMAT, values.at[i].number)
                              : g_strdup(values.at[i].text);
    }
    return step;
}

static bool is_good(const PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static void note_stamp(struct postgres_sql *sql, const PGresult *result)
{
    sql->lease_clock_ms = g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    g_free(sql->transaction);
    sql->transaction = g_strdup(PQgetvalue(result, 0, 1));
}

/* The steps' results in order, up to the first that is not good; returns the last one that came. */
static PGresult *read_results(struct postgres_sql *sql, GError **error)
{
    PGresult *last = NULL;

    for (guint i = 0; i < sql->due->len; i++) {
        const struct step *step = g_ptr_array_index(sql->due, i);
        PQclear(last);
        last = PQgetResult(sql->connection);
        if (!is_good(last)) {
            fail(sql, last, step->text, error);
            g_clear_pointer(&last, PQclear);
            return NULL;
        }
        PQclear(PQgetResult(sql->connection)); /* the end of this statement's results: NULL */
        if (step->text == STAMP) {
            note_stamp(sql, last);
        }
    }
    return last;
}

/* A statement alone needs no pipeline. */
static PGresult *run_single(struct postgres_sql *sql, GError **error)
{
    const struct step *step = g_ptr_array_index(sql->due, 0);
    PGresult *result =
        PQexecPrepared(sql->connection, step->statement, step->count, (const char *const *)step->values, NULL, NULL, 0);

    if (!is_good(result)) {
        fail(sql, result, step->text, error);
        g_clear_pointer(&result, PQclear);
    }
    g_ptr_array_set_size(sql->due, 0);
    return result;
}

/* All that is due in one round trip, each with a snapshot of its own; what follows a bad one is not run. The result of
 * the last, NULL with the first trouble. */
static PGresult *run_due(struct postgres_sql *sql, GError **error)
{
    PGconn *connection = sql->connection;
    PGresult *last = NULL;

    if (sql->due->len == 1 && !sql->is_begin_due) {
        return run_single(sql, error);
    }
    bool is_sent = PQenterPipelineMode(connection) != 0;

    for (guint i = 0; is_sent && i < sql->due->len; i++) {
        const struct step *step = g_ptr_array_index(sql->due, i);
        is_sent = PQsendQueryPrepared(connection, step->statement, step->count, (const char *const *)step->values, NULL,
                                      NULL, 0) != 0;
    }
    is_sent = is_sent && PQpipelineSync(connection) != 0;
    if (is_sent) {
        last = read_results(sql, error);
    } else {
        fail(sql, NULL, "send", error);
    }
    for (bool is_over = !is_sent; !is_over && PQstatus(connection) == CONNECTION_OK;) { /* up to the mark of the sync */
        PGresult *rest = PQgetResult(connection);
        is_over = PQresultStatus(rest) == PGRES_PIPELINE_SYNC;
        PQclear(rest);
    }
    if (PQexitPipelineMode(connection) == 0 && last != NULL) {
        g_clear_pointer(&last, PQclear);
        fail(sql, NULL, "pipeline", error);
    }
    sql->is_begin_due = false;
    g_ptr_array_set_size(sql->due, 0);
    return last;
}

static bool flush(struct postgres_sql *sql, GError **error)
{
    if (sql->due->len == 0) {
        return true;
    }
    PGresult *result = run_due(sql, error);
    const bool good = result != NULL;
    PQclear(result);
    return good;
}

static bool add_due(struct postgres_sql *sql, const char *text, struct sql_values values, GError **error)
{
    struct step *step = step_new(sql, text, values, error);

    if (step != NULL) {
        g_ptr_array_add(sql->due, step);
    }
    return step != NULL;
}

static bool postgres_later(struct sql *base, const char *text, struct sql_values values, GError **error)
{
    struct postgres_sql *sql = (struct postgres_sql *)base;

    return (sql->due->len < DUE_MOST || flush(sql, error)) && add_due(sql, text, values, error);
}

/* The number of a writing transaction is asked for at its beginning: it must be known before COMMIT is sent, or nobody
 * can ask later what became of it. */
bool postgres_begin(struct postgres_sql *sql, bool writes, GError **error)
{
    sql->base.locks = writes;
    sql->is_begin_due = true;
    g_ptr_array_set_size(sql->due, 0);
    return writes ? add_due(sql, BEGIN_WRITE, SQL_NO_VALUES, error) && add_due(sql, STAMP, SQL_NO_VALUES, error)
                  : add_due(sql, BEGIN_READ, SQL_NO_VALUES, error);
}

bool postgres_commit(struct postgres_sql *sql, GError **error)
{
    if (!flush(sql, error)) {
        const enum postgres_trouble trouble = sql->trouble;
        postgres_rollback(sql);
        sql->trouble = trouble;
        return false;
    }
    PGresult *result = PQexec(sql->connection, "COMMIT");
    const bool answered = PQresultStatus(result) == PGRES_COMMAND_OK;
    /* a transaction that an error had ended before answers COMMIT with ROLLBACK */
    const bool good = answered && strcmp(PQcmdStatus(result), "COMMIT") == 0;

    if (answered && !good) {
        sql->trouble = POSTGRES_BROKEN;
        g_set_error(error, DATABASE_ERROR, REASON_INTERNAL, "an error was passed over: the engine rolled back");
    } else if (!answered) {
        fail(sql, result, "COMMIT", error);
        sql->trouble = sql->trouble == POSTGRES_DOWN ? POSTGRES_UNKNOWN : sql->trouble;
    }
    PQclear(result);
    return good;
}

void postgres_rollback(struct postgres_sql *sql)
{
    if (sql->connection != NULL && !sql->is_begin_due &&
        !(sql->base.locks || sql->trouble != POSTGRES_FINE ? run_plain(sql, "ROLLBACK", NULL) : send_end(sql))) {
        postgres_disconnect(sql);
    }
    sql->is_begin_due = false;
    g_ptr_array_set_size(sql->due, 0);
}

enum postgres_outcome postgres_outcome(struct postgres_sql *sql)
{
    static const struct {
        const char *status;
        enum postgres_outcome outcome;
    } STATUSES[] = {{"committed", POSTGRES_COMMITTED},
                    {"aborted", POSTGRES_ABORTED},
                    {"in progress", POSTGRES_RUNNING}};
    g_autofree char *timeline = g_strdup(sql->timeline);
    const char *const values[] = {sql->transaction};
    enum postgres_outcome outcome = POSTGRES_CANNOT_TELL;

    if (!postgres_ready(sql, NULL) || strcmp(timeline, sql->timeline) != 0) {
        return POSTGRES_CANNOT_TELL;
    }
    PGresult *result =
        PQexecParams(sql->connection, "SELECT pg_xact_status($1::text::xid8)", 1, NULL, values, NULL, NULL, 0);
    const char *status = PQresultStatus(result) == PGRES_TUPLES_OK ? PQgetvalue(result, 0, 0) : "";
    for (size_t i = 0; i < G_N_ELEMENTS(STATUSES); i++) {
        outcome = strcmp(STATUSES[i].status, status) == 0 ? STATUSES[i].outcome : outcome;
    }
    PQclear(result);
    return outcome;
}

static bool postgres_execute(struct sql *base, const char *text, struct sql_values values, struct sql_result **result,
                             GError **error)
{
    struct postgres_sql *sql = (struct postgres_sql *)base;
    PGresult *rows = add_due(sql, text, values, error) ? run_due(sql, error) : NULL;

    if (rows == NULL) {
        return false;
    }
    *result = g_new(struct sql_result, 1);
    **result = (struct sql_result){rows, -1};
    return true;
}

static int postgres_next(struct sql_result *result, GError **error)
{
    (void)error; /* every row is here already */
    return ++result->row < PQntuples(result->rows) ? 1 : 0;
}

static int postgres_column(const struct sql_result *result, const char *name)
{
    for (int i = 0; i < PQnfields(result->rows); i++) {
        if (strcmp(PQfname(result->rows, i), name) == 0) {
            return i;
        }
    }
    return -1;
}

static bool postgres_is_null(const struct sql_result *result, int column)
{
    return PQgetisnull(result->rows, result->row, column) != 0;
}

static const char *postgres_text(const struct sql_result *result, int column)
{
    return PQgetvalue(result->rows, result->row, column);
}

static int64_t postgres_int64(const struct sql_result *result, int column)
{
    return g_ascii_strtoll(PQgetvalue(result->rows, result->row, column), NULL, 10); /* "" of NULL is 0 */
}

static int64_t postgres_changed(const struct sql_result *result)
{
    return g_ascii_strtoll(PQcmdTuples(result->rows), NULL, 10);
}

static void postgres_finish(struct sql_result *result)
{
    PQclear(result->rows);
    g_free(result);
}

/* Words of the schema that SQLite's STRICT tables leave no choice in. Text is ordered by code point, as SQLite does,
 * whatever the database was created with; so lists and their keysets agree, and LIKE finds its index. */
static char *own_words(const char *text)
{
    static const struct {
        const char *pattern;
        const char *word;
    } WORDS[] = {
        {"--[^\n]*", ""},
        {"\\bINTEGER\\b", "BIGINT"},
        {"\\)\\s*STRICT\\b(,\\s*WITHOUT ROWID)?", ")"},
        {"\\bTEXT\\b", "TEXT COLLATE \"C\""},
    };
    char *plain = unwrap(text);

    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        g_autoptr(GRegex) regex = g_regex_new(WORDS[i].pattern, 0, 0, NULL);
        g_autofree char *old = plain;
        plain = g_regex_replace_literal(regex, old, -1, 0, WORDS[i].word, 0, NULL);
    }
    return plain;
}

static bool postgres_script(struct sql *base, const char *text, GError **error)
{
    struct postgres_sql *sql = (struct postgres_sql *)base;
    g_autofree char *plain = own_words(text);

    return flush(sql, error) && run_plain(sql, plain, error);
}

static bool postgres_lock(struct sql *base, enum sql_lock lock, GError **error)
{
    static const char LOCK[] = "SELECT pg_advisory_xact_lock($1::int, $2::int)";

    return sql_run(base, LOCK, SQL_VALUES(SQL_I(ADVISORY_KEY), SQL_I((int64_t)lock)), NULL, error);
}

static bool postgres_notify(struct sql *base, enum sql_topic topic, GError **error)
{
    g_autofree char *payload = g_strdup_printf("%d", (int)topic);

    return postgres_later(base, "SELECT pg_notify('xuepai', $1)", SQL_VALUES(SQL_T(payload)), error);
}

/* A reading transaction asks only when somebody wants to know. */
static bool postgres_lease_clock(struct sql *base, int64_t *now_ms, GError **error)
{
    struct postgres_sql *sql = (struct postgres_sql *)base;
    struct sql_result *result = NULL;

    if (base->locks) {
        const bool good = flush(sql, error);
        *now_ms = sql->lease_clock_ms;
        return good;
    }
    if (!postgres_execute(base, CLOCK, SQL_NO_VALUES, &result, error)) {
        return false;
    }
    *now_ms = g_ascii_strtoll(PQgetvalue(result->rows, 0, 0), NULL, 10);
    postgres_finish(result);
    return true;
}

static const struct sql_driver SQL_DRIVER = {
    .execute = postgres_execute,
    .next = postgres_next,
    .column = postgres_column,
    .is_null = postgres_is_null,
    .text = postgres_text,
    .int64 = postgres_int64,
    .changed = postgres_changed,
    .finish = postgres_finish,
    .script = postgres_script,
    .lock = postgres_lock,
    .later = postgres_later,
    .notify = postgres_notify,
    .lease_clock = postgres_lease_clock,
};

struct postgres_sql *postgres_new(const char *address)
{
    struct postgres_sql *sql = g_new0(struct postgres_sql, 1);

    sql->base.driver = &SQL_DRIVER;
    sql->address = address;
    sql->statements = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    sql->due = g_ptr_array_new_with_free_func(step_free);
    return sql;
}
