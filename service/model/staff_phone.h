/* Telephone numbers of staff. One person may have two accounts; the number shows it. A number that was left counts for
 * IDENTITY_MS more, so that nobody becomes another person by changing it between two decisions. Numbers are sealed, and
 * compared as the keyed digests of identity.h, which works have too. */
#pragma once

#include "service/model/staff.h"

/* `phone`: as people write it; "" for none. Written into the ledger, as the head of its digest. REASON_PHONE_INVALID,
 * REASON_NOT_FOUND. */
bool staff_phone_set(struct sql *sql, const struct secrets *secrets, const char *staff, const char *phone,
                     const struct actor *actor, int64_t now_ms, GError **error);
/* "138****1234"; "" for none. The caller's. */
char *staff_phone_masked(const struct secrets *secrets, const struct staff *staff);
/* Numbers that were left long ago. */
bool staff_phone_sweep(struct sql *sql, int64_t now_ms, GError **error);
