/* The address of an object store, as the setting has it:
 *   s3://BUCKET?endpoint=URL[&endpoint=URL…]&region=NAME[&style=path|virtual][&worker=URL|none][&part=BYTES]
 *
 * endpoint  where this service finds the store; several are tried in turn
 * worker    where workers find it (the host is part of what is signed); by default as the service; `none`: workers get
 *           their bytes through the service
 * part      bytes of one part of a multipart upload, and the largest file that is sent in one piece; 5 MiB to 1 GiB
 * Keys never stand here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

enum {
    S3_ENDPOINTS_MOST = 8,
};

/* One way to the bucket. */
struct s3_endpoint {
    char *origin; /* "http://127.0.0.1:7480", with the bucket in front of the host in virtual style */
    char *host;   /* as the Host header will have it: without the scheme's own port */
};

struct s3_address {
    char *bucket;
    char *region;
    char *prefix; /* of a key's path: "/BUCKET/" in path style, "/" in virtual style */
    bool is_virtual;
    struct s3_endpoint endpoints[S3_ENDPOINTS_MOST];
    size_t endpoint_count;
    struct s3_endpoint worker; /* origin NULL: none */
    int64_t part_bytes;
};

/* Pure. On failure nothing is kept; the error names what is wrong. */
bool s3_address_read(const char *text, struct s3_address *address, GError **error);
void s3_address_clear(struct s3_address *address);
