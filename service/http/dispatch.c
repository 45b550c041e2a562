#include "service/http/dispatch.h"

#include <microhttpd.h>
#include <poll.h>

#include "service/http/parked_list.h"
#include "service/http/routing.h"
#include "service/http/watchdog.h"

#define DRAIN_LOOK_US 5000

struct dispatch {
    struct disk *pools[POOL_COUNT];
    struct parked_list *parked;
    gint suspended; /* atomic: connections */
};

/* --- connections ----------------------------------------------------------------------------------------------- */

void dispatch_submit(struct dispatch *dispatch, enum pool pool, disk_work *work, void *data)
{
    disk_submit(dispatch->pools[pool], work, data);
}

void dispatch_suspend(struct dispatch *dispatch, void *connection)
{
    g_atomic_int_inc(&dispatch->suspended);
    MHD_suspend_connection(connection);
}

void dispatch_resume(struct dispatch *dispatch, void *connection)
{
    MHD_resume_connection(connection);
    (void)g_atomic_int_dec_and_test(&dispatch->suspended); /* only counted */
}

/* --- requests -------------------------------------------------------------------------------------------------- */

static void again_job(void *data)
{
    struct request *request = data;

    request->wakes_seen = parked_list_wakes(request->dispatch->parked);
    router_run_again(request->router, request);
    dispatch_settle(request);
}

void dispatch_settle(struct request *request)
{
    struct dispatch *dispatch = request->dispatch;

    if (request->response == response_moved()) {
        request->response = NULL;
        request->is_transferring = true;
        dispatch_submit(dispatch, POOL_TRANSFERS, again_job, request);
        return;
    }
    if (request->response == response_parked()) {
        request->response = NULL;
        parked_list_add(dispatch->parked, request);
        return;
    }
    request->phase = request->response == NULL ? PHASE_STREAM : PHASE_ANSWER;
    if (request->has_body && request->received_bytes != request->content_length) {
        watched_expect_body(request->watched);
    }
    dispatch_resume(dispatch, request->connection);
}

static void run_job(void *data)
{
    struct request *request = data;

    request->wakes_seen = parked_list_wakes(request->dispatch->parked);
    router_run(request->router, request);
    dispatch_settle(request);
}

void dispatch_hand(struct request *request, enum pool pool, disk_work *work)
{
    request->phase = PHASE_WORK;
    watched_expect_nothing(request->watched);
    dispatch_suspend(request->dispatch, request->connection);
    dispatch_submit(request->dispatch, pool, work, request);
}

void dispatch_run(struct request *request)
{
    dispatch_hand(request, POOL_DISK, run_job);
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
    struct dispatch *dispatch = context;

    if (has_hung_up(request)) {
        request->response = response_empty(204);
        dispatch_settle(request);
        return;
    }
    dispatch_submit(dispatch, request->is_transferring ? POOL_TRANSFERS : POOL_DISK, again_job, request);
}

/* --- threads --------------------------------------------------------------------------------------------------- */

struct dispatch *dispatch_start(int disk_threads, int transfer_threads)
{
    struct dispatch *dispatch = g_new0(struct dispatch, 1);

    dispatch->pools[POOL_DISK] = disk_start(disk_threads);
    dispatch->pools[POOL_TRANSFERS] = disk_start(transfer_threads);
    dispatch->parked = parked_list_new(run_parked, dispatch);
    return dispatch;
}

void dispatch_drain(struct dispatch *dispatch)
{
    while (g_atomic_int_get(&dispatch->suspended) > 0) {
        g_usleep(DRAIN_LOOK_US);
    }
}

void dispatch_stop(struct dispatch *dispatch)
{
    if (dispatch == NULL) {
        return;
    }
    disk_stop(dispatch->pools[POOL_TRANSFERS]);
    disk_stop(dispatch->pools[POOL_DISK]);
    parked_list_free(dispatch->parked);
    g_free(dispatch);
}

bool dispatch_is_crowded(struct dispatch *dispatch)
{
    return disk_is_crowded(dispatch->pools[POOL_DISK]);
}

struct parked_list *dispatch_parked(struct dispatch *dispatch)
{
    return dispatch->parked;
}
