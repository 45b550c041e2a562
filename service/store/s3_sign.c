#include "service/store/s3_sign.h"

#include <string.h>

#define ALGORITHM        "AWS4-HMAC-SHA256"
#define UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
#define DIGEST_BYTES     32
#define OWN_PARAMETERS   5

struct moment {
    char *time;  /* 20130524T000000Z */
    char *scope; /* 20130524/us-east-1/s3/aws4_request */
};

/* RFC 3986: unreserved characters stay, every other byte becomes %XX in capitals; '/' stays in a path only. */
static void append_escaped(GString *out, const char *text, bool is_path)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (g_ascii_isalnum(*at) || strchr("-._~", *at) != NULL || (is_path && *at == '/')) {
            g_string_append_c(out, (char)*at);
        } else {
            g_string_append_printf(out, "%%%02X", *at);
        }
    }
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(((const struct s3_pair *)a)->name, ((const struct s3_pair *)b)->name);
}

static GArray *sorted(const struct s3_pair *first, size_t first_count, const struct s3_pair *second,
                      size_t second_count)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct s3_pair));

    g_array_append_vals(all, first, (guint)first_count);
    g_array_append_vals(all, second, (guint)second_count);
    g_array_sort(all, by_name);
    return all;
}

/* "a=1&b=": sorted by name in byte order; a bare name keeps its '='. */
static char *query_text(const GArray *parameters)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < parameters->len; i++) {
        const struct s3_pair *pair = &g_array_index(parameters, struct s3_pair, i);

        g_string_append(text, i == 0 ? "" : "&");
        append_escaped(text, pair->name, false);
        g_string_append_c(text, '=');
        append_escaped(text, pair->value, false);
    }
    return g_string_free(text, FALSE);
}

static char *names_text(const GArray *headers)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < headers->len; i++) {
        g_string_append_printf(text, "%s%s", i == 0 ? "" : ";", g_array_index(headers, struct s3_pair, i).name);
    }
    return g_string_free(text, FALSE);
}

static void hmac(uint8_t out[DIGEST_BYTES], const void *key, size_t key_length, const char *text)
{
    GHmac *mac = g_hmac_new(G_CHECKSUM_SHA256, key, key_length);
    gsize length = DIGEST_BYTES;

    g_hmac_update(mac, (const guchar *)text, (gssize)strlen(text));
    g_hmac_get_digest(mac, out, &length);
    g_hmac_unref(mac);
}

static void append_signature(GString *out, const struct s3_keys *keys, const struct moment *moment,
                             const char *canonical)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, canonical, -1);
    g_autofree char *to_sign = g_strdup_printf(ALGORITHM "\n%s\n%s\n%s", moment->time, moment->scope, digest);
    g_autofree char *secret = g_strconcat("AWS4", keys->secret, NULL);
    g_autofree char *day = g_strndup(moment->time, 8);
    uint8_t one[DIGEST_BYTES];
    uint8_t two[DIGEST_BYTES];

    hmac(one, secret, strlen(secret), day);
    hmac(two, one, DIGEST_BYTES, keys->region);
    hmac(one, two, DIGEST_BYTES, "s3");
    hmac(two, one, DIGEST_BYTES, "aws4_request");
    hmac(one, two, DIGEST_BYTES, to_sign);
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        g_string_append_printf(out, "%02x", one[i]);
    }
}

/* METHOD, path, query, one line a header, an empty line, the headers' names, the payload's digest. */
static char *canonical_text(const struct s3_request *request, const char *path, const char *query,
                            const GArray *headers, const char *names)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%s\n%s\n%s\n", request->method, path, query);
    for (guint i = 0; i < headers->len; i++) {
        const struct s3_pair *pair = &g_array_index(headers, struct s3_pair, i);
        g_string_append_printf(text, "%s:%s\n", pair->name, pair->value);
    }
    g_string_append_printf(text, "\n%s\n%s", names,
                           request->payload_sha256 == NULL ? UNSIGNED_PAYLOAD : request->payload_sha256);
    return g_string_free(text, FALSE);
}

char *s3_sign(const struct s3_keys *keys, const struct s3_request *request)
{
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(request->now_s);
    g_autofree char *time = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    g_autofree char *scope = g_strdup_printf("%.8s/%s/s3/aws4_request", time, keys->region);
    g_autofree char *credential = g_strdup_printf("%s/%s", keys->key, scope);
    g_autofree char *life = g_strdup_printf("%" G_GINT64_FORMAT, request->life_s);
    const struct s3_pair host = {"host", request->host};
    g_autoptr(GArray) headers = sorted(request->headers, request->header_count, &host, 1);
    g_autofree char *names = names_text(headers);
    const struct s3_pair own[OWN_PARAMETERS] = {
        {"X-Amz-Algorithm", ALGORITHM}, {"X-Amz-Credential", credential}, {"X-Amz-Date", time},
        {"X-Amz-Expires", life},        {"X-Amz-SignedHeaders", names},
    };
    g_autoptr(GArray) parameters = sorted(own, OWN_PARAMETERS, request->query, request->query_count);
    g_autofree char *query = query_text(parameters);
    GString *target = g_string_new(NULL);

    append_escaped(target, request->path, true);
    g_autofree char *canonical = canonical_text(request, target->str, query, headers, names);
    const struct moment moment = {time, scope};
    g_string_append_printf(target, "?%s&X-Amz-Signature=", query);
    append_signature(target, keys, &moment, canonical);
    return g_string_free(target, FALSE);
}
