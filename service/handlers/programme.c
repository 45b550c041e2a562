/* Weeks and activities of the cities: the public JSON, and what organisers change. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown_programme.h"
#include "service/model/permission.h"
#include "service/model/programme.h"

struct call {
    struct app *app;
    const struct request *request;
    const struct region *city;
    struct week week; /* borrowed texts */
    struct activity activity;
    struct sql_rows *weeks;
    struct sql_rows *activities;
};

/* A city, or the province itself, that this person may arrange. */
static const struct region *arranged(const struct app *app, const struct request *request, const char *code,
                                     GError **error)
{
    const struct region *city = rules_region_find(app->rules, code);

    if (city == NULL || strcmp(city->level, "county") == 0) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such city");
        return NULL;
    }
    return may(app->rules, request_staff(request), PERMISSION_PROGRAMME, city->code, error) ? city : NULL;
}

static bool read_all(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->weeks, sql_rows_free);
    g_clear_pointer(&call->activities, sql_rows_free);
    call->weeks = week_list(sql, call->app->rules->edition, error);
    call->activities = call->weeks == NULL || call->city == NULL
                           ? NULL
                           : activity_list(sql, call->app->rules->edition, call->city->code, error);
    return call->weeks != NULL && (call->city == NULL || call->activities != NULL);
}

HANDLER(programme_show)
{
    const char *code = request_query(request, "region");
    struct call call = {.app = app, .city = code == NULL ? NULL : rules_region_find(app->rules, code)};
    struct response *response = NULL;

    if (code != NULL && call.city == NULL) {
        g_set_error(error, HTTP_ERROR, REASON_INPUT, "region");
        return NULL;
    }
    if (database_read(app->database, "programme", read_all, &call, error)) {
        json_t *weeks = json_array();
        json_t *activities = json_array();
        for (size_t i = 0; i < call.weeks->count; i++) {
            json_array_append_new(weeks, week_json(app, sql_rows_at(call.weeks, i)));
        }
        for (size_t i = 0; call.activities != NULL && i < call.activities->count; i++) {
            json_array_append_new(activities, activity_json(app, sql_rows_at(call.activities, i)));
        }
        response = response_json(200, json_pack("{s:s, s:o, s:o}", "edition", app->rules->edition, "weeks", weeks,
                                                "activities", activities));
        response_header(response, "Cache-Control", "no-cache");
        response_header(response, "Access-Control-Allow-Origin", "*");
    }
    g_clear_pointer(&call.weeks, sql_rows_free);
    g_clear_pointer(&call.activities, sql_rows_free);
    return response;
}

static bool set_week(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return week_set(sql, call->app->rules->edition, &call->week, &actor, request_now_ms(call->request), error);
}

HANDLER(week_put)
{
    struct call call = {.app = app, .request = request};
    const char *first = NULL;
    const char *last = NULL;
    const char *words = "";
    const char *contact = "";
    json_error_t cause;

    call.city = arranged(app, request, request_param(request, "region"), error);
    if (call.city == NULL) {
        return NULL;
    }
    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s:s, s?:s, s?:s}", "first_day", &first, "last_day",
                       &last, "words", &words, "contact", &contact) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    call.week = (struct week){call.city->code, (char *)(uintptr_t)first, (char *)(uintptr_t)last,
                              (char *)(uintptr_t)words, (char *)(uintptr_t)contact};
    return database_transact(app->database, "week.set", set_week, &call, error) ? response_empty(204) : NULL;
}

/* Into *activity, which owns its texts; id and city stay. */
static bool take_form(const json_t *form, struct activity *activity, GError **error)
{
    const char *day = NULL;
    const char *title = NULL;
    const char *texts[4] = {"", "", "", ""};
    int is_highlight = 0;
    json_error_t cause;

    if (json_unpack_ex((json_t *)(uintptr_t)form, &cause, 0, "{s:s, s:s, s?:s, s?:s, s?:s, s?:s, s?:b}", "day", &day,
                       "title", &title, "starts", &texts[0], "ends", &texts[1], "place", &texts[2], "words", &texts[3],
                       "is_highlight", &is_highlight) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return false;
    }
    char *id = g_steal_pointer(&activity->id);
    char *city = g_steal_pointer(&activity->city);
    activity_clear(activity);
    *activity = (struct activity){.id = id,
                                  .city = city,
                                  .day = g_strdup(day),
                                  .title = g_strdup(title),
                                  .starts = g_strdup(texts[0]),
                                  .ends = g_strdup(texts[1]),
                                  .place = g_strdup(texts[2]),
                                  .words = g_strdup(texts[3]),
                                  .is_highlight = is_highlight};
    return true;
}

static bool set_activity(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return activity_set(sql, call->app->rules->edition, &call->activity, &actor, request_now_ms(call->request), error);
}

HANDLER(activity_post)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    call.city = arranged(app, request, request_param(request, "region"), error);
    if (call.city == NULL) {
        return NULL;
    }
    call.activity.city = g_strdup(call.city->code);
    if (take_form(request_json(request), &call.activity, error) &&
        database_transact(app->database, "activity.add", set_activity, &call, error)) {
        response = response_json(201, activity_json(app, &call.activity));
    }
    activity_clear(&call.activity);
    return response;
}

static bool get_activity(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return activity_get(sql, request_param(call->request, "id"), &call->activity, error);
}

/* The activity :id, when this person may arrange its city. */
static bool load(struct call *call, GError **error)
{
    return database_read(call->app->database, "activity.get", get_activity, call, error) &&
           may(call->app->rules, request_staff(call->request), PERMISSION_PROGRAMME, call->activity.city, error);
}

HANDLER(activity_put)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (load(&call, error) && take_form(request_json(request), &call.activity, error) &&
        database_transact(app->database, "activity.change", set_activity, &call, error)) {
        response = response_json(200, activity_json(app, &call.activity));
    }
    activity_clear(&call.activity);
    return response;
}

static bool remove_activity(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return activity_remove(sql, call->activity.id, &actor, request_now_ms(call->request), error);
}

HANDLER(activity_delete)
{
    struct call call = {.app = app, .request = request};
    const bool good =
        load(&call, error) && database_transact(app->database, "activity.remove", remove_activity, &call, error);

    activity_clear(&call.activity);
    return good ? response_empty(204) : NULL;
}
