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
    const char *base;
    const struct publication_query *query;
    const char *id;
    json_t *json;
};

/* Works' ids -> their renditions, GPtrArray of struct rendition borrowed from `rows`. */
static GHashTable *by_work(const struct sql_rows *rows)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);

    for (size_t i = 0; i < rows->count; i++) {
        struct rendition *rendition = sql_rows_at(rows, i);
        GPtrArray *list = g_hash_table_lookup(table, rendition->submission);
        if (list == NULL) {
            list = g_ptr_array_new();
            g_hash_table_insert(table, rendition->submission, list);
        }
        g_ptr_array_add(list, rendition);
    }
    return table;
}

/* Rows of publications -> array of JSON; one more statement for all their renditions. */
static bool add_works(struct sql *sql, const struct call *call, const struct publication *const *works, size_t count,
                      json_t *items, GError **error)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    g_autoptr(GPtrArray) none = g_ptr_array_new();

    for (size_t i = 0; i < count; i++) {
        g_string_append(ids, works[i]->submission);
    }
    g_autoptr(SqlRows) rows = rendition_list_published(sql, ids->str, error);
    if (rows == NULL) {
        return false;
    }
    g_autoptr(GHashTable) renditions = by_work(rows);
    for (size_t i = 0; i < count; i++) {
        const GPtrArray *own = g_hash_table_lookup(renditions, works[i]->submission);
        json_array_append_new(items, work_json(call->app, call->base, works[i], own == NULL ? none : own));
    }
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
    g_autofree const struct publication **works = g_new0(const struct publication *, rows->count + 1);
    for (size_t i = 0; i < rows->count; i++) {
        works[i] = sql_rows_at(rows, i);
    }
    if (!add_works(sql, call, works, rows->count, items, error)) {
        return false;
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

/* A single work names its approved subtitles; lists do without. */
static bool add_subtitles(struct sql *sql, const struct call *call, GError **error)
{
    g_autoptr(SqlRows) rows = subtitle_list(sql, call->id, false, error);
    json_t *subtitles = json_array();

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct subtitle *row = sql_rows_at(rows, i);
        json_array_append_new(subtitles,
                              json_pack("{s:s, s:s, s:o}", "language", row->language, "label",
                                        subtitle_label(row->language), "src",
                                        json_sprintf("%s/subtitles/%s/%s.vtt", call->base, call->id, row->language)));
    }
    json_object_set_new(call->json, "subtitles", subtitles);
    return rows != NULL;
}

static bool find(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_auto(Publication) work = {0};
    const struct publication *const works[] = {&work};
    json_auto_t *items = json_array();
    bool found = false;

    json_decref(call->json);
    call->json = NULL;
    if (!publication_find(sql, call->id, &work, &found, error) ||
        (found && !add_works(sql, call, works, 1, items, error))) {
        return false;
    }
    call->json = json_incref(json_array_get(items, 0));
    return found ? add_subtitles(sql, call, error) : say_gone(sql, call->id, error);
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
    json_auto_t *items = json_array();

    if (rows == NULL) {
        return false;
    }
    g_autofree const struct publication **works = g_new0(const struct publication *, rows->count + 1);
    for (size_t i = 0; i < rows->count; i++) {
        works[i] = sql_rows_at(rows, i);
    }
    if (!add_works(sql, call, works, rows->count, items, error)) {
        return false;
    }
    json_decref(call->json);
    call->json = json_incref(items);
    return true;
}

json_t *works_listed(struct app *app, const char *base, const char *selection, GError **error)
{
    struct call call = {.app = app, .base = base, .id = selection};

    return database_read(app->database, "works.listed", list_selected, &call, error) ? call.json : NULL;
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
