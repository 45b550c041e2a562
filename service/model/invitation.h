/* Invitations: a link, good once and for three days, by which a person chooses the password of an account. */
#pragma once

#include "service/model/staff.h"

/* *token goes into the link and is told once; older links of the person are void. The caller's. */
bool invitation_add(struct sql *sql, const char *staff, const struct actor *actor, int64_t now_ms, char **token,
                    int64_t *expires_ms, GError **error);
/* Whose it is; REASON_INVITATION when it is used, expired or unknown. The caller clears *staff by staff_map. */
bool invitation_find(struct sql *sql, const char *token, int64_t now_ms, struct staff *staff, GError **error);
/* Spends it and sets the password; ends all logins of the person. */
bool invitation_accept(struct sql *sql, const char *token, const char *password_hash, const char *peer, int64_t now_ms,
                       GError **error);
