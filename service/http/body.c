#include "service/http/body.h"

#include "service/http/answer.h"
#include "service/http/dispatch.h"
#include "service/http/routing.h"
#include "service/http/watchdog.h"

#define SWALLOW_MAX_BYTES 1048576  /* a refused body of this size is read to its end, then answered */
#define LINGER_MAX_BYTES  67108864 /* of a larger one this much, or what comes in 2 s, is dropped after the answer */
#define SYNC_LAG_MAX      8        /* steps that a slow disk may lie behind before reading pauses */

/* --- a stream's work in the pools ------------------------------------------------------------------------------ */

static void finish_job(void *data)
{
    struct request *request = data;

    request->is_stream_done = true;
    router_finish_stream(request->router, request);
    dispatch_settle(request);
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
    watched_expect_body(request->watched);
    dispatch_resume(request->dispatch, request->connection);
}

/* Who runs the end of a body. */
static enum pool finisher(const struct request *request)
{
    return request->stream.finish_transfers ? POOL_TRANSFERS : POOL_DISK;
}

/* --- pieces ---------------------------------------------------------------------------------------------------- */

static void collect_piece(struct request *request, const char *data, size_t size)
{
    /* Beyond the limit nothing is kept; the router says that it was too long. */
    const size_t most = router_json_max(request->route->body) + 1;
    const size_t room = most - MIN(request->body->len, most);

    (void)g_byte_array_append(request->body, (const guint8 *)data, (guint)MIN(size, room)); /* the same array */
}

static bool stream_piece(struct request *request, const char *data, size_t size)
{
    const struct stream *stream = &request->stream;

    if (!stream->write(stream->context, data, size)) {
        dispatch_hand(request, finisher(request), finish_job);
        return true;
    }
    request->unsynced_bytes += (int64_t)size;
    const bool is_first = stream->first_sync_bytes > 0 && request->received_bytes >= stream->first_sync_bytes &&
                          request->received_bytes - (int64_t)size < stream->first_sync_bytes;
    if (stream->sync == NULL || (request->unsynced_bytes < stream->sync_bytes && !is_first)) {
        return true;
    }
    if (g_atomic_int_compare_and_exchange(&request->is_syncing, 0, 1)) {
        request->unsynced_bytes = 0;
        dispatch_submit(request->dispatch, POOL_DISK, sync_job, request_ref(request));
    } else if (request->unsynced_bytes > SYNC_LAG_MAX * stream->sync_bytes) {
        request->unsynced_bytes = 0;
        dispatch_hand(request, POOL_DISK, catch_up_job);
    }
    return true;
}

static bool drop_piece(struct request *request, size_t size)
{
    const int64_t left = request->content_length - request->received_bytes;

    if (request->phase == PHASE_ANSWER && (request->content_length < 0 || left > SWALLOW_MAX_BYTES)) {
        answer_by_hand(request);
    }
    request->lingered_bytes += (int64_t)size;
    return request->phase != PHASE_LINGER || request->lingered_bytes <= LINGER_MAX_BYTES;
}

bool body_take(struct request *request, const char *data, size_t size)
{
    request->received_bytes += (int64_t)size;
    watched_count(request->watched, size);
    switch (request->phase) {
    case PHASE_COLLECT:
        collect_piece(request, data, size);
        return true;
    case PHASE_STREAM:
        return stream_piece(request, data, size);
    default:
        return drop_piece(request, size);
    }
}

bool body_end(struct request *request)
{
    switch (request->phase) {
    case PHASE_COLLECT:
        dispatch_run(request);
        return true;
    case PHASE_STREAM:
        dispatch_hand(request, finisher(request), finish_job);
        return true;
    case PHASE_ANSWER:
        watched_expect_nothing(request->watched);
        return request->is_answered || answer_queue(request);
    default:
        return false;
    }
}

void body_abort(struct request *request)
{
    if (request->has_stream && !request->is_stream_done) {
        request->is_stream_done = true;
        dispatch_submit(request->dispatch, finisher(request), abort_job, request_ref(request));
    }
}
