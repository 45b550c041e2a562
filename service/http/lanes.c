#include "service/http/lanes.h"

#include <stdint.h>
#include <string.h>

#include "common/failure.h"
#include "service/http/metrics.h"

enum lane { LANE_GENERAL, LANE_UPLOAD, LANE_OVERFLOW, LANE_COUNT };

#define LANE_THREADS 2

enum { HEADROOM = 100 };

/* clang-format off */
static const struct lane_rule {
    const char *name;
    const char *label;
    size_t memory_bytes;      /* per connection */
    unsigned int limit;       /* connections, per thread */
    unsigned int idle_s;
} LANES[LANE_COUNT] = {
    [LANE_GENERAL] = { "general", "lane=\"general\"",  32768, 1000, 30 },
    /* beside nginx, CPU for 32 x 20 MB and for 1 x 300 MB: 256 KiB 1.18, 1.24; 384 1.21, 1.07; 512 1.13, 1.01; 768 1.12, 0.95;
     * 1024 1.15, 0.95; the larger ones hold as much more for each idle upload (medians of seven rounds, two busy cores) */
    [LANE_UPLOAD]  = { "upload",  "lane=\"upload\"",  524288,  150, 60 },
    /* half of it is read at a time, and stays resident: 2,000 idle uploads hold 66 MB, and 99 in the general lane */
    [LANE_OVERFLOW] = { "overflow", "lane=\"overflow\"", 24576, 1000, 60 },
};

static const char *const UPLOADS[] = {
    "POST /api/v1/submissions/simple",
    "POST /files",
    "PATCH /files",
    "HEAD /files",
    "PATCH /uploads",
    "HEAD /uploads",
};
/* clang-format on */

struct lanes {
    struct MHD_Daemon *daemons[LANE_COUNT][LANE_THREADS];
    unsigned int turn;
};

static enum lane lane_of(const char *head, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(UPLOADS); i++) {
        const size_t wanted = strlen(UPLOADS[i]);
        if (length >= wanted && memcmp(head, UPLOADS[i], wanted) == 0) {
            return LANE_UPLOAD;
        }
    }
    return LANE_GENERAL;
}

static unsigned int open_connections(struct MHD_Daemon *daemon)
{
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/* What comes when the upload lane is full; a head of a creation may be long. */
static enum lane overflow_of(const char *head, size_t length)
{
    static const char APPEND[] = "PATCH ";

    return length >= strlen(APPEND) && memcmp(head, APPEND, strlen(APPEND)) == 0 ? LANE_OVERFLOW : LANE_GENERAL;
}

/* A full upload lane overflows into others. The count comes late in a burst (the daemon takes handed connections
 * over on its own thread), and one that is handed to a daemon at its limit is closed: hence the headroom. */
bool lanes_hand(struct lanes *lanes, int fd, const struct sockaddr_storage *address, const char *head, size_t length)
{
    const enum lane lane = lane_of(head, length);
    const unsigned int turn = lanes->turn++ % LANE_THREADS;
    struct MHD_Daemon *daemon = lanes->daemons[lane][turn];

    if (lane == LANE_UPLOAD && open_connections(daemon) >= LANES[LANE_UPLOAD].limit) {
        daemon = lanes->daemons[overflow_of(head, length)][turn];
    }
    return MHD_add_connection(daemon, fd, (const struct sockaddr *)address, sizeof *address) == MHD_YES;
}

static struct MHD_Daemon *start_daemon(const struct lane_rule *rule, const struct lane_calls *calls)
{
    const unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;

    return MHD_start_daemon(flags, 0, NULL, NULL, calls->request, calls->context, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            rule->memory_bytes, MHD_OPTION_CONNECTION_LIMIT, rule->limit + HEADROOM,
                            MHD_OPTION_CONNECTION_TIMEOUT, rule->idle_s, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                            MHD_OPTION_URI_LOG_CALLBACK, calls->uri, calls->context, MHD_OPTION_NOTIFY_COMPLETED,
                            calls->complete, calls->context, MHD_OPTION_NOTIFY_CONNECTION, calls->connection,
                            calls->context, MHD_OPTION_END);
}

struct lanes *lanes_start(const struct lane_calls *calls, GError **error)
{
    struct lanes *lanes = g_new0(struct lanes, 1);

    for (size_t i = 0; i < LANE_COUNT * LANE_THREADS; i++) {
        const struct lane_rule *rule = &LANES[i / LANE_THREADS];
        struct MHD_Daemon *daemon = start_daemon(rule, calls);
        if (daemon == NULL) {
            g_set_error(error, HTTP_ERROR, REASON_IO, "cannot start the %s lane", rule->name);
            lanes_stop(lanes);
            return NULL;
        }
        lanes->daemons[i / LANE_THREADS][i % LANE_THREADS] = daemon;
    }
    return lanes;
}

void lanes_stop(struct lanes *lanes)
{
    if (lanes == NULL) {
        return;
    }
    for (size_t i = 0; i < LANE_COUNT * LANE_THREADS; i++) {
        g_clear_pointer(&lanes->daemons[i / LANE_THREADS][i % LANE_THREADS], MHD_stop_daemon);
    }
    g_free(lanes);
}

void lanes_report(const struct lanes *lanes, struct metrics *metrics)
{
    for (size_t i = 0; i < LANE_COUNT; i++) {
        int64_t open = 0;
        for (size_t j = 0; j < LANE_THREADS; j++) {
            open += open_connections(lanes->daemons[i][j]);
        }
        metrics_set(metrics, METRIC_CONNECTIONS, LANES[i].label, open);
    }
}
