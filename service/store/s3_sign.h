/* AWS Signature Version 4 in the query: a request as an address. One function serves the service's own requests, the
 * GET by which a worker reads an original, and the PUT by which it writes one result.
 *
 * Source: Amazon S3 API reference, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)". Pure;
 * the time is passed in. libcurl's own signing is not used: release 7.88 signs thirteen shapes of request wrongly. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

enum {
    S3_LIFE_MOST_S = 604800, /* seven days: stores refuse more */
    S3_PAIRS_MOST = 8,
};

struct s3_pair {
    const char *name;
    const char *value; /* not escaped; "" for a name that stands alone, such as "uploads" */
};

struct s3_keys {
    const char *region;
    const char *key; /* access key: not secret, but never logged */
    const char *secret;
};

struct s3_request {
    const char *method;
    const char *host; /* as the sender's Host header will have it */
    const char *path; /* begins with '/'; not escaped, any bytes; never normalised */
    struct s3_pair query[S3_PAIRS_MOST];
    size_t query_count;
    struct s3_pair
        headers[S3_PAIRS_MOST]; /* signed beside Host: small letters, trimmed values; the sender must send them */
    size_t header_count;
    const char *payload_sha256; /* hex; NULL: the payload is not signed */
    int64_t life_s;             /* 1 to S3_LIFE_MOST_S */
    int64_t now_s;              /* since 1970, UTC */
};

/* "/bucket/key?X-Amz-…&X-Amz-Signature=…", escaped, to be sent as it is; the caller's. */
char *s3_sign(const struct s3_keys *keys, const struct s3_request *request);
