/* Published works as JSON, for pages, feeds and other sites. */
#include "service/handlers/works.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/handlers.h"
#include "service/handlers/work.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/model/notice.h"
#include "service/model/subtitle.h"

struct call {
    const struct app *app;
    json_t *(*make)(const struct app *app, const char *base, const struct publication *work);
    const char *base;
    const struct publication_query *query;
    const char *id;
    json_t *json;
};

/* Rows of struct publication -> array of JSON; the caller's. NULL rows give NULL. */
static json_t *items_of(const struct call *call, const struct sql_rows *rows)
{
    json_t *items = rows == NULL ? NULL : json_array();

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        json_array_append_new(items, call->make(call->app, call->base, sql_rows_at(rows, i)));
    }
    return items;
}

/* The transaction may be run again: the result of the run before goes. */
static bool give(struct call *call, json_t *json)
{
    json_decref(call->json);
    call->json = json;
    return json != NULL;
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autofree char *next = NULL;
    g_autoptr(SqlRows) rows = publication_list(sql, call->query, &next, error);
    json_t *items = items_of(call, rows);

    return give(call, items == NULL ? NULL : json_pack("{s:o, s:s?}", "items", items, "next", next));
}

json_t *works_page(struct app *app, const char *base, const struct publication_query *query, GError **error)
{
    struct call call = {.app = app, .make = work_json, .base = base, .query = query};

    return database_read(app->database, "works.list", list, &call, error) ? call.json : NULL;
}

json_t *works_tiles(struct app *app, const char *base, const struct publication_query *query, GError **error)
{
    struct call call = {.app = app, .make = tile_json, .base = base, .query = query};

    return database_read(app->database, "works.tiles", list, &call, error) ? call.json : NULL;
}

/* What staff took away was public before, so it may be said that it is gone; everything else is not there. */
static bool say_gone(struct sql *sql, const char *id, GError **error)
{
    g_auto(Submission) submission = {0};
    g_autoptr(GError) cause = NULL;

    if (submission_get(sql, id, &submission, &cause)) {
        const bool is_taken_down = strcmp(submission.state, "taken_down") == 0;
        g_set_error_literal(error, MODEL_ERROR, is_taken_down ? REASON_TAKEN_DOWN : REASON_NOT_FOUND, "not published");
    } else {
        g_propagate_error(error, g_steal_pointer(&cause)); /* REASON_NOT_FOUND, or what else went wrong */
    }
    return false;
}

/* The clip at this position; NULL where the work is one itself. Borrowed. */
static json_t *clip_at(const json_t *work, int64_t position)
{
    json_t *clip;
    size_t index;

    json_array_foreach(json_object_get(work, "clips"), index, clip) {
        if (json_integer_value(json_object_get(clip, "position")) == position) {
            return clip;
        }
    }
    return NULL;
}

/* Of a clip, and of the work where that is its first. */
static void add_subtitle(const struct call *call, const struct subtitle *row)
{
    json_t *clip = clip_at(call->json, row->position);
    const bool leads = clip == json_array_get(json_object_get(call->json, "clips"), 0);
    g_autofree char *number = leads ? g_strdup("") : g_strdup_printf("%" G_GINT64_FORMAT "-", row->position);
    json_t *subtitle =
        json_pack("{s:s, s:s, s:o}", "language", row->language, "label", subtitle_label(row->language), "src",
                  json_sprintf("%s/subtitles/%s/%s%s.vtt", call->base, call->id, number, row->language));

    json_array_append(json_object_get(clip, "subtitles"), subtitle);
    if (leads) {
        json_array_append(json_object_get(call->json, "subtitles"), subtitle);
    }
    json_decref(subtitle);
}

/* A single work names its approved subtitles; lists do without. */
static bool add_subtitles(struct sql *sql, const struct call *call, GError **error)
{
    g_autoptr(SqlRows) rows = subtitle_list(sql, call->id, false, error);
    json_t *clip;
    size_t index;

    json_object_set_new(call->json, "subtitles", json_array());
    json_array_foreach(json_object_get(call->json, "clips"), index, clip) {
        json_object_set_new(clip, "subtitles", json_array());
    }
    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        add_subtitle(call, sql_rows_at(rows, i));
    }
    return rows != NULL;
}

static bool find(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_auto(Publication) work = {0};
    bool found = false;

    (void)give(call, NULL); /* nothing yet */
    if (!publication_find(sql, call->id, &work, &found, error)) {
        return false;
    }
    if (!found) {
        return say_gone(sql, call->id, error);
    }
    return give(call, work_json(call->app, call->base, &work)) && add_subtitles(sql, call, error);
}

json_t *works_get(struct app *app, const char *base, const char *id, GError **error)
{
    struct call call = {.app = app, .base = base, .id = id};

    return database_read(app->database, "works.get", find, &call, error) ? call.json : NULL;
}

static bool list_selected(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autoptr(SqlRows) rows = notice_works(sql, call->id, error);

    return give(call, items_of(call, rows));
}

json_t *works_listed(struct app *app, const char *base, const char *selection, GError **error)
{
    struct call call = {.app = app, .make = tile_json, .base = base, .id = selection};

    return database_read(app->database, "works.listed", list_selected, &call, error) ? call.json : NULL;
}

static bool list_similar(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autoptr(SqlRows) rows = publication_list_similar(sql, call->id, error);

    return give(call, items_of(call, rows));
}

json_t *works_similar(struct app *app, const char *base, const char *words, GError **error)
{
    struct call call = {.app = app, .make = tile_json, .base = base, .id = words};

    return database_read(app->database, "works.similar", list_similar, &call, error) ? call.json : NULL;
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
        .collection = request_query(request, "collection"),
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
