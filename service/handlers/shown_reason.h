/* Why a work came back, in words for its submitter. */
#pragma once

#include "service/database/database.h"
#include "service/model/rules.h"
#include "service/model/submission.h"

/* Which files of a failed work of several were refused, by the names that they had on the phone:
 * [{position, name, code, label, text}]; of other works []. `refused` as work_file_list_refused() has them. The caller's. */
json_t *shown_refused(const struct rules *rules, const struct submission *submission, const struct sql_rows *refused);

struct shown_decisions {
    const struct sql_rows *history; /* struct decision_row */
    const struct sql_rows *reasons; /* struct review_reason */
};
/* {code, text, note?, all: [{label, text}]}: of the last effective decision, or of the files themselves. The caller's;
 * NULL: none. */
json_t *shown_reason(const struct submission *submission, const struct shown_decisions *decisions,
                     const json_t *refused);
