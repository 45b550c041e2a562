/* Recusal (回避): who leaves which works to others. A person leaves the regions that the administrator named, works of the
 * own school or office, works that came from the own telephone, and the further decisions on what he has decided on. Units are names, compared without blanks, widths and
 * capitals; two schools of one name count as one, which only means that somebody else decides. */
#pragma once

#include "service/model/staff.h"
#include "service/model/submission.h"

/* The school or office of a person; a unit's account is the unit. "" for none. Borrowed. */
const char *recusal_unit_of(const struct staff *staff);
/* By place or unit alone. */
bool recusal_is_due(const struct rules *rules, const struct staff *staff, const char *region, const char *unit);
/* REASON_RECUSED, or REASON_OWN_WORK for what came from the own telephone: whose work this person does not touch. */
bool recusal_check_origin(struct sql *sql, const struct rules *rules, const struct staff *staff,
                          const struct submission *submission, GError **error);
/* The same, and REASON_SAME_PERSON after a decision of this person on this revision; accounts with one number are one person. */
bool recusal_check(struct sql *sql, const struct rules *rules, const struct staff *staff,
                   const struct submission *submission, GError **error);
