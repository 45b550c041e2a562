/* The server as a whole: its parts, what the library calls, how a request begins (its head) and ends.
 *
 * How a body comes is body.c, who works while the connection is suspended dispatch.c, how an answer leaves answer.c. A
 * request's life is its phase (exchange.h).
 */
#include "service/http/server.h"

#include <microhttpd.h>

#include "common/failure.h"
#include "service/http/answer.h"
#include "service/http/body.h"
#include "service/http/dispatch.h"
#include "service/http/framing.h"
#include "service/http/lanes.h"
#include "service/http/limits.h"
#include "service/http/listener.h"
#include "service/http/metrics.h"
#include "service/http/origin.h"
#include "service/http/parked.h"
#include "service/http/parked_list.h"
#include "service/http/routing.h"
#include "service/http/shared.h"
#include "service/http/watchdog.h"

#define STOP_WAIT_US   10000000
#define STOP_FORCED_US 2000000
#define STOP_LOOK_US   5000

struct server {
    struct server_config config;
    struct router *router;
    struct metrics *metrics;
    struct limits *limits;
    struct shared_answers *shared;
    struct dispatch *dispatch;
    struct watchdog *watchdog;
    struct listener *listener;
    struct lanes *lanes;
    struct origin_rule origin;
    gint is_stopping; /* atomic */
    gint open;        /* atomic: requests that are not complete */
    GMutex interrupt_lock;
    int64_t slow_reported; /* watchdog's thread */
};

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
    if (g_atomic_int_get(&server->is_stopping) != 0 || dispatch_is_crowded(server->dispatch)) {
        error = g_error_new_literal(HTTP_ERROR, REASON_BUSY, "stopping, or too much waits for the disk");
        router_refuse(server->router, request, error);
        response_header(request->response, "Connection", "close");
    }
}

/* False here and below: the connection is to be closed. */
static bool begin(struct server *server, struct request *request, const char *method, const char *version)
{
    g_autoptr(GError) malformed = NULL;

    (void)read_head(server, request, method, version, &malformed); /* the error says it */
    judge_head(server, request, malformed);
    if (request->response != NULL) {
        request->phase = PHASE_ANSWER;
        /* Malformed: where the body ends is unknown. Expect: the answer takes the place of the 100. */
        const bool is_now = malformed != NULL || (request->has_body && request_header(request, "Expect") != NULL);
        watched_expect_body(request->watched);
        return !is_now || answer_queue(request);
    }
    if (router_json_max(request->route->body) > 0 && request->has_body) {
        request->phase = PHASE_COLLECT;
        request->body = g_byte_array_new();
        watched_expect_body(request->watched);
        return true;
    }
    request->is_head_held = true;
    dispatch_run(request);
    return true;
}

/* After a suspension in its first call the library repeats that call. An answer queued now would close the connection
 * even without a body, so it waits for the end of the body; only with Expect it takes the place of the 100. */
static bool pass_head(struct request *request)
{
    request->is_head_held = false;
    if (request->phase == PHASE_ANSWER && request->has_body && request_header(request, "Expect") != NULL) {
        return answer_queue(request);
    }
    return true;
}

/* --- what the library calls ------------------------------------------------------------------------------------ */

static void *on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct server *server = context;
    struct request *request = request_new(uri);

    request->server = server;
    request->dispatch = server->dispatch;
    request->connection = connection;
    request->watched = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    g_atomic_int_inc(&server->open);
    return request;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    struct request *request = *state;
    bool goes_on;

    (void)connection; /* known since on_uri */
    (void)url;        /* the raw one is parsed here */
    if (request->phase == PHASE_HEAD) {
        goes_on = begin(context, request, method, version);
    } else if (request->is_head_held) {
        goes_on = pass_head(request);
    } else if (*size > 0) {
        const size_t taken = *size;
        *size = 0;
        goes_on = body_take(request, data, taken);
    } else {
        goes_on = body_end(request);
    }
    return goes_on ? MHD_YES : MHD_NO;
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
    watched_expect_head(request->watched);
    g_mutex_lock(&server->interrupt_lock);
    request->watched = NULL;
    g_mutex_unlock(&server->interrupt_lock);
    request_report(request, server->metrics);
    body_abort(request);
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
        watched_remove(*socket_context);
    }
}

void request_interrupt(struct request *request)
{
    struct server *server = request->server;

    g_mutex_lock(&server->interrupt_lock);
    if (request->watched != NULL) {
        watched_interrupt(request->watched);
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
    struct parked_list *parked = dispatch_parked(server->dispatch);

    parked_list_expire(parked, now_ms, false);
    metrics_set(server->metrics, METRIC_PARKED, NULL, (int64_t)parked_list_count(parked));
    metrics_add(server->metrics, METRIC_SLOW_CLOSED, NULL, ended - server->slow_reported);
    server->slow_reported = ended;
    lanes_report(server->lanes, server->metrics);
}

static void server_free(struct server *server)
{
    watchdog_halt(server->watchdog); /* its tick looks at the lanes, their connections at it */
    lanes_stop(server->lanes);
    dispatch_stop(server->dispatch);
    watchdog_free(server->watchdog);
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

    server->dispatch = dispatch_start(config->disk_threads > 0 ? config->disk_threads : 8,
                                      config->transfer_threads > 0 ? config->transfer_threads : 16);
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

void server_wake(struct server *server, const char *topic)
{
    parked_list_wake(dispatch_parked(server->dispatch), topic);
}

struct metrics *server_metrics(struct server *server)
{
    return server->metrics;
}

struct limits *server_limits(struct server *server)
{
    return server->limits;
}

static void wait_for_requests(struct server *server, gint64 at_most_us)
{
    const gint64 until_us = g_get_monotonic_time() + at_most_us;

    while (g_atomic_int_get(&server->open) > 0 && g_get_monotonic_time() < until_us) {
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
    parked_list_expire(dispatch_parked(server->dispatch), 0, true);
    wait_for_requests(server, STOP_WAIT_US);
    watchdog_interrupt_all(server->watchdog);
    wait_for_requests(server, STOP_FORCED_US);
    dispatch_drain(server->dispatch);
    server_free(server);
}
