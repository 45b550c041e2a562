#include "service/handlers/shown_programme.h"

#include "service/model/local_time.h"
#include <string.h>

static const char *name_of(const struct app *app, const char *code)
{
    const struct region *region = rules_region_find(app->rules, code);

    return region == NULL ? "" : region->name;
}

json_t *week_json(const struct app *app, const struct week *week)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "city_code", week->city, "city_name", name_of(app, week->city),
                     "first_day", week->first_day, "last_day", week->last_day, "words", week->words, "contact",
                     week->contact);
}

json_t *activity_json(const struct app *app, const struct activity *activity)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "id", activity->id, "city_code",
                     activity->city, "city_name", name_of(app, activity->city), "day", activity->day, "starts",
                     activity->starts, "ends", activity->ends, "title", activity->title, "place", activity->place,
                     "words", activity->words, "is_highlight", (int)activity->is_highlight);
}

/* "2026-08-19" as a number of the month or day: two digits at `at`. */
static int two_digits(const char *day, int at)
{
    return g_ascii_digit_value(day[at]) * 10 + g_ascii_digit_value(day[at + 1]);
}

/* "8.19–8.25"; the caller's. */
static char *span_text(const struct week *week)
{
    return g_strdup_printf("%d.%d–%d.%d", two_digits(week->first_day, 5), two_digits(week->first_day, 8),
                           two_digits(week->last_day, 5), two_digits(week->last_day, 8));
}

/* "8月19日 星期三"; the caller's. */
static char *day_text(const char *day)
{
    static const char *const WEEKDAYS[] = {"一", "二", "三", "四", "五", "六", "日"};
    g_autofree char *noon = g_strconcat(day, "T12:00:00Z", NULL);
    g_autoptr(GDateTime) at = g_date_time_new_from_iso8601(noon, NULL);

    return at == NULL ? g_strdup(day)
                      : g_strdup_printf("%d月%d日 星期%s", g_date_time_get_month(at), g_date_time_get_day_of_month(at),
                                        WEEKDAYS[g_date_time_get_day_of_week(at) - 1]);
}

struct call {
    struct app *app;
    const char *city;
    const char *day;
    struct sql_rows *weeks;
    struct sql_rows *activities;
};

static bool read_programme(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const char *edition = call->app->rules->edition;

    g_clear_pointer(&call->weeks, sql_rows_free);
    g_clear_pointer(&call->activities, sql_rows_free);
    call->weeks = week_list(sql, edition, error);
    if (call->weeks == NULL || (call->city == NULL && call->day == NULL)) {
        return call->weeks != NULL;
    }
    call->activities = call->city != NULL ? activity_list(sql, edition, call->city, error)
                                          : activity_list_day(sql, edition, call->day, error);
    return call->activities != NULL;
}

static void call_clear(struct call *call)
{
    g_clear_pointer(&call->weeks, sql_rows_free);
    g_clear_pointer(&call->activities, sql_rows_free);
}

static const struct week *week_of(const struct call *call, const char *city)
{
    for (size_t i = 0; i < call->weeks->count; i++) {
        const struct week *week = sql_rows_at(call->weeks, i);
        if (strcmp(week->city, city) == 0) {
            return week;
        }
    }
    return NULL;
}

/* What is said of a city's week, into `city`. */
static void add_week(json_t *city, const struct week *week, const char *today)
{
    if (week == NULL) {
        return;
    }
    g_autofree char *text = span_text(week);
    const bool has_begun = strcmp(week->first_day, today) <= 0;
    const bool is_over = strcmp(week->last_day, today) < 0;
    json_object_set_new(city, "week_text", json_string(text));
    json_object_set_new(city, "first_day", json_string(week->first_day));
    json_object_set_new(city, "is_now", json_boolean(has_begun && !is_over));
    json_object_set_new(city, "is_over", json_boolean(is_over));
}

json_t *shown_cities(struct app *app, int64_t now_ms, const char *selected, GError **error)
{
    struct call call = {.app = app};
    g_autofree char *today = local_day(now_ms);

    if (!database_read(app->database, "programme", read_programme, &call, error)) {
        return NULL;
    }
    json_t *cities = json_array();
    for (guint i = 0; i < app->rules->regions->len; i++) {
        const struct region *region = g_ptr_array_index(app->rules->regions, i);
        if (strcmp(region->level, "city") == 0) {
            json_t *city = json_pack("{s:s, s:s, s:b}", "code", region->code, "name", region->name, "is_selected",
                                     g_strcmp0(selected, region->code) == 0);
            add_week(city, week_of(&call, region->code), today);
            json_array_append_new(cities, city);
        }
    }
    call_clear(&call);
    return cities;
}

static json_t *shown_activity(const struct app *app, const struct activity *activity)
{
    json_t *json = activity_json(app, activity);
    g_autofree char *time = activity->ends[0] == '\0' ? g_strdup(activity->starts)
                                                      : g_strconcat(activity->starts, "–", activity->ends, NULL);
    g_autofree char *day = day_text(activity->day);

    json_object_set_new(json, "time_text", json_string(time[0] == '\0' ? "全天" : time));
    json_object_set_new(json, "day_text", json_string(day));
    return json;
}

/* Activities come by day: one entry for each, and the highlights once more. */
static void add_days(json_t *city, const struct call *call, const char *today)
{
    json_t *days = json_array();
    json_t *highlights = json_array();
    const char *last = "";

    for (size_t i = 0; i < call->activities->count; i++) {
        const struct activity *activity = sql_rows_at(call->activities, i);
        json_t *shown = shown_activity(call->app, activity);
        if (strcmp(last, activity->day) != 0) {
            json_array_append_new(days, json_pack("{s:O, s:b, s:[]}", "day_text", json_object_get(shown, "day_text"),
                                                  "is_today", strcmp(activity->day, today) == 0, "activities"));
            last = activity->day;
        }
        json_t *day = json_array_get(days, json_array_size(days) - 1);
        json_array_append(json_object_get(day, "activities"), shown);
        if (activity->is_highlight) {
            json_array_append(highlights, shown);
        }
        json_decref(shown);
    }
    json_object_set_new(city, "days", days);
    json_object_set_new(city, "has_highlights", json_boolean(json_array_size(highlights) > 0));
    json_object_set_new(city, "highlights", highlights);
}

json_t *shown_city(struct app *app, const struct region *city, int64_t now_ms, GError **error)
{
    struct call call = {.app = app, .city = city->code};
    g_autofree char *today = local_day(now_ms);

    if (!database_read(app->database, "programme", read_programme, &call, error)) {
        return NULL;
    }
    json_t *json = json_pack("{s:s, s:s}", "code", city->code, "name", city->name);
    const struct week *week = week_of(&call, city->code);
    add_week(json, week, today);
    if (week != NULL) {
        json_object_set_new(json, "words", json_string(week->words));
        json_object_set_new(json, "contact", json_string(week->contact));
    }
    add_days(json, &call, today);
    call_clear(&call);
    return json;
}

json_t *shown_today(struct app *app, int64_t now_ms, GError **error)
{
    g_autofree char *today = local_day(now_ms);
    struct call call = {.app = app, .day = today};

    if (!database_read(app->database, "programme", read_programme, &call, error)) {
        return NULL;
    }
    json_t *activities = json_array();
    for (size_t i = 0; i < call.activities->count; i++) {
        json_array_append_new(activities, shown_activity(app, sql_rows_at(call.activities, i)));
    }
    call_clear(&call);
    return activities;
}
