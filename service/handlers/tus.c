#include "service/handlers/tus.h"

#include <string.h>

#include "common/failure.h"

#define NUMBER_MAX (INT64_C(1) << 53)

bool tus_number(const char *text, int64_t *number)
{
    guint64 read;

    if (text == NULL || text[0] == '\0' || strspn(text, "0123456789") != strlen(text)) {
        return false;
    }
    *number = g_ascii_string_to_unsigned(text, 10, 0, NUMBER_MAX, &read, NULL) ? (int64_t)read : INT64_MAX;
    return true;
}

/* One `key [base64]`; spaces around it do not count. */
static bool split_pair(const char *pair, char **key, char **value)
{
    g_autofree char *text = g_strstrip(g_strdup(pair));
    char *space = strchr(text, ' ');

    if (space != NULL) {
        *space = '\0';
        *value = g_strstrip(g_strdup(space + 1));
    } else {
        *value = g_strdup("");
    }
    *key = g_steal_pointer(&text);
    return (*key)[0] != '\0';
}

static bool is_key(const char *key)
{
    for (const char *at = key; *at != '\0'; at++) {
        if (!g_ascii_isgraph(*at)) {
            return false;
        }
    }
    return key[0] != '\0';
}

/* Strict: GLib's decoder passes over what it does not know. */
static bool is_base64(const char *text)
{
    const size_t length = strlen(text);
    const size_t letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    const size_t padding = strspn(text + letters, "=");

    return letters + padding == length && padding <= 2 && (length % 4 == 0 || (padding == 0 && length % 4 != 1));
}

static bool bad_metadata(GError **error, const char *what)
{
    return refuse(error, HTTP_ERROR, REASON_UPLOAD_METADATA, what);
}

bool tus_metadata_check(const char *metadata, GError **error)
{
    if (metadata == NULL || metadata[0] == '\0') {
        return true;
    }
    if (strlen(metadata) > TUS_METADATA_MAX) {
        return bad_metadata(error, "Upload-Metadata is too long");
    }
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) pairs = g_strsplit(metadata, ",", -1);
    for (char **pair = pairs; *pair != NULL; pair++) {
        g_autofree char *key = NULL;
        g_autofree char *value = NULL;

        if (!split_pair(*pair, &key, &value) || !is_key(key) || !is_base64(value)) {
            return bad_metadata(error, "a pair of Upload-Metadata is malformed");
        }
        if (!g_hash_table_add(seen, g_steal_pointer(&key))) {
            return bad_metadata(error, "a key of Upload-Metadata appears twice");
        }
    }
    return true;
}

/* g_base64_decode wants whole groups of four. */
static char *decode_text(const char *value)
{
    const size_t missing = (4 - strlen(value) % 4) % 4;
    g_autofree char *padded = g_strconcat(value, missing == 0 ? "" : missing == 1 ? "=" : "==", NULL);
    gsize length;
    g_autofree guchar *bytes = g_base64_decode(padded, &length);
    g_autofree char *text = g_strndup((const char *)bytes, length);

    if (strlen(text) != length || !g_utf8_validate(text, -1, NULL)) {
        return NULL;
    }
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        if (g_unichar_iscntrl(g_utf8_get_char(at))) {
            return NULL;
        }
    }
    return g_steal_pointer(&text);
}

char *tus_metadata_find(const char *metadata, const char *key)
{
    if (metadata == NULL) {
        return NULL;
    }
    g_auto(GStrv) pairs = g_strsplit(metadata, ",", -1);
    for (char **pair = pairs; *pair != NULL; pair++) {
        g_autofree char *name = NULL;
        g_autofree char *value = NULL;

        if (split_pair(*pair, &name, &value) && strcmp(name, key) == 0) {
            return is_base64(value) ? decode_text(value) : NULL;
        }
    }
    return NULL;
}

