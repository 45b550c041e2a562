/* struct request and struct response as the files of this folder see them. Nobody outside service/http includes this.
 *
 * One request is touched by one thread at a time: its server thread, or, while the connection is suspended, one disk
 * thread. The exceptions are atomic and marked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "common/log.h"
#include "service/http/request.h"
#include "service/http/response.h"
#include "service/http/router.h"
#include "service/http/stream.h"

#define REQUEST_PARAMS_MAX 8

struct dispatch;

struct field {
    const char *name;
    const char *value;
};

struct own_field {
    char *name;
    char *value;
};

enum phase {
    PHASE_HEAD,    /* nothing decided yet */
    PHASE_COLLECT, /* a JSON body is being read */
    PHASE_STREAM,  /* body pieces go to the stream */
    PHASE_WORK,    /* a disk thread has it */
    PHASE_ANSWER,  /* the response is there; what is left of the body is dropped */
    PHASE_LINGER,  /* the response was written by hand while the body still came */
};

struct request {
    gint references; /* atomic */
    char *raw_uri;
    char id[12];
    char peer[64];
    const char *method; /* what the request means, after X-HTTP-Method-Override */
    char *path;         /* decoded */
    GArray *headers;    /* of struct field; borrowed from the connection until the request is complete */
    GArray *query;      /* of struct own_field */
    GArray *cookies;    /* of struct own_field: those that were asked for */
    GArray *replies;    /* of struct own_field: go into whatever is answered */
    GPtrArray *trimmed; /* header values that had blanks behind them, without; NULL: none */
    const char *scheme;
    const char *host;
    const struct route *route; /* NULL: none fits */
    struct own_field params[REQUEST_PARAMS_MAX];
    size_t param_count;
    int64_t content_length; /* -1: none given */
    bool has_body;
    bool is_secure_peer; /* the peer is one of our proxies */
    int64_t now_ms;
    int64_t started_us;
    struct log log;

    enum phase phase;
    bool is_head_held; /* suspended before the library went on to the body */
    GByteArray *body;  /* PHASE_COLLECT */
    json_t *json;
    struct stream stream;
    bool has_stream;
    bool is_stream_done; /* finish or abort was called */
    gint is_syncing;     /* atomic: a disk thread runs stream.sync */
    int64_t unsynced_bytes;
    int64_t received_bytes;
    int64_t lingered_bytes;
    struct response *response;
    bool is_answered; /* the response was handed to the server library */
    int answered_status;
    int64_t answered_bytes;
    int retry_after_s;

    handler *again; /* parked: what runs when it is woken */
    char *park_topic;
    int64_t park_until_ms;
    bool must_answer;
    guint64 wakes_seen;
    bool is_transferring; /* on a transfer thread from now on */

    char *shared_key;     /* shared.h; NULL: not to be kept */
    bool has_kept_answer; /* the response is that of others too, and is only read */
    guint shared_changes;

    void *principal;
    GDestroyNotify free_principal;

    struct router *router;     /* borrowed */
    struct server *server;     /* borrowed */
    struct dispatch *dispatch; /* borrowed */
    void *connection;          /* the library's */
    struct watched *watched;   /* NULL when complete; under the server's interrupt lock */
};

struct request *request_new(const char *raw_uri);
struct request *request_ref(struct request *request);
void request_unref(struct request *request);
/* Splits and decodes the target into path and query. False when it is no valid UTF-8. */
bool request_set_target(struct request *request);
/* Leaves of the query the arguments of these names (with blanks between; NULL: none), each once, in this order. */
void request_narrow_query(struct request *request, const char *names);

/* Takes the blanks from behind header values, which are no part of them (RFC 9110 section 5.5); the parser takes those
 * before them alone. After the framing was checked, which is strict about its own fields. */
void request_trim_headers(struct request *request);

struct metrics;
/* The one access line and the figures of a request that is over. The pattern stands for the path, which may hold a
 * token. */
void request_report(const struct request *request, struct metrics *metrics);

enum content {
    CONTENT_EMPTY,
    CONTENT_BYTES,
    CONTENT_FILE,
    CONTENT_SOURCE,
};

struct pump;

struct response {
    int status;
    enum profile profile;
    GArray *headers; /* of struct own_field */
    enum content content;
    bool is_text; /* may be compressed */
    GBytes *bytes;
    int fd;
    int64_t offset; /* CONTENT_FILE: the part that is sent */
    int64_t length;
    struct pump *pump;         /* CONTENT_SOURCE: `length` bytes */
    struct MHD_Response *kept; /* of one that many get: made at the first, NULL before; atomic */
    gint refs;                 /* atomic; more than one: nobody writes it */
};

const char *response_header_find(const struct response *response, const char *name);
/* What every answer carries, conditional requests, compression. Disk thread (or the server's, for small refusals). */
void response_complete(struct response *response, const struct request *request);
/* The status line and header block for answers written by hand. */
GString *response_head(const struct response *response, int64_t content_length);
int64_t response_length(const struct response *response);
/* Once; a second call finds nothing to do. */
void response_compress(struct response *response, const struct request *request);
/* Of one with bytes or nothing; shares the bytes. */
struct response *response_copy(const struct response *response);
/* One more owner, for response_free; from then on it is only read. */
struct response *response_ref(struct response *response);
/* What response_complete adds but for what belongs to one request alone, its id among it. */
void response_complete_kept(struct response *response, const struct request *request);

/* What request_park and request_transfer return; owned by nobody. */
struct response *response_parked(void);
struct response *response_moved(void);
