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

/* Records of one object ("" for all) after `after`, oldest first, at most 200. `scope`: only of works in this city or
 * county; "" for everything. */
struct sql_rows *ledger_list(struct sql *sql, const char *scope, const char *object, int64_t after, GError **error);

/* Records as a sheet shows them: with the person's name. */
struct ledger_line {
    int64_t seq;
    int64_t at_ms;
    char *name; /* of staff; "" for others */
    char *role;
    char *action;
    char *object;
    char *code; /* receipt code of the work */
    char *before;
    char *after;
    char *detail;
    char *hash;
};
/* Records of one work (`object`), or of all works of the edition ("" ), in this city or county ("" for all), after `after`;
 * by number, at most 1000. */
struct sql_rows *ledger_lines(struct sql *sql, const char *edition, const char *scope, const char *object,
                              int64_t after, GError **error);

/* What does not fit, in the order of the checks. */
enum ledger_fault {
    LEDGER_WHOLE,
    LEDGER_GAP,     /* a record is missing before it, or it stands elsewhere */
    LEDGER_CHAIN,   /* it does not name the hash of the one before */
    LEDGER_CONTENT, /* its own fields were changed */
    LEDGER_CUT,     /* the end is missing: the anchor knows more */
    LEDGER_ANCHOR,  /* another record stands where the anchor was taken */
};
const char *ledger_fault_name(enum ledger_fault fault);

struct ledger_verdict {
    enum ledger_fault fault;
    int64_t bad;     /* seq of the first bad record; with LEDGER_GAP and LEDGER_CUT the first missing one */
    int64_t records; /* good ones before it */
    char hash[65];   /* of the last good record */
};

/* What was known outside the database at some moment. */
struct ledger_anchor {
    int64_t seq;
    char hash[65];
};
struct ledger_anchors {
    const struct ledger_anchor *at; /* [count], by rising seq */
    size_t count;
};

/* Recomputes the chain from the first record and holds it against the anchors. 1,000,000 records take about four
 * seconds. */
bool ledger_verify(struct sql *sql, const struct ledger_anchors *anchors, struct ledger_verdict *verdict,
                   GError **error);
/* The end of the chain; seq 0 when it is empty. */
bool ledger_head(struct sql *sql, struct ledger_anchor *head, GError **error);
