/* Content codings (RFC 9110 §8.4.1) of texts: which one a client gets, and the coding itself. Any thread. */
#pragma once

#include <glib.h>

enum coding { CODING_NONE, CODING_GZIP, CODING_BROTLI, CODING_COUNT };

/* The best of those that Accept-Encoding (NULL: absent) does not refuse; weights beside q=0 do not change our order. */
enum coding coding_chosen(const char *accept_encoding);
/* "br"; and what a file in that coding is called, ".br". NULL and "" for none. */
const char *coding_name(enum coding coding);
const char *coding_suffix(enum coding coding);
/* The text in that coding, never CODING_NONE; the caller's. NULL: it cannot be had, send it as it is. */
GBytes *coding_apply(enum coding coding, GBytes *text);
