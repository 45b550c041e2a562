/* Whom the identity provider may let in as whom. Nobody gets an account by signing in: an administrator invites a name of
 * the provider for an account that exists; the first sign-in under it binds the provider's own id (`sub`), which alone
 * counts from then on, because names are given to others later. */
#pragma once

#include "service/model/staff.h"

/* Invites a name of the provider; an earlier link of the person ends. REASON_INPUT, REASON_CONFLICT: invited for another
 * account. */
bool staff_identity_invite(struct sql *sql, const char *staff, const char *issuer, const char *username,
                     const struct actor *actor, int64_t now_ms, GError **error);
bool staff_identity_remove(struct sql *sql, const char *staff, const struct actor *actor, int64_t now_ms, GError **error);
/* The active person behind it, bound now if this is the first time. REASON_SIGN_ON_UNKNOWN otherwise. */
bool staff_identity_find(struct sql *sql, const char *issuer, const char *subject, const char *username, int64_t now_ms,
                   struct staff *staff, GError **error);
