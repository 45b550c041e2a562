#include "service/outbound/outbound.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>
#include <gio/gio.h>

#include "common/failure.h"

enum {
    ANSWER_MOST = 256 << 10,
    CONNECT_MS = 5000,
    TIMEOUT_MOST_MS = 60000,
};

/* What RFC 6890 and its registries set apart, beyond what GInetAddress tells by itself. */
static const char *const SET_APART[] = {
    "0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",    "::/128",         "::1/128",        "::ffff:0:0/96",
    "64:ff9b::/96",   "64:ff9b:1::/48", "100::/64",       "2001::/23",      "2001:db8::/32",  "2002::/16",
    "fc00::/7",       "fe80::/10",      "fec0::/10",      "ff00::/8",
};

struct exchange {
    const struct outbound_request *request;
    GString *body;
    bool is_too_long;
    bool is_kept_in; /* an address was refused */
};

bool outbound_start(GError **error)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return refuse(error, HTTP_ERROR, REASON_INTERNAL, "libcurl does not start");
    }
    return true;
}

void outbound_stop(void)
{
    curl_global_cleanup();
}

bool outbound_address_is_public(const char *address)
{
    g_autoptr(GInetAddress) inet = g_inet_address_new_from_string(address);

    for (size_t i = 0; inet != NULL && i < G_N_ELEMENTS(SET_APART); i++) {
        g_autoptr(GInetAddressMask) mask = g_inet_address_mask_new_from_string(SET_APART[i], NULL);
        g_assert(mask != NULL);
        if (g_inet_address_mask_matches(mask, inet)) {
            return false;
        }
    }
    return inet != NULL;
}

/* --- what libcurl calls ---------------------------------------------------------------------------------------- */

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;

    if (exchange->body->len + size * count > ANSWER_MOST) {
        exchange->is_too_long = true;
        return 0;
    }
    g_string_append_len(exchange->body, bytes, (gssize)(size * count));
    return size * count;
}

/* The one place where the address that will be connected to is known. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct exchange *exchange = context;

    (void)purpose; /* there is one only */
    if (exchange->request->reach == OUTBOUND_PUBLIC) {
        g_autoptr(GSocketAddress) address = g_socket_address_new_from_native(&to->addr, to->addrlen);
        if (!G_IS_INET_SOCKET_ADDRESS(address)) {
            return CURL_SOCKET_BAD;
        }
        g_autofree char *text =
            g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
        if (!outbound_address_is_public(text)) {
            exchange->is_kept_in = true;
            return CURL_SOCKET_BAD;
        }
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* --- one request ----------------------------------------------------------------------------------------------- */

/* Options cannot fail here but for memory. */
static void set_bounds(CURL *handle, struct exchange *exchange)
{
    const struct outbound_request *request = exchange->request;

    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, request->reach == OUTBOUND_PUBLIC ? "https" : "http,https");
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(CONNECT_MS, request->timeout_ms));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "Xuepai/" XUEPAI_VERSION);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
}

static struct curl_slist *set_message(CURL *handle, const struct outbound_request *request)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++) {
        headers = curl_slist_append(headers, request->headers[i]);
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    if (request->body != NULL) {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body);
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(handle, CURLOPT_URL, request->url);
    return headers;
}

static void explain(const struct exchange *exchange, CURLcode result, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(exchange->request->url, G_URI_FLAGS_NONE, NULL);
    const char *host = uri == NULL || g_uri_get_host(uri) == NULL ? "?" : g_uri_get_host(uri);

    if (exchange->is_kept_in || result == CURLE_UNSUPPORTED_PROTOCOL || result == CURLE_URL_MALFORMAT) {
        g_set_error(error, HTTP_ERROR, REASON_OUTBOUND_ADDRESS, "%s is no place to send requests to", host);
        return;
    }
    g_set_error(error, HTTP_ERROR, REASON_OUTBOUND, "%s: %s", host,
                exchange->is_too_long ? "the answer is too long" : curl_easy_strerror(result));
}

bool outbound_run(const struct outbound_request *request, struct outbound_answer *answer, GError **error)
{
    struct exchange exchange = {.request = request, .body = g_string_new(NULL)};
    CURL *handle = curl_easy_init();
    long status = 0;

    g_assert(request->timeout_ms > 0 && request->timeout_ms <= TIMEOUT_MOST_MS && handle != NULL);
    set_bounds(handle, &exchange);
    struct curl_slist *headers = set_message(handle, request);
    const CURLcode result = curl_easy_perform(handle);
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(handle);
    if (result != CURLE_OK) {
        explain(&exchange, result, error);
        g_string_free(exchange.body, TRUE);
        return false;
    }
    *answer = (struct outbound_answer){.status = (int)status, .body = exchange.body};
    return true;
}

void outbound_answer_clear(struct outbound_answer *answer)
{
    if (answer->body != NULL) {
        g_string_free(answer->body, TRUE);
        answer->body = NULL;
    }
}
