/* One run of appending to an upload: bytes go into the part file as they come (server thread, pwrite alone); what is on
 * the disk is told to the row (disk thread: fdatasync, then the offset, never the other way round); an answer names only
 * the row's offset. With Upload-Checksum nothing counts before the whole piece was verified. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/failure.h"
#include "common/settings.h"
#include "service/database/database.h"
#include "service/handlers/rufh.h"
#include "service/handlers/tus.h"
#include "service/handlers/upload_steps.h"
#include "service/handlers/uploads.h"
#include "service/http/metrics.h"
#include "service/http/request.h"
#include "service/http/response.h"
#include "service/http/server.h"
#include "service/http/stream.h"
#include "service/model/unfinished.h"
#include "service/sniffer.h"
#include "service/store/store.h"

#define SYNC_BYTES                                                                                                     \
    (INT64_C(16) << 20) /* a service that dies repeats at most this and what one sync takes; a lost line nothing */

struct writer {
    struct uploads *uploads;
    struct request *request; /* owns this writer through its stream */
    char *id;
    int fd;
    struct writing writing;
    struct tus_checksum checksum;
    int64_t written; /* atomic: end of what was written */
    int64_t told;    /* server thread: what the client heard to be durable */
    gint failure;    /* atomic; enum reason: why writing stopped; REASON_COUNT: it did not */
    GMutex lock;
    /* under lock */
    int64_t durable; /* read without it by the server thread: atomic */
    bool is_sniffed;
    bool is_lost; /* a sync failed: nothing more is promised */
    /* end of lock */
};

static bool fail(GError **error, const char *what)
{
    g_set_error(error, STORE_ERROR, errno == ENOSPC || errno == EDQUOT ? REASON_FULL : REASON_IO, "%s: %s", what,
                g_strerror(errno));
    return false;
}

/* With a checksum, also one that is still to come, nothing counts before the end. */
static bool is_verified(const struct writer *writer)
{
    return writer->checksum.algorithm != NULL || writer->writing.awaits_checksum;
}

static int64_t end_of(const struct writer *writer)
{
    return writer->writing.length == UPLOAD_LENGTH_LATER ? writer->writing.limit : writer->writing.length;
}

/* A client that has to make its bytes anew need not keep these. */
static void tell_progress(struct writer *writer)
{
    const int64_t durable = __atomic_load_n(&writer->durable, __ATOMIC_ACQUIRE);

    if (writer->writing.tells_progress && durable > writer->told) {
        writer->told = durable;
        rufh_tell_progress(writer->request, durable);
    }
}

/* What exceeds the length is not kept; the answer says 413, and what fitted counts. */
static bool write_piece(void *context, const void *bytes, size_t length)
{
    struct writer *writer = context;
    int64_t at = __atomic_load_n(&writer->written, __ATOMIC_RELAXED);
    size_t left = (size_t)MIN((int64_t)length, end_of(writer) - at);
    const char *from = bytes;
    const bool is_excess = left < length;

    if (g_atomic_int_get(&writer->failure) != REASON_COUNT) {
        return false; /* refused meanwhile */
    }
    tell_progress(writer);
    while (left > 0) {
        const ssize_t count = pwrite(writer->fd, from, left, at);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            g_atomic_int_set(&writer->failure, errno == ENOSPC || errno == EDQUOT ? REASON_FULL : REASON_IO);
            return false;
        }
        from += count;
        left -= (size_t)count;
        at += count;
        __atomic_store_n(&writer->written, at, __ATOMIC_RELEASE);
    }
    if (is_excess) {
        g_atomic_int_set(&writer->failure, REASON_UPLOAD_TOO_LARGE);
    }
    return !is_excess;
}

struct progress {
    struct upload upload; /* only what upload_set_offset reads */
    bool changed;
};

static bool store_progress(struct sql *sql, void *context, GError **error)
{
    struct progress *progress = context;

    return upload_set_offset(sql, &progress->upload, &progress->changed, error);
}

