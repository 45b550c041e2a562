/* The worker pool and the services as the administrator sees it. */
#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/model/node.h"
#include "service/model/worker.h"

struct call {
    const struct request *request;
    struct sql_rows *workers;
    struct sql_rows *tokens;
    struct sql_rows *nodes;
    const char *name;
    char *id;
    char *token;
};

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->workers, sql_rows_free);
    g_clear_pointer(&call->tokens, sql_rows_free);
    g_clear_pointer(&call->nodes, sql_rows_free);
    call->workers = worker_list(sql, request_now_ms(call->request), error);
    call->tokens = call->workers == NULL ? NULL : worker_token_list(sql, error);
    call->nodes = call->tokens == NULL ? NULL : node_list(sql, error);
    return call->nodes != NULL;
}

static json_t *worker_json(const struct worker *worker)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "name", worker->name, "version", worker->version, "sandbox",
                     worker->sandbox, "token", worker->token_id, "seen_ms", (json_int_t)worker->seen_ms, "running",
                     (json_int_t)worker->running);
}

static json_t *token_json(const struct worker_token *token)
{
    json_t *revoked = token->revoked_ms == 0 ? json_null() : json_integer(token->revoked_ms);

    return json_pack("{s:s, s:s, s:I, s:o}", "id", token->id, "name", token->name, "created_ms",
                     (json_int_t)token->created_ms, "revoked_ms", revoked);
}

HANDLER(worker_index)
{
    struct call call = {.request = request};
    struct response *response = NULL;

    if (database_read(app->database, "worker.list", list, &call, error)) {
        json_t *workers = json_array();
        json_t *tokens = json_array();
        json_t *nodes = json_array();
        for (size_t i = 0; i < call.workers->count; i++) {
            json_array_append_new(workers, worker_json(sql_rows_at(call.workers, i)));
        }
        for (size_t i = 0; i < call.tokens->count; i++) {
            json_array_append_new(tokens, token_json(sql_rows_at(call.tokens, i)));
        }
        for (size_t i = 0; i < call.nodes->count; i++) {
            const struct node *node = sql_rows_at(call.nodes, i);
            json_array_append_new(nodes, json_pack("{s:s, s:s, s:s}", "id", node->id, "version", node->version,
                                                   "sandbox", node->sandbox));
        }
        response =
            response_json(200, json_pack("{s:o, s:o, s:o}", "workers", workers, "tokens", tokens, "nodes", nodes));
        response_header(response, "Cache-Control", "no-store");
    }
    g_clear_pointer(&call.workers, sql_rows_free);
    g_clear_pointer(&call.tokens, sql_rows_free);
    g_clear_pointer(&call.nodes, sql_rows_free);
    return response;
}

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    g_clear_pointer(&call->id, g_free);
    g_clear_pointer(&call->token, g_free);
    return worker_token_add(sql, call->name, &actor, request_now_ms(call->request), &call->id, &call->token, error);
}

HANDLER(worker_post)
{
    struct call call = {.request = request};
    struct response *response = NULL;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s}", "name", &call.name) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    if (database_transact(app->database, "worker_token.add", add, &call, error)) {
        response =
            response_json(201, json_pack("{s:s, s:s, s:s}", "id", call.id, "name", call.name, "token", call.token));
        response_header(response, "Cache-Control", "no-store");
    }
    g_free(call.id);
    g_free(call.token);
    return response;
}

static bool take_back(struct sql *sql, void *context, GError **error)
{
    const struct request *request = context;
    const struct actor actor = request_actor(request);

    return worker_token_revoke(sql, request_param(request, "id"), &actor, request_now_ms(request), error);
}

HANDLER(worker_delete)
{
    return database_transact(app->database, "worker_token.revoke", take_back, request, error) ? response_empty(204)
                                                                                              : NULL;
}
