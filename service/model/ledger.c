#include "service/model/ledger.h"

#include <string.h>

#include "service/model/secret.h"

static const char LAST[] = /* ledger.last */
    "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1";
static const char ADD[] = /* ledger.add */
    "INSERT INTO ledger (seq, at_ms, actor, role, peer, action, object, before, after, detail, previous, hash)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
#define RECORD_FIELDS                                                                                                  \
    "l.seq AS seq, l.at_ms AS at_ms, l.actor AS actor, l.role AS role, l.peer AS peer, l.action AS action,"            \
    " l.object AS object, l.before AS before, l.after AS after, l.detail AS detail, l.previous AS previous,"           \
    " l.hash AS hash FROM ledger l"
static const char LIST_ALL[] = /* ledger.list */
    "SELECT " RECORD_FIELDS " WHERE l.seq > $1 ORDER BY l.seq LIMIT 200";
static const char LIST_OBJECT[] = /* ledger.list of one object */
    "SELECT " RECORD_FIELDS " WHERE l.object = $2 AND l.seq > $1 ORDER BY l.seq LIMIT 200";
static const char LIST_SCOPE[] = /* ledger.list of a region's works */
    "SELECT " RECORD_FIELDS " WHERE l.seq > $1 AND EXISTS (SELECT 1 FROM submission s WHERE s.id = l.object"
    " AND (s.city = $2 OR s.region = $2)) ORDER BY l.seq LIMIT 200";
static const char LIST_SCOPE_OBJECT[] = /* ledger.list of one work of a region */
    "SELECT " RECORD_FIELDS " WHERE l.object = $3 AND l.seq > $1 AND EXISTS (SELECT 1 FROM submission s"
    " WHERE s.id = l.object AND (s.city = $2 OR s.region = $2)) ORDER BY l.seq LIMIT 200";
static const char CHAIN[] = /* ledger.chain: larger pieces for the check of all */
    "SELECT " RECORD_FIELDS " WHERE l.seq > $1 ORDER BY l.seq LIMIT 5000";

#define LINE_FIELDS                                                                                                    \
    "SELECT l.seq AS seq, l.at_ms AS at_ms, COALESCE((SELECT p.name FROM staff p WHERE p.id = l.actor), '') AS name,"  \
    " l.role AS role, l.action AS action, l.object AS object,"                                                         \
    " (SELECT c.code FROM submission c WHERE c.id = l.object) AS code, l.before AS before, l.after AS after,"          \
    " l.detail AS detail, l.hash AS hash FROM ledger l"
/* counted rather than asked with EXISTS, which PostgreSQL would turn into a join over all works */
#define LINE_WITHIN                                                                                                    \
    " AND (SELECT COUNT(*) FROM submission s WHERE s.id = l.object AND s.edition = $2"                                 \
    " AND ($3 = '' OR s.city = $3 OR s.region = $3)) > 0"
static const char LINES[] = /* ledger.lines */
    LINE_FIELDS " WHERE l.seq > $1" LINE_WITHIN " ORDER BY l.seq LIMIT 1000";
static const char LINES_OBJECT[] = /* ledger.lines of one work */
    LINE_FIELDS " WHERE l.object = $4 AND l.seq > $1" LINE_WITHIN " ORDER BY l.seq LIMIT 1000";

static const char GENESIS[] = "0000000000000000000000000000000000000000000000000000000000000000";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct ledger_record, seq),      SQL_FIELD(struct ledger_record, at_ms),
    SQL_FIELD(struct ledger_record, actor),    SQL_FIELD(struct ledger_record, role),
    SQL_FIELD(struct ledger_record, peer),     SQL_FIELD(struct ledger_record, action),
    SQL_FIELD(struct ledger_record, object),   SQL_FIELD(struct ledger_record, before),
    SQL_FIELD(struct ledger_record, after),    SQL_FIELD(struct ledger_record, detail),
    SQL_FIELD(struct ledger_record, previous), SQL_FIELD(struct ledger_record, hash),
};
const struct sql_map ledger_map = SQL_MAP(struct ledger_record, COLUMNS);

