#include "service/model/programme.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/secret.h"
#include "service/model/text.h"

enum {
    TITLE_MOST = 40,
    PLACE_MOST = 40,
    TEXT_MOST = 300, /* 附件3: 300字以内 */
    CONTACT_MOST = 60,
};

#define ACTIVITY_FIELDS                                                                                                \
    "SELECT id, city, day, starts, ends, title, place, words, is_highlight, version, changed_ms FROM activity"

static const char WEEKS[] = /* week.list */
    "SELECT city, first_day, last_day, words, contact FROM week WHERE edition = $1 ORDER BY first_day, city LIMIT 100";
static const char SET_WEEK[] = /* week.set */
    "INSERT INTO week (edition, city, first_day, last_day, words, contact, changed_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (edition, city) DO UPDATE SET first_day = excluded.first_day,"
    " last_day = excluded.last_day, words = excluded.words, contact = excluded.contact,"
    " changed_ms = excluded.changed_ms";
static const char OF_CITY[] = /* activity.list */
    ACTIVITY_FIELDS " WHERE edition = $1 AND city = $2 ORDER BY day, starts, id LIMIT 1000";
static const char OF_DAY[] = /* activity.list_day */
    ACTIVITY_FIELDS " WHERE edition = $1 AND day = $2 ORDER BY starts, id LIMIT 200";
static const char GET[] = /* activity.get */
    ACTIVITY_FIELDS " WHERE id = $1";
static const char COUNT[] = /* activity.count */
    "SELECT COUNT(*) AS count FROM activity WHERE edition = $1 AND city = $2";
static const char ADD[] = /* activity.add */
    "INSERT INTO activity (id, edition, city, day, starts, ends, title, place, words, is_highlight, changed_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
static const char CHANGE[] = /* activity.change */
    "UPDATE activity SET day = $2, starts = $3, ends = $4, title = $5, place = $6, words = $7, is_highlight = $8,"
    " changed_ms = $9, version = version + 1 WHERE id = $1";
static const char REMOVE[] = /* activity.remove */
    "DELETE FROM activity WHERE id = $1";

static const struct sql_column WEEK_COLUMNS[] = {
    SQL_FIELD(struct week, city),  SQL_FIELD(struct week, first_day), SQL_FIELD(struct week, last_day),
    SQL_FIELD(struct week, words), SQL_FIELD(struct week, contact),
};
const struct sql_map week_map = SQL_MAP(struct week, WEEK_COLUMNS);

static const struct sql_column ACTIVITY_COLUMNS[] = {
    SQL_FIELD(struct activity, id),           SQL_FIELD(struct activity, city),
    SQL_FIELD(struct activity, day),          SQL_FIELD(struct activity, starts),
    SQL_FIELD(struct activity, ends),         SQL_FIELD(struct activity, title),
    SQL_FIELD(struct activity, place),        SQL_FIELD(struct activity, words),
    SQL_FIELD(struct activity, is_highlight), SQL_FIELD(struct activity, version),
    SQL_FIELD(struct activity, changed_ms),
};
const struct sql_map activity_map = SQL_MAP(struct activity, ACTIVITY_COLUMNS);

void activity_clear(struct activity *activity)
{
    sql_row_clear(&activity_map, activity);
}

bool programme_is_day(const char *text)
{
    if (text == NULL || !g_regex_match_simple("^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", text, 0, 0)) {
        return false;
    }
    g_autofree char *whole = g_strconcat(text, "T12:00:00Z", NULL);
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, NULL);
    return time != NULL;
}

static bool is_hour(const char *text)
{
    return text[0] == '\0' || g_regex_match_simple("^([01][0-9]|2[0-3]):[0-5][0-9]$", text, 0, 0);
}

/* Cleaned into *out, the caller's; at most `most` characters, and at least one when `needed`. */
static bool take_text(const char *text, glong most, bool needed, char **out, GError **error)
{
    g_autofree char *clean = text_clean(text == NULL ? "" : text);
    const glong length = clean == NULL ? -1 : g_utf8_strlen(clean, -1);

    if (length < (needed ? 1 : 0) || length > most) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "a text of the programme is missing or too long");
    }
    *out = g_steal_pointer(&clean);
    return true;
}

struct sql_rows *week_list(struct sql *sql, const char *edition, GError **error)
{
    return sql_rows(sql, WEEKS, SQL_VALUES(SQL_T(edition)), &week_map, error);
}

bool week_set(struct sql *sql, const char *edition, const struct week *week, const struct actor *actor, int64_t now_ms,
              GError **error)
{
    g_autofree char *words = NULL;
    g_autofree char *contact = NULL;

    if (!programme_is_day(week->first_day) || !programme_is_day(week->last_day) ||
        strcmp(week->first_day, week->last_day) > 0) {
        return refuse(error, MODEL_ERROR, REASON_DAYS, "days of a week");
    }
    if (!take_text(week->words, TEXT_MOST, false, &words, error) ||
        !take_text(week->contact, CONTACT_MOST, false, &contact, error)) {
        return false;
    }
    json_auto_t *detail = json_pack("{s:s, s:s}", "first_day", week->first_day, "last_day", week->last_day);
    const struct ledger_entry entry = {.action = "week.set", .object = week->city, .detail = detail};
    return sql_run(sql, SET_WEEK,
                   SQL_VALUES(SQL_T(edition), SQL_T(week->city), SQL_T(week->first_day), SQL_T(week->last_day),
                              SQL_T(words), SQL_T(contact), SQL_I(now_ms)),
                   NULL, error) &&
           ledger_add(sql, actor, &entry, now_ms, error) && sql_notify(sql, SQL_TOPIC_SITE, error);
}

