/* Staff: people with a role, a scope and stages; and their logins (web sessions). Only digests of passwords and tokens
 * are stored. Idle limit 15 min, absolute 8 h; failures slow further tries, they never lock a person out. */
#pragma once

#include <jansson.h>

#include "service/database/database.h"
#include "service/model/ledger.h"
#include "service/model/rules.h"
#include "service/model/secret.h"

enum { UNIT_CHARACTERS = 40 }; /* as many as the name of an entry link has */

enum role { ROLE_REVIEWER, ROLE_ORGANISER, ROLE_ADMINISTRATOR, ROLE_UNIT, ROLE_AUDITOR, ROLE_COUNT };
const char *role_name(enum role role);
bool role_find(const char *name, enum role *role);

struct staff {
    char *id;
    char *username;
    char *name;
    char *password;
    char *role;
    char *scope;
    char *stages; /* " first final " */
    int64_t is_active;
    int64_t failures;
    int64_t slowed_until_ms;
    int64_t created_ms;
    char *otp_secret; /* sealed; "" while one-time codes are not set up */
    char *recusals;   /* " 370102 ": regions whose works this person leaves to others */
    char *phone;      /* sealed; "" for none. staff_phone.h */
    char *unit;       /* school or office; "" for none */
};
extern const struct sql_map staff_map;
/* For SELECTs of struct staff; the table is called s. */
#define STAFF_FIELDS                                                                                                   \
    "s.id AS id, s.username AS username, s.name AS name, s.password AS password, s.role AS role, s.scope AS scope,"    \
    " s.stages AS stages, s.is_active AS is_active, s.failures AS failures, s.slowed_until_ms AS slowed_until_ms,"     \
    " s.created_ms AS created_ms, s.otp_secret AS otp_secret, s.recusals AS recusals, s.phone AS phone,"               \
    " s.unit AS unit"

bool staff_may_stage(const struct staff *staff, const char *stage);

struct staff_new {
    const char *username; /* 3–32 of [a-z0-9._-] */
    const char *name;
    const char *role;
    const char *scope;
    const char *stages;        /* blank-separated; "" for none */
    const char *unit;          /* as in struct staff_change; NULL for none */
    const char *password_hash; /* from secret_password_hash */
};
/* Checks every field; REASON_CONFLICT for a taken username. *id is the caller's. */
bool staff_add(struct sql *sql, const struct rules *rules, const struct staff_new *new_staff, const struct actor *actor,
               int64_t now_ms, char **id, GError **error);
/* By id; REASON_NOT_FOUND. */
bool staff_get(struct sql *sql, const char *id, struct staff *staff, GError **error);
/* What an account may become: NULL leaves a field as it is. Another role, scope or stages end all logins. */
struct staff_change {
    const char *name;
    const char *role;
    const char *scope;
    const char *stages;   /* blank-separated */
    const char *recusals; /* region codes, blank-separated */
    const char *unit;     /* at most UNIT_CHARACTERS; "" for none */
};
bool staff_change(struct sql *sql, const struct rules *rules, const char *id, const struct staff_change *change,
                  const struct actor *actor, int64_t now_ms, GError **error);
bool staff_set_active(struct sql *sql, const char *id, bool active, const struct actor *actor, int64_t now_ms,
                      GError **error);
/* Ends all logins too. */
bool staff_set_password(struct sql *sql, const char *id, const char *password_hash, const struct actor *actor,
                        int64_t now_ms, GError **error);
/* The same password, kept at another cost; nothing where it was changed since `staff` was read. */
bool staff_renew_hash(struct sql *sql, const struct staff *staff, const char *password_hash, GError **error);
bool staff_find_username(struct sql *sql, const char *username, struct staff *staff, bool *found, GError **error);
struct sql_rows *staff_list(struct sql *sql, GError **error);
bool staff_is_empty(struct sql *sql, bool *empty, GError **error);
/* ≥ 12 characters, ≤ 128, not on the list of the most common; REASON_PASSWORD. */
bool staff_password_check(const char *password, const char *username, GError **error);
json_t *staff_json(const struct staff *staff);

/* Counts a wrong password: from the fifth in a row on, the next try waits 1, 2, 4 … 900 s. */
bool staff_note_failure(struct sql *sql, const struct staff *staff, int64_t now_ms, GError **error);

/* A login as the gate needs it: the person and the session's own values. */
struct login {
    struct staff staff;
    char *csrf;
    char *digest;
    int64_t confirmed_ms; /* last time password and code were given */
    bool is_by_provider;  /* the identity provider let the person in, and saw to the second factor */
};
void login_clear(struct login *login);
/* New session; failures start from zero. *token goes into the cookie, *csrf into the answer; both the caller's. */
bool login_start(struct sql *sql, const struct staff *staff, const struct actor *actor, int64_t now_ms, char **token,
                 char **csrf, GError **error);
/* *found false: unknown, idle or over. Old sessions are swept by login_sweep. */
bool login_find(struct sql *sql, const char *token, int64_t now_ms, struct login *login, bool *found, GError **error);
/* Moves the idle limit; called at most once a minute a session. */
bool login_touch(struct sql *sql, const char *digest, int64_t now_ms, GError **error);
/* This session, by its token, came by the identity provider. */
bool login_by_provider(struct sql *sql, const char *token, GError **error);
bool login_end(struct sql *sql, const char *digest, GError **error);
bool login_end_all(struct sql *sql, const char *staff, GError **error);
/* Password and code were given again. */
bool login_confirm(struct sql *sql, const char *digest, int64_t now_ms, GError **error);
/* Sessions of a person, newest first, at most 100; `id` (the head of the digest) names one and opens nothing. */
struct login_row {
    char *id;
    int64_t created_ms;
    int64_t seen_ms;
    char *peer;
};
struct sql_rows *login_list(struct sql *sql, const char *staff, GError **error);
/* REASON_NOT_FOUND when the person has no such session. */
bool login_end_one(struct sql *sql, const char *staff, const char *id, GError **error);
bool login_sweep(struct sql *sql, int64_t now_ms, GError **error);
