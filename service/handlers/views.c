/* Watching is counted: messages of players, without a cookie; and what staff sees of it. */
#include "service/model/local_time.h"
#include "service/view_counts.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/model/embed_site.h"
#include "service/model/permission.h"
#include "service/model/publication.h"
#include "service/model/view.h"

struct call {
    struct app *app;
    const struct request *request;
    struct publication work;
    bool found;
    const char *city;
    struct sql_rows *rows;
    int64_t parts[VIEW_PARTS];
};

/* Programs that say what they are; the others watch nothing for ten seconds. */
static bool is_program(const char *agent)
{
    return agent == NULL ||
           g_regex_match_simple("bot|crawl|spider|slurp|curl|wget|python|java/|okhttp|scrapy|monitor|preview", agent,
                                G_REGEX_CASELESS, 0);
}

static bool find(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return publication_find(sql, request_param(call->request, "id"), &call->work, &call->found, error);
}

/* Of all its clips. */
static int64_t duration_of(const struct publication *work)
{
    json_auto_t *facts = work->facts == NULL ? NULL : json_loads(work->facts, 0, NULL);
    const json_t *each = json_object_get(facts, "each");
    int64_t duration_ms = each == NULL ? json_integer_value(json_object_get(facts, "duration_ms")) : 0;
    const json_t *file;
    size_t index;

    json_array_foreach(each, index, file) {
        duration_ms += json_integer_value(json_object_get(file, "duration_ms"));
    }
    return duration_ms;
}

HANDLER(view_post)
{
    struct call call = {.app = app, .request = request};
    const char *agent = request_header(request, "User-Agent");
    json_int_t seconds = 0;
    json_int_t parts = 0;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:I, s?:I}", "seconds", &seconds, "parts", &parts) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    if (!database_read(app->database, "publication.find", find, &call, error)) {
        return NULL;
    }
    if (call.found && !is_program(agent)) {
        g_autofree char *day = local_day(request_now_ms(request));
        g_autofree char *who = g_strjoin("|", day, request_peer(request), agent, call.work.submission, NULL);
        g_autofree char *viewer = secret_mac(app->secrets, "viewer", who);
        const struct view_claim claim = {.viewer = viewer,
                                         .work = call.work.submission,
                                         .duration_ms = duration_of(&call.work),
                                         .seconds = seconds,
                                         .parts = (uint32_t)CLAMP(parts, 0, (1 << VIEW_PARTS) - 1),
                                         .now_ms = request_now_ms(request)};
        view_counts_add(app->view_counts, &claim);
    } else if (!call.found) {
        g_set_error(error, MODEL_ERROR, REASON_NOT_FOUND, "not published");
    }
    const bool good = call.found;
    publication_clear(&call.work);
    return good ? response_empty(204) : NULL;
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = view_list(sql, call->city, error);
    return call->rows != NULL;
}

HANDLER(view_index)
{
    const char *scope = request_staff(request)->scope;
    struct call call = {.app = app, .city = g_str_has_suffix(scope, "0000") ? "" : rules_city_of(app->rules, scope)};
    struct response *response = NULL;

    if (database_read(app->database, "view_total.list", list, &call, error)) {
        json_t *items = json_array();
        for (size_t i = 0; i < call.rows->count; i++) {
            const struct view_work *row = sql_rows_at(call.rows, i);
            json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:I, s:I}", "id", row->id, "title", row->title,
                                                   "city_code", row->city, "views", (json_int_t)row->views, "seconds",
                                                   (json_int_t)row->seconds));
        }
        response = response_json(200, json_pack("{s:o}", "items", items));
        response_header(response, "Cache-Control", "no-store");
    }
    g_clear_pointer(&call.rows, sql_rows_free);
    return response;
}

static bool read_work(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    if (!find(sql, context, error) || !call->found) {
        return *error == NULL;
    }
    call->rows = view_days(sql, call->work.submission, error);
    return call->rows != NULL && view_parts(sql, call->work.submission, call->parts, error);
}

static json_t *work_views_json(const struct call *call)
{
    json_t *days = json_array();
    json_t *parts = json_array();

    for (size_t i = 0; i < call->rows->count; i++) {
        const struct view_day *day = sql_rows_at(call->rows, i);
        json_array_append_new(days, json_pack("{s:s, s:I, s:I}", "day", day->day, "views", (json_int_t)day->views,
                                              "seconds", (json_int_t)day->seconds));
    }
    for (int i = 0; i < VIEW_PARTS; i++) {
        json_array_append_new(parts, json_integer(call->parts[i]));
    }
    return json_pack("{s:s, s:o, s:o}", "id", call->work.submission, "days", days, "parts", parts);
}

HANDLER(view_show)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (database_read(app->database, "view.work", read_work, &call, error)) {
        if (!call.found) {
            g_set_error(error, MODEL_ERROR, REASON_NOT_FOUND, "not published");
        } else if (may(app->rules, request_staff(request), PERMISSION_FIGURES, call.work.region, error)) {
            response = response_json(200, work_views_json(&call));
            response_header(response, "Cache-Control", "no-store");
        }
    }
    g_clear_pointer(&call.rows, sql_rows_free);
    publication_clear(&call.work);
    return response;
}
