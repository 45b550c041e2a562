/* Texts of the edition that an administrator edits: reasons in parents' words, and words to look at twice. */
#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/model/review_reason.h"
#include "service/model/words.h"

struct call {
    struct app *app;
    const struct request *request;
    json_t *items;
};

static struct response *no_store(json_t *json)
{
    struct response *response = response_json(200, json);

    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool look_reasons(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autoptr(SqlRows) reasons = review_reason_list(sql, call->app->rules, error);

    g_clear_pointer(&call->items, json_decref);
    call->items = reasons == NULL ? NULL : review_reasons_json(reasons);
    return reasons != NULL;
}

HANDLER(reasons_show)
{
    struct call call = {.app = app, .request = request};

    return database_read(app->database, "reason.list", look_reasons, &call, error)
               ? no_store(json_pack("{s:o}", "items", call.items))
               : NULL;
}

static bool look_words(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autoptr(Words) words = words_read(sql, call->app->rules->edition, error);

    g_clear_pointer(&call->items, json_decref);
    call->items = words == NULL ? NULL : words_list_json(words);
    return words != NULL;
}

/* `fixed`: those of the configuration, which only a change of the file changes. */
HANDLER(words_show)
{
    struct call call = {.app = app, .request = request};

    return database_read(app->database, "word.list", look_words, &call, error)
               ? no_store(json_pack("{s:o, s:o}", "items", call.items, "fixed", words_list_json(app->rules->words)))
               : NULL;
}

static bool set_reasons(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return review_reason_set(sql, call->app->rules, call->items, &actor, request_now_ms(call->request), error);
}

static bool set_words(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return words_set(sql, call->app->rules->edition, call->items, &actor, request_now_ms(call->request), error);
}

static struct response *put(struct app *app, struct request *request, database_work *work, GError **error)
{
    struct call call = {.app = app, .request = request, .items = json_object_get(request_json(request), "items")};

    if (!json_is_array(call.items)) {
        g_set_error_literal(error, HTTP_ERROR, REASON_JSON, "items");
        return NULL;
    }
    return database_transact(app->database, "edition.texts", work, &call, error) ? response_empty(204) : NULL;
}

HANDLER(reasons_put)
{
    return put(app, request, set_reasons, error);
}

HANDLER(words_put)
{
    return put(app, request, set_words, error);
}
