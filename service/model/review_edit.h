/* What a reviewer mends of a work instead of sending it back: title, words, cover. By the rules of the submitter's own edit: a
 * new revision, every approval void, decided on anew; a published work leaves the public until then. */
#pragma once

#include "service/database/database.h"
#include "service/model/rules.h"
#include "service/model/staff.h"
#include "service/model/submission.h"

/* `version` is the one that was seen: REASON_VERSION when the work has moved on. Who stands aside for the work (recusal.h)
 * does not mend it either, and nobody does while a colleague has it open: REASON_LEASED. Afterwards nobody holds it. Texts
 * that are the same already change nothing. Of new texts the submitter gets a message. */
bool review_edit(struct sql *sql, const struct rules *rules, const struct staff *staff, const struct actor *actor,
                 struct submission *submission, const struct submission_changes *changes, int64_t version,
                 int64_t now_ms, GError **error);
