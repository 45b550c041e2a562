/* Bodies from a source: two pieces at most are in memory, the one that is being sent and the one that is being read.
 *
 * The library asks for bytes on a server thread, which never waits: when they are not there yet, the connection is
 * suspended, and the transfer thread that brings them resumes it. A suspended connection cannot end, so it is there to
 * be resumed; a fetch that nobody waits for any more holds only its own reference. */
#include "service/http/response_source.h"

#include <string.h>

#include <microhttpd.h>

#include "common/failure.h"
#include "service/http/dispatch.h"

#define PIECE_BYTES 524288 /* at 20 ms to the store still 25 MB/s for one reader, who has two of them */
#define BLOCK_BYTES 65536  /* what the library takes at a time */

struct pump {
    gint references; /* atomic: the response and a running fetch */
    struct source source;
    int64_t offset; /* of the answer in the source */
    int64_t length;
    int64_t count; /* of pieces */
    struct dispatch *dispatch;
    void *connection;
    GMutex lock;
    /* under lock */
    char *pieces[2]; /* piece k in slot k % 2 */
    int64_t fetched; /* pieces that are there, from the first */
    int64_t reading; /* piece that is being sent */
    bool is_fetching;
    bool is_waiting; /* the connection is suspended */
    bool has_failed;
    /* end of lock */
};

static void pump_unref(struct pump *pump)
{
    if (!g_atomic_int_dec_and_test(&pump->references)) {
        return;
    }
    pump->source.free(pump->source.context);
    g_free(pump->pieces[0]);
    g_free(pump->pieces[1]);
    g_mutex_clear(&pump->lock);
    g_free(pump);
}

static size_t piece_length(const struct pump *pump, int64_t piece)
{
    return (size_t)MIN(PIECE_BYTES, pump->length - piece * PIECE_BYTES);
}

/* The slot's old piece was sent to its end: see may_fetch. */
static bool fetch(struct pump *pump, int64_t piece, GError **error)
{
    const size_t length = piece_length(pump, piece);
    char **slot = &pump->pieces[piece % 2];

    if (*slot == NULL) {
        *slot = g_malloc(MIN(PIECE_BYTES, (size_t)pump->length));
    }
    return pump->source.read(pump->source.context, pump->offset + piece * PIECE_BYTES, *slot, length, error);
}

/* The caller holds the lock. */
static bool may_fetch(const struct pump *pump)
{
    return !pump->has_failed && pump->fetched < pump->count && pump->fetched < pump->reading + 2;
}

static void fetch_job(void *data)
{
    struct pump *pump = data;
    bool goes_on = true;

    while (goes_on) {
        g_mutex_lock(&pump->lock);
        const int64_t piece = pump->fetched;
        g_mutex_unlock(&pump->lock);
        const bool good = fetch(pump, piece, NULL); /* the head was sent: all that can be said is the end */
        g_mutex_lock(&pump->lock);
        pump->has_failed = !good;
        pump->fetched += good ? 1 : 0;
        goes_on = may_fetch(pump);
        pump->is_fetching = goes_on;
        const bool is_waiting = pump->is_waiting;
        pump->is_waiting = false;
        g_mutex_unlock(&pump->lock);
        if (is_waiting) {
            dispatch_resume(pump->dispatch, pump->connection);
        }
    }
    pump_unref(pump);
}

/* The caller holds the lock. */
static void fetch_ahead(struct pump *pump)
{
    if (!pump->is_fetching && may_fetch(pump)) {
        pump->is_fetching = true;
        g_atomic_int_inc(&pump->references);
        dispatch_submit(pump->dispatch, POOL_TRANSFERS, fetch_job, pump);
    }
}

/* The caller holds the lock. */
static ssize_t give(struct pump *pump, int64_t at, char *into, size_t most)
{
    const int64_t piece = at / PIECE_BYTES;
    const size_t inside = (size_t)(at % PIECE_BYTES);

    pump->reading = piece;
    fetch_ahead(pump);
    if (piece < pump->fetched) {
        const size_t length = MIN(most, piece_length(pump, piece) - inside);
        memcpy(into, pump->pieces[piece % 2] + inside, length);
        return (ssize_t)length;
    }
    if (pump->has_failed) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    pump->is_waiting = true;
    dispatch_suspend(pump->dispatch, pump->connection);
    return 0;
}

static ssize_t on_read(void *context, uint64_t at, char *into, size_t most)
{
    struct pump *pump = context;

    g_mutex_lock(&pump->lock);
    const ssize_t given = give(pump, (int64_t)at, into, most);
    g_mutex_unlock(&pump->lock);
    return given;
}

static void on_free(void *context)
{
    pump_unref(context);
}

struct pump *pump_new(const struct source *source, int64_t offset, int64_t length)
{
    struct pump *pump = g_new0(struct pump, 1);

    pump->references = 1;
    pump->source = *source;
    pump->offset = offset;
    pump->length = length;
    pump->count = (length + PIECE_BYTES - 1) / PIECE_BYTES;
    g_mutex_init(&pump->lock);
    return pump;
}

bool pump_prime(struct pump *pump, GError **error)
{
    if (pump->count > 0 && !fetch(pump, 0, error)) {
        return false;
    }
    pump->fetched = MIN(pump->count, 1);
    return true;
}

void pump_free(struct pump *pump)
{
    if (pump != NULL) {
        pump_unref(pump);
    }
}

struct MHD_Response *pump_to_library(struct pump *pump, void *connection, struct dispatch *dispatch)
{
    pump->connection = connection;
    pump->dispatch = dispatch;
    struct MHD_Response *made =
        MHD_create_response_from_callback((uint64_t)pump->length, BLOCK_BYTES, on_read, pump, on_free);
    if (made == NULL) {
        pump_unref(pump);
    }
    return made;
}
