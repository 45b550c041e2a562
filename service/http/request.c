#include "service/http/exchange.h"

#include <string.h>

#include <microhttpd.h>

#include "common/failure.h"
#include "service/http/framing.h"
#include "service/http/transfer.h"

#define QUERY_ARGUMENTS_MAX 32

static void own_field_clear(gpointer data)
{
    struct own_field *field = data;

    g_free(field->name);
    g_free(field->value);
}

struct request *request_new(const char *raw_uri)
{
    struct request *request = g_new0(struct request, 1);

    request->references = 1;
    request->raw_uri = g_strdup(raw_uri);
    request->started_us = g_get_monotonic_time();
    request->now_ms = g_get_real_time() / 1000;
    request->content_length = -1;
    request->method = "";
    request->path = g_strdup("");
    request->scheme = "http";
    request->host = "";
    request->headers = g_array_sized_new(FALSE, FALSE, sizeof(struct field), 16);
    request->query = g_array_new(FALSE, FALSE, sizeof(struct own_field));
    request->replies = g_array_new(FALSE, FALSE, sizeof(struct own_field));
    request->cookies = g_array_new(FALSE, FALSE, sizeof(struct own_field));
    g_array_set_clear_func(request->query, own_field_clear);
    g_array_set_clear_func(request->cookies, own_field_clear);
    g_array_set_clear_func(request->replies, own_field_clear);
    (void)g_snprintf(request->id, sizeof request->id, "%08x", g_random_int());
    const struct log log = log_named("http");
    request->log = log_with(&log, "rid=%s", request->id);
    return request;
}

struct request *request_ref(struct request *request)
{
    g_atomic_int_inc(&request->references);
    return request;
}

void request_unref(struct request *request)
{
    if (request == NULL || !g_atomic_int_dec_and_test(&request->references)) {
        return;
    }
    if (request->has_stream && request->stream.free != NULL) {
        request->stream.free(request->stream.context);
    }
    if (request->free_principal != NULL) {
        request->free_principal(request->principal);
    }
    for (size_t i = 0; i < request->param_count; i++) {
        own_field_clear(&request->params[i]);
    }
    g_clear_pointer(&request->body, g_byte_array_unref);
    g_clear_pointer(&request->json, json_decref);
    response_free(request->response);
    g_array_unref(request->headers);
    g_array_unref(request->query);
    g_array_unref(request->cookies);
    g_array_unref(request->replies);
    g_clear_pointer(&request->trimmed, g_ptr_array_unref);
    g_free(request->park_topic);
    g_free(request->shared_key);
    g_free(request->path);
    g_free(request->raw_uri);
    g_free(request);
}

struct request *request_hold(struct request *request)
{
    return request_ref(request);
}

void request_release(struct request *request)
{
    request_unref(request);
}

static char *decode(const char *at, size_t length)
{
    g_autofree char *raw = g_strndup(at, length);

    /* "+" is a space in a query only; the pages send %20, forms send "+". */
    char *text = g_uri_unescape_string(raw, NULL);
    if (text != NULL && !g_utf8_validate(text, -1, NULL)) {
        g_clear_pointer(&text, g_free);
    }
    return text;
}

static bool add_argument(struct request *request, const char *at, size_t length)
{
    g_autofree char *pair = g_strndup(at, length);

    (void)g_strdelimit(pair, "+", ' ');
    const char *equals = strchr(pair, '=');
    const size_t name_length = equals == NULL ? length : (size_t)(equals - pair);
    struct own_field field = {
        .name = decode(pair, name_length),
        .value = decode(equals == NULL ? "" : equals + 1, equals == NULL ? 0 : length - name_length - 1),
    };

    if (field.name == NULL || field.value == NULL) {
        own_field_clear(&field);
        return false;
    }
    g_array_append_val(request->query, field);
    return true;
}

bool request_set_target(struct request *request)
{
    const char *at = request->raw_uri;
    const size_t path_length = strcspn(at, "?");
    char *path = decode(at, path_length);

    if (path == NULL) {
        return false;
    }
    g_free(request->path);
    request->path = path;
    at += path_length;
    while (*at != '\0') {
        at++; /* '?' or '&' */
        const size_t length = strcspn(at, "&");

        if (length > 0 && (request->query->len >= QUERY_ARGUMENTS_MAX || !add_argument(request, at, length))) {
            return false;
        }
        at += length;
    }
    return true;
}

void request_narrow_query(struct request *request, const char *names)
{
    g_auto(GStrv) each = g_strsplit(names == NULL ? "" : names, " ", -1);
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(struct own_field));

    g_array_set_clear_func(kept, own_field_clear);
    for (char **name = each; *name != NULL; name++) {
        const char *value = request_query(request, *name);
        if (value != NULL) {
            const struct own_field field = {g_strdup(*name), g_strdup(value)};
            g_array_append_val(kept, field);
        }
    }
    g_array_unref(request->query);
    request->query = kept;
}

void request_trim_headers(struct request *request)
{
    for (guint i = 0; i < request->headers->len; i++) {
        struct field *field = &g_array_index(request->headers, struct field, i);
        const size_t length = strlen(field->value);
        const char last = length == 0 ? '\0' : field->value[length - 1];

        if (last == ' ' || last == '\t') {
            char *value = g_strstrip(g_strdup(field->value));
            if (request->trimmed == NULL) {
                request->trimmed = g_ptr_array_new_with_free_func(g_free);
            }
            g_ptr_array_add(request->trimmed, value);
            field->value = value;
        }
    }
}

