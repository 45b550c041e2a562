#include "service/model/annex.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/text.h"

enum {
    SHORT_CHARACTERS = 40,
    NUMBER_MOST = 100000000,
};

static const char PUT[] = /* annex.put */
    "INSERT INTO annex (edition, number, region, form, filled_by, filled_ms) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (edition, number, region) DO UPDATE SET form = excluded.form, filled_by = excluded.filled_by,"
    " filled_ms = excluded.filled_ms,"
    " scan_key = CASE WHEN annex.form = excluded.form THEN annex.scan_key ELSE '' END,"
    " stamped_ms = CASE WHEN annex.form = excluded.form THEN annex.stamped_ms ELSE 0 END";
static const char STAMP[] = /* annex.stamp */
    "UPDATE annex SET scan_key = $4, scan_bytes = $5, scan_sha256 = $6, stamped_ms = $7"
    " WHERE edition = $1 AND number = $2 AND region = $3";
static const char LIST[] = /* annex.list */
    "SELECT region, form, filled_ms, scan_key, scan_sha256, stamped_ms FROM annex WHERE edition = $1 AND number = $2 AND ($3 = '' OR region = $3)"
    " ORDER BY region LIMIT 20";
static const char KNOWN[] = /* annex.known */
    "SELECT COUNT(*) AS works, COUNT(DISTINCT region) AS counties FROM publication WHERE city = $1 AND edition = $2";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct annex, region),   SQL_FIELD(struct annex, form),        SQL_FIELD(struct annex, filled_ms),
    SQL_FIELD(struct annex, scan_key), SQL_FIELD(struct annex, scan_sha256), SQL_FIELD(struct annex, stamped_ms),
};
static const struct sql_map MAP = SQL_MAP(struct annex, COLUMNS);
static const struct sql_column KNOWN_COLUMNS[] = {
    SQL_FIELD(struct annex_known, works),
    SQL_FIELD(struct annex_known, counties),
};
static const struct sql_map KNOWN_MAP = SQL_MAP(struct annex_known, KNOWN_COLUMNS);

const char *const ANNEX_NUMBERS[] = {
    "counties",            /* 县级及以上行政区数 */
    "week_events",         /* 活动周，市本级：活动次数 */
    "week_people",         /* 参加人次 */
    "week_counties",       /* 活动周，县级：开展活动行政区 */
    "week_county_events",  /* 活动次数 */
    "week_county_people",  /* 参加人次 */
    "usual_events",        /* 常规性特色亮点活动，市本级 */
    "usual_people",        /* … */
    "usual_counties",      /* 常规性特色亮点活动，县级 */
    "usual_county_events", /* … */
    "usual_county_people", /* … */
};
G_STATIC_ASSERT(G_N_ELEMENTS(ANNEX_NUMBERS) == ANNEX_NUMBER_COUNT);

/* A text of the form into `to`; absent is "". */
static bool take_text(json_t *to, const json_t *from, const char *name, glong most, GError **error)
{
    const json_t *value = json_object_get(from, name);
    g_autofree char *text = value == NULL ? g_strdup("") : text_clean(json_string_value(value));

    if ((value != NULL && !json_is_string(value)) || text == NULL || g_utf8_strlen(text, -1) > most) {
        return refuse(error, MODEL_ERROR, REASON_ANNEX, name);
    }
    json_object_set_new(to, name, json_string(text));
    return true;
}

static bool take_activities(json_t *to, const json_t *from, GError **error)
{
    json_t *list = json_array();
    const json_t *one;
    size_t index;

    json_object_set_new(to, "activities", list);
    if (json_array_size(from) > ANNEX_ACTIVITIES_MOST) {
        return refuse(error, MODEL_ERROR, REASON_ANNEX, "at most five activities");
    }
    json_array_foreach(from, index, one) {
        json_t *kept = json_object();
        json_array_append_new(list, kept);
        if (!take_text(kept, one, "name", SHORT_CHARACTERS, error) ||
            !take_text(kept, one, "intro", ANNEX_TEXT_CHARACTERS, error) ||
            !take_text(kept, one, "time", SHORT_CHARACTERS, error) ||
            !take_text(kept, one, "effect", ANNEX_TEXT_CHARACTERS, error)) {
            return false;
        }
        if (json_string_length(json_object_get(kept, "name")) == 0) {
            return refuse(error, MODEL_ERROR, REASON_ANNEX, "an activity without a name");
        }
    }
    return true;
}

