/* Finds the row, lets the gate judge, reads the body, runs the handler, and turns an error into an answer: the one place
 * that logs a failure of a request. */
#include "service/http/routing.h"
#include "service/http/shared.h"

#include <string.h>

#include "common/failure.h"
#include "service/http/framing.h"
#include "service/http/metrics.h"

static const size_t JSON_MAX[] = {[BODY_JSON] = 65536, [BODY_REPORT] = 524288, [BODY_STREAM] = 0};
#define RETRY_AFTER_S 5

struct router {
    struct router_config config;
    size_t *prefixes; /* of each route: bytes of its pattern in front of the first parameter, the slash at least */
};

struct router *router_new(const struct router_config *config)
{
    struct router *router = g_new0(struct router, 1);

    router->config = *config;
    router->prefixes = g_new(size_t, config->route_count);
    for (size_t i = 0; i < config->route_count; i++) {
        router->prefixes[i] = strcspn(config->routes[i].pattern, ":*");
    }
    return router;
}

void router_free(struct router *router)
{
    if (router != NULL) {
        g_free(router->prefixes);
    }
    g_free(router);
}

static void clear_params(struct request *request)
{
    for (size_t i = 0; i < request->param_count; i++) {
        g_free(request->params[i].name);
        g_free(request->params[i].value);
    }
    request->param_count = 0;
}

static bool add_param(struct request *request, const char *name, size_t name_length, const char *value,
                      size_t value_length)
{
    g_assert(request->param_count < REQUEST_PARAMS_MAX); /* our own patterns */
    if (value_length == 0) {
        return false;
    }
    request->params[request->param_count++] =
        (struct own_field){g_strndup(name, name_length), g_strndup(value, value_length)};
    return true;
}

/* The number of literal bytes says which of two fitting rows is the closer one. */
static bool match(const char *pattern, const char *path, struct request *request, size_t *literal)
{
    *literal = 0;
    clear_params(request);
    while (*pattern != '\0') {
        if (*pattern == '*') {
            return add_param(request, pattern + 1, strlen(pattern + 1), path, strlen(path));
        }
        if (*pattern == ':') {
            const size_t named = strcspn(pattern, "/");
            const size_t given = strcspn(path, "/");
            if (!add_param(request, pattern + 1, named - 1, path, given)) {
                return false;
            }
            pattern += named;
            path += given;
        } else if (*pattern++ == *path++) {
            ++*literal;
        } else {
            return false; /* also where the path is over */
        }
    }
    return *path == '\0';
}

/* Whether a pattern may fit, by the last byte in front of its parameters, which most rows do not share: looking at all of each
 * pattern was a tenth of what a kept page costs. */
static bool may_match(const char *pattern, size_t prefix, const char *path, size_t length)
{
    return prefix <= length && pattern[prefix - 1] == path[prefix - 1];
}

