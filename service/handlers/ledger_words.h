/* What the ledger's names of actions, states, stages and roles are called on sheets and in the console. */
#pragma once

#include <jansson.h>

#include "service/database/database.h"

/* The name itself when there is no word for it. */
const char *ledger_word(const char *name);
/* Why, of a record's detail: labels of its reasons by `known` (review_reason_list), the note, the reason of a take-down, the
 * uses before and after. "" for none; the caller's. */
char *ledger_why(const json_t *detail, const struct sql_rows *known);
