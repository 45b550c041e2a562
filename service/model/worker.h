/* Machines that do the work: who they are, by which token they came, when they were last heard of. A token is one
 * machine's, shown once, kept as a digest, and revoked alone; the installation's own token (worker.token) has no row. */
#pragma once

#include "service/database/database.h"
#include "service/model/ledger.h"

enum {
    WORKER_NAME_CHARACTERS = 60,
};

struct worker {
    char *name;
    char *version;
    char *sandbox;  /* level of its media program */
    char *token_id; /* "" for the installation's own */
    int64_t seen_ms;
    int64_t running; /* jobs it holds */
};

struct worker_token {
    char *id;
    char *name; /* as the administrator calls the machine */
    int64_t created_ms;
    int64_t revoked_ms; /* 0: in force */
};

extern const struct sql_map worker_map;
extern const struct sql_map worker_token_map;

/* Notes a sign of life, at most once a second; the start of an unlocked one in the ledger too. */
bool worker_seen(struct sql *sql, const struct worker *worker, int64_t now_ms, GError **error);
/* Those of the last thirty days, the latest first; at most 1000. */
struct sql_rows *worker_list(struct sql *sql, int64_t now_ms, GError **error);

/* *id and *token (64 hex digits, told once) are the caller's. */
bool worker_token_add(struct sql *sql, const char *name, const struct actor *actor, int64_t now_ms, char **id,
                      char **token, GError **error);
/* Every token, the latest first; at most 1000. */
struct sql_rows *worker_token_list(struct sql *sql, GError **error);
/* *id of the token in force, the caller's; NULL when there is none. */
bool worker_token_find(struct sql *sql, const char *token, char **id, GError **error);
bool worker_token_is_in_force(struct sql *sql, const char *id, bool *is, GError **error);
/* Its machines' jobs go back into the queue at once; what they still deliver is refused. REASON_NOT_FOUND. */
bool worker_token_revoke(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error);
