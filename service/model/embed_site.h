/* Other sites that show works in frames. A site has a key that stands in its pages: it names the site, so that its origins
 * can be written into frame-ancestors, its frames counted, and its permission ended. It is no secret. */
#pragma once

#include <jansson.h>

#include "service/database/database.h"
#include "service/model/ledger.h"

#define EMBED_ORIGINS_MOST 20

struct embed_site {
    char *id;
    char *name;
    char *origins; /* JSON array */
    char *key;
    int64_t created_ms;
    int64_t revoked_ms; /* 0: in force */
    int64_t frames;     /* embed_site_list only: of the last 30 days */
};
extern const struct sql_map embed_site_map;
void embed_site_clear(struct embed_site *site);
typedef struct embed_site EmbedSite;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EmbedSite, embed_site_clear)

/* `origins`: array of "https://host[:port]", the host perhaps "*.example.cn". REASON_INPUT for anything else. *site is
 * the new one. */
bool embed_site_add(struct sql *sql, const char *name, const json_t *origins, const struct actor *actor, int64_t now_ms,
                    struct embed_site *site, GError **error);
/* REASON_NOT_FOUND when there is none in force. */
bool embed_site_revoke(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error);
bool embed_site_find(struct sql *sql, const char *key, struct embed_site *site, bool *found, GError **error);
/* At most 1000, newest first. */
struct sql_rows *embed_site_list(struct sql *sql, int64_t now_ms, GError **error);

struct embed_count {
    char *source; /* host */
    int64_t frames;
};
/* Hosts without a key, of the last 30 days, most frames first, at most 100. */
struct sql_rows *embed_count_list(struct sql *sql, int64_t now_ms, GError **error);
bool embed_count_add(struct sql *sql, const char *day, const char *source, int64_t frames, GError **error);
/* Counts older than a year. */
bool embed_count_sweep(struct sql *sql, int64_t now_ms, GError **error);