static int64_t number_of(const json_t *form, const char *name)
{
    return json_integer_value(json_object_get(form, name));
}

static bool take_numbers(json_t *to, const json_t *from, GError **error)
{
    for (size_t i = 0; i < ANNEX_NUMBER_COUNT; i++) {
        const json_t *value = json_object_get(from, ANNEX_NUMBERS[i]);
        const int64_t number = json_integer_value(value);
        if ((value != NULL && !json_is_integer(value)) || number < 0 || number > NUMBER_MOST) {
            return refuse(error, MODEL_ERROR, REASON_ANNEX, ANNEX_NUMBERS[i]);
        }
        json_object_set_new(to, ANNEX_NUMBERS[i], json_integer(number));
    }
    const int64_t counties = number_of(to, "counties");
    return (number_of(to, "week_counties") <= counties && number_of(to, "usual_counties") <= counties) ||
           refuse(error, MODEL_ERROR, REASON_ANNEX, "more counties with activities than there are");
}

static bool take_form(json_t *to, int64_t number, const json_t *form, GError **error)
{
    if (!take_text(to, form, "contact", SHORT_CHARACTERS, error) ||
        !take_text(to, form, "phone", SHORT_CHARACTERS, error)) {
        return false;
    }
    return number == 3 ? take_text(to, form, "unit", SHORT_CHARACTERS, error) &&
                             take_activities(to, json_object_get(form, "activities"), error)
                       : take_text(to, form, "source", ANNEX_TEXT_CHARACTERS, error) && take_numbers(to, form, error);
}

bool annex_put(struct sql *sql, const struct rules *rules, int64_t number, const char *code, const json_t *form,
               const struct actor *actor, int64_t now_ms, GError **error)
{
    const struct region *region = rules_region_find(rules, code);
    json_auto_t *kept = json_object();

    if ((number != 3 && number != 4) || region == NULL || strcmp(region->level, "county") == 0) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such form, or no city");
    }
    if (!take_form(kept, number, form, error)) {
        return false;
    }
    g_autofree char *text = json_dumps(kept, JSON_COMPACT);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    json_auto_t *detail = json_pack("{s:I, s:s}", "number", (json_int_t)number, "content", digest);
    const struct ledger_entry entry = {.action = "annex.filled", .object = code, .detail = detail};
    return sql_run(sql, PUT,
                   SQL_VALUES(SQL_T(rules->edition), SQL_I(number), SQL_T(code), SQL_T(text), SQL_T(actor->id),
                              SQL_I(now_ms)),
                   NULL, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}

bool annex_stamp(struct sql *sql, const struct rules *rules, int64_t number, const char *region,
                 const struct annex_scan *scan, const struct actor *actor, int64_t now_ms, GError **error)
{
    json_auto_t *detail = json_pack("{s:I, s:s}", "number", (json_int_t)number, "sha256", scan->sha256);
    const struct ledger_entry entry = {.action = "annex.stamped", .object = region, .detail = detail};
    int64_t changed = 0;

    if (!sql_run(sql, STAMP,
                 SQL_VALUES(SQL_T(rules->edition), SQL_I(number), SQL_T(region), SQL_T(scan->key), SQL_I(scan->bytes),
                            SQL_T(scan->sha256), SQL_I(now_ms)),
                 &changed, error)) {
        return false;
    }
    if (changed != 1) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "the form was not filled");
    }
    return ledger_add(sql, actor, &entry, now_ms, error);
}

struct sql_rows *annex_list(struct sql *sql, const struct rules *rules, int64_t number, const char *region,
                            GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(rules->edition), SQL_I(number), SQL_T(region)), &MAP, error);
}

bool annex_know(struct sql *sql, const struct rules *rules, const char *city, struct annex_known *known, GError **error)
{
    bool found = false;

    return sql_row(sql, KNOWN, SQL_VALUES(SQL_T(city), SQL_T(rules->edition)), &KNOWN_MAP, known, &found, error);
}