static const struct sql_column LINE_COLUMNS[] = {
    SQL_FIELD(struct ledger_line, seq),    SQL_FIELD(struct ledger_line, at_ms),  SQL_FIELD(struct ledger_line, name),
    SQL_FIELD(struct ledger_line, role),   SQL_FIELD(struct ledger_line, action), SQL_FIELD(struct ledger_line, object),
    SQL_FIELD(struct ledger_line, code),   SQL_FIELD(struct ledger_line, before), SQL_FIELD(struct ledger_line, after),
    SQL_FIELD(struct ledger_line, detail), SQL_FIELD(struct ledger_line, hash),
};
static const struct sql_map LINE_MAP = SQL_MAP(struct ledger_line, LINE_COLUMNS);

struct last {
    int64_t seq;
    char *hash;
};
static const struct sql_column LAST_COLUMNS[] = {SQL_FIELD(struct last, seq), SQL_FIELD(struct last, hash)};
static const struct sql_map LAST_MAP = SQL_MAP(struct last, LAST_COLUMNS);

/* Canonical form: every field as length:text, so that no two records have the same. */
static char *hash_of(const struct ledger_record *record)
{
    g_autofree char *seq = g_strdup_printf("%" G_GINT64_FORMAT, record->seq);
    g_autofree char *at = g_strdup_printf("%" G_GINT64_FORMAT, record->at_ms);
    const char *const fields[] = {seq,
                                  at,
                                  record->actor,
                                  record->role,
                                  record->peer,
                                  record->action,
                                  record->object,
                                  record->before,
                                  record->after,
                                  record->detail,
                                  record->previous};
    g_autoptr(GString) text = g_string_sized_new(1024);

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_string_append_printf(text, "%zu:%s", strlen(fields[i]), fields[i]);
    }
    return secret_digest(text->str);
}

bool ledger_add(struct sql *sql, const struct actor *actor, const struct ledger_entry *entry, int64_t now_ms,
                GError **error)
{
    struct last last = {0};
    bool found = false;

    /* The lock is kept until the commit: callers come here as late as they can. Read after it, in a statement of its own,
     * the end of the chain is the one that was committed last. */
    if (!sql_lock(sql, SQL_LOCK_LEDGER, error) || !sql_row(sql, LAST, SQL_NO_VALUES, &LAST_MAP, &last, &found, error)) {
        return false;
    }
    g_autofree char *previous = found ? g_steal_pointer(&last.hash) : g_strdup(GENESIS);
    g_autofree char *detail = entry->detail == NULL ? g_strdup("{}") : json_dumps(entry->detail, JSON_COMPACT);
    struct ledger_record record = {
        .seq = last.seq + 1,
        .at_ms = now_ms,
        .actor = (char *)(uintptr_t)actor->id,
        .role = (char *)(uintptr_t)actor->role,
        .peer = (char *)(uintptr_t)actor->peer,
        .action = (char *)(uintptr_t)entry->action,
        .object = (char *)(uintptr_t)entry->object,
        .before = (char *)(uintptr_t)(entry->before == NULL ? "" : entry->before),
        .after = (char *)(uintptr_t)(entry->after == NULL ? "" : entry->after),
        .detail = detail,
        .previous = previous,
    };
    g_autofree char *hash = hash_of(&record);
    return sql_run(sql, ADD,
                   SQL_VALUES(SQL_I(record.seq), SQL_I(record.at_ms), SQL_T(record.actor), SQL_T(record.role),
                              SQL_T(record.peer), SQL_T(record.action), SQL_T(record.object), SQL_T(record.before),
                              SQL_T(record.after), SQL_T(record.detail), SQL_T(record.previous), SQL_T(hash)),
                   NULL, error);
}

struct sql_rows *ledger_list(struct sql *sql, const char *scope, const char *object, int64_t after, GError **error)
{
    if (scope[0] == '\0' && object[0] == '\0') {
        return sql_rows(sql, LIST_ALL, SQL_VALUES(SQL_I(after)), &ledger_map, error);
    }
    if (scope[0] == '\0') {
        return sql_rows(sql, LIST_OBJECT, SQL_VALUES(SQL_I(after), SQL_T(object)), &ledger_map, error);
    }
    if (object[0] == '\0') {
        return sql_rows(sql, LIST_SCOPE, SQL_VALUES(SQL_I(after), SQL_T(scope)), &ledger_map, error);
    }
    return sql_rows(sql, LIST_SCOPE_OBJECT, SQL_VALUES(SQL_I(after), SQL_T(scope), SQL_T(object)), &ledger_map, error);
}

