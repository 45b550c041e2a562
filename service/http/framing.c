#include "service/http/framing.h"

#include <string.h>

#include "common/failure.h"
#include "service/http/exchange.h"

static const char *const METHODS[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

static bool malformed(GError **error, const char *what)
{
    return refuse(error, HTTP_ERROR, REASON_MALFORMED, what);
}

/* RFC 9110 §5.6.2 */
static bool is_token(const char *text)
{
    if (text[0] == '\0') {
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && strchr("!#$%&'*+-.^_`|~", *at) == NULL) {
            return false;
        }
    }
    return true;
}

bool framing_is_clean(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        const unsigned char byte = (unsigned char)*at;

        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

/* host [":" port]; what may stand in an address that we print into pages. */
static bool is_host(const char *text)
{
    const size_t length = strlen(text);

    if (length == 0 || length > 255) {
        return false;
    }
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]") == length;
}

static bool check_version(const char *version, GError **error)
{
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) {
        return malformed(error, "unknown protocol version");
    }
    return true;
}

static bool check_method(const char *method, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(METHODS); i++) {
        if (strcmp(METHODS[i], method) == 0) {
            return true;
        }
    }
    if (!is_token(method)) {
        return malformed(error, "the method is no token");
    }
    return refuse(error, HTTP_ERROR, REASON_METHOD, "unknown method");
}

static int hex_pair(const char *at)
{
    const int high = g_ascii_xdigit_value(at[0]);
    const int low = high < 0 ? -1 : g_ascii_xdigit_value(at[1]);

    return low < 0 ? -1 : high * 16 + low;
}

/* Counts the dots of one segment as they are after decoding; anything else makes the segment harmless. */
static bool is_parent_segment(const char *at, const char *end)
{
    int dots = 0;

    while (at < end) {
        const bool is_encoded = at[0] == '%' && end - at >= 3 && hex_pair(at + 1) == '.';

        if (at[0] != '.' && !is_encoded) {
            return false;
        }
        dots++;
        at += is_encoded ? 3 : 1;
    }
    return dots == 2;
}

static bool check_bytes(const char *raw_uri, size_t path_length, GError **error)
{
    for (const char *at = raw_uri; *at != '\0'; at++) {
        const unsigned char byte = (unsigned char)*at;
        const bool in_path = (size_t)(at - raw_uri) < path_length;

        if (byte <= 0x20 || byte >= 0x7f || byte == '\\' || byte == '#') {
            return malformed(error, "a byte of the address may not stand there");
        }
        if (byte != '%') {
            continue;
        }
        const int decoded = hex_pair(at + 1);
        if (decoded < 0 || decoded == 0) {
            return malformed(error, "a bad escape in the address");
        }
        if (in_path && (decoded == '/' || decoded == '\\' || decoded < 0x20 || decoded == 0x7f)) {
            return malformed(error, "an escape in the path hides a separator or control character");
        }
    }
    return true;
}

bool framing_check_uri(const char *raw_uri, GError **error)
{
    if (raw_uri[0] != '/') {
        return malformed(error, "the address is not in origin form");
    }
    if (strlen(raw_uri) > FRAMING_URI_MAX) {
        return malformed(error, "the address is too long");
    }
    const size_t path_length = strcspn(raw_uri, "?");
    if (!check_bytes(raw_uri, path_length, error)) {
        return false;
    }
    for (const char *at = raw_uri + 1; at <= raw_uri + path_length;) {
        const char *end = at + strcspn(at, "/?");

        if (is_parent_segment(at, end)) {
            return malformed(error, "the path climbs");
        }
        at = end + 1;
    }
    return true;
}

struct seen {
    int lengths;
    int hosts;
    int encodings;
};

static bool check_length(const char *value, struct framing *framing, GError **error)
{
    guint64 number;

    /* Digits alone: "+5", "5, 5" and " 5" are refused (RFC 9112 §6.3). */
    if (!g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT64, &number, NULL) ||
        strspn(value, "0123456789") != strlen(value)) {
        return malformed(error, "Content-Length is no number");
    }
    framing->content_length = (int64_t)number;
    return true;
}

static bool check_field(const struct field *field, struct seen *seen, struct framing *framing, GError **error)
{
    if (!is_token(field->name)) {
        return malformed(error, "a header name is no token");
    }
    if (!framing_is_clean(field->value)) {
        return malformed(error, "a control character in a header value");
    }
    if (g_ascii_strcasecmp(field->name, "Content-Length") == 0) {
        seen->lengths++;
        return check_length(field->value, framing, error);
    }
    if (g_ascii_strcasecmp(field->name, "Transfer-Encoding") == 0) {
        seen->encodings++;
        framing->is_chunked = true;
        return g_ascii_strcasecmp(field->value, "chunked") == 0 ||
               malformed(error, "a transfer encoding other than chunked");
    }
    if (g_ascii_strcasecmp(field->name, "Host") == 0) {
        seen->hosts++;
        return is_host(field->value) || malformed(error, "a bad Host");
    }
    return true;
}

bool framing_check(const struct framing_input *input, struct framing *framing, GError **error)
{
    struct framing read = {.content_length = -1};
    struct seen seen = {0};

    if (!check_version(input->version, error) || !check_method(input->method, error) ||
        !framing_check_uri(input->raw_uri, error)) {
        return false;
    }
    for (size_t i = 0; i < input->count; i++) {
        if (!check_field(&input->fields[i], &seen, &read, error)) {
            return false;
        }
    }
    if (seen.hosts != 1) {
        return malformed(error, "not exactly one Host");
    }
    if (seen.lengths > 1 || seen.encodings > 1 || (seen.lengths > 0 && seen.encodings > 0)) {
        return malformed(error, "the length of the body is ambiguous");
    }
    *framing = read;
    return true;
}
