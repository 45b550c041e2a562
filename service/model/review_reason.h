/* Reasons that reviewers give: their label, and the words a parent reads. The program brings a list; an edition may have
 * its own. A reason that is taken off the list stays readable for the decisions that gave it. */
#pragma once

#include "service/database/database.h"
#include "service/model/ledger.h"
#include "service/model/rules.h"

enum {
    REASONS_MOST = 30,
    REASON_CODE_CHARACTERS = 40,
    REASON_LABEL_CHARACTERS = 20,
    REASON_DETAIL_CHARACTERS = 100,
};

struct review_reason {
    char *code;       /* a-z, 0-9 and '-' */
    int64_t position; /* from 1; 0: no longer offered */
    char *label;      /* for the reviewer */
    char *detail;     /* for the parent: what, and how to mend it */
    int64_t declines; /* 1: 不予采用 rather than 退回修改 by default */
};
extern const struct sql_map review_reason_map;

/* Gives an edition the program's reasons that it does not have yet; those it changed or took off stay so. */
bool review_reason_mirror(struct sql *sql, const char *edition, GError **error);
/* All of the edition, those on offer first, in their order. */
struct sql_rows *review_reason_list(struct sql *sql, const struct rules *rules, GError **error);
/* One of such a list; NULL for an unknown code. `offered`: only what may be given now. */
const struct review_reason *review_reason_find(const struct sql_rows *reasons, const char *code, bool offered);
/* Makes `items`, [{code, label, detail, action: return|decline}], the edition's list, and writes it into the ledger.
 * REASON_INPUT for a bad code, a code twice, empty or long texts, none or too many. */
bool review_reason_set(struct sql *sql, const struct rules *rules, const json_t *items, const struct actor *actor,
                       int64_t now_ms, GError **error);
json_t *review_reasons_json(const struct sql_rows *reasons);
