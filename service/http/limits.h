/* Token buckets by key: how often somebody may do something. The rows of the table in limits.c are the limits; a key is
 * an account, a token, or an address block (limits_block_of). In memory: a restart forgets, and that is fine. Several
 * services each give their part. Any thread.
 *
 * Wrong passwords and PINs are slowed where they are judged, by account and by code (model/staff, model/submission).
 * Uploads themselves are never slowed by address (carriers put thousands behind one, and their clients take 429 for
 * final); their row is a brake on floods only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct limits;
struct request;

enum limit {
    LIMIT_UPLOADS,     /* creations, per address block */
    LIMIT_SUBMISSIONS, /* per address block */
    LIMIT_LOGIN_PEER,  /* attempts, per address block */
    LIMIT_SEARCH,      /* per address block */
    LIMIT_REPORTS,     /* of visitors, per address block */
    LIMIT_OBJECTIONS,  /* to a notice, per address block */
    LIMIT_MESSAGES,    /* of a submitter, per work */
    LIMIT_COUNT
};

struct limits *limits_new(void);
void limits_free(struct limits *limits);
/* This service is one of `services` that share the requests: each of them gives that part of the limits. */
void limits_share(struct limits *limits, int services);
/* Takes one token. False with *retry_ms until the next one. */
bool limits_take(struct limits *limits, enum limit limit, const char *key, int64_t now_ms, int64_t *retry_ms);
/* The same for a request: REASON_RATE, and Retry-After is set. `key` NULL: the peer's address block. */
bool limits_check(struct limits *limits, enum limit limit, struct request *request, const char *key, GError **error);
/* IPv4 /24, IPv6 /56 as text; anything else as it is. The caller's. */
char *limits_block_of(const char *address);
