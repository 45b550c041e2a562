/* The ledger: append-only, each record carrying the hash of the one before. Records are written in the same transaction
 * as what they record, and never otherwise. */
#pragma once

#include <jansson.h>

#include "service/database/database.h"

/* Who did it. Borrowed texts. */
struct actor {
    const char *id;   /* staff id, "submitter", "worker", "system" */
    const char *role; /* role of staff; otherwise as the id */
    const char *peer; /* address, "" when none */
};

struct ledger_record {
    int64_t seq;
    int64_t at_ms;
    char *actor;
    char *role;
    char *peer;
    char *action; /* submission.published, decision.made, staff.added … */
    char *object;
    char *before; /* state, "" when none */
    char *after;
    char *detail; /* JSON object */
    char *previous;
    char *hash;
};
extern const struct sql_map ledger_map;

struct ledger_entry {
    const char *action;
    const char *object;
    const char *before;
    const char *after;
    json_t *detail; /* borrowed; NULL is {} */
};

bool ledger_add(struct sql *sql, const struct actor *actor, const struct ledger_entry *entry, int64_t now_ms,
                GError **error);

/* Number of the newest record; 0 for none. */
bool ledger_last(struct sql *sql, int64_t *seq, GError **error);

/* Records of one object ("" for all) after `after`, oldest first, at most 200. */
struct sql_rows *ledger_list(struct sql *sql, const char *object, int64_t after, GError **error);

/* Recomputes the chain from the first record; *bad is the first that does not fit, 0 when all do; *count how many. */
bool ledger_verify(struct sql *sql, int64_t *bad, int64_t *count, GError **error);