/* The caller holds the lock. fdatasync is never tried again: a second success would not bring back the lost page. */
static bool make_durable(struct writer *writer, GError **error)
{
    const struct app *app = uploads_app(writer->uploads);
    const int64_t now_ms = g_get_real_time() / 1000;
    const int64_t written = __atomic_load_n(&writer->written, __ATOMIC_ACQUIRE);
    struct progress progress = {.upload = {.id = writer->id,
                                           .node = app->node,
                                           .offset_bytes = written,
                                           .updated_ms = now_ms,
                                           .expires_ms = now_ms + app->settings->upload_idle_ms}};

    if (writer->is_lost) {
        return refuse(error, STORE_ERROR, REASON_IO, "an earlier sync of the upload failed");
    }
    if (written == writer->durable) {
        return true;
    }
    if (fdatasync(writer->fd) != 0) {
        writer->is_lost = true;
        return fail(error, "cannot sync the upload");
    }
    if (!database_transact(app->database, "upload.progress", store_progress, &progress, error)) {
        return false;
    }
    if (!progress.changed) {
        return refuse(error, HTTP_ERROR, REASON_GONE, "the upload was given up meanwhile, or another node has it");
    }
    __atomic_store_n(&writer->durable, written, __ATOMIC_RELEASE);
    return true;
}

struct refusal {
    const char *id;
    enum reason reason;
    int64_t now_ms;
    bool changed;
};

static bool store_refusal(struct sql *sql, void *context, GError **error)
{
    struct refusal *refusal = context;

    return unfinished_refuse(sql, refusal->id, refusal->reason, refusal->now_ms, &refusal->changed, error);
}

/* Early refusal saves the sending of what is long. A short file that is meant for no track is anything of any tus client:
 * it is judged when a work names it. */
static bool is_worth_a_look(const struct writer *writer, int64_t wanted)
{
    return uploads_app(writer->uploads)->sniffer != NULL && !writer->is_sniffed && !writer->writing.is_partial &&
           (writer->writing.names_track || wanted == SNIFFER_HEAD_BYTES);
}

/* "This is no video", as soon as the head is there: an hour of sending is not wasted on it. True when it is refused; the
 * row says so for good. The caller holds the lock. */
static bool sniff(struct writer *writer, GError **error)
{
    const struct app *app = uploads_app(writer->uploads);
    const int64_t written = __atomic_load_n(&writer->written, __ATOMIC_ACQUIRE);
    const int64_t wanted = MIN(SNIFFER_HEAD_BYTES, end_of(writer));
    struct refusal refusal = {.id = writer->id, .now_ms = g_get_real_time() / 1000};

    if (!is_worth_a_look(writer, wanted) || writer->writing.offset >= wanted || written < wanted || wanted == 0) {
        return false;
    }
    writer->is_sniffed = true;
    g_autofree char *head = g_malloc((gsize)wanted);
    if (pread(writer->fd, head, (size_t)wanted, 0) != wanted ||
        !sniffer_refuses(app->sniffer, head, (size_t)wanted, MAX(writer->writing.length, 0), &refusal.reason)) {
        return false;
    }
    g_atomic_int_set(&writer->failure, (gint)refusal.reason);
    metrics_add(server_metrics(app->server), METRIC_UPLOADS_REFUSED, "reason=\"not-media\"", 1);
    if (database_transact(app->database, "upload.refuse", store_refusal, &refusal, error)) {
        g_autofree char *name = uploads_part_name(writer->id);
        (void)unlinkat(uploads_folder(writer->uploads), name, 0); /* or swept at the next start */
        g_set_error_literal(error, HTTP_ERROR, (int)refusal.reason, "the sniffer refuses the file");
    }
    return true;
}

static void sync_piece(void *context)
{
    struct writer *writer = context;
    g_autoptr(GError) error = NULL;

    g_mutex_lock(&writer->lock);
    /* A refusal is said, and logged, by the end of the request. */
    if (!is_verified(writer) && !sniff(writer, NULL) && !make_durable(writer, &error)) {
        log_error(&uploads_app(writer->uploads)->log, "upload.sync", error);
    }
    g_mutex_unlock(&writer->lock);
}

/* Reads back what this request brought, from the page cache: hashing has no place on a server thread. */
static bool checksum_fits(struct writer *writer, bool *fits, GError **error)
{
    const struct tus_checksum *wanted = &writer->checksum;
    uint8_t digest[TUS_DIGEST_MAX];
    size_t length = 0;

    if (!digest_range(writer->fd, wanted->algorithm, writer->writing.offset, writer->written - writer->writing.offset,
                      digest, &length, error)) {
        return false;
    }
    *fits = length == wanted->length && memcmp(digest, wanted->digest, length) == 0;
    return true;
}

