/* The worker's HTTP client: JSON calls and byte transfers to the service, with the worker's token. One owner thread each;
 * a call ends early when `stop` becomes true. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

struct client;

struct client_config {
    const char *url; /* "http://127.0.0.1:8080", without a final slash */
    const char *token;
    const atomic_bool *stop; /* NULL: never */
};

struct client *client_open(const struct client_config *config, GError **error);
void client_free(struct client *client);
typedef struct client Client;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

/* POST of a JSON object; *status is HTTP's, *answer (may be NULL; the caller's) the body when it is JSON. False only
 * when no answer came. `timeout_ms` bounds the whole call. */
bool client_post(struct client *client, const char *path, json_t *body, int64_t timeout_ms, int *status,
                 json_t **answer, GError **error);

/* Where bytes are fetched or put. */
struct client_place {
    const char *url;            /* path below the service, asked for with our tokens; or a whole address without them */
    const char *const *headers; /* "Name: value", NULL-ended; NULL: none */
    int64_t job_token;
};

/* Byte transfers; at least 1 KB/s over 60 s, else they fail. An end, a silence or a 5xx is tried again from the start, a
 * few times; `fd` is written or read from offset 0. */
bool client_download(struct client *client, const struct client_place *place, int fd, GError **error);
bool client_upload(struct client *client, const struct client_place *place, int fd, int64_t bytes, GError **error);
/* Transfers and calls also end when `flag` becomes true; NULL: no more. The flag must outlive that. */
void client_watch(struct client *client, const atomic_bool *flag);
