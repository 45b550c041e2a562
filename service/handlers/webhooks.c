/* Receivers of events, as the administrator sees them. */
#include "service/webhooks.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/http/transfer.h"
#include "service/model/receiver.h"

struct call {
    struct app *app;
    const struct request *request;
    struct sql_rows *rows;
    struct receiver_new new;
    struct receiver receiver;
    char *shown;
};

static void call_clear(struct call *call)
{
    g_clear_pointer(&call->rows, sql_rows_free);
    receiver_clear(&call->receiver);
    g_free(call->shown);
}

static json_t *receiver_json(const struct receiver *receiver)
{
    json_t *kinds = json_array();
    g_auto(GStrv) words = g_strsplit(receiver->kinds, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        if ((*word)[0] != '\0') {
            json_array_append_new(kinds, json_string(*word));
        }
    }
    return json_pack("{s:s, s:s, s:o, s:o, s:I, s:o, s:I, s:I, s:s}", "id", receiver->id, "name", receiver->name, "url",
                     receiver->url[0] == '\0' ? json_null() : json_string(receiver->url), "kinds", kinds, "created_ms",
                     (json_int_t)receiver->created_ms, "revoked_ms",
                     receiver->revoked_ms == 0 ? json_null() : json_integer(receiver->revoked_ms), "waiting",
                     (json_int_t)receiver->waiting, "given_up", (json_int_t)receiver->given_up, "last_outcome",
                     receiver->last_outcome == NULL ? "" : receiver->last_outcome);
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = receiver_list(sql, error);
    return call->rows != NULL;
}

HANDLER(webhook_index)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (database_read(app->database, "receiver.list", list, &call, error)) {
        json_t *items = json_array();
        json_t *kinds = json_array();
        for (size_t i = 0; i < call.rows->count; i++) {
            json_array_append_new(items, receiver_json(sql_rows_at(call.rows, i)));
        }
        for (int i = 0; i < OUTBOX_KIND_COUNT; i++) {
            json_array_append_new(kinds, json_string(outbox_kind_name((enum outbox_kind)i)));
        }
        response = response_json(200, json_pack("{s:o, s:o}", "items", items, "kinds", kinds));
        response_header(response, "Cache-Control", "no-store");
    }
    call_clear(&call);
    return response;
}

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return receiver_add(sql, call->app->secrets, &call->new, &actor, request_now_ms(call->request), &call->receiver,
                        &call->shown, error);
}

HANDLER(webhook_post)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;
    json_t *kinds = NULL;
    json_t *url = NULL;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s?:o, s?:o}", "name", &call.new.name, "url", &url,
                       "kinds", &kinds) != 0 ||
        (kinds != NULL && !json_is_array(kinds)) || (url != NULL && !json_is_string(url) && !json_is_null(url))) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "name, url or kinds");
        return NULL;
    }
    call.new.url = json_string_value(url); /* NULL for null too: it asks */
    call.new.kinds = kinds;
    if ((call.new.url == NULL || webhooks_check_url(app, call.new.url, error)) &&
        database_transact(app->database, "receiver.add", add, &call, error)) {
        json_t *json = receiver_json(&call.receiver);
        json_object_set_new(json, call.new.url == NULL ? "token" : "secret", json_string(call.shown));
        response = response_json(201, json);
        response_header(response, "Cache-Control", "no-store");
    }
    call_clear(&call);
    return response;
}

static bool take_back(struct sql *sql, void *context, GError **error)
{
    const struct request *request = context;
    const struct actor actor = request_actor(request);

    return receiver_revoke(sql, request_param(request, "id"), &actor, request_now_ms(request), error);
}

HANDLER(webhook_delete)
{
    return database_transact(app->database, "receiver.revoke", take_back, request, error) ? response_empty(204) : NULL;
}

static bool get(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return receiver_get(sql, request_param(call->request, "id"), &call->receiver, error);
}

HANDLER(webhook_test)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (!request_is_transferring(request)) {
        return request_transfer(request, webhook_test); /* it waits for somebody else's server */
    }
    if (database_read(app->database, "receiver.get", get, &call, error) &&
        webhooks_try(app, &call.receiver, request_now_ms(request), &call.shown, error)) {
        response = response_json(200, json_pack("{s:b, s:s}", "delivered", strcmp(call.shown, "ok") == 0, "outcome",
                                                call.shown));
        response_header(response, "Cache-Control", "no-store");
    }
    call_clear(&call);
    return response;
}