bool tus_checksum(const char *text, struct tus_checksum *checksum, GError **error)
{
    static const struct {
        const char *name;
        const char *algorithm;
        size_t length;
    } ALGORITHMS[] = {{"sha1", "SHA1", 20}, {"sha256", "SHA256", 32}, {"md5", "MD5", 16}};

    *checksum = (struct tus_checksum){0};
    if (text == NULL) {
        return true;
    }
    const char *space = strchr(text, ' ');
    const size_t name_length = space == NULL ? strlen(text) : (size_t)(space - text);
    for (size_t i = 0; i < G_N_ELEMENTS(ALGORITHMS); i++) {
        if (strlen(ALGORITHMS[i].name) != name_length || strncmp(ALGORITHMS[i].name, text, name_length) != 0) {
            continue;
        }
        const char *encoded = space == NULL ? "" : space + 1;
        gsize length = 0;
        g_autofree guchar *digest = is_base64(encoded) && encoded[0] != '\0' ? g_base64_decode(encoded, &length) : NULL;
        if (digest == NULL || length != ALGORITHMS[i].length) {
            return refuse(error, HTTP_ERROR, REASON_INPUT, "the digest of Upload-Checksum is malformed");
        }
        checksum->algorithm = ALGORITHMS[i].algorithm;
        checksum->length = length;
        memcpy(checksum->digest, digest, length);
        return true;
    }
    return refuse(error, HTTP_ERROR, REASON_UPLOAD_CHECKSUM_ALGORITHM, "unknown checksum algorithm");
}

bool tus_checksum_is_announced(const char *trailer)
{
    if (trailer == NULL) {
        return false;
    }
    g_auto(GStrv) names = g_strsplit(trailer, ",", -1);
    for (char **name = names; *name != NULL; name++) {
        if (g_ascii_strcasecmp(g_strstrip(*name), "Upload-Checksum") == 0) {
            return true;
        }
    }
    return false;
}

static bool bad_concat(GError **error, const char *what)
{
    return refuse(error, HTTP_ERROR, REASON_UPLOAD_CONCAT, what);
}

/* "/files/<id>" or the same with scheme and host before it. Whether it exists is for the caller. */
static char *id_of_url(const char *url)
{
    static const char FOLDER[] = "/files/";
    const char *at = g_strrstr(url, FOLDER);
    const bool is_ours = at != NULL && (at == url || strstr(url, "://") != NULL);

    return is_ours ? g_strdup(at + strlen(FOLDER)) : NULL;
}

bool tus_concat(const char *text, char ***parts, GError **error)
{
    static const char FINAL[] = "final;";

    if (strcmp(text, "partial") == 0) {
        *parts = NULL;
        return true;
    }
    if (!g_str_has_prefix(text, FINAL)) {
        return bad_concat(error, "Upload-Concat is neither partial nor final");
    }
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) urls = g_strsplit(text + strlen(FINAL), " ", -1);
    for (char **url = urls; *url != NULL; url++) {
        char *id = (*url)[0] == '\0' ? NULL : id_of_url(*url);
        if (id != NULL) {
            g_ptr_array_add(ids, id);
        } else if ((*url)[0] != '\0') {
            return bad_concat(error, "an address in Upload-Concat is not one of our uploads");
        }
    }
    if (ids->len < 1 || ids->len > TUS_PARTS_MAX) {
        return bad_concat(error, "the number of parts in Upload-Concat");
    }
    g_ptr_array_add(ids, NULL);
    *parts = (char **)g_ptr_array_steal(ids, NULL);
    return true;
}

char *tus_date(int64_t ms)
{
    static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(ms / 1000);

    /* Names are English in every locale. */
    return g_strdup_printf("%s, %02d %s %04d %02d:%02d:%02d GMT", DAYS[g_date_time_get_day_of_week(time) - 1],
                           g_date_time_get_day_of_month(time), MONTHS[g_date_time_get_month(time) - 1],
                           g_date_time_get_year(time), g_date_time_get_hour(time), g_date_time_get_minute(time),
                           g_date_time_get_second(time));
}
