/* libmicrohttpd <-> struct request, struct response.
 *
 * A server thread never waits for disk or database: the connection is suspended, a disk thread works, the connection is
 * resumed. A request's life is its phase (exchange.h).
 */
#include "service/http/server.h"

#include <microhttpd.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "common/failure.h"
#include "service/http/disk.h"
#include "service/http/exchange.h"
#include "service/http/framing.h"
#include "service/http/lanes.h"
#include "service/http/limits.h"
#include "service/http/listener.h"
#include "service/http/metrics.h"
#include "service/http/origin.h"
#include "service/http/parked.h"
#include "service/http/parked_list.h"
#include "service/http/response_source.h"
#include "service/http/routing.h"
#include "service/http/shared.h"
#include "service/http/watchdog.h"

#define SWALLOW_MAX_BYTES 1048576  /* a refused body of this size is read to its end, then answered */
#define LINGER_MAX_BYTES  67108864 /* of a larger one this much, or what comes in 2 s, is dropped after the answer */
#define STOP_WAIT_US      10000000
#define STOP_FORCED_US    2000000
#define STOP_LOOK_US      5000
#define SYNC_LAG_MAX      8 /* steps that a slow disk may lie behind before reading pauses */

struct server {
    struct server_config config;
    struct router *router;
    struct metrics *metrics;
    struct limits *limits;
    struct shared_answers *shared;
    struct disk *disk;
    struct disk *transfers; /* the same kind of threads, for what waits for the network */
    struct watchdog *watchdog;
    struct parked_list *parked;
    struct listener *listener;
    struct lanes *lanes;
    struct origin_rule origin;
    gint is_stopping; /* atomic */
    gint open;        /* atomic: requests that are not complete */
    gint working;     /* atomic: suspended connections */
    GMutex interrupt_lock;
    int64_t slow_reported; /* watchdog's thread */
};

/* --- answering ------------------------------------------------------------------------------------------------- */

static void bytes_free(void *bytes)
{
    g_bytes_unref(bytes);
}

static struct MHD_Response *to_library(struct response *response, struct request *request)
{
    struct MHD_Response *made;

    switch (response->content) {
    case CONTENT_FILE:
        made = MHD_create_response_from_fd_at_offset64((uint64_t)response->length, response->fd,
                                                       (uint64_t)response->offset);
        if (made != NULL) {
            response->fd = -1; /* the library's now */
        }
        break;
    case CONTENT_BYTES: {
        gsize size;
        const void *data = g_bytes_get_data(response->bytes, &size);
        made = MHD_create_response_from_buffer_with_free_callback_cls(size, (void *)(uintptr_t)data, bytes_free,
                                                                      g_bytes_ref(response->bytes));
        if (made == NULL) {
            g_bytes_unref(response->bytes);
        }
        break;
    }
    case CONTENT_SOURCE:
        made = pump_to_library(g_steal_pointer(&response->pump), request->connection, request->server->transfers,
                               &request->server->working);
        break;
    default:
        made = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    for (guint i = 0; made != NULL && i < response->headers->len; i++) {
        const struct own_field *field = &g_array_index(response->headers, struct own_field, i);
        (void)MHD_add_response_header(made, field->name, field->value); /* checked when it was set */
    }
    return made;
}

/* The library's own of a response that many get, made by the first thread that needs it: it is most of what such an answer
 * costs. NULL: no memory. */
static struct MHD_Response *kept_of(struct response *response, struct request *request)
{
    struct MHD_Response *kept = g_atomic_pointer_get(&response->kept);

    if (kept == NULL) {
        kept = to_library(response, request);
        if (kept != NULL && !g_atomic_pointer_compare_and_exchange(&response->kept, NULL, kept)) {
            MHD_destroy_response(kept); /* another thread was first */
            kept = g_atomic_pointer_get(&response->kept);
        }
    }
    return kept;
}

static enum MHD_Result answer(struct MHD_Connection *connection, struct request *request)
{
    const bool is_kept = request->has_kept_answer;
    struct MHD_Response *made = is_kept ? kept_of(request->response, request) : to_library(request->response, request);