static bool method_fits(const struct route *route, const char *method)
{
    return strcmp(route->method, method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

static void note_allowed(GString *allow, const char *method)
{
    if (strstr(allow->str, method) == NULL) {
        g_string_append_printf(allow, "%s%s", allow->len == 0 ? "" : ", ", method);
        if (strcmp(method, "GET") == 0) {
            note_allowed(allow, "HEAD");
        }
    }
}

const struct route *router_find(struct router *router, struct request *request, const char *method, GString *allow)
{
    const struct route *best = NULL;
    const size_t length = strlen(request->path);
    size_t best_literal = 0;
    size_t literal;

    for (size_t i = 0; i < router->config.route_count; i++) {
        const struct route *route = &router->config.routes[i];

        if (!may_match(route->pattern, router->prefixes[i], request->path, length) ||
            !match(route->pattern, request->path, request, &literal)) {
            continue;
        }
        if (allow != NULL) {
            note_allowed(allow, route->method);
        }
        /* An exact method beats GET serving HEAD. */
        const bool is_closer =
            best == NULL || literal > best_literal || (literal == best_literal && strcmp(best->method, method) != 0);
        if (method_fits(route, method) && is_closer) {
            best = route;
            best_literal = literal;
        }
    }
    clear_params(request);
    if (best != NULL) {
        (void)match(best->pattern, request->path, request, &literal); /* fitted before: sets the parameters again */
    }
    return best;
}

static bool wants_page(const struct request *request)
{
    const char *accept = request_header(request, "Accept");

    return accept != NULL && strstr(accept, "text/html") != NULL;
}

void router_refuse(struct router *router, struct request *request, const GError *error)
{
    const enum failure failure = reason_rule_of(error_reason(error))->failure;
    struct response *response = NULL;

    log_error(&request->log, "http.refused", error);
    if (failure == FAILURE_RATE || failure == FAILURE_BUSY || failure == FAILURE_FULL || failure == FAILURE_LOCKED) {
        g_autofree char *seconds =
            g_strdup_printf("%d", request->retry_after_s > 0 ? request->retry_after_s : RETRY_AFTER_S);
        request_reply_header(request, "Retry-After", seconds);
    }
    if (router->config.problem != NULL && wants_page(request)) {
        response = router->config.problem(router->config.app, request, error);
    }
    response_free(request->response);
    request->response = response != NULL ? response : response_problem(error);
    response_complete(request->response, request);
}

/* OPTIONS where no row says otherwise: what the path allows, and a preflight that permits reading by range. */
static void answer_options(struct request *request, const char *allow)
{
    request->response = response_empty(204);
    response_header(request->response, "Allow", allow);
    if (strstr(allow, "GET") != NULL) {
        response_header(request->response, "Access-Control-Allow-Origin", "*");
        response_header(request->response, "Access-Control-Allow-Methods", "GET, HEAD");
        response_header(request->response, "Access-Control-Allow-Headers", "Range, If-Range");
        response_header(request->response, "Access-Control-Max-Age", "86400");
    }
    response_complete(request->response, request);
}

size_t router_json_max(enum body body)
{
    return JSON_MAX[body];
}

static bool check_body(const struct request *request, GError **error)
{
    const enum body body = request->route->body;

    if (body == BODY_NONE && request->has_body) {
        return refuse(error, HTTP_ERROR, REASON_BODY_TOO_LARGE, "a body where none is expected");
    }
    if (router_json_max(body) > 0 && request->content_length > (int64_t)router_json_max(body)) {
        return refuse(error, HTTP_ERROR, REASON_BODY_TOO_LARGE, "the JSON body is too long");
    }
    return true;
}

void router_greet(struct router *router, struct request *request)
{
    if (router->config.greet != NULL) {
        router->config.greet(request, request->path[0] != '\0' ? request->path : request->raw_uri);
    }
}

void router_prepare(struct router *router, struct request *request)
{
    g_autoptr(GError) error = NULL;

    request->router = router;
    request->route = router_find(router, request, request->method, NULL);
    if (request->route != NULL) {
        if (!check_body(request, &error)) {
            router_refuse(router, request, error);
        }
        return;
    }
    g_autoptr(GString) allow = g_string_new(NULL);
    (void)router_find(router, request, request->method, allow);
    if (allow->len == 0) {
        error = g_error_new_literal(HTTP_ERROR, REASON_NOT_FOUND, "no such path");
        router_refuse(router, request, error);
        return;
    }
    note_allowed(allow, "OPTIONS");
    if (strcmp(request->method, "OPTIONS") == 0) {
        answer_options(request, allow->str);
        return;
    }
    request_reply_header(request, "Allow", allow->str);
    error = g_error_new_literal(HTTP_ERROR, REASON_METHOD, "the path does not have this method");
    router_refuse(router, request, error);
}

static bool is_json_type(const char *type)
{
    return type != NULL && g_ascii_strncasecmp(type, "application/json", 16) == 0 &&
           (type[16] == '\0' || type[16] == ';' || type[16] == ' ');
}

static bool read_json(struct request *request, GError **error)
{
    json_error_t cause;

    if (request->body == NULL || request->body->len == 0) {
        request->json = json_object();
        return true;
    }
    if (request->body->len > router_json_max(request->route->body)) {
        return refuse(error, HTTP_ERROR, REASON_BODY_TOO_LARGE, "the JSON body is too long");
    }
    /* The type keeps a form of another site from posing as an API call. */
    if (!is_json_type(request_header(request, "Content-Type"))) {
        return refuse(error, HTTP_ERROR, REASON_UNSUPPORTED, "the body is not application/json");
    }
    request->json = json_loadb((const char *)request->body->data, request->body->len, JSON_REJECT_DUPLICATES, &cause);
    if (!json_is_object(request->json)) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "no JSON object, position %d", cause.position);
        return false;
    }
    return true;
}

bool router_answer_shared(struct router *router, struct request *request)
{
    const struct router_config *config = &router->config;

    if (config->shared == NULL || request->route == NULL || request->route->access != config->shared_access) {
        return false;
    }
    request_narrow_query(request, request->route->query);
    request->response = shared_find(config->shared, request);
    return request->response != NULL;
}

/* Either a completed answer, the parked one, or nothing because a stream was attached. */
static void take_answer(struct router *router, struct request *request, struct response *response, GError *error)
{
    request->response = response;
    if (response != NULL && response != response_parked() && response != response_moved()) {
        if (request->shared_key != NULL) {
            shared_keep(router->config.shared, request, response);
        }
        response_complete(response, request);
        return;
    }
    if (response == NULL && (error != NULL || !request->has_stream)) {
        g_autoptr(GError) none = g_error_new_literal(HTTP_ERROR, REASON_INTERNAL, "a handler without an answer");
        router_refuse(router, request, error != NULL ? error : none);
    }
}

void router_run(struct router *router, struct request *request)
{
    const struct router_config *config = &router->config;
    g_autoptr(GError) error = NULL;
    struct response *response = NULL;

    if ((config->gate == NULL || config->gate(config->app, request->route, request, &error)) &&
        (router_json_max(request->route->body) == 0 || read_json(request, &error))) {
        response = request->route->handle(config->app, request, &error);
    }
    take_answer(router, request, response, error);
}

void router_run_again(struct router *router, struct request *request)
{
    g_autoptr(GError) error = NULL;

    struct response *response = request->again(router->config.app, request, &error);
    if (response == response_parked() && request->must_answer) {
        g_set_error_literal(&error, HTTP_ERROR, REASON_BUSY, "the server is stopping");
        response = NULL;
    }
    take_answer(router, request, response, error);
}

void router_finish_stream(struct router *router, struct request *request)
{
    g_autoptr(GError) error = NULL;
    struct response *response = request->stream.finish(request->stream.context, request, &error);

    if (response == NULL && error == NULL) {
        g_set_error_literal(&error, HTTP_ERROR, REASON_INTERNAL, "a stream without an answer");
    }
    take_answer(router, request, response, error);
}
