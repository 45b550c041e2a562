/* One HTTP request as a handler sees it: parsed, checked, within its limits. Owned by the server; every pointer given
 * out lives as long as the request. Read-only for handlers, except request_set_principal (the gate). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "common/log.h"

struct request;
struct server;

const char *request_method(const struct request *request);
const char *request_path(const struct request *request);
/* Path and query as they were sent: checked bytes, no scheme, no host. */
const char *request_target(const struct request *request);
/* The pattern of the matched route, e.g. "/v/:id". */
const char *request_pattern(const struct request *request);
/* A path parameter of the pattern; never NULL for a name that stands in it. */
const char *request_param(const struct request *request, const char *name);
/* A query argument, percent-decoded, valid UTF-8; NULL when absent. */
const char *request_query(const struct request *request, const char *name);
/* Number from the query within [low, high]; `fallback` when absent. False for anything else. */
bool request_query_int64(const struct request *request, const char *name, int64_t low, int64_t high, int64_t *value,
                         GError **error);
/* Header by name, any case; NULL when absent. */
const char *request_header(const struct request *request, const char *name);
/* False for a field that comes twice with two values. */
bool request_header_is_clear(const struct request *request, const char *name);
/* A trailer by name, once the whole body is there (stream.finish); NULL when absent. */
const char *request_trailer(const struct request *request, const char *name);
const char *request_cookie(const struct request *request, const char *name);
/* BODY_JSON routes: the parsed object (never NULL there). Borrowed. */
json_t *request_json(const struct request *request);
/* Milliseconds since 1970 at which the request's head was complete. */
int64_t request_now_ms(const struct request *request);
/* Monotonic; tells which of two requests is the newer one. */
int64_t request_started_us(const struct request *request);
/* The peer's address as text; behind the configured proxy the last hop of X-Forwarded-For. */
const char *request_peer(const struct request *request);
/* "https" or "http" as the client sees it, and its Host; checked. */
const char *request_scheme(const struct request *request);
const char *request_host(const struct request *request);
/* Short random id that stands in every log line of this request and in X-Request-ID. */
const char *request_id(const struct request *request);
const struct log *request_log(const struct request *request);

/* The body's announced length: 0 without a body, -1 when it comes in chunks. */
int64_t request_content_length(const struct request *request);
bool request_has_body(const struct request *request);
struct server *request_server(const struct request *request);
/* Writes an interim answer (1xx): its whole head, to the socket. Before the handler returns; the library knows nothing of
 * it. Plain HTTP only. */
void request_interim(const struct request *request, const char *head);
/* Goes into whatever is answered to this request, errors included; a second value of one name replaces the first. */
void request_reply_header(struct request *request, const char *name, const char *value);
/* Retry-After of an error whose class is rate, busy, full or locked (without this call: 5 s). */
void request_retry_after(struct request *request, int seconds);

/* Who asks: an object of the layer above, set by the gate; freed with the request. */
void request_set_principal(struct request *request, void *principal, GDestroyNotify free_principal);
void *request_principal(const struct request *request);