    if (made == NULL) {
        return MHD_NO;
    }
    request->is_answered = true;
    request->answered_status = request->response->status;
    request->answered_bytes = strcmp(request->method, "HEAD") == 0 ? 0 : response_length(request->response);
    const enum MHD_Result queued = MHD_queue_response(connection, (unsigned int)request->response->status, made);
    if (!is_kept) {
        MHD_destroy_response(made); /* the queue holds its own reference */
    }
    return queued;
}

/* While a body is under way the library can answer only by closing the socket with unread bytes in it, and the reset
 * overtakes the answer. So the answer is written beside the library, the body dropped for a while, and then closed. */
static void answer_by_hand(struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    g_autoptr(GString) head = response_head(request->response, response_length(request->response));

    if (request->response->content == CONTENT_BYTES) {
        gsize size;
        const char *data = g_bytes_get_data(request->response->bytes, &size);
        g_string_append_len(head, data, (gssize)size);
    }
    /* A refusal is far smaller than the socket's buffer; a peer that does not read it loses it. */
    (void)!send(info->connect_fd, head->str, head->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    request->is_answered = true;
    request->answered_status = request->response->status;
    request->answered_bytes = response_length(request->response);
    request->phase = PHASE_LINGER;
    watchdog_linger(request->server->watchdog, request->watched);
}

void request_interim(const struct request *request, const char *head)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    /* One that does not fit into the socket's buffer is lost, and the client does without. */
    (void)!send(info->connect_fd, head, strlen(head), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* --- work on disk threads -------------------------------------------------------------------------------------- */

static void resume(struct request *request)
{
    struct server *server = request->server;

    MHD_resume_connection(request->connection);
    /* The request may be gone from here on. */
    (void)g_atomic_int_dec_and_test(&server->working); /* only counted */
}

static void again_job(void *data);

static void settle(struct request *request)
{
    struct server *server = request->server;

    if (request->response == response_moved()) {
        request->response = NULL;
        request->is_transferring = true;
        disk_submit(server->transfers, again_job, request);
        return;
    }
    if (request->response == response_parked()) {
        request->response = NULL;
        parked_list_add(server->parked, request);
        return;
    }
    request->phase = request->response == NULL ? PHASE_STREAM : PHASE_ANSWER;
    if (request->has_body && request->received_bytes != request->content_length) {
        watchdog_expect_body(server->watchdog, request->watched);
    }
    resume(request);
}

static void run_job(void *data)
{
    struct request *request = data;

    request->wakes_seen = parked_list_wakes(request->server->parked);
    router_run(request->router, request);
    settle(request);
}

static void again_job(void *data)
{
    struct request *request = data;

    request->wakes_seen = parked_list_wakes(request->server->parked);
    router_run_again(request->router, request);
    settle(request);
}

static void finish_job(void *data)
{
    struct request *request = data;

    request->is_stream_done = true;
    router_finish_stream(request->router, request);
    settle(request);
}

static void abort_job(void *data)
{
    struct request *request = data;

    if (request->stream.abort != NULL) {
        request->stream.abort(request->stream.context);
    }
    request_unref(request);
}

static void sync_job(void *data)
{
    struct request *request = data;

    request->stream.sync(request->stream.context);
    g_atomic_int_set(&request->is_syncing, 0);
    request_unref(request);
}

/* The disk cannot keep up: reading pauses until this round is through. */
static void catch_up_job(void *data)
{
    struct request *request = data;

    request->stream.sync(request->stream.context);
    request->phase = PHASE_STREAM;
    watchdog_expect_body(request->server->watchdog, request->watched);
    resume(request);
}

/* Who runs the end of a body. */
static struct disk *finisher(const struct request *request)
{
    return request->stream.finish_transfers ? request->server->transfers : request->server->disk;
}

static enum MHD_Result hand_to(struct disk *threads, struct request *request, disk_work *work)
{
    request->phase = PHASE_WORK;
    watchdog_expect_nothing(request->server->watchdog, request->watched);
    g_atomic_int_inc(&request->server->working);
    MHD_suspend_connection(request->connection);
    disk_submit(threads, work, request);
    return MHD_YES;
}

static enum MHD_Result hand_to_disk(struct request *request, disk_work *work)
{
    return hand_to(request->server->disk, request, work);
}

/* The library does not look at a connection that it has put aside. */
static bool has_hung_up(const struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd polled = {.fd = info->connect_fd, .events = POLLRDHUP};

    return poll(&polled, 1, 0) > 0;
}

/* Who hung up while it waited is given nothing: what its handler takes for it (a job, for a machine that has just ended)
 * would be nobody's. */
static void run_parked(void *context, struct request *request)
{
    struct server *server = context;

    if (has_hung_up(request)) {
        request->response = response_empty(204);
        settle(request);
        return;
    }
    disk_submit(request->is_transferring ? server->transfers : server->disk, again_job, request);
}

void server_wake(struct server *server, const char *topic)
{
    parked_list_wake(server->parked, topic);
}

/* --- the head -------------------------------------------------------------------------------------------------- */

static enum MHD_Result collect_field(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct request *request = context;
    const struct field field = {name, value == NULL ? "" : value};

    (void)kind; /* asked for headers only */
    g_array_append_val(request->headers, field);
    return MHD_YES;
}

static bool read_head(const struct server *server, struct request *request, const char *method, const char *version,
                      GError **error)
{
    struct framing framing = {.content_length = -1};

    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, collect_field, request); /* their number */
    const struct framing_input input = {
        .method = method,
        .version = version,
        .raw_uri = request->raw_uri,
        .fields = (const struct field *)(const void *)request->headers->data,
        .count = request->headers->len,
    };
    request->method = method;
    request_set_peer(request,
                     MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    if (!framing_check(&input, &framing, error)) {
        return false;
    }
    request_trim_headers(request);
    if (!request_set_target(request)) {
        return refuse(error, HTTP_ERROR, REASON_MALFORMED, "the address is no UTF-8, or has too many arguments");
    }
    request->content_length = framing.content_length;
    request->has_body = framing.is_chunked || framing.content_length > 0;
    request_read_origin(request, &server->origin);
    return true;
}

static void judge_head(struct server *server, struct request *request, GError *malformed)
{
    g_autoptr(GError) error = NULL;

    router_greet(server->router, request);
    if (malformed != NULL) {
        router_refuse(server->router, request, malformed);
        response_header(request->response, "Connection", "close");
        return;
    }
    router_prepare(server->router, request);
    if (request->response != NULL) {
        return;
    }
    if (router_answer_shared(server->router, request)) {
        metrics_add(server->metrics, METRIC_SHARED_ANSWERS, NULL, 1);
        return;
    }
    if (g_atomic_int_get(&server->is_stopping) != 0 || disk_is_crowded(server->disk)) {
        error = g_error_new_literal(HTTP_ERROR, REASON_BUSY, "stopping, or too much waits for the disk");
        router_refuse(server->router, request, error);
        response_header(request->response, "Connection", "close");
    }
}

static enum MHD_Result begin(struct server *server, struct request *request, const char *method, const char *version)
{
    g_autoptr(GError) malformed = NULL;

    (void)read_head(server, request, method, version, &malformed); /* the error says it */
    judge_head(server, request, malformed);
    if (request->response != NULL) {
        request->phase = PHASE_ANSWER;
        /* Malformed: where the body ends is unknown. Expect: the answer takes the place of the 100. */
        const bool now = malformed != NULL || request_header(request, "Expect") != NULL;
        watchdog_expect_body(server->watchdog, request->watched);
        return now && (request->has_body || malformed != NULL) ? answer(request->connection, request) : MHD_YES;
    }
    if (router_json_max(request->route->body) > 0 && request->has_body) {
        request->phase = PHASE_COLLECT;
        request->body = g_byte_array_new();
        watchdog_expect_body(server->watchdog, request->watched);
        return MHD_YES;
    }
    request->is_head_held = true;
    return hand_to_disk(request, run_job);
}

/* After a suspension in its first call the library repeats that call. An answer queued now would close the connection
 * even without a body, so it waits for the end of the body; only with Expect it takes the place of the 100. */
static enum MHD_Result pass_head(struct request *request)
{
    request->is_head_held = false;
    if (request->phase == PHASE_ANSWER && request->has_body && request_header(request, "Expect") != NULL) {
        return answer(request->connection, request);
    }
    return MHD_YES;
}

/* --- the body -------------------------------------------------------------------------------------------------- */

static void collect_piece(struct request *request, const char *data, size_t size)
{
    /* Beyond the limit nothing is kept; the router says that it was too long. */
    const size_t most = router_json_max(request->route->body) + 1;
    const size_t room = most - MIN(request->body->len, most);

    (void)g_byte_array_append(request->body, (const guint8 *)data, (guint)MIN(size, room)); /* the same array */
}

static enum MHD_Result stream_piece(struct request *request, const char *data, size_t size)
{
    const struct stream *stream = &request->stream;

    if (!stream->write(stream->context, data, size)) {
        return hand_to(finisher(request), request, finish_job);
    }
    request->unsynced_bytes += (int64_t)size;
    const bool is_first = stream->first_sync_bytes > 0 && request->received_bytes >= stream->first_sync_bytes &&
                          request->received_bytes - (int64_t)size < stream->first_sync_bytes;
    if (stream->sync == NULL || (request->unsynced_bytes < stream->sync_bytes && !is_first)) {
        return MHD_YES;
    }
    if (g_atomic_int_compare_and_exchange(&request->is_syncing, 0, 1)) {
        request->unsynced_bytes = 0;
        disk_submit(request->server->disk, sync_job, request_ref(request));
    } else if (request->unsynced_bytes > SYNC_LAG_MAX * stream->sync_bytes) {
        request->unsynced_bytes = 0;
        return hand_to_disk(request, catch_up_job);
    }
    return MHD_YES;
}

static enum MHD_Result drop_piece(struct request *request, size_t size)
{
    const int64_t left = request->content_length - request->received_bytes;

    if (request->phase == PHASE_ANSWER && (request->content_length < 0 || left > SWALLOW_MAX_BYTES)) {
        answer_by_hand(request);
    }
    request->lingered_bytes += (int64_t)size;
    return request->phase == PHASE_LINGER && request->lingered_bytes > LINGER_MAX_BYTES ? MHD_NO : MHD_YES;
}

static enum MHD_Result take_piece(struct request *request, const char *data, size_t size)
{
    request->received_bytes += (int64_t)size;
    watched_count(request->watched, size);
    switch (request->phase) {
    case PHASE_COLLECT:
        collect_piece(request, data, size);
        return MHD_YES;
    case PHASE_STREAM:
        return stream_piece(request, data, size);
    default:
        return drop_piece(request, size);
    }
}

static enum MHD_Result end_of_body(struct request *request)
{
    switch (request->phase) {
    case PHASE_COLLECT:
        return hand_to_disk(request, run_job);
    case PHASE_STREAM:
        return hand_to(finisher(request), request, finish_job);
    case PHASE_ANSWER:
        watchdog_expect_nothing(request->server->watchdog, request->watched);
        return request->is_answered ? MHD_YES : answer(request->connection, request);
    default:
        return MHD_NO;
    }
}

/* --- what the library calls ------------------------------------------------------------------------------------ */

static void *on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct server *server = context;
    struct request *request = request_new(uri);

    request->server = server;
    request->connection = connection;
    request->watched = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    g_atomic_int_inc(&server->open);
    return request;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    struct request *request = *state;

    (void)connection; /* known since on_uri */
    (void)url;        /* the raw one is parsed here */
    if (request->phase == PHASE_HEAD) {
        return begin(context, request, method, version);
    }
    if (request->is_head_held) {
        return pass_head(request);
    }
    if (*size > 0) {
        const size_t taken = *size;
        *size = 0;
        return take_piece(request, data, taken);
    }
    return end_of_body(request);
}

static void on_complete(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode code)
{
    struct server *server = context;
    struct request *request = *state;

    (void)connection; /* known since on_uri */
    (void)code;       /* the phase says more */
    if (request == NULL) {
        return;
    }
    *state = NULL;
    watchdog_expect_head(server->watchdog, request->watched);
    g_mutex_lock(&server->interrupt_lock);
    request->watched = NULL;
    g_mutex_unlock(&server->interrupt_lock);
    request_report(request, server->metrics);
    if (request->has_stream && !request->is_stream_done) {
        request->is_stream_done = true;
        disk_submit(finisher(request), abort_job, request_ref(request));
    }
    request_unref(request);
    (void)g_atomic_int_dec_and_test(&server->open); /* server_stop looks at it */
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context =
            watchdog_add(server->watchdog,
                         MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    } else {
        watchdog_remove(server->watchdog, *socket_context);
    }
}

void request_interrupt(struct request *request)
{
    struct server *server = request->server;

    g_mutex_lock(&server->interrupt_lock);
    if (request->watched != NULL) {
        watchdog_interrupt(server->watchdog, request->watched, false);
    }
    g_mutex_unlock(&server->interrupt_lock);
}

/* --- threads --------------------------------------------------------------------------------------------------- */

static void on_hand(void *context, int fd, const struct sockaddr_storage *address, const char *head, size_t length)
{
    struct server *server = context;

    if (!lanes_hand(server->lanes, fd, address, head, length)) {
        metrics_add(server->metrics, METRIC_CONNECTIONS_REFUSED, NULL, 1);
    }
}

static void on_tick(void *context, int64_t now_ms, int64_t ended)
{
    struct server *server = context;

    parked_list_expire(server->parked, now_ms, false);
    metrics_set(server->metrics, METRIC_PARKED, NULL, (int64_t)parked_list_count(server->parked));
    metrics_add(server->metrics, METRIC_SLOW_CLOSED, NULL, ended - server->slow_reported);
    server->slow_reported = ended;
    lanes_report(server->lanes, server->metrics);
}

static void server_free(struct server *server)
{
    watchdog_halt(server->watchdog); /* its tick looks at the lanes, their connections at it */
    lanes_stop(server->lanes);
    disk_stop(server->transfers);
    disk_stop(server->disk);
    watchdog_free(server->watchdog);
    parked_list_free(server->parked);
    router_free(server->router);
    shared_free(server->shared);
    limits_free(server->limits);
    metrics_free(server->metrics);
    origin_rule_clear(&server->origin);
    g_mutex_clear(&server->interrupt_lock);
    g_free(server);
}

static bool start_threads(struct server *server, GError **error)
{
    const struct server_config *config = &server->config;
    const struct watchdog_limits limits = {
        .head_ms = config->head_ms > 0 ? config->head_ms : 15000,
        .idle_ms = 60000,
        .body_window_ms = config->body_window_ms > 0 ? config->body_window_ms : 60000,
        .body_window_bytes = 120000, /* 2 KB/s over 60 s */
        .linger_ms = 2000,
    };

    const struct lane_calls calls = {
        .uri = on_uri, .request = on_request, .complete = on_complete, .connection = on_connection, .context = server};

    server->disk = disk_start(config->disk_threads > 0 ? config->disk_threads : 8);
    server->transfers = disk_start(config->transfer_threads > 0 ? config->transfer_threads : 16);
    server->parked = parked_list_new(run_parked, server);
    server->lanes = lanes_start(&calls, error);
    if (server->lanes == NULL) {
        return false;
    }
    server->watchdog = watchdog_start(&limits, on_tick, server);
    const struct listener_config listener = {
        .host = config->host,
        .port = config->port,
        .first_byte_ms = limits.head_ms,
        .hand = on_hand,
        .context = server,
    };
    server->listener = listener_start(&listener, error);
    return server->listener != NULL;
}

struct server *server_start(const struct server_config *config, const struct route *routes, size_t route_count,
                            gate *judge, struct app *app, GError **error)
{
    struct server *server = g_new0(struct server, 1);

    server->config = *config;
    server->shared = shared_new();
    const struct router_config router = {.routes = routes,
                                         .route_count = route_count,
                                         .gate = judge,
                                         .problem = config->problem,
                                         .greet = config->greet,
                                         .shared = server->shared,
                                         .shared_access = config->shared_access,
                                         .app = app};
    server->metrics = metrics_new();
    server->limits = limits_new();
    server->router = router_new(&router);
    g_mutex_init(&server->interrupt_lock);
    if (!origin_rule_read(&server->origin, config->trusted_proxies, config->base_url, error) ||
        !start_threads(server, error)) {
        server_free(server);
        return NULL;
    }
    return server;
}

int server_port(const struct server *server)
{
    return listener_port(server->listener);
}

void server_site_changed(struct server *server)
{
    shared_drop(server->shared);
}

struct metrics *server_metrics(struct server *server)
{
    return server->metrics;
}

struct limits *server_limits(struct server *server)
{
    return server->limits;
}

static void wait_until_zero(gint *number, gint64 at_most_us)
{
    const gint64 until_us = g_get_monotonic_time() + at_most_us;

    while (g_atomic_int_get(number) > 0 && g_get_monotonic_time() < until_us) {
        g_usleep(STOP_LOOK_US);
    }
}

void server_stop(struct server *server)
{
    if (server == NULL) {
        return;
    }
    g_atomic_int_set(&server->is_stopping, 1);
    listener_stop(server->listener);
    parked_list_expire(server->parked, 0, true);
    wait_until_zero(&server->open, STOP_WAIT_US);
    watchdog_interrupt_all(server->watchdog);
    wait_until_zero(&server->open, STOP_FORCED_US);
    /* The library must not be stopped with a suspended connection; a disk thread always comes back. */
    wait_until_zero(&server->working, G_MAXINT64 / 2);
    server_free(server);
}