static bool discard(struct writer *writer, GError **error)
{
    __atomic_store_n(&writer->written, writer->writing.offset, __ATOMIC_RELEASE);
    return ftruncate(writer->fd, writer->writing.offset) == 0 || fail(error, "cannot discard the piece");
}

/* Everything that came becomes durable; a full file becomes complete. The caller holds the lock. */
static bool settle(struct writer *writer, GError **error)
{
    if (sniff(writer, error) || !make_durable(writer, error)) {
        return false;
    }
    return writer->durable != writer->writing.length ||
           uploads_complete(writer->uploads, writer->id, writer->durable, g_get_real_time() / 1000, error);
}

/* Only whoever asks for it completes an upload of the second dialect, and only with a body that came whole. */
static struct response *answer_rufh(struct writer *writer, GError **error)
{
    struct app *app = uploads_app(writer->uploads);
    const bool completes = writer->writing.completes;
    bool changed; /* not when an earlier try got this far */

    if (completes && writer->writing.declared >= 0 && writer->durable != writer->writing.declared) {
        return rufh_inconsistent(); /* less than was declared, and no more to come */
    }
    if (completes &&
        (!step_set_length(app, writer->id, writer->durable, &changed, error) ||
         !uploads_complete(writer->uploads, writer->id, writer->durable, g_get_real_time() / 1000, error))) {
        return NULL;
    }
    struct response *response =
        completes ? response_json(writer->writing.status == 201 ? 201 : 200, json_pack("{s:s}", "upload", writer->id))
                  : response_empty(writer->writing.status);
    response_headerf(response, "Upload-Offset", "%" G_GINT64_FORMAT, writer->durable);
    response_header(response, "Upload-Complete", completes ? "?1" : "?0");
    return response;
}

static struct response *answer(struct writer *writer)
{
    struct response *response = response_empty(writer->writing.status);
    g_autofree char *expires =
        tus_date(g_get_real_time() / 1000 + uploads_app(writer->uploads)->settings->upload_idle_ms);

    response_headerf(response, "Upload-Offset", "%" G_GINT64_FORMAT, writer->durable);
    response_header(response, "Upload-Expires", expires);
    return response;
}

static struct response *answer_mismatch(struct writer *writer, GError **error)
{
    g_autoptr(GError) mismatch = g_error_new_literal(HTTP_ERROR, REASON_UPLOAD_CHECKSUM, "the checksum differs");

    if (!discard(writer, error)) {
        return NULL;
    }
    enum { CHECKSUM_MISMATCH = 460 }; /* a status of tus's own */
    struct response *response =
        response_problem_typed(mismatch, "about:blank", json_pack("{s:i}", "status", CHECKSUM_MISMATCH));
    response_set_status(response, CHECKSUM_MISMATCH);
    return response;
}

/* RUFH: more than was declared makes the upload invalid for good. */
static struct response *invalidate(struct writer *writer, GError **error)
{
    struct refusal refusal = {.id = writer->id, .reason = REASON_UPLOAD_LENGTH, .now_ms = g_get_real_time() / 1000};

    return database_transact(uploads_app(writer->uploads)->database, "upload.refuse", store_refusal, &refusal, error)
               ? rufh_inconsistent()
               : NULL;
}

/* Refused by the sniffer, or writing failed; what was written before a failure of the disk counts. */
static struct response *explain(struct writer *writer, GError **error)
{
    const enum reason reason = (enum reason)g_atomic_int_get(&writer->failure);
    const enum failure failure = reason_rule_of(reason)->failure;
    const bool is_kept = failure == FAILURE_LIMIT || failure == FAILURE_FULL || failure == FAILURE_IO;

    if (is_verified(writer)) {
        return answer_mismatch(writer, error);
    }
    if (writer->writing.is_rufh && writer->writing.declared >= 0 && reason == REASON_UPLOAD_TOO_LARGE) {
        return invalidate(writer, error);
    }
    if (!is_kept || settle(writer, error)) {
        g_set_error_literal(error, HTTP_ERROR, (int)reason, "writing the upload stopped");
    }
    return NULL;
}

