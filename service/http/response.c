#include "service/http/exchange.h"

#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "common/failure.h"
#include "service/http/coding.h"
#include "service/http/framing.h"
#include "service/http/ranges.h"
#include "service/http/response_source.h"

#define COMPRESS_FROM_BYTES 1024 /* below, the answer fits one packet anyway */

#define CSP_REST                                                                                                       \
    "style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; "      \
    "worker-src 'self' blob:; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "           \
    "require-trusted-types-for 'script'; "
#define CSP_BASE "default-src 'none'; script-src 'self'; " CSP_REST

/* clang-format off */
static const struct field PROFILES[PROFILE_COUNT][9] = {
    [PROFILE_API] = {
        { "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Referrer-Policy", "no-referrer" },
        { "Cache-Control", "no-store" },
    },
    [PROFILE_PAGE] = {
        { "Content-Security-Policy", CSP_BASE "frame-ancestors 'none'" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Referrer-Policy", "strict-origin-when-cross-origin" },
        { "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
        { "Cache-Control", "no-cache" },
    },
    [PROFILE_EMBED] = {
        { "Content-Security-Policy", CSP_BASE "frame-ancestors *" },
        { "Cross-Origin-Resource-Policy", "cross-origin" },
        { "Referrer-Policy", "strict-origin-when-cross-origin" },
        { "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
        { "Cache-Control", "no-cache" },
    },
    [PROFILE_MEDIA] = {
        { "Content-Security-Policy", "sandbox; default-src 'none'" },
        { "Cross-Origin-Resource-Policy", "cross-origin" },
        { "Access-Control-Allow-Origin", "*" },
        { "Access-Control-Expose-Headers", "Content-Length, Content-Range, Accept-Ranges, ETag" },
        { "Timing-Allow-Origin", "*" },
        { "Cache-Control", "no-cache" },
    },
    [PROFILE_ASSET] = {
        { "Content-Security-Policy", "default-src 'none'" },
        { "Cross-Origin-Resource-Policy", "cross-origin" },
        { "Cache-Control", "no-cache" },
    },
};
/* clang-format on */

static void own_field_clear(gpointer data)
{
    struct own_field *field = data;

    g_free(field->name);
    g_free(field->value);
}

static struct response *response_new(int status)
{
    struct response *response = g_new0(struct response, 1);

    response->status = status;
    response->refs = 1;
    response->fd = -1;
    response->headers = g_array_new(FALSE, FALSE, sizeof(struct own_field));
    g_array_set_clear_func(response->headers, own_field_clear);
    return response;
}

void response_free(struct response *response)
{
    if (response == NULL || response == response_parked() || response == response_moved() ||
        !g_atomic_int_dec_and_test(&response->refs)) {
        return;
    }
    g_clear_pointer(&response->kept, MHD_destroy_response);
    pump_free(response->pump);
    if (response->fd >= 0) {
        (void)close(response->fd); /* read only: nothing to lose */
    }
    g_array_unref(response->headers);
    g_clear_pointer(&response->bytes, g_bytes_unref);
    g_free(response);
}

struct response *response_ref(struct response *response)
{
    (void)g_atomic_int_add(&response->refs, 1);
    return response;
}

struct response *response_parked(void)
{
    static const struct response PARKED = {.fd = -1};

    return (struct response *)(uintptr_t)&PARKED; /* compared by address, never written */
}

struct response *response_moved(void)
{
    static const struct response MOVED = {.fd = -1};

    return (struct response *)(uintptr_t)&MOVED; /* the same */
}

struct response *response_bytes(int status, const char *type, GBytes *bytes)
{
    struct response *response = response_new(status);

    response->content = CONTENT_BYTES;
    response->bytes = bytes;
    response_header(response, "Content-Type", type);
    return response;
}

struct response *response_text(int status, const char *type, GString *text)
{
    struct response *response = response_bytes(status, type, g_string_free_to_bytes(text));

    response->is_text = true;
    return response;
}

struct response *response_json(int status, json_t *body)
{
    json_auto_t *owned = body;
    char *text = json_dumps(owned, JSON_COMPACT);

    if (text == NULL) { /* not UTF-8: a mistake of ours */
        g_autoptr(GError) error = g_error_new_literal(HTTP_ERROR, REASON_INTERNAL, "a response that is no JSON");
        return response_problem(error);
    }
    struct response *response =
        response_bytes(status, "application/json", g_bytes_new_with_free_func(text, strlen(text), free, text));
    response->is_text = true;
    return response;
}

struct response *response_empty(int status)
{
    return response_new(status);
}

struct response *response_copy(const struct response *response)
{
    struct response *copy = response_new(response->status);

    copy->profile = response->profile;
    copy->content = response->content;
    copy->is_text = response->is_text;
    copy->bytes = response->bytes == NULL ? NULL : g_bytes_ref(response->bytes);
    for (guint i = 0; i < response->headers->len; i++) {
        const struct own_field *field = &g_array_index(response->headers, struct own_field, i);
        const struct own_field same = {g_strdup(field->name), g_strdup(field->value)}; /* was checked when it was set */
        g_array_append_val(copy->headers, same);
    }
    return copy;
}

struct response *response_redirect(int status, const char *location)
{
    struct response *response = response_new(status);

    response_header(response, "Location", location);
    return response;
}

struct response *response_problem(const GError *error)
{
    return response_problem_typed(error, "about:blank", NULL);
}

struct response *response_problem_typed(const GError *error, const char *address, json_t *members)
{
    const struct reason_rule *reason = reason_rule_of(error_reason(error));
    const struct failure_rule *failure = failure_rule_of(reason->failure);
    json_t *body = json_pack("{ss ss si ss ss}", "type", address, "title", failure->name, "status",
                             failure->http_status, "code", reason->code, "detail", reason->detail);
    if (members != NULL) {
        (void)json_object_update_new(body, members); /* both are objects */
    }
    struct response *response = response_json(failure->http_status, body);

    struct own_field *type = &g_array_index(response->headers, struct own_field, 0);
    g_free(type->value);
    type->value = g_strdup("application/problem+json");
    return response;
}

/* Status and headers of what lies by range somewhere; *part is what is to be sent, when `content` says that it is. */
static struct response *response_ranged(const struct request *request, int64_t size, const char *etag,
                                        struct range *part, bool *is_sent)
{
    static const int STATUS[RANGE_ANSWER_COUNT] = {
        [RANGE_WHOLE] = 200,        [RANGE_PART] = 206,          [RANGE_UNCHANGED] = 304,
        [RANGE_PRECONDITION] = 412, [RANGE_UNSATISFIABLE] = 416,
    };
    const struct range_query query = {
        .range = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0
                     ? request_header(request, "Range")
                     : NULL,
        .if_range = request_header(request, "If-Range"),
        .if_none_match = request_header(request, "If-None-Match"),
        .if_match = request_header(request, "If-Match"),
    };
    const enum range_answer answer = ranges_answer(&query, size, etag, part);
    struct response *response = response_new(STATUS[answer]);

    response->profile = PROFILE_MEDIA;
    response_header(response, "Accept-Ranges", "bytes");
    response_header(response, "ETag", etag);
    if (answer == RANGE_PART) {
        response_headerf(response, "Content-Range", "bytes %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                         part->first, part->first + part->length - 1, size);
    } else if (answer == RANGE_UNSATISFIABLE) {
        response_headerf(response, "Content-Range", "bytes */%" G_GINT64_FORMAT, size);
    }
    *is_sent = answer == RANGE_WHOLE || answer == RANGE_PART;
    return response;
}

struct response *response_file(const struct request *request, int fd, int64_t size, const char *type, const char *etag)
{
    struct range part;
    bool is_sent;
    struct response *response = response_ranged(request, size, etag, &part, &is_sent);

    if (is_sent) {
        response->content = CONTENT_FILE;
        response->fd = fd;
        response->offset = part.first;
        response->length = part.length;
        response_header(response, "Content-Type", type);
    } else {
        (void)close(fd); /* read only: nothing to lose */
    }
    return response;
}

struct response *response_source(const struct request *request, const struct source *source, const char *type,
                                 const char *etag, GError **error)
{
    struct range part;
    bool is_sent;
    struct response *response = response_ranged(request, source->size, etag, &part, &is_sent);

    if (!is_sent) {
        source->free(source->context);
        return response;
    }
    response->content = CONTENT_SOURCE;
    response->length = part.length;
    response->pump = pump_new(source, part.first, part.length);
    response_header(response, "Content-Type", type);
    if (strcmp(request->method, "HEAD") != 0 && !pump_prime(response->pump, error)) {
        response_free(response);
        return NULL;
    }
    return response;
}

void response_header(struct response *response, const char *name, const char *value)
{
    if (!framing_is_clean(value)) {
        return; /* header injection; the value came from outside through a hole of ours */
    }
    const struct own_field field = {g_strdup(name), g_strdup(value)};
    g_array_append_val(response->headers, field);
}

void response_headerf(struct response *response, const char *name, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *value = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    response_header(response, name, value);
}

const char *response_header_find(const struct response *response, const char *name)
{
    for (guint i = 0; i < response->headers->len; i++) {
        const struct own_field *field = &g_array_index(response->headers, struct own_field, i);

        if (g_ascii_strcasecmp(field->name, name) == 0) {
            return field->value;
        }
    }
    return NULL;
}

int response_status(const struct response *response)
{
    return response->status;
}

void response_set_status(struct response *response, int status)
{
    response->status = status;
}

void response_profile(struct response *response, enum profile profile)
{
    response->profile = profile;
}

void response_frame_ancestors(struct response *response, const char *origins)
{
    response_headerf(response, "Content-Security-Policy", "%sframe-ancestors 'self' %s", CSP_BASE, origins);
}

void response_scripts_from(struct response *response, const char *origin)
{
    response_headerf(response, "Content-Security-Policy",
                     "default-src 'none'; script-src 'self' %s; " CSP_REST "frame-ancestors 'none'", origin);
}

int64_t response_length(const struct response *response)
{
    if (response->content == CONTENT_FILE || response->content == CONTENT_SOURCE) {
        return response->length;
    }
    return response->content == CONTENT_BYTES ? (int64_t)g_bytes_get_size(response->bytes) : 0;
}

/* A page or list whose handler gave it an ETag: 304 when the client has it. Files did this themselves. */
static void answer_unchanged(struct response *response, const struct request *request)
{
    const char *known = request_header(request, "If-None-Match");
    const char *etag = response_header_find(response, "ETag");
    const bool is_read = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;

    if (known == NULL || etag == NULL || !is_read || response->status != 200 || response->content != CONTENT_BYTES ||
        !etag_list_has(known, etag, true)) {
        return;
    }
    response->status = 304;
    response->content = CONTENT_EMPTY;
    g_clear_pointer(&response->bytes, g_bytes_unref);
}

enum coding response_coding(const struct request *request)
{
    return coding_chosen(request_header(request, "Accept-Encoding"));
}

void response_coded(struct response *response, enum coding coding)
{
    response->is_text = false;
    response_header(response, "Vary", "Accept-Encoding");
    if (coding == CODING_NONE) {
        return;
    }
    response_header(response, "Content-Encoding", coding_name(coding));
    /* Other bytes than the plain variant: a strong tag would be a lie. */
    for (guint i = 0; i < response->headers->len; i++) {
        struct own_field *field = &g_array_index(response->headers, struct own_field, i);

        if (g_ascii_strcasecmp(field->name, "ETag") == 0 && field->value[0] == '"') {
            char *weak = g_strconcat("W/", field->value, NULL);
            g_free(field->value);
            field->value = weak;
        }
    }
}

void response_compress(struct response *response, const struct request *request)
{
    if (!response->is_text || response->content != CONTENT_BYTES) {
        return;
    }
    const bool is_short = g_bytes_get_size(response->bytes) < COMPRESS_FROM_BYTES;
    enum coding coding = is_short ? CODING_NONE : response_coding(request);
    GBytes *coded = coding == CODING_NONE ? NULL : coding_apply(coding, response->bytes);
    if (coded != NULL) {
        g_bytes_unref(response->bytes);
        response->bytes = coded;
    } else {
        coding = CODING_NONE;
    }
    response_coded(response, coding);
}

static void add_missing(struct response *response, const char *name, const char *value)
{
    if (response_header_find(response, name) == NULL) {
        response_header(response, name, value);
    }
}

void response_complete_kept(struct response *response, const struct request *request)
{
    response_compress(response, request);
    for (size_t i = 0; i < G_N_ELEMENTS(PROFILES[0]) && PROFILES[response->profile][i].name != NULL; i++) {
        add_missing(response, PROFILES[response->profile][i].name, PROFILES[response->profile][i].value);
    }
    add_missing(response, "X-Content-Type-Options", "nosniff");
    if (strcmp(request->scheme, "https") == 0) {
        add_missing(response, "Strict-Transport-Security", "max-age=31536000");
    }
}

void response_complete(struct response *response, const struct request *request)
{
    answer_unchanged(response, request);
    for (guint i = 0; i < request->replies->len; i++) {
        const struct own_field *field = &g_array_index(request->replies, struct own_field, i);

        add_missing(response, field->name, field->value);
    }
    response_complete_kept(response, request);
    add_missing(response, "X-Request-ID", request->id);
}

GString *response_head(const struct response *response, int64_t content_length)
{
    GString *head = g_string_sized_new(512);

    g_string_append_printf(head, "HTTP/1.1 %d Refused\r\nConnection: close\r\nContent-Length: %" G_GINT64_FORMAT "\r\n",
                           response->status, content_length);
    for (guint i = 0; i < response->headers->len; i++) {
        const struct own_field *field = &g_array_index(response->headers, struct own_field, i);

        g_string_append_printf(head, "%s: %s\r\n", field->name, field->value);
    }
    return g_string_append(head, "\r\n");
}
