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

/* Byte transfers under a job's token; at least 1 KB/s over 60 s, else they fail. */
bool client_download(struct client *client, const char *path, int64_t job_token, int fd, GError **error);
bool client_upload(struct client *client, const char *path, int64_t job_token, int fd, int64_t bytes, GError **error);
