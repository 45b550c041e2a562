/* Pages of the cities and their weeks, the calendar of all of them, and both as iCalendar. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/shown_programme.h"
#include "service/handlers/work.h"
#include "service/model/programme.h"
#include "service/site/ical.h"

enum { PAGE_WORKS = 24 };

static const struct region *city_of(const struct app *app, const struct request *request, GError **error)
{
    const struct region *city = rules_region_find(app->rules, request_param(request, "region"));

    if (city == NULL || strcmp(city->level, "county") == 0) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such city");
        return NULL;
    }
    return city;
}

HANDLER(page_city)
{
    const struct region *city = city_of(app, request, error);

    if (city == NULL) {
        return NULL;
    }
    const struct publication_query query = {
        .region = city->code,
        .after = request_query(request, "after"),
        .limit = PAGE_WORKS,
    };
    json_t *data = shown_page(app, request, city->name, "cities");
    json_t *shown = shown_city(app, city, request_now_ms(request), error);
    if (shown == NULL || !shown_works(app, request, data, &query, error)) {
        json_decref(shown);
        json_decref(data);
        return NULL;
    }
    json_object_set_new(data, "city", shown);
    return shown_html(app, "city.html", data, 200, error);
}

static int by_first_day(const void *one, const void *other)
{
    const char *first = json_string_value(json_object_get(*(json_t *const *)one, "first_day"));
    const char *second = json_string_value(json_object_get(*(json_t *const *)other, "first_day"));

    /* cities without dates last */
    return g_strcmp0(first == NULL ? "9" : first, second == NULL ? "9" : second);
}

/* By the day they begin; the caller's. */
static json_t *in_order(const json_t *cities)
{
    const size_t count = json_array_size(cities);
    g_autofree json_t **sorted = g_new0(json_t *, count + 1);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        sorted[i] = json_array_get(cities, i);
    }
    qsort(sorted, count, sizeof(json_t *), by_first_day);
    for (size_t i = 0; i < count; i++) {
        json_array_append(list, sorted[i]);
    }
    return list;
}

HANDLER(page_calendar)
{
    const int64_t now_ms = request_now_ms(request);
    json_auto_t *cities = shown_cities(app, now_ms, NULL, error);
    const struct region *province = g_ptr_array_index(app->rules->regions, 0);
    json_t *week = cities == NULL ? NULL : shown_city(app, province, now_ms, error);

    if (week == NULL) {
        return NULL;
    }
    json_t *data = shown_page(app, request, "各市活动周", "cities");
    json_object_set_new(data, "cities", in_order(cities));
    json_object_set_new(data, "province", week);
    return shown_html(app, "calendar.html", data, 200, error);
}

/* --- iCalendar ------------------------------------------------------------------------------------------------- */

struct call {
    struct app *app;
    const struct region *city; /* NULL: the weeks of all, without activities */
    const char *base;
    const char *host;
    GString *out;
};

static void add_week(const struct call *call, const struct week *week)
{
    const struct region *city = rules_region_find(call->app->rules, week->city);
    g_autofree char *title = g_strdup_printf("%s全民终身学习活动周", city == NULL ? "" : city->name);
    g_autofree char *id = g_strdup_printf("week-%s-%s", call->app->rules->edition, week->city);
    g_autofree char *url = g_strdup_printf("%s/city/%s", call->base, week->city);
    const struct ical_event event = {.id = id,
                                     .host = call->host,
                                     .first_day = week->first_day,
                                     .last_day = week->last_day,
                                     .starts = "",
                                     .ends = "",
                                     .title = title,
                                     .place = city == NULL ? "" : city->name,
                                     .words = week->words,
                                     .url = url,
                                     .version = 1};

    ical_add(call->out, &event);
}

static void add_activity(const struct call *call, const struct activity *activity)
{
    g_autofree char *url = g_strdup_printf("%s/city/%s", call->base, activity->city);
    const struct ical_event event = {.id = activity->id,
                                     .host = call->host,
                                     .first_day = activity->day,
                                     .last_day = activity->day,
                                     .starts = activity->starts,
                                     .ends = activity->ends,
                                     .title = activity->title,
                                     .place = activity->place,
                                     .words = activity->words,
                                     .url = url,
                                     .version = activity->version,
                                     .changed_ms = activity->changed_ms};

    ical_add(call->out, &event);
}

static bool read_calendar(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const char *edition = call->app->rules->edition;
    g_autoptr(SqlRows) weeks = week_list(sql, edition, error);
    g_autoptr(SqlRows) activities =
        weeks == NULL || call->city == NULL ? NULL : activity_list(sql, edition, call->city->code, error);

    if (weeks == NULL || (call->city != NULL && activities == NULL)) {
        return false;
    }
    for (size_t i = 0; i < weeks->count; i++) {
        const struct week *week = sql_rows_at(weeks, i);
        if (call->city == NULL || strcmp(call->city->code, week->city) == 0) {
            add_week(call, week);
        }
    }
    for (size_t i = 0; activities != NULL && i < activities->count; i++) {
        add_activity(call, sql_rows_at(activities, i));
    }
    return true;
}

static struct response *calendar_answer(struct app *app, struct request *request, const struct region *city,
                                        GError **error)
{
    g_autofree char *base = base_url(app, request);
    const char *host = strstr(base, "://");
    struct call call = {.app = app, .city = city, .base = base, .host = host == NULL ? "xuepai" : host + 3};
    g_autofree char *name = g_strdup_printf("%s%s", city == NULL ? "山东省各市" : city->name, "全民终身学习活动周");

    call.out = ical_begin(name);
    if (!database_read(app->database, "programme.calendar", read_calendar, &call, error)) {
        g_string_free(call.out, TRUE);
        return NULL;
    }
    ical_end(call.out);
    struct response *response = response_text(200, "text/calendar; charset=utf-8", call.out);
    response_header(response, "Cache-Control", "no-cache");
    response_header(response, "Access-Control-Allow-Origin", "*");
    return response;
}

HANDLER(calendar_show)
{
    return calendar_answer(app, request, NULL, error);
}

HANDLER(calendar_show_city)
{
    const struct region *city = city_of(app, request, error);

    return city == NULL ? NULL : calendar_answer(app, request, city, error);
}
