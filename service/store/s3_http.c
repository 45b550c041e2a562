#include "service/store/s3_http.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/failure.h"

enum {
    ANSWER_MOST = 4 << 20,
    HANDLES_KEPT = 32,
    CONNECT_MS = 5000,
    SLOWEST_BYTES = 1000,
    SLOWEST_SECONDS = 20,
    BUFFER_BYTES = 512 << 10,
};

struct s3_http {
    GMutex lock;
    GPtrArray *idle; /* under lock: CURL * */
};

/* What one exchange has read of its file. */
struct body {
    const struct s3_exchange *exchange;
    int64_t at;
};

struct s3_http *s3_http_open(GError **error)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        g_set_error_literal(error, STORE_ERROR, REASON_INTERNAL, "libcurl does not start");
        return NULL;
    }
    struct s3_http *http = g_new0(struct s3_http, 1);
    g_mutex_init(&http->lock);
    http->idle = g_ptr_array_new_with_free_func(curl_easy_cleanup);
    return http;
}

void s3_http_free(struct s3_http *http)
{
    if (http == NULL) {
        return;
    }
    g_ptr_array_unref(http->idle);
    g_mutex_clear(&http->lock);
    g_free(http);
    curl_global_cleanup();
}

static CURL *take_handle(struct s3_http *http)
{
    g_mutex_lock(&http->lock);
    CURL *handle = http->idle->len == 0 ? NULL : g_ptr_array_steal_index(http->idle, http->idle->len - 1);
    g_mutex_unlock(&http->lock);
    return handle != NULL ? handle : curl_easy_init();
}

static void give_handle(struct s3_http *http, CURL *handle)
{
    curl_easy_reset(handle); /* keeps its connections, forgets the address */
    g_mutex_lock(&http->lock);
    const bool is_kept = http->idle->len < HANDLES_KEPT;
    if (is_kept) {
        g_ptr_array_add(http->idle, handle);
    }
    g_mutex_unlock(&http->lock);
    if (!is_kept) {
        curl_easy_cleanup(handle);
    }
}

/* --- what libcurl calls ---------------------------------------------------------------------------------------- */

static size_t give_file(char *into, size_t size, size_t count, void *context)
{
    struct body *body = context;
    const int64_t left = body->exchange->body_length - body->at;
    const size_t most = (size_t)MIN((int64_t)(size * count), left);
    ssize_t got;

    do {
        got = pread(body->exchange->fd, into, most, body->exchange->body_offset + body->at);
    } while (got < 0 && errno == EINTR);
    if (got < 0 || (got == 0 && left > 0)) {
        return CURL_READFUNC_ABORT; /* the file is shorter than it was */
    }
    body->at += got;
    return (size_t)got;
}

/* A kept connection that the store had closed meanwhile: sent again from the start, by libcurl itself. */
static int seek_file(void *context, curl_off_t offset, int origin)
{
    struct body *body = context;

    if (origin != SEEK_SET) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    body->at = offset;
    return CURL_SEEKFUNC_OK;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct s3_exchange *exchange = context;
    const size_t length = size * count;

    if (exchange->into == NULL || exchange->status >= 300) {
        if (exchange->text->len + length > ANSWER_MOST) {
            return 0;
        }
        g_string_append_len(exchange->text, bytes, (gssize)length);
        return length;
    }
    if (length > exchange->into_length - exchange->got) {
        return 0; /* more than was asked for */
    }
    memcpy((char *)exchange->into + exchange->got, bytes, length);
    exchange->got += length;
    return length;
}

static void take_value(char **slot, const char *line, size_t length, const char *name)
{
    const size_t skip = strlen(name);

    if (length > skip && g_ascii_strncasecmp(line, name, skip) == 0) {
        g_free(*slot);
        *slot = g_strstrip(g_strndup(line + skip, length - skip));
    }
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
    struct s3_exchange *exchange = context;
    const size_t length = size * count;
    gint64 status;

    if (length > 12 && strncmp(line, "HTTP/", 5) == 0) {
        const char *space = memchr(line, ' ', length);
        g_autofree char *code = space == NULL || space + 4 > line + length ? NULL : g_strndup(space + 1, 3);
        exchange->status =
            code != NULL && g_ascii_string_to_signed(code, 10, 100, 599, &status, NULL) ? (int)status : 0;
    }
    take_value(&exchange->etag, line, length, "etag:");
    take_value(&exchange->sha256, line, length, "x-amz-meta-sha256:");
    return length;
}

/* --- one exchange ---------------------------------------------------------------------------------------------- */

/* Options cannot fail here but for memory. */
static void set_bounds(CURL *handle, const struct s3_exchange *exchange)
{
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_BYTES);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, (long)SLOWEST_SECONDS);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
    curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
}

static void set_body(CURL *handle, const struct s3_exchange *exchange, struct body *body)
{
    if (strcmp(exchange->method, "HEAD") == 0) {
        curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (exchange->has_file) {
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)exchange->body_length);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_file);
        curl_easy_setopt(handle, CURLOPT_READDATA, body);
        curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, seek_file);
        curl_easy_setopt(handle, CURLOPT_SEEKDATA, body);
    } else if (exchange->body != NULL) {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(exchange->body));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, exchange->body);
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, exchange->method);
}

static struct curl_slist *set_headers(CURL *handle, const struct s3_exchange *exchange)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

    headers = curl_slist_append(headers, "Content-Type:"); /* libcurl's own for a body; the object's is in our row */
    for (size_t i = 0; exchange->headers != NULL && exchange->headers[i] != NULL; i++) {
        headers = curl_slist_append(headers, exchange->headers[i]);
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    return headers;
}

bool s3_http_run(struct s3_http *http, struct s3_exchange *exchange, GError **error)
{
    struct body body = {.exchange = exchange};
    CURL *handle = take_handle(http);
    curl_off_t length = -1;

    s3_exchange_clear(exchange);
    if (handle == NULL) {
        return refuse(error, STORE_ERROR, REASON_INTERNAL, "libcurl does not start");
    }
    exchange->text = g_string_new(NULL);
    set_bounds(handle, exchange);
    set_body(handle, exchange, &body);
    struct curl_slist *headers = set_headers(handle, exchange);
    curl_easy_setopt(handle, CURLOPT_URL, exchange->url);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    const CURLcode result = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    exchange->length = length;
    curl_slist_free_all(headers);
    give_handle(http, handle);
    if (result != CURLE_OK) {
        g_set_error(error, STORE_ERROR, REASON_STORE, "the store: %s", curl_easy_strerror(result));
        return false;
    }
    return true;
}

void s3_exchange_clear(struct s3_exchange *exchange)
{
    if (exchange->text != NULL) {
        g_string_free(exchange->text, TRUE);
        exchange->text = NULL;
    }
    g_clear_pointer(&exchange->etag, g_free);
    g_clear_pointer(&exchange->sha256, g_free);
    exchange->status = 0;
    exchange->got = 0;
    exchange->length = -1;
}
