/* Remarks on a work: notes among staff, at a moment of the clip or on the whole, and messages between staff and the
 * submitter. They change no state; each is written to the ledger without its text. */
#pragma once

#include "service/database/database.h"
#include "service/model/ledger.h"
#include "service/model/submission.h"

struct remark {
    char *id;
    int64_t revision;
    char *kind;          /* note, message */
    char *author;        /* name of the person; "submitter" */
    int64_t position_ms; /* -1: the whole */
    char *text;
    int64_t made_ms;
};

struct remark_new {
    const char *kind;
    int64_t position_ms; /* -1: the whole; notes only */
    const char *text;    /* 1 to 200 characters once cleaned */
};
bool remark_add(struct sql *sql, const struct submission *submission, const struct actor *actor,
                const struct remark_new *remark, int64_t now_ms, GError **error);
/* Oldest first, at most 200; `kind` NULL for both. */
struct sql_rows *remark_list(struct sql *sql, const char *submission, const char *kind, GError **error);
