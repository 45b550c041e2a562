/* The request validator: pure functions over what the server library hands out (RFC 9112 §3, §6, §11).
 *
 * libmicrohttpd 0.9.75 is lenient: it lets Content-Length beside Transfer-Encoding pass, two Content-Lengths, two Hosts,
 * encoded dots and %00. Each of them makes this server and a proxy in front disagree about where a request ends or what
 * it asks for, so each is answered 400 before routing. Five more cases never reach us (bare LF, obs-fold, CR and NUL
 * inside a value, LF in chunk lines): against those stands the proxy in front.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

struct field;

struct framing_input {
    const char *method;
    const char *version; /* "HTTP/1.1" */
    const char *raw_uri;
    const struct field *fields; /* [count] */
    size_t count;
};

struct framing {
    int64_t content_length; /* -1: none given */
    bool is_chunked;
};

#define FRAMING_URI_MAX 2048

/* REASON_MALFORMED, or REASON_METHOD for a method nobody knows. */
bool framing_check(const struct framing_input *input, struct framing *framing, GError **error);
/* The path and query alone. */
bool framing_check_uri(const char *raw_uri, GError **error);
/* True for text without bytes below 0x20 (tab allowed) and DEL. */
bool framing_is_clean(const char *value);
