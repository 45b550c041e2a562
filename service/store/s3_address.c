#include "service/store/s3_address.h"

#include <string.h>

#include "common/failure.h"

#define SCHEME         "s3://"
#define PART_BYTES     (INT64_C(16) << 20) /* what is sent again when a connection breaks */
#define PART_LEAST     (INT64_C(5) << 20)  /* the protocol's; smaller parts are refused at completion */
#define PART_MOST      (INT64_C(1) << 30)
#define DEFAULT_REGION "us-east-1"

/* The parameters as they were given, before they make sense together. */
struct given {
    GPtrArray *endpoints; /* char * */
    char *worker;
    char *style;
};

static bool wrong(GError **error, const char *what)
{
    g_set_error(error, STORE_ERROR, REASON_INPUT, "store: %s", what);
    return false;
}

static bool bucket_is_good(const char *bucket)
{
    const size_t length = strlen(bucket);

    return length >= 3 && length <= 63 && strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-") == length &&
           g_ascii_isalnum(bucket[0]) && g_ascii_isalnum(bucket[length - 1]) && strstr(bucket, "..") == NULL;
}

/* "host", "host:8080", "[::1]:8080"; the scheme's own port is left out, as every HTTP client leaves it out. */
static char *host_of(GUri *uri)
{
    const char *host = g_uri_get_host(uri);
    const int port = g_uri_get_port(uri);
    const int usual = strcmp(g_uri_get_scheme(uri), "https") == 0 ? 443 : 80;
    g_autofree char *name = strchr(host, ':') == NULL ? g_strdup(host) : g_strdup_printf("[%s]", host);

    return port < 0 || port == usual ? g_steal_pointer(&name) : g_strdup_printf("%s:%d", name, port);
}

static bool endpoint_read(const struct s3_address *address, const char *text, struct s3_endpoint *endpoint,
                          GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);

    if (uri == NULL || (strcmp(g_uri_get_scheme(uri), "http") != 0 && strcmp(g_uri_get_scheme(uri), "https") != 0) ||
        g_uri_get_host(uri) == NULL || g_uri_get_host(uri)[0] == '\0' || g_uri_get_userinfo(uri) != NULL ||
        g_uri_get_query(uri) != NULL || g_uri_get_fragment(uri) != NULL ||
        (g_uri_get_path(uri)[0] != '\0' && strcmp(g_uri_get_path(uri), "/") != 0)) {
        return wrong(error, "an endpoint is http://host:port or https://host:port and nothing more");
    }
    g_autofree char *host = host_of(uri);
    endpoint->host = address->is_virtual ? g_strdup_printf("%s.%s", address->bucket, host) : g_steal_pointer(&host);
    endpoint->origin = g_strdup_printf("%s://%s", g_uri_get_scheme(uri), endpoint->host);
    return true;
}

static bool take(struct s3_address *address, struct given *given, const char *name, const char *value, GError **error)
{
    gint64 number;

    if (strcmp(name, "endpoint") == 0) {
        g_ptr_array_add(given->endpoints, g_strdup(value));
    } else if (strcmp(name, "region") == 0) {
        g_free(address->region);
        address->region = g_strdup(value);
    } else if (strcmp(name, "style") == 0) {
        g_free(given->style);
        given->style = g_strdup(value);
    } else if (strcmp(name, "worker") == 0) {
        g_free(given->worker);
        given->worker = g_strdup(value);
    } else if (strcmp(name, "part") == 0) {
        if (!g_ascii_string_to_signed(value, 10, PART_LEAST, PART_MOST, &number, NULL)) {
            return wrong(error, "part is a number of bytes from 5 MiB to 1 GiB");
        }
        address->part_bytes = number;
    } else {
        return wrong(error, "the parameters are endpoint, region, style, worker and part");
    }
    return true;
}

static bool read_parameters(const char *text, struct s3_address *address, struct given *given, GError **error)
{
    GUriParamsIter parameters;
    g_autoptr(GError) cause = NULL;
    char *name;
    char *value;
    bool good = true;

    g_uri_params_iter_init(&parameters, text, -1, "&", G_URI_PARAMS_NONE);
    while (good && g_uri_params_iter_next(&parameters, &name, &value, &cause)) {
        good = take(address, given, name, value, error);
        g_free(name);
        g_free(value);
    }
    return good && (cause == NULL || wrong(error, "a parameter is not of the form name=value"));
}

static bool read_endpoints(struct s3_address *address, const struct given *given, GError **error)
{
    if (given->endpoints->len == 0 || given->endpoints->len > S3_ENDPOINTS_MOST) {
        return wrong(error, "between one and eight endpoints are needed");
    }
    for (guint i = 0; i < given->endpoints->len; i++) {
        if (!endpoint_read(address, g_ptr_array_index(given->endpoints, i), &address->endpoints[i], error)) {
            return false;
        }
        address->endpoint_count++;
    }
    if (given->worker != NULL && strcmp(given->worker, "none") == 0) {
        return true;
    }
    const char *worker = given->worker == NULL ? g_ptr_array_index(given->endpoints, 0) : given->worker;
    return endpoint_read(address, worker, &address->worker, error);
}

/* Style first: it decides what an endpoint's host is. */
static bool settle(struct s3_address *address, const struct given *given, GError **error)
{
    if (address->region[0] == '\0' ||
        strspn(address->region, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(address->region)) {
        return wrong(error, "the region's name is of small letters, digits and hyphens");
    }
    if (given->style != NULL && strcmp(given->style, "path") != 0 && strcmp(given->style, "virtual") != 0) {
        return wrong(error, "style is path or virtual");
    }
    address->is_virtual = given->style != NULL && strcmp(given->style, "virtual") == 0;
    address->prefix = address->is_virtual ? g_strdup("/") : g_strdup_printf("/%s/", address->bucket);
    return read_endpoints(address, given, error);
}

bool s3_address_read(const char *text, struct s3_address *address, GError **error)
{
    struct s3_address read = {.part_bytes = PART_BYTES};
    struct given given = {0};

    if (!g_str_has_prefix(text, SCHEME)) {
        return wrong(error, "an object store's address begins with s3://");
    }
    const char *rest = text + strlen(SCHEME);
    const size_t length = strcspn(rest, "?");
    read.bucket = g_strndup(rest, length);
    read.region = g_strdup(DEFAULT_REGION);
    given.endpoints = g_ptr_array_new_with_free_func(g_free);
    const bool good = (bucket_is_good(read.bucket) || wrong(error, "a bucket's name has 3 to 63 of [a-z0-9.-]")) &&
                      read_parameters(rest[length] == '?' ? rest + length + 1 : "", &read, &given, error) &&
                      settle(&read, &given, error);
    g_ptr_array_unref(given.endpoints);
    g_free(given.worker);
    g_free(given.style);
    if (!good) {
        s3_address_clear(&read);
        return false;
    }
    *address = read;
    return true;
}

static void endpoint_clear(struct s3_endpoint *endpoint)
{
    g_free(endpoint->origin);
    g_free(endpoint->host);
}

void s3_address_clear(struct s3_address *address)
{
    for (size_t i = 0; i < S3_ENDPOINTS_MOST; i++) {
        endpoint_clear(&address->endpoints[i]);
    }
    endpoint_clear(&address->worker);
    g_free(address->bucket);
    g_free(address->region);
    g_free(address->prefix);
    *address = (struct s3_address){0};
}
