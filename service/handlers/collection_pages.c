/* Pages of works by how they belong together: collections, tracks, editions of past years. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/feeds.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/shown_collection.h"
#include "service/handlers/work.h"
#include "service/handlers/works.h"
#include "service/model/edition.h"
#include "service/site/view.h"

enum { PAGE_WORKS = 24 };

struct call {
    struct app *app;
    const char *id;
    struct collection collection;
    bool found;
    struct sql_rows *rows;
};

json_t *collection_json(const struct collection *collection)
{
    g_autofree char *url = g_strconcat("/collections/", collection->id, NULL);

    return json_pack("{s:s, s:s, s:s, s:b, s:b, s:I, s:s}", "id", collection->id, "title", collection->title, "words",
                     collection->words, "is_featured", (int)collection->is_featured, "is_public",
                     (int)collection->is_public, "works", (json_int_t)collection->works, "url", url);
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = collection_list(sql, call->app->rules->edition, false, error);
    return call->rows != NULL;
}

/* The picture of its first work; a work that went meanwhile leaves none. */
static void add_picture(struct app *app, const char *base, const char *first_work, json_t *shown)
{
    g_autoptr(GError) error = NULL;
    json_auto_t *work = first_work[0] == '\0' ? NULL : works_get(app, base, first_work, &error);

    if (work != NULL) {
        static const char *const NAMES[] = {"poster", "thumbnail", "thumbnail_webp", "width", "height"};

        for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
            json_object_set(shown, NAMES[i], json_object_get(work, NAMES[i]));
        }
    }
}

json_t *shown_collections(struct app *app, const struct request *request, GError **error)
{
    struct call call = {.app = app};
    g_autofree char *base = base_url(app, request);
    json_t *items = NULL;

    if (database_read(app->database, "collection.list", list, &call, error)) {
        items = json_array();
        for (size_t i = 0; i < call.rows->count; i++) {
            const struct collection *collection = sql_rows_at(call.rows, i);
            json_t *shown = collection_json(collection);
            add_picture(app, base, collection->first_work, shown);
            json_array_append_new(items, shown);
        }
    }
    g_clear_pointer(&call.rows, sql_rows_free);
    return items;
}

static bool find_featured(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return collection_find_featured(sql, call->app->rules->edition, &call->collection, &call->found, error);
}

json_t *shown_featured(struct app *app, const struct request *request, int64_t works_most, GError **error)
{
    struct call call = {.app = app};
    g_autofree char *base = base_url(app, request);
    json_t *shown = NULL;

    if (database_read(app->database, "collection.featured", find_featured, &call, error)) {
        const struct publication_query query = {.collection = call.collection.id, .limit = works_most};
        json_auto_t *page = call.found ? works_tiles(app, base, &query, error) : NULL;
        shown = call.found ? (page == NULL ? NULL : collection_json(&call.collection)) : json_null();
        if (page != NULL) {
            view_tiles(json_object_get(page, "items"));
            json_object_set(shown, "items", json_object_get(page, "items"));
        }
    }
    collection_clear(&call.collection);
    return shown;
}

HANDLER(page_collections)
{
    json_t *collections = shown_collections(app, request, error);

    if (collections == NULL) {
        return NULL;
    }
    json_t *data = shown_page(app, request, "专题", "works");
    json_object_set_new(data, "collections", collections);
    return shown_html(app, "collections.html", data, 200, error);
}

static bool get(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return collection_get(sql, call->id, false, &call->collection, error);
}

HANDLER(page_collection)
{
    struct call call = {.app = app, .id = request_param(request, "id")};
    const struct publication_query query = {.collection = call.id,
                                            .after = request_query(request, "after"),
                                            .limit = PAGE_WORKS};
    json_t *data = NULL;

    if (database_read(app->database, "collection.get", get, &call, error)) {
        data = shown_page(app, request, call.collection.title, "works");
        json_object_set_new(data, "collection", collection_json(&call.collection));
        if (!shown_works(app, request, data, &query, error)) {
            json_decref(data);
            data = NULL;
        }
    }
    collection_clear(&call.collection);
    return data == NULL ? NULL : shown_html(app, "collection.html", data, 200, error);
}

HANDLER(feed_show_collection)
{
    struct call call = {.app = app, .id = request_param(request, "id")};
    const struct publication_query query = {.collection = call.id};
    const bool found = database_read(app->database, "collection.get", get, &call, error);
    struct response *response = found ? feed_answer_rss(app, request, &query, call.collection.title, error) : NULL;

    collection_clear(&call.collection);
    return response;
}

/* --- tracks ---------------------------------------------------------------------------------------------------- */

HANDLER(page_track)
{
    const struct track *track = rules_track_find(app->rules, request_param(request, "key"));

    if (track == NULL) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such track");
        return NULL;
    }
    const struct publication_query query = {.track = track->key,
                                            .after = request_query(request, "after"),
                                            .limit = PAGE_WORKS};
    json_t *data = shown_page(app, request, track->name, "works");
    json_object_set_new(data, "track",
                        json_pack("{s:s, s:s, s:b, s:I, s:I, s:b}", "key", track->key, "name", track->name, "is_photo",
                                  strcmp(track->kind, "photo") == 0, "max_minutes", (json_int_t)(track->max_ms / 60000),
                                  "max_files", (json_int_t)track->max_files, "is_open",
                                  track->is_public && track_is_open(track, request_now_ms(request))));
    if (!shown_works(app, request, data, &query, error)) {
        json_decref(data);
        return NULL;
    }
    return shown_html(app, "track.html", data, 200, error);
}

/* --- editions -------------------------------------------------------------------------------------------------- */

static bool list_editions(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = edition_list(sql, error);
    return call->rows != NULL;
}

HANDLER(page_archive)
{
    struct call call = {.app = app};
    json_t *editions = json_array();

    if (!database_read(app->database, "edition.list", list_editions, &call, error)) {
        json_decref(editions);
        return NULL;
    }
    for (size_t i = 0; i < call.rows->count; i++) {
        const struct edition *edition = sql_rows_at(call.rows, i);
        json_array_append_new(editions, json_pack("{s:s, s:s, s:I, s:b, s:I}", "key", edition->key, "name",
                                                  edition->name, "year", (json_int_t)edition->year, "is_current",
                                                  (int)edition->is_current, "works", (json_int_t)edition->works));
    }
    g_clear_pointer(&call.rows, sql_rows_free);
    json_t *data = shown_page(app, request, "往届回顾", "works");
    json_object_set_new(data, "editions", editions);
    return shown_html(app, "archive.html", data, 200, error);
}

static bool find_edition(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = edition_find(sql, call->id, error);
    return call->rows != NULL;
}

HANDLER(page_edition)
{
    struct call call = {.app = app, .id = request_param(request, "key")};
    json_t *data = NULL;

    if (!database_read(app->database, "edition.find", find_edition, &call, error)) {
        return NULL;
    }
    if (call.rows->count == 1) {
        const struct edition *edition = sql_rows_at(call.rows, 0);
        const struct publication_query query = {.edition = edition->key,
                                                .after = request_query(request, "after"),
                                                .limit = PAGE_WORKS};
        data = shown_page(app, request, edition->name, "works");
        json_object_set_new(data, "edition", json_pack("{s:s, s:s}", "key", edition->key, "name", edition->name));
        if (!shown_works(app, request, data, &query, error)) {
            json_decref(data);
            data = NULL;
        }
    } else {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such edition");
    }
    g_clear_pointer(&call.rows, sql_rows_free);
    return data == NULL ? NULL : shown_html(app, "edition.html", data, 200, error);
}
