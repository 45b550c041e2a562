/* Published works as JSON, for pages, feeds and other sites. */
#include "service/handlers/works.h"

#include "common/failure.h"
#include "service/handlers/handlers.h"
#include "service/handlers/work.h"
#include "service/http/limits.h"
#include "service/http/server.h"

struct call {
    const struct app *app;
    const char *base;
    const struct publication_query *query;
    const char *id;
    json_t *json;
};

static bool add_work(struct sql *sql, const struct call *call, const struct publication *work, json_t **json,
                     GError **error)
{
    g_autoptr(SqlRows) renditions = rendition_list(sql, work->submission, work->revision, error);

    if (renditions == NULL) {
        return false;
    }
    *json = work_json(call->app, call->base, work, renditions);
    return true;
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autofree char *next = NULL;
    g_autoptr(SqlRows) rows = publication_list(sql, call->query, &next, error);
    json_auto_t *items = json_array();

    if (rows == NULL) {
        return false;
    }
    for (size_t i = 0; i < rows->count; i++) {
        json_t *item;
        if (!add_work(sql, call, sql_rows_at(rows, i), &item, error)) {
            return false;
        }
        json_array_append_new(items, item);
    }
    json_decref(call->json);
    call->json = json_pack("{s:O, s:s?}", "items", items, "next", next);
    return true;
}

json_t *works_page(struct app *app, const char *base, const struct publication_query *query, GError **error)
{
    struct call call = {.app = app, .base = base, .query = query};

    return database_read(app->database, "works.list", list, &call, error) ? call.json : NULL;
}

static bool find(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_auto(Publication) work = {0};
    bool found = false;

    json_decref(call->json);
    call->json = NULL;
    return publication_find(sql, call->id, &work, &found, error) &&
           (!found || add_work(sql, call, &work, &call->json, error));
}

json_t *works_get(struct app *app, const char *base, const char *id, GError **error)
{
    struct call call = {.app = app, .base = base, .id = id};

    if (!database_read(app->database, "works.get", find, &call, error)) {
        return NULL;
    }
    if (call.json == NULL) {
        g_set_error(error, MODEL_ERROR, REASON_NOT_FOUND, "not published");
    }
    return call.json;
}

static struct response *public_json(json_t *json)
{
    struct response *response = response_json(200, json);

    response_header(response, "Cache-Control", "no-cache");
    response_header(response, "Access-Control-Allow-Origin", "*");
    return response;
}

HANDLER(works_list)
{
    const char *words = request_query(request, "q");
    int64_t limit = 24;
    g_autofree char *base = base_url(app, request);

    if (!request_query_int64(request, "limit", 1, 100, &limit, error) ||
        (words != NULL && words[0] != '\0' &&
         !limits_check(server_limits(request_server(request)), LIMIT_SEARCH, request, NULL, error))) {
        return NULL;
    }
    const struct publication_query query = {
        .region = request_query(request, "region"),
        .track = request_query(request, "track"),
        .edition = request_query(request, "edition"),
        .words = words,
        .after = request_query(request, "after"),
        .limit = limit,
    };
    json_t *page = works_page(app, base, &query, error);
    return page == NULL ? NULL : public_json(page);
}

HANDLER(works_show)
{
    g_autofree char *base = base_url(app, request);
    json_t *work = works_get(app, base, request_param(request, "id"), error);

    return work == NULL ? NULL : public_json(work);
}
