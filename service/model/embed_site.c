#include "service/model/embed_site.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/local_time.h"
#include "service/model/secret.h"

#define NAME_CHARACTERS   60
#define ORIGIN_BYTES_MOST 200
#define DAY_MS            INT64_C(86400000)
#define SHOWN_DAYS        30
#define KEPT_DAYS         366

#define SITE_FIELDS       "id, name, origins, key, created_ms, COALESCE(revoked_ms, 0) AS revoked_ms"

static const char ADD[] = /* embed_site.add */
    "INSERT INTO embed_site (id, name, origins, key, created_ms) VALUES ($1, $2, $3, $4, $5)";
static const char REVOKE[] = /* embed_site.revoke */
    "UPDATE embed_site SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL";
static const char FIND[] = /* embed_site.find */
    "SELECT " SITE_FIELDS ", 0 AS frames FROM embed_site WHERE key = $1";
static const char LIST[] = /* embed_site.list */
    "SELECT " SITE_FIELDS
    ", COALESCE((SELECT SUM(frames) FROM embed_count WHERE day > $1 AND source = embed_site.id), 0)"
    " AS frames FROM embed_site ORDER BY created_ms DESC, id LIMIT 1000";
static const char COUNTS[] = /* embed_count.list */
    "SELECT source, SUM(frames) AS frames FROM embed_count WHERE day > $1"
    " AND source NOT IN (SELECT id FROM embed_site) GROUP BY source ORDER BY 2 DESC, 1 LIMIT 100";
static const char COUNT_ADD[] = /* embed_count.add */
    "INSERT INTO embed_count (day, source, frames) VALUES ($1, $2, $3)"
    " ON CONFLICT (day, source) DO UPDATE SET frames = embed_count.frames + excluded.frames";
static const char SWEEP[] = /* embed_count.sweep */
    "DELETE FROM embed_count WHERE day < $1";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct embed_site, id),         SQL_FIELD(struct embed_site, name),
    SQL_FIELD(struct embed_site, origins),    SQL_FIELD(struct embed_site, key),
    SQL_FIELD(struct embed_site, created_ms), SQL_FIELD(struct embed_site, revoked_ms),
    SQL_FIELD(struct embed_site, frames),
};
const struct sql_map embed_site_map = SQL_MAP(struct embed_site, COLUMNS);

static const struct sql_column COUNT_COLUMNS[] = {
    SQL_FIELD(struct embed_count, source),
    SQL_FIELD(struct embed_count, frames),
};
static const struct sql_map COUNT_MAP = SQL_MAP(struct embed_count, COUNT_COLUMNS);

void embed_site_clear(struct embed_site *site)
{
    sql_row_clear(&embed_site_map, site);
}

/* Goes into a header as it stands: scheme and host in lower case, nothing else (CSP 3 §2.3.1, host-source). */
static bool is_origin(const char *text)
{
    static const char PATTERN[] =
        "^https?://(\\*\\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?(:[0-9]{1,5})?$";

    return text != NULL && strlen(text) <= ORIGIN_BYTES_MOST && g_regex_match_simple(PATTERN, text, 0, 0);
}

static bool check(const char *name, const json_t *origins, GError **error)
{
    const glong length = name == NULL ? 0 : g_utf8_strlen(name, -1);
    const json_t *origin;
    size_t index;

    if (length < 1 || length > NAME_CHARACTERS) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "name: 1 to 60 characters");
    }
    if (json_array_size(origins) < 1 || json_array_size(origins) > EMBED_ORIGINS_MOST) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "origins: 1 to 20");
    }
    json_array_foreach(origins, index, origin) {
        if (!is_origin(json_string_value(origin))) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "an origin is https://host");
        }
    }
    return true;
}

bool embed_site_add(struct sql *sql, const char *name, const json_t *origins, const struct actor *actor, int64_t now_ms,
                    struct embed_site *site, GError **error)
{
    if (!check(name, origins, error)) {
        return false;
    }
    g_autofree char *text = json_dumps(origins, JSON_COMPACT);
    embed_site_clear(site);
    *site = (struct embed_site){
        .id = secret_id(), .name = g_strdup(name), .origins = g_strdup(text), .key = secret_id(), .created_ms = now_ms};
    json_auto_t *detail = json_pack("{s:s, s:s}", "name", name, "origins", text);
    const struct ledger_entry entry = {.action = "embed_site.added", .object = site->id, .detail = detail};
    return sql_run(sql, ADD, SQL_VALUES(SQL_T(site->id), SQL_T(name), SQL_T(text), SQL_T(site->key), SQL_I(now_ms)),
                   NULL, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}

bool embed_site_revoke(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {.action = "embed_site.revoked", .object = id};
    int64_t changed = 0;

    if (!sql_run(sql, REVOKE, SQL_VALUES(SQL_T(id), SQL_I(now_ms)), &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such site in force");
    }
    return ledger_add(sql, actor, &entry, now_ms, error);
}

bool embed_site_find(struct sql *sql, const char *key, struct embed_site *site, bool *found, GError **error)
{
    return sql_row(sql, FIND, SQL_VALUES(SQL_T(key)), &embed_site_map, site, found, error);
}

struct sql_rows *embed_site_list(struct sql *sql, int64_t now_ms, GError **error)
{
    g_autofree char *since = local_day(now_ms - SHOWN_DAYS * DAY_MS);

    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(since)), &embed_site_map, error);
}

struct sql_rows *embed_count_list(struct sql *sql, int64_t now_ms, GError **error)
{
    g_autofree char *since = local_day(now_ms - SHOWN_DAYS * DAY_MS);

    return sql_rows(sql, COUNTS, SQL_VALUES(SQL_T(since)), &COUNT_MAP, error);
}

bool embed_count_add(struct sql *sql, const char *day, const char *source, int64_t frames, GError **error)
{
    return sql_later(sql, COUNT_ADD, SQL_VALUES(SQL_T(day), SQL_T(source), SQL_I(frames)), error);
}

bool embed_count_sweep(struct sql *sql, int64_t now_ms, GError **error)
{
    g_autofree char *before = local_day(now_ms - KEPT_DAYS * DAY_MS);

    return sql_run(sql, SWEEP, SQL_VALUES(SQL_T(before)), NULL, error);
}
