/* One HTTP exchange with an object store: the only file of the service that knows libcurl. Handles, and with them open
 * connections, are kept for the next exchange. Any thread; blocks on the network, for bounded time: 5 s to connect, then
 * at least 1 KB/s over 20 s.
 *
 * Addresses carry a signature, so neither they nor the store's answers ever stand in an error's message. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

struct s3_http;

struct s3_http *s3_http_open(GError **error);
void s3_http_free(struct s3_http *http);

struct s3_exchange {
    const char *method;
    const char *url;            /* whole and signed; sent as it is */
    const char *const *headers; /* "Name: value", NULL-ended; NULL: none */
    const char *body;           /* text; NULL: none */
    int fd;                     /* with body_length > 0: bytes of this file, by pread */
    int64_t body_offset;
    int64_t body_length; /* of the part of `fd` */
    bool has_file;       /* `fd` is the body, even of length 0 */
    int64_t timeout_ms;  /* of the whole; 0: only the bounds above */
    void *into;          /* where a body of exactly `into_length` bytes goes; NULL: into `text` */
    size_t into_length;
    /* answer */
    int status;
    size_t got;     /* bytes in `into` */
    GString *text;  /* of the body, at most 4 MiB; s3_exchange_clear frees it */
    int64_t length; /* Content-Length; -1: none */
    char *etag;     /* as it came */
    char *sha256;   /* x-amz-meta-sha256 */
};

/* False only when no whole answer came: REASON_STORE. */
bool s3_http_run(struct s3_http *http, struct s3_exchange *exchange, GError **error);
void s3_exchange_clear(struct s3_exchange *exchange);