const char *request_method(const struct request *request)
{
    return request->method;
}

const char *request_target(const struct request *request)
{
    return request->raw_uri;
}

const char *request_path(const struct request *request)
{
    return request->path;
}

const char *request_pattern(const struct request *request)
{
    return request->route == NULL ? "-" : request->route->pattern;
}

const char *request_param(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++) {
        if (strcmp(request->params[i].name, name) == 0) {
            return request->params[i].value;
        }
    }
    g_assert_not_reached(); /* the name stands in the route's pattern */
}

const char *request_query(const struct request *request, const char *name)
{
    for (guint i = 0; i < request->query->len; i++) {
        const struct own_field *field = &g_array_index(request->query, struct own_field, i);

        if (strcmp(field->name, name) == 0) {
            return field->value;
        }
    }
    return NULL;
}

bool request_query_int64(const struct request *request, const char *name, int64_t low, int64_t high, int64_t *value,
                         GError **error)
{
    const char *text = request_query(request, name);
    gint64 number;

    if (text == NULL) {
        return true;
    }
    if (!g_ascii_string_to_signed(text, 10, low, high, &number, NULL)) {
        g_set_error(error, HTTP_ERROR, REASON_INPUT, "query argument %s is out of range", name);
        return false;
    }
    *value = number;
    return true;
}

const char *request_header(const struct request *request, const char *name)
{
    for (guint i = 0; i < request->headers->len; i++) {
        const struct field *field = &g_array_index(request->headers, struct field, i);

        if (g_ascii_strcasecmp(field->name, name) == 0) {
            return field->value;
        }
    }
    return NULL;
}

bool request_header_is_clear(const struct request *request, const char *name)
{
    const char *first = request_header(request, name);

    for (guint i = 0; i < request->headers->len; i++) {
        const struct field *field = &g_array_index(request->headers, struct field, i);

        if (g_ascii_strcasecmp(field->name, name) == 0 && strcmp(field->value, first) != 0) {
            return false;
        }
    }
    return true;
}

/* One cookie out of "a=b; c=d". The value is kept with the request so that it can be handed out. */
/* The connection is suspended, or its handler runs: nobody else touches it. */
const char *request_trailer(const struct request *request, const char *name)
{
    const char *value = MHD_lookup_connection_value(request->connection, MHD_FOOTER_KIND, name);

    return value != NULL && framing_is_clean(value) ? value : NULL;
}

const char *request_cookie(const struct request *request, const char *name)
{
    const char *at = request_header(request, "Cookie");
    const size_t name_length = strlen(name);

    while (at != NULL && *at != '\0') {
        at += strspn(at, " \t;");
        const size_t length = strcspn(at, ";");

        if (length > name_length && strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            struct own_field kept = {
                .name = g_strdup(name),
                .value = g_strstrip(g_strndup(at + name_length + 1, length - name_length - 1)),
            };
            g_array_append_val(request->cookies, kept);
            return kept.value;
        }
        at += length;
    }
    return NULL;
}

json_t *request_json(const struct request *request)
{
    return request->json;
}

int64_t request_now_ms(const struct request *request)
{
    return request->now_ms;
}

int64_t request_started_us(const struct request *request)
{
    return request->started_us;
}

const char *request_peer(const struct request *request)
{
    return request->peer;
}

const char *request_scheme(const struct request *request)
{
    return request->scheme;
}

const char *request_host(const struct request *request)
{
    return request->host;
}

const char *request_id(const struct request *request)
{
    return request->id;
}

const struct log *request_log(const struct request *request)
{
    return &request->log;
}

int64_t request_content_length(const struct request *request)
{
    return request->has_body ? request->content_length : 0;
}

bool request_has_body(const struct request *request)
{
    return request->has_body;
}

struct server *request_server(const struct request *request)
{
    return request->server;
}

void request_reply_header(struct request *request, const char *name, const char *value)
{
    for (guint i = 0; i < request->replies->len; i++) {
        struct own_field *field = &g_array_index(request->replies, struct own_field, i);

        if (g_ascii_strcasecmp(field->name, name) == 0) {
            g_free(field->value);
            field->value = g_strdup(value);
            return;
        }
    }
    const struct own_field field = {g_strdup(name), g_strdup(value)};
    g_array_append_val(request->replies, field);
}

void request_retry_after(struct request *request, int seconds)
{
    request->retry_after_s = seconds;
}

void request_set_principal(struct request *request, void *principal, GDestroyNotify free_principal)
{
    if (request->free_principal != NULL) {
        request->free_principal(request->principal);
    }
    request->principal = principal;
    request->free_principal = free_principal;
}

void *request_principal(const struct request *request)
{
    return request->principal;
}

void request_attach_stream(struct request *request, const struct stream *stream)
{
    g_assert(!request->has_stream);
    request->stream = *stream;
    request->has_stream = true;
}

struct response *request_transfer(struct request *request, handler *again)
{
    request->again = again;
    return response_moved();
}

bool request_is_transferring(const struct request *request)
{
    return request->is_transferring;
}
