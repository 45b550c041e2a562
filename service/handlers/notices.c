/* The public side of a selection (公示): the list, how it came about, and objections; the collection once it is settled. */
#include "service/model/local_time.h"
#include "service/model/notice.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/posted.h"
#include "service/handlers/shown.h"
#include "service/handlers/work.h"
#include "service/handlers/works.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/site/view.h"

struct call {
    struct app *app;
    const struct request *request;
    struct selection selection;
    struct sql_rows *rows;
    struct sql_rows *objections;
    struct fields *fields;
};

char *shown_day(int64_t ms)
{
    return local_text(ms, "%Y年%-m月%-d日");
}

static json_t *notice_json(const struct call *call, const struct selection *row)
{
    const struct region *region = rules_region_find(call->app->rules, row->region);
    const struct track *track = rules_track_find(call->app->rules, row->track);
    const bool is_notice = strcmp(row->state, "notice") == 0;
    const bool is_open = is_notice && request_now_ms(call->request) < row->notice_ends_ms;
    g_autofree char *starts = shown_day(row->notice_starts_ms);
    g_autofree char *ends = shown_day(row->notice_ends_ms);
    g_autofree char *url = g_strdup_printf("/notice/%s", row->id);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:I, s:s}", "id", row->id, "name", row->name, "url",
                     url, "region_name", region == NULL ? "" : region->name, "track_name",
                     track == NULL ? "" : track->name, "starts_text", starts, "ends_text", ends, "is_open",
                     (int)is_open, "is_settled", (int)!is_notice, "places", (json_int_t)row->places, "seed", row->seed);
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = notice_list(sql, call->app->rules, error);
    return call->rows != NULL;
}

HANDLER(page_notices)
{
    struct call call = {.app = app, .request = request};

    if (!database_read(app->database, "notice.list", list, &call, error)) {
        return NULL;
    }
    json_t *data = shown_page(app, request, "择优公示", "works");
    json_t *notices = json_array();
    for (size_t i = 0; i < call.rows->count; i++) {
        json_array_append_new(notices, notice_json(&call, sql_rows_at(call.rows, i)));
    }
    sql_rows_free(call.rows);
    json_object_set_new(data, "notices", notices);
    return shown_html(app, "notices.html", data, 200, error);
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const char *id = request_param(call->request, "id");

    selection_clear(&call->selection);
    g_clear_pointer(&call->objections, sql_rows_free);
    if (!notice_get(sql, id, &call->selection, error)) {
        return false;
    }
    call->objections = objection_list(sql, id, error);
    return call->objections != NULL;
}

static void call_clear(struct call *call)
{
    selection_clear(&call->selection);
    g_clear_pointer(&call->objections, sql_rows_free);
}

/* How many, and how many are answered: the public reads no text of another. */
static void add_counts(json_t *json, const struct sql_rows *rows)
{
    json_int_t answered = 0;

    for (size_t i = 0; i < rows->count; i++) {
        answered += strcmp(((const struct objection *)sql_rows_at(rows, i))->state, "open") != 0;
    }
    json_object_set_new(json, "objections", json_integer((json_int_t)rows->count));
    json_object_set_new(json, "answered", json_integer(answered));
    json_object_set_new(json, "has_objections", json_boolean(rows->count > 0));
}

static struct response *show(struct call *call, json_t *said, int status, GError **error)
{
    g_autofree char *base = base_url(call->app, call->request);
    json_auto_t *works = works_listed(call->app, base, call->selection.id, error);
    json_t *notice = notice_json(call, &call->selection);

    if (works == NULL) {
        json_decref(notice);
        json_decref(said);
        return NULL;
    }
    view_tiles(works);
    add_counts(notice, call->objections);
    json_t *data = shown_page(call->app, (struct request *)(uintptr_t)call->request, call->selection.name, "works");
    json_object_set_new(data, "notice", notice);
    json_object_set(data, "works", works);
    json_object_update_new(data, said);
    return shown_html(call->app, "notice.html", data, status, error);
}

HANDLER(page_notice)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (database_read(app->database, "notice.show", look, &call, error)) {
        response = show(&call, json_object(), 200, error);
    }
    call_clear(&call);
    return response;
}

static bool object(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return selection_get_held(sql, request_param(call->request, "id"), &call->selection, error) &&
           objection_add(sql, call->app->secrets, &call->selection, fields_get(call->fields, "work"),
                         fields_get(call->fields, "text"), fields_get(call->fields, "contact"),
                         request_now_ms(call->request), error);
}

/* The page again, with what came of it; what was typed stays when it was refused. */
static struct response *answer(struct app *app, struct request *request, struct fields *fields, GError **error)
{
    struct call call = {.app = app, .request = request, .fields = fields};
    g_autoptr(GError) cause = NULL;
    json_t *said = json_pack("{s:b}", "was_said", 1);
    int status = 201;

    if (!limits_check(server_limits(request_server(request)), LIMIT_OBJECTIONS, request, NULL, &cause) ||
        !database_transact(app->database, "objection.add", object, &call, &cause)) {
        const enum reason reason = error_reason(cause);
        const struct reason_rule *rule = reason_rule_of(reason);
        status = failure_rule_of(rule->failure)->http_status;
        json_object_set_new(said, "was_said", json_false());
        json_object_set_new(said, "error_text",
                            json_string(reason == REASON_INPUT ? "请写明异议和理由，500 字以内。" : rule->detail));
        json_object_set_new(said, "text", json_string(fields_get(fields, "text")));
        json_object_set_new(said, "contact", json_string(fields_get(fields, "contact")));
    }
    struct response *response = NULL;
    if (database_read(app->database, "notice.show", look, &call, error)) {
        response = show(&call, said, status, error);
    } else {
        json_decref(said);
    }
    call_clear(&call);
    if (response != NULL) {
        response_header(response, "Cache-Control", "no-store");
    }
    return response;
}

HANDLER(page_notice_post)
{
    return posted_read(app, request, answer, error);
}