/* The checksum that follows the body. Proxies may drop it, so one that was announced and did not come is none. */
static bool read_trailer(struct writer *writer, GError **error)
{
    const char *given = request_trailer(writer->request, "Upload-Checksum");

    if (!writer->writing.awaits_checksum || given == NULL || tus_checksum(given, &writer->checksum, error)) {
        return true;
    }
    (void)discard(writer, NULL); /* the offset says what counts */
    return false;
}

static struct response *conclude(struct writer *writer, GError **error)
{
    bool fits = true;

    if (g_atomic_int_get(&writer->failure) != REASON_COUNT) {
        return explain(writer, error);
    }
    if (!read_trailer(writer, error)) {
        return NULL;
    }
    if (writer->checksum.algorithm != NULL && !checksum_fits(writer, &fits, error)) {
        return NULL;
    }
    if (!fits) {
        return answer_mismatch(writer, error);
    }
    if (!settle(writer, error)) {
        return NULL;
    }
    return writer->writing.is_rufh ? answer_rufh(writer, error) : answer(writer);
}

static void let_go(struct writer *writer)
{
    metrics_add(server_metrics(uploads_app(writer->uploads)->server), METRIC_UPLOADS_WRITING, NULL, -1);
    uploads_release(writer->uploads, writer->id, writer->request);
}

static struct response *finish(void *context, struct request *request, GError **error)
{
    struct writer *writer = context;

    (void)request; /* the writer's own */
    g_mutex_lock(&writer->lock);
    struct response *response = conclude(writer, error);
    g_mutex_unlock(&writer->lock);
    let_go(writer);
    return response;
}

/* The peer went away, or a newer request took over: what came counts all the same. */
static void abort_writing(void *context)
{
    struct writer *writer = context;
    g_autoptr(GError) error = NULL;

    g_mutex_lock(&writer->lock);
    const bool done = is_verified(writer) ? discard(writer, &error) : settle(writer, &error);
    g_mutex_unlock(&writer->lock);
    if (!done) {
        log_error(&uploads_app(writer->uploads)->log, "upload.aborted", error);
    }
    let_go(writer);
}

static void free_writer(void *context)
{
    struct writer *writer = context;

    (void)close(writer->fd); /* what counts was synced */
    g_mutex_clear(&writer->lock);
    g_free(writer->id);
    g_free(writer);
}

bool writer_attach(struct uploads *uploads, struct request *request, const struct writing *writing,
                   const struct tus_checksum *checksum, GError **error)
{
    g_autofree char *name = uploads_part_name(writing->id);
    const int fd = openat(uploads_folder(uploads), name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;

    /* A tail that was never acknowledged may lie behind the offset. Without one nothing is cut: that would give back the
     * room that was taken at creation. */
    if (fd < 0 || fstat(fd, &status) != 0 ||
        (status.st_size > writing->offset && ftruncate(fd, writing->offset) != 0)) {
        const bool failed = fail(error, "cannot open the upload");
        if (fd >= 0) {
            (void)close(fd); /* nothing was written */
        }
        return failed;
    }
    struct writer *writer = g_new0(struct writer, 1);
    writer->uploads = uploads;
    writer->request = request;
    writer->id = g_strdup(writing->id);
    writer->fd = fd;
    writer->writing = *writing;
    writer->writing.id = writer->id;
    writer->checksum = *checksum;
    writer->written = writing->offset;
    writer->durable = writing->offset;
    writer->told = writing->offset;
    writer->failure = REASON_COUNT;
    g_mutex_init(&writer->lock);
    const struct stream stream = {
        .write = write_piece,
        .sync = sync_piece,
        .sync_bytes = SYNC_BYTES,
        .first_sync_bytes = uploads_app(uploads)->sniffer != NULL ? MAX(SNIFFER_HEAD_BYTES - writing->offset, 0) : 0,
        .finish = finish,
        .finish_transfers = store_is_remote(uploads_app(uploads)->store),
        .abort = abort_writing,
        .free = free_writer,
        .context = writer,
    };
    metrics_add(server_metrics(uploads_app(uploads)->server), METRIC_UPLOADS_WRITING, NULL, 1);
    request_attach_stream(request, &stream);
    return true;
}
