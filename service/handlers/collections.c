/* Collections: the public JSON, what editors change, and their pages and feed. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/shown_collection.h"
#include "service/handlers/work.h"
#include "service/handlers/works.h"
#include "service/model/collection.h"

struct call {
    struct app *app;
    const struct request *request;
    bool all; /* also what is not public */
    struct collection collection;
    struct sql_rows *rows;
    const char *work;
};

static void call_clear(struct call *call)
{
    collection_clear(&call->collection);
    g_clear_pointer(&call->rows, sql_rows_free);
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = collection_list(sql, call->app->rules->edition, call->all, error);
    return call->rows != NULL;
}

static struct response *answer_list(struct app *app, bool all, GError **error)
{
    struct call call = {.app = app, .all = all};
    struct response *response = NULL;

    if (database_read(app->database, "collection.list", list, &call, error)) {
        json_t *items = json_array();
        for (size_t i = 0; i < call.rows->count; i++) {
            json_array_append_new(items, collection_json(sql_rows_at(call.rows, i)));
        }
        response = response_json(200, json_pack("{s:o}", "items", items));
        response_header(response, "Cache-Control", all ? "no-store" : "no-cache");
        if (!all) {
            response_header(response, "Access-Control-Allow-Origin", "*");
        }
    }
    call_clear(&call);
    return response;
}

HANDLER(collection_index)
{
    (void)request;
    return answer_list(app, false, error);
}

HANDLER(collection_index_all)
{
    (void)request;
    return answer_list(app, true, error);
}

static bool get(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return collection_get(sql, request_param(call->request, "id"), call->all, &call->collection, error);
}

static bool get_works(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = get(sql, context, error) ? collection_works(sql, call->collection.id, error) : NULL;
    return call->rows != NULL;
}

/* For editors: every work of it, also those that are not public now. */
HANDLER(collection_show_works)
{
    struct call call = {.app = app, .request = request, .all = true};
    struct response *response = NULL;

    if (database_read(app->database, "collection.works", get_works, &call, error)) {
        json_t *items = json_array();
        for (size_t i = 0; i < call.rows->count; i++) {
            const struct collection_work *work = sql_rows_at(call.rows, i);
            json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "id", work->submission, "title", work->title,
                                                   "state", work->state));
        }
        response = response_json(200, json_pack("{s:o}", "items", items));
        response_header(response, "Cache-Control", "no-store");
    }
    call_clear(&call);
    return response;
}

/* --- what editors change --------------------------------------------------------------------------------------- */

static bool take_form(struct call *call, GError **error)
{
    const char *title = NULL;
    const char *words = "";
    int is_featured = 0;
    int is_public = 0;
    json_error_t cause;

    if (json_unpack_ex(request_json(call->request), &cause, 0, "{s:s, s?:s, s?:b, s?:b}", "title", &title, "words",
                       &words, "is_featured", &is_featured, "is_public", &is_public) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return false;
    }
    char *id = g_steal_pointer(&call->collection.id);
    collection_clear(&call->collection);
    call->collection = (struct collection){.id = id,
                                           .edition = g_strdup(call->app->rules->edition),
                                           .title = g_strdup(title),
                                           .words = g_strdup(words),
                                           .is_featured = is_featured,
                                           .is_public = is_public};
    return true;
}

static bool set(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return collection_set(sql, &call->collection, &actor, request_now_ms(call->request), error);
}

HANDLER(collection_post)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (take_form(&call, error) && database_transact(app->database, "collection.add", set, &call, error)) {
        response = response_json(201, json_pack("{s:s}", "id", call.collection.id));
    }
    call_clear(&call);
    return response;
}

HANDLER(collection_put)
{
    struct call call = {.app = app, .request = request};

    call.collection.id = g_strdup(request_param(request, "id"));
    const bool good =
        take_form(&call, error) && database_transact(app->database, "collection.change", set, &call, error);
    call_clear(&call);
    return good ? response_empty(204) : NULL;
}

static bool remove_it(struct sql *sql, void *context, GError **error)
{
    const struct request *request = context;
    const struct actor actor = request_actor(request);

    return collection_remove(sql, request_param(request, "id"), &actor, request_now_ms(request), error);
}

HANDLER(collection_delete)
{
    return database_transact(app->database, "collection.remove", remove_it, request, error) ? response_empty(204)
                                                                                            : NULL;
}

static bool add_work(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return collection_add(sql, request_param(call->request, "id"), call->work, &actor, request_now_ms(call->request),
                          error);
}

HANDLER(collection_post_work)
{
    struct call call = {.app = app, .request = request};
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s}", "id", &call.work) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    return database_transact(app->database, "collection.add_work", add_work, &call, error) ? response_empty(204) : NULL;
}

static bool set_works(struct sql *sql, void *context, GError **error)
{
    const struct request *request = context;
    const struct actor actor = request_actor(request);

    return collection_set_works(sql, request_param(request, "id"), json_object_get(request_json(request), "works"),
                                &actor, request_now_ms(request), error);
}

HANDLER(collection_put_works)
{
    return database_transact(app->database, "collection.set_works", set_works, request, error) ? response_empty(204)
                                                                                               : NULL;
}