struct sql_rows *ledger_lines(struct sql *sql, const char *edition, const char *scope, const char *object,
                              int64_t after, GError **error)
{
    return object[0] == '\0'
               ? sql_rows(sql, LINES, SQL_VALUES(SQL_I(after), SQL_T(edition), SQL_T(scope)), &LINE_MAP, error)
               : sql_rows(sql, LINES_OBJECT, SQL_VALUES(SQL_I(after), SQL_T(edition), SQL_T(scope), SQL_T(object)),
                          &LINE_MAP, error);
}

static const char *const FAULTS[] = {
    [LEDGER_WHOLE] = "whole",     [LEDGER_GAP] = "missing", [LEDGER_CHAIN] = "chain",
    [LEDGER_CONTENT] = "changed", [LEDGER_CUT] = "cut",     [LEDGER_ANCHOR] = "anchor",
};

const char *ledger_fault_name(enum ledger_fault fault)
{
    return FAULTS[fault];
}

/* The walk along the chain: what is judged so far, and the next anchor to meet. */
struct walk {
    struct ledger_verdict verdict;
    const struct ledger_anchors *anchors;
    size_t next;
};

static enum ledger_fault fault_of(const struct ledger_record *record, struct walk *walk)
{
    bool fits = true;

    if (record->seq != walk->verdict.records + 1) {
        return LEDGER_GAP;
    }
    if (strcmp(record->previous, walk->verdict.hash) != 0) {
        return LEDGER_CHAIN;
    }
    g_autofree char *hash = hash_of(record);
    if (strcmp(record->hash, hash) != 0) {
        return LEDGER_CONTENT;
    }
    for (; walk->next < walk->anchors->count && walk->anchors->at[walk->next].seq <= record->seq; walk->next++) {
        const struct ledger_anchor *anchor = &walk->anchors->at[walk->next];
        fits = fits && (anchor->seq != record->seq || strcmp(anchor->hash, hash) == 0);
    }
    return fits ? LEDGER_WHOLE : LEDGER_ANCHOR;
}

/* One piece of the chain; what comes after the first fault is not judged. */
static void judge(const struct sql_rows *rows, struct walk *walk)
{
    struct ledger_verdict *verdict = &walk->verdict;

    for (size_t i = 0; i < rows->count && verdict->fault == LEDGER_WHOLE; i++) {
        const struct ledger_record *record = sql_rows_at(rows, i);
        verdict->fault = fault_of(record, walk);
        if (verdict->fault == LEDGER_WHOLE) {
            verdict->records = record->seq;
            (void)g_strlcpy(verdict->hash, record->hash, sizeof verdict->hash); /* equals a digest of 64 characters */
        } else {
            verdict->bad = verdict->fault == LEDGER_GAP ? verdict->records + 1 : record->seq;
        }
    }
}

bool ledger_verify(struct sql *sql, const struct ledger_anchors *anchors, struct ledger_verdict *verdict,
                   GError **error)
{
    struct walk walk = {.anchors = anchors};
    int64_t after = G_MININT64; /* a record before the first is one too many */
    size_t count = 1;

    (void)g_strlcpy(walk.verdict.hash, GENESIS, sizeof walk.verdict.hash); /* fits: 64 characters */
    while (count > 0 && walk.verdict.fault == LEDGER_WHOLE) {
        g_autoptr(SqlRows) rows = sql_rows(sql, CHAIN, SQL_VALUES(SQL_I(after)), &ledger_map, error);
        if (rows == NULL) {
            return false;
        }
        judge(rows, &walk);
        count = rows->count;
        after = walk.verdict.records;
    }
    const bool is_short = anchors->count > 0 && anchors->at[anchors->count - 1].seq > walk.verdict.records;
    if (walk.verdict.fault == LEDGER_WHOLE && is_short) {
        walk.verdict.fault = LEDGER_CUT;
        walk.verdict.bad = walk.verdict.records + 1;
    }
    *verdict = walk.verdict;
    return true;
}

bool ledger_head(struct sql *sql, struct ledger_anchor *head, GError **error)
{
    struct last last = {0};
    bool found = false;

    if (!sql_row(sql, LAST, SQL_NO_VALUES, &LAST_MAP, &last, &found, error)) {
        return false;
    }
    head->seq = last.seq;
    (void)g_strlcpy(head->hash, found ? last.hash : GENESIS, sizeof head->hash); /* a digest of 64 characters */
    sql_row_clear(&LAST_MAP, &last);
    return true;
}
