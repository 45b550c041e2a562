/* Entry links: short addresses for posters of cities, counties and schools. Works that come by one are counted, and its
 * senders are trusted with more works an hour. */
#pragma once

#include "service/database/database.h"
#include "service/model/ledger.h"

struct entry_link {
    char *id;
    char *token;
    char *region;
    char *name;
    char *track; /* of units, which it opens; "": none */
    int64_t visits;
    int64_t works;
    int64_t created_ms;
    int64_t revoked_ms; /* 0: in force */
};
extern const struct sql_map entry_link_map;
void entry_link_clear(struct entry_link *link);
typedef struct entry_link EntryLink;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EntryLink, entry_link_clear)

/* link->region, ->name and ->track are given, the rest is filled in. The same place twice is another link: a poster may be lost.
 * REASON_LINK_NAME for a name of more than 40 characters. */
bool entry_link_add(struct sql *sql, struct entry_link *link, const struct actor *actor, int64_t now_ms, GError **error);
/* REASON_NOT_FOUND when it is not in force. */
bool entry_link_revoke(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error);
bool entry_link_find(struct sql *sql, const char *id, struct entry_link *link, bool *found, GError **error);
/* In force alone. */
bool entry_link_find_token(struct sql *sql, const char *token, struct entry_link *link, bool *found, GError **error);
bool entry_link_visit(struct sql *sql, const char *token, GError **error);
/* The work came by this link; once. */
bool entry_link_bind(struct sql *sql, const char *link, const char *submission, GError **error);
/* Newest first, at most 200, made before `before_ms`: of the regions whose codes lie from `low` to `high`. */
struct sql_rows *entry_link_list(struct sql *sql, const char *low, const char *high, int64_t before_ms, GError **error);