struct sql_rows *activity_list(struct sql *sql, const char *edition, const char *city, GError **error)
{
    return sql_rows(sql, OF_CITY, SQL_VALUES(SQL_T(edition), SQL_T(city)), &activity_map, error);
}

struct sql_rows *activity_list_day(struct sql *sql, const char *edition, const char *day, GError **error)
{
    return sql_rows(sql, OF_DAY, SQL_VALUES(SQL_T(edition), SQL_T(day)), &activity_map, error);
}

bool activity_get(struct sql *sql, const char *id, struct activity *activity, GError **error)
{
    bool found = false;

    return sql_row(sql, GET, SQL_VALUES(SQL_T(id)), &activity_map, activity, &found, error) &&
           (found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such activity"));
}

/* Texts of *activity are replaced by clean ones. */
static bool check_activity(struct activity *activity, GError **error)
{
    const struct {
        char **text;
        glong most;
        bool needed;
    } texts[] = {{&activity->title, TITLE_MOST, true},
                 {&activity->place, PLACE_MOST, false},
                 {&activity->words, TEXT_MOST, false}};

    if (!programme_is_day(activity->day) || !is_hour(activity->starts) || !is_hour(activity->ends) ||
        (activity->ends[0] != '\0' && strcmp(activity->starts, activity->ends) >= 0) ||
        (activity->starts[0] == '\0' && activity->ends[0] != '\0')) {
        return refuse(error, MODEL_ERROR, REASON_DAYS, "day or hours of an activity");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        char *clean = NULL;
        if (!take_text(*texts[i].text, texts[i].most, texts[i].needed, &clean, error)) {
            return false;
        }
        g_free(*texts[i].text);
        *texts[i].text = clean;
    }
    return true;
}

static bool has_room(struct sql *sql, const char *edition, const char *city, GError **error)
{
    int64_t count = 0;

    return sql_number(sql, COUNT, SQL_VALUES(SQL_T(edition), SQL_T(city)), &count, error) &&
           (count < ACTIVITIES_MOST || refuse(error, MODEL_ERROR, REASON_INPUT, "as many activities as there may be"));
}

static bool record(struct sql *sql, const char *action, const char *id, const char *city, const char *title,
                   const struct actor *actor, int64_t now_ms, GError **error)
{
    json_auto_t *detail = json_pack("{s:s, s:s}", "city", city, "title", title);
    const struct ledger_entry entry = {.action = action, .object = id, .detail = detail};

    return ledger_add(sql, actor, &entry, now_ms, error) && sql_notify(sql, SQL_TOPIC_SITE, error);
}

bool activity_set(struct sql *sql, const char *edition, struct activity *activity, const struct actor *actor,
                  int64_t now_ms, GError **error)
{
    const bool is_new = activity->id == NULL;
    int64_t changed = 1;

    if (!check_activity(activity, error) || (is_new && !has_room(sql, edition, activity->city, error))) {
        return false;
    }
    g_autofree char *id = is_new ? secret_id() : g_strdup(activity->id);
    const bool good = is_new ? sql_run(sql, ADD,
                                       SQL_VALUES(SQL_T(id), SQL_T(edition), SQL_T(activity->city),
                                                  SQL_T(activity->day), SQL_T(activity->starts), SQL_T(activity->ends),
                                                  SQL_T(activity->title), SQL_T(activity->place),
                                                  SQL_T(activity->words), SQL_I(activity->is_highlight), SQL_I(now_ms)),
                                       NULL, error)
                             : sql_run(sql, CHANGE,
                                       SQL_VALUES(SQL_T(id), SQL_T(activity->day), SQL_T(activity->starts),
                                                  SQL_T(activity->ends), SQL_T(activity->title), SQL_T(activity->place),
                                                  SQL_T(activity->words), SQL_I(activity->is_highlight), SQL_I(now_ms)),
                                       &changed, error);
    if (!good || (changed != 1 && !refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such activity")) ||
        !record(sql, is_new ? "activity.added" : "activity.changed", id, activity->city, activity->title, actor, now_ms,
                error)) {
        return false;
    }
    g_free(activity->id);
    activity->id = g_steal_pointer(&id);
    return true;
}

bool activity_remove(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error)
{
    g_auto(Activity) activity = {0};

    return activity_get(sql, id, &activity, error) && sql_run(sql, REMOVE, SQL_VALUES(SQL_T(id)), NULL, error) &&
           record(sql, "activity.removed", id, activity.city, activity.title, actor, now_ms, error);
}
