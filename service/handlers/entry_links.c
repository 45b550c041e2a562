/* Entry links: made by organisers for cities, counties and schools, printed as posters, followed by phones. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/work.h"
#include "service/model/entry_link.h"
#include "service/model/permission.h"
#include "service/site/sheet.h"

struct call {
    struct app *app;
    const struct request *request;
    struct entry_link link;
    struct sql_rows *rows;
    char *high;
    int64_t before_ms;
    bool found;
};

/* 370000 is the province, 370100 a city, 370102 a county: what lies in a place are the codes up to this one. */
static char *last_code(const char *scope)
{
    char *high = g_strdup(scope);

    for (size_t end = strlen(high); end >= 2 && memcmp(high + end - 2, "00", 2) == 0; end -= 2) {
        memcpy(high + end - 2, "99", 2);
    }
    return high;
}

static json_t *link_json(struct app *app, const struct request *request, const struct entry_link *link)
{
    const struct region *region = rules_region_find(app->rules, link->region);
    const struct track *track = rules_track_find(app->rules, link->track);
    g_autofree char *base = base_url(app, request);
    g_autofree char *url = g_strdup_printf("%s/q/%s", base, link->token);
    json_t *revoked = link->revoked_ms == 0 ? json_null() : json_integer(link->revoked_ms);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o}", "id", link->id, "url", url, "region",
                     link->region, "region_name", region == NULL ? "" : region->name, "name", link->name, "track",
                     link->track, "track_name", track == NULL ? "" : track->name, "visits", (json_int_t)link->visits,
                     "works", (json_int_t)link->works, "created_ms", (json_int_t)link->created_ms, "revoked_ms",
                     revoked);
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = entry_link_list(sql, request_staff(call->request)->scope, call->high, call->before_ms, error);
    return call->rows != NULL;
}

HANDLER(entry_link_index)
{
    g_autofree char *high = last_code(request_staff(request)->scope);
    struct call call = {.app = app, .request = request, .high = high, .before_ms = G_MAXINT64};
    struct response *response = NULL;

    if (request_query_int64(request, "before", 0, G_MAXINT64, &call.before_ms, error) &&
        database_read(app->database, "entry_link.list", list, &call, error)) {
        json_t *items = json_array();
        for (size_t i = 0; i < call.rows->count; i++) {
            json_array_append_new(items, link_json(app, request, sql_rows_at(call.rows, i)));
        }
        response = response_json(200, json_pack("{s:o}", "items", items));
        response_header(response, "Cache-Control", "no-store");
    }
    g_clear_pointer(&call.rows, sql_rows_free);
    return response;
}

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return entry_link_add(sql, &call->link, &actor, request_now_ms(call->request), error);
}

HANDLER(entry_link_post)
{
    const char *region = json_string_value(json_object_get(request_json(request), "region"));
    const char *name = json_string_value(json_object_get(request_json(request), "name"));
    const char *track = json_string_value(json_object_get(request_json(request), "track"));
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (track != NULL && track[0] != '\0' && rules_track_find(app->rules, track) == NULL) {
        g_set_error_literal(error, HTTP_ERROR, REASON_TRACK_UNKNOWN, "no such track");
        return NULL;
    }
    if (region == NULL || rules_region_find(app->rules, region) == NULL) {
        g_set_error_literal(error, HTTP_ERROR, REASON_REGION_UNKNOWN, "no such region");
        return NULL;
    }
    call.link.region = g_strdup(region);
    call.link.name = g_strdup(name == NULL ? "" : name);
    call.link.track = g_strdup(track == NULL ? "" : track);
    if (may(app->rules, request_staff(request), PERMISSION_LINKS, region, error) &&
        database_transact(app->database, "entry_link.add", add, &call, error)) {
        response = response_json(201, link_json(app, request, &call.link));
    }
    entry_link_clear(&call.link);
    return response;
}

static bool find(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return entry_link_find(sql, request_param(call->request, "id"), &call->link, &call->found, error);
}

/* The link of the route's :id, when it lies in the person's region. */
static bool load(struct call *call, GError **error)
{
    if (!database_read(call->app->database, "entry_link.find", find, call, error)) {
        return false;
    }
    if (!call->found) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such link");
    }
    return may(call->app->rules, request_staff(call->request), PERMISSION_LINKS, call->link.region, error);
}

static bool take_back(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return entry_link_revoke(sql, call->link.id, &actor, request_now_ms(call->request), error);
}

HANDLER(entry_link_delete)
{
    struct call call = {.app = app, .request = request};
    const bool done =
        load(&call, error) && database_transact(app->database, "entry_link.revoke", take_back, &call, error);

    entry_link_clear(&call.link);
    return done ? response_empty(204) : NULL;
}

static struct response *poster(struct app *app, struct request *request, bool is_pdf, GError **error)
{
    struct call call = {.app = app, .request = request};
    GBytes *bytes = NULL;

    if (load(&call, error)) {
        const struct region *region = rules_region_find(app->rules, call.link.region);
        const struct track *track = rules_track_find(app->rules, call.link.track);
        g_autofree char *base = base_url(app, request);
        g_autofree char *url = g_strdup_printf("%s/q/%s", base, call.link.token);
        const struct sheet_line lines[] = {{"上传我的作品", 40, true},
                                           {app->rules->edition_name, 18, false},
                                           {region == NULL ? "" : region->name, 26, true},
                                           {call.link.name, 22, false},
                                           {track == NULL ? "家庭教育短视频 · 全民美拍" : track->name, 18, false},
                                           {url, 12, false}};
        const struct sheet sheet = {.lines = lines,
                                    .count = G_N_ELEMENTS(lines),
                                    .address = url,
                                    .caption = "微信扫一扫，不用注册，不用装软件",
                                    .qr_pt = 230};
        bytes = is_pdf ? sheet_pdf(&sheet, error) : sheet_png(&sheet, error);
    }
    entry_link_clear(&call.link);
    if (bytes == NULL) {
        return NULL;
    }
    struct response *response = response_bytes(200, is_pdf ? "application/pdf" : "image/png", bytes);
    response_header(response, "Cache-Control", "private, no-store");
    return response;
}

HANDLER(entry_link_png)
{
    return poster(app, request, false, error);
}

HANDLER(entry_link_pdf)
{
    return poster(app, request, true, error);
}

static bool visit(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const char *token = request_param(call->request, "token");

    return entry_link_find_token(sql, token, &call->link, &call->found, error) &&
           (!call->found || entry_link_visit(sql, token, error));
}

/* From the poster to the form, with place and source. A link that ended leads to the form all the same. */
HANDLER(entry_link_follow)
{
    struct call call = {.app = app, .request = request};

    if (!database_transact(app->database, "entry_link.visit", visit, &call, error)) {
        return NULL;
    }
    g_autofree char *path =
        call.found ? g_strdup_printf("/submit?c=%s&s=%s", call.link.region, call.link.token) : g_strdup("/submit");
    struct response *response = response_redirect(302, path);
    response_header(response, "Cache-Control", "no-store");
    entry_link_clear(&call.link);
    return response;
}
