#include "service/model/ledger.h"

#include <string.h>

static const char LAST[] = /* ledger.last */
    "SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1";
static const char ADD[] = /* ledger.add */
    "INSERT INTO ledger (seq, at_ms, actor, role, peer, action, object, before, after, detail, previous, hash)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
static const char LIST_ALL[] = /* ledger.list */
    "SELECT seq, at_ms, actor, role, peer, action, object, before, after, detail, previous, hash FROM ledger"
    " WHERE seq > $1 ORDER BY seq LIMIT 200";
static const char LIST_OBJECT[] = /* ledger.list of one object */
    "SELECT seq, at_ms, actor, role, peer, action, object, before, after, detail, previous, hash FROM ledger"
    " WHERE object = $2 AND seq > $1 ORDER BY seq LIMIT 200";

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
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autofree char *prefix = g_strdup_printf("%zu:", strlen(fields[i]));
        g_checksum_update(checksum, (const guchar *)prefix, -1);
        g_checksum_update(checksum, (const guchar *)fields[i], -1);
    }
    return g_strdup(g_checksum_get_string(checksum));
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

bool ledger_last(struct sql *sql, int64_t *seq, GError **error)
{
    struct last last = {0};
    bool found = false;

    if (!sql_row(sql, LAST, SQL_NO_VALUES, &LAST_MAP, &last, &found, error)) {
        return false;
    }
    *seq = last.seq;
    sql_row_clear(&LAST_MAP, &last);
    return true;
}

struct sql_rows *ledger_list(struct sql *sql, const char *object, int64_t after, GError **error)
{
    if (object[0] == '\0') {
        return sql_rows(sql, LIST_ALL, SQL_VALUES(SQL_I(after)), &ledger_map, error);
    }
    return sql_rows(sql, LIST_OBJECT, SQL_VALUES(SQL_I(after), SQL_T(object)), &ledger_map, error);
}

bool ledger_verify(struct sql *sql, int64_t *bad, int64_t *count, GError **error)
{
    g_autofree char *previous = g_strdup(GENESIS);
    int64_t seq = 0;

    for (;;) {
        g_autoptr(SqlRows) rows = ledger_list(sql, "", seq, error);
        if (rows == NULL) {
            return false;
        }
        if (rows->count == 0) {
            *bad = 0;
            *count = seq;
            return true;
        }
        for (size_t i = 0; i < rows->count; i++) {
            const struct ledger_record *record = sql_rows_at(rows, i);
            g_autofree char *hash = hash_of(record);

            if (record->seq != seq + 1 || strcmp(record->previous, previous) != 0 || strcmp(record->hash, hash) != 0) {
                *bad = record->seq;
                *count = seq;
                return true;
            }
            seq = record->seq;
            g_free(previous);
            previous = g_strdup(record->hash);
        }
    }
}
