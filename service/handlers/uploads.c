/* tus 1.0.0: core, creation, creation-with-upload, creation-defer-length, expiration, termination, checksum.
 *
 * With checksum-trailer, concatenation and concatenation-unfinished (concatenation.c). The id is the capability. Status codes follow what clients do with them: every 4xx but 409 and 423 is final for
 * tus-js-client, and HEAD 4xx makes it start again at byte 0, so a passing trouble is 5xx. GET has no row: nobody may
 * read what was not approved. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/handlers.h"
#include "service/handlers/stored.h"
#include "service/handlers/tus.h"
#include "service/handlers/uploads.h"
#include "service/http/limits.h"
#include "service/http/metrics.h"
#include "service/http/parked.h"
#include "service/http/server.h"
#include "service/model/rules.h"
#include "service/model/secret.h"
#include "service/store/store.h"

#define TAKEOVER_MS  5000   /* an older request that does not let go in this time is stuck in the disk */
#define TWIN_MS      120000 /* a lost 201 is asked for again within this */
#define PIECE_TYPE   "application/offset+octet-stream"
#define ELSEWHERE_MS 600000 /* a node that is started again is back by then */
#define MAX_FALLBACK (INT64_C(500) << 20)
#define FIELDS_ALLOWED                                                                                                 \
    "Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, Upload-Defer-Length, Upload-Checksum, "             \
    "Upload-Concat, X-HTTP-Method-Override, X-Requested-With, X-Request-ID, Content-Type, Authorization"
#define FIELDS_EXPOSED                                                                                                 \
    "Location, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Defer-Length, Upload-Expires, Upload-Concat, "    \
    "Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, Retry-After"

static bool refuse(GError **error, enum reason reason, const char *message)
{
    g_set_error_literal(error, HTTP_ERROR, (int)reason, message);
    return false;
}

/* --- limits ---------------------------------------------------------------------------------------------------- */

static int64_t largest_file(const struct rules *rules)
{
    int64_t largest = 0;

    for (guint i = 0; rules != NULL && i < rules->tracks->len; i++) {
        largest = MAX(largest, ((const struct track *)g_ptr_array_index(rules->tracks, i))->max_bytes);
    }
    return largest > 0 ? largest : MAX_FALLBACK;
}

int64_t uploads_limit(const struct app *app, const char *key)
{
    const struct track *track = app->rules == NULL ? NULL : rules_track_find(app->rules, key);

    return track == NULL ? largest_file(app->rules) : track->max_bytes;
}

static bool read_outstanding(struct sql *sql, void *context, GError **error)
{
    return upload_outstanding(sql, context, error);
}

/* What open uploads may still bring, once more and a half for what is made of it, must fit beside the reserve. The bytes
 * of uploads with a known length are allocated already, so only the half counts for them. */
bool uploads_has_space(struct app *app, int64_t length, GError **error)
{
    int64_t free_bytes;
    int64_t total_bytes;
    int64_t outstanding = 0;

    if (!store_space(app->store, &free_bytes, &total_bytes, error) ||
        !database_read(app->database, "upload.outstanding", read_outstanding, &outstanding, error)) {
        return false;
    }
    const int64_t reserve = MIN(app->settings->reserve_bytes, total_bytes / 20);
    const int64_t wanted = outstanding + outstanding / 2 + length * 2 + length / 2;
    if (free_bytes - wanted < reserve) {
        metrics_add(server_metrics(app->server), METRIC_UPLOADS_REFUSED, "reason=\"full\"", 1);
        return refuse(error, REASON_FULL, "not enough free space for another upload");
    }
    return true;
}

/* --- what every request has ------------------------------------------------------------------------------------ */

static void reply_common(struct request *request)
{
    request_reply_header(request, "Tus-Resumable", TUS_VERSION);
    request_reply_header(request, "Access-Control-Allow-Origin", "*");
    request_reply_header(request, "Access-Control-Expose-Headers", FIELDS_EXPOSED);
    request_reply_header(request, "Cross-Origin-Resource-Policy", "cross-origin");
}

static bool begin(struct request *request, GError **error)
{
    const char *version = request_header(request, "Tus-Resumable");

    reply_common(request);
    if (version == NULL || strcmp(version, TUS_VERSION) != 0) {
        request_reply_header(request, "Tus-Version", TUS_VERSION);
        return refuse(error, REASON_TUS_VERSION, "Tus-Resumable is missing or another version");
    }
    return true;
}

static bool check_piece_type(const struct request *request, GError **error)
{
    const char *type = request_header(request, "Content-Type");

    if (type == NULL || g_ascii_strcasecmp(type, PIECE_TYPE) != 0) {
        return refuse(error, REASON_UPLOAD_TYPE, "Content-Type is not " PIECE_TYPE);
    }
    return true;
}

static void reply_number(struct request *request, const char *name, int64_t number)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);

    request_reply_header(request, name, text);
}

static void reply_expiry(struct request *request, int64_t expires_ms)
{
    g_autofree char *text = tus_date(expires_ms);

    request_reply_header(request, "Upload-Expires", text);
}

HANDLER(upload_options)
{
    (void)error; /* cannot fail */
    struct response *response = response_empty(200);

    reply_common(request);
    response_header(response, "Tus-Version", TUS_VERSION);
    response_header(response, "Tus-Extension", TUS_EXTENSIONS);
    response_header(response, "Tus-Checksum-Algorithm", TUS_ALGORITHMS);
    response_headerf(response, "Tus-Max-Size", "%" G_GINT64_FORMAT, largest_file(app->rules));
    response_header(response, "Allow", "POST, HEAD, PATCH, DELETE, OPTIONS");
    response_header(response, "Access-Control-Allow-Methods", "POST, HEAD, PATCH, DELETE, OPTIONS");
    response_header(response, "Access-Control-Allow-Headers", FIELDS_ALLOWED);
    response_header(response, "Access-Control-Max-Age", "86400");
    return response;
}

/* --- creation -------------------------------------------------------------------------------------------------- */

static bool read_length(const struct request *request, int64_t *length, GError **error)
{
    const char *given = request_header(request, "Upload-Length");
    const char *later = request_header(request, "Upload-Defer-Length");

    if ((given == NULL) == (later == NULL)) {
        return refuse(error, REASON_UPLOAD_LENGTH, "exactly one of Upload-Length and Upload-Defer-Length is needed");
    }
    if (later != NULL) {
        *length = UPLOAD_LENGTH_LATER;
        return strcmp(later, "1") == 0 || refuse(error, REASON_UPLOAD_LENGTH, "Upload-Defer-Length is not 1");
    }
    return tus_number(given, length) || refuse(error, REASON_UPLOAD_LENGTH, "Upload-Length is no number");
}

/* Whole, part, or, with *parts, put together from others: then neither length nor bytes may come with it. */
static bool read_concat(const struct request *request, struct upload *upload, char ***parts, GError **error)
{
    const char *concat = request_header(request, "Upload-Concat");
    const bool has_length =
        request_header(request, "Upload-Length") != NULL || request_header(request, "Upload-Defer-Length") != NULL;

    *parts = NULL;
    if (concat != NULL && !tus_concat(concat, parts, error)) {
        return false;
    }
    upload->concat = g_strdup(concat == NULL ? "" : concat);
    if (*parts == NULL) {
        return read_length(request, &upload->length_bytes, error);
    }
    upload->length_bytes = UPLOAD_LENGTH_LATER;
    if (has_length) {
        return refuse(error, REASON_UPLOAD_LENGTH, "the length of a final upload is the sum of its parts");
    }
    return !request_has_body(request) || refuse(error, REASON_UPLOAD_FINAL, "a final upload takes no bytes");
}

/* The row to be, from the head of the request; free with upload_clear. */
static bool read_creation(struct app *app, const struct request *request, struct upload *upload, char ***parts,
                          GError **error)
{
    const char *metadata = request_header(request, "Upload-Metadata");

    if (!read_concat(request, upload, parts, error) || !tus_metadata_check(metadata, error)) {
        return false;
    }
    g_autofree char *track = tus_metadata_find(metadata, "track");
    g_autofree char *fingerprint = tus_metadata_find(metadata, "fingerprint");
    g_autofree char *short_print = fingerprint == NULL ? tus_metadata_find(metadata, "fp") : NULL;
    const char *print = fingerprint != NULL ? fingerprint : short_print;

    if (upload->length_bytes > uploads_limit(app, track == NULL ? "" : track)) {
        metrics_add(server_metrics(app->server), METRIC_UPLOADS_REFUSED, "reason=\"too-large\"", 1);
        return refuse(error, REASON_UPLOAD_TOO_LARGE, "the file is larger than its track allows");
    }
    upload->id = secret_id();
    upload->metadata = g_strdup(metadata == NULL ? "" : metadata);
    upload->track = g_strdup(track == NULL || strlen(track) > 64 ? "" : track);
    upload->fingerprint = g_strdup(print == NULL || strlen(print) > 200 ? "" : print);
    upload->created_ms = request_now_ms(request);
    upload->expires_ms = upload->created_ms + app->settings->upload_idle_ms;
    return true;
}

/* Room is taken at once where that is cheap. A file system in memory would hand out and clear each page, as much work as
 * writing it. */
static bool allocate(int fd, int64_t length)
{
    struct statfs status;

    if (length <= 0 || fstatfs(fd, &status) != 0 || status.f_type == TMPFS_MAGIC) {
        return true;
    }
    /* The size stays what was written. Other failures than a full disk mean that it is not supported here. */
    return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, length) == 0 || (errno != ENOSPC && errno != EDQUOT);
}

/* Before the row: a row without a file would be a damaged upload, a file without a row is swept at the next start. */
bool uploads_create_file(const struct uploads *uploads, const struct upload *upload, GError **error)
{
    g_autofree char *name = uploads_part_name(upload->id);
    const int fd = openat(uploads_folder(uploads), name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    const bool made =
        fd >= 0 && allocate(fd, upload->length_bytes) && fsync(fd) == 0 && fsync(uploads_folder(uploads)) == 0;
    const int cause = errno;
    if (fd >= 0) {
        (void)close(fd); /* synced above */
    }
    if (!made) {
        (void)unlinkat(uploads_folder(uploads), name, 0); /* or swept at the next start */
        g_set_error(error, STORE_ERROR, cause == ENOSPC || cause == EDQUOT ? REASON_FULL : REASON_IO,
                    "cannot make the upload's file: %s", g_strerror(cause));
    }
    return made;
}

struct creation {
    struct upload *upload;
    struct upload twin;
    bool found;
};

static bool find_twin(struct sql *sql, void *context, GError **error)
{
    struct creation *creation = context;

    return upload_find_twin(sql, creation->upload, creation->upload->created_ms - TWIN_MS, &creation->twin,
                            &creation->found, error);
}

static bool add_row(struct sql *sql, void *context, GError **error)
{
    const struct creation *creation = context;

    return upload_add(sql, creation->upload, error);
}

/* The same phone asks again because the answer was lost: it gets the same upload. */
static bool adopt_twin(struct app *app, struct upload *upload, bool *adopted, GError **error)
{
    struct creation creation = {.upload = upload};

    if (upload->fingerprint[0] == '\0' || upload->concat[0] != '\0') {
        return true;
    }
    if (!database_read(app->database, "upload.find_twin", find_twin, &creation, error)) {
        return false;
    }
    if (creation.found) {
        g_free(upload->id);
        upload->id = g_steal_pointer(&creation.twin.id);
        upload_clear(&creation.twin);
    }
    *adopted = creation.found;
    return true;
}

static bool create(struct app *app, struct upload *upload, GError **error)
{
    struct creation creation = {.upload = upload};
    bool adopted = false;

    if (!adopt_twin(app, upload, &adopted, error)) {
        return false;
    }
    if (adopted) {
        return true;
    }
    if (!uploads_create_file(app->uploads, upload, error) ||
        !database_transact(app->database, "upload.add", add_row, &creation, error)) {
        return false;
    }
    metrics_add(server_metrics(app->server), METRIC_UPLOADS_CREATED, NULL, 1);
    return upload->length_bytes != 0 || uploads_complete(app->uploads, upload->id, 0, upload->created_ms, error);
}

static struct response *answer_created(struct app *app, struct request *request, const struct upload *upload,
                                       const struct tus_checksum *checksum, GError **error)
{
    g_autofree char *location = g_strconcat("/files/", upload->id, NULL);

    request_reply_header(request, "Location", location);
    reply_expiry(request, upload->expires_ms);
    if (!request_has_body(request) || upload->length_bytes == 0) {
        reply_number(request, "Upload-Offset", 0);
        return response_empty(201);
    }
    const struct writing writing = {
        .id = upload->id,
        .length = upload->length_bytes,
        .limit = uploads_limit(app, upload->track),
        .is_partial = upload_is_partial(upload),
        .awaits_checksum = tus_checksum_is_announced(request_header(request, "Trailer")),
        .status = 201,
    };
    if (uploads_hold(app->uploads, upload->id, request, true) != HOLD_TAKEN) {
        return response_empty(201); /* its twin is being written: a HEAD will say how far */
    }
    if (!writer_attach(app->uploads, request, &writing, checksum, error)) {
        uploads_release(app->uploads, upload->id, request);
    }
    return NULL;
}

/* Complete at once, perhaps: it is put into the store by its creation. */
static bool may_complete(const struct request *request)
{
    const char *concat = request_header(request, "Upload-Concat");

    return g_strcmp0(request_header(request, "Upload-Length"), "0") == 0 ||
           (concat != NULL && g_str_has_prefix(concat, "final"));
}

static struct response *create_final(struct app *app, struct request *request, const struct upload *upload,
                                     char *const *parts, GError **error)
{
    g_autofree char *location = g_strconcat("/files/", upload->id, NULL);

    if (!concatenation_create(app->uploads, upload, parts, error)) {
        return NULL;
    }
    request_reply_header(request, "Location", location);
    reply_expiry(request, upload->expires_ms);
    return response_empty(201);
}

HANDLER(upload_create)
{
    struct tus_checksum checksum;
    struct upload upload = {0};
    struct response *response = NULL;
    g_auto(GStrv) parts = NULL;

    if (may_complete(request) && stored_must_move(app, request)) {
        return request_transfer(request, upload_create);
    }
    if (!begin(request, error) ||
        !limits_check(server_limits(request_server(request)), LIMIT_UPLOADS, request, NULL, error) ||
        !tus_checksum(request_header(request, "Upload-Checksum"), &checksum, error) ||
        (request_has_body(request) && !check_piece_type(request, error))) {
        return NULL;
    }
    if (read_creation(app, request, &upload, &parts, error) &&
        uploads_has_space(app, MAX(upload.length_bytes, 0), error)) {
        if (parts != NULL) {
            response = create_final(app, request, &upload, parts, error);
        } else if (request_content_length(request) > upload.length_bytes && upload.length_bytes >= 0) {
            (void)refuse(error, REASON_UPLOAD_TOO_LARGE, "more bytes than Upload-Length");
        } else if (create(app, &upload, error)) {
            response = answer_created(app, request, &upload, &checksum, error);
        }
    }
    upload_clear(&upload);
    return response;
}

/* --- one upload ------------------------------------------------------------------------------------------------ */

struct lookup {
    const char *id;
    struct upload upload;
    bool found;
};

static bool look(struct sql *sql, void *context, GError **error)
{
    struct lookup *lookup = context;

    return upload_find(sql, lookup->id, &lookup->upload, &lookup->found, error);
}

/* The row of an upload that is still there; free with upload_clear in any case. */
static bool load(struct app *app, const char *id, struct upload *upload, GError **error)
{
    struct lookup lookup = {.id = id};
    enum reason reason = REASON_UPLOAD_NOT_MEDIA;

    if (!database_read(app->database, "upload.find", look, &lookup, error)) {
        return false;
    }
    *upload = lookup.upload;
    if (!lookup.found) {
        return refuse(error, REASON_NOT_FOUND, "no such upload");
    }
    if (upload_is_state(upload, "gone")) {
        return refuse(error, REASON_UPLOAD_EXPIRED, "the upload expired or was given up");
    }
    if (upload_is_state(upload, "refused")) {
        (void)(upload->refusal != NULL && reason_find(upload->refusal, &reason)); /* else what it was before */
        return refuse(error, reason, "the upload was refused");
    }
    return true;
}

/* True when the caller holds the upload. Otherwise *parked, or an error. */
static bool hold(struct app *app, struct request *request, bool writes, handler *again, struct response **parked,
                 GError **error)
{
    const char *id = request_param(request, "id");

    if (!upload_id_is_valid(id)) {
        return refuse(error, REASON_NOT_FOUND, "no such upload");
    }
    switch (uploads_hold(app->uploads, id, request, writes)) {
    case HOLD_TAKEN:
        return true;
    case HOLD_REFUSED:
        return refuse(error, REASON_UPLOAD_TAKEN_OVER, "a newer request works on this upload");
    default:
        break;
    }
    if (request_must_answer(request)) {
        return refuse(error, REASON_BUSY, "the older request does not let go");
    }
    g_autofree char *topic = uploads_topic(id);
    *parked = request_park(request, topic, request_now_ms(request) + TAKEOVER_MS, again);
    return false;
}

/* The bytes of an open upload lie on the node that got them. Without any, this node may be it: a proxy that sends each
 * upload to one node knows the id only after some node has made it. With bytes elsewhere the phone waits while that
 * node may come back; then it is told to begin again: 503 makes clients ask later, 410 makes them start at byte 0. */
static bool check_here(const struct app *app, const struct request *request, const struct upload *upload,
                       GError **error)
{
    if (!upload_is_state(upload, "open") || uploads_is_here(app->uploads, upload->id, upload->offset_bytes)) {
        return true;
    }
    if (upload->offset_bytes == 0) {
        return upload_is_final(upload) || uploads_create_file(app->uploads, upload, error);
    }
    return request_now_ms(request) - upload->updated_ms < ELSEWHERE_MS
               ? refuse(error, REASON_UPLOAD_ELSEWHERE, "the upload's bytes are on another node")
               : refuse(error, REASON_UPLOAD_EXPIRED, "the node with the upload's bytes is gone");
}

/* All bytes came, but the store or the database did not take the file then. A client that hears of the last offset
 * thinks that all is done, so it has to be. */
static bool complete_late(struct app *app, const struct request *request, const struct upload *upload, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!upload_is_state(upload, "open") || upload->offset_bytes != upload->length_bytes) {
        return check_here(app, request, upload, error);
    }
    if (uploads_complete(app->uploads, upload->id, upload->length_bytes, request_now_ms(request), &cause)) {
        return true;
    }
    if (error_reason(cause) == REASON_NOT_FOUND && !check_here(app, request, upload, error)) {
        return false;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* A final upload that is still open: its parts may be complete by now, or at least their lengths known. */
static bool join_late(struct app *app, const struct request *request, struct upload *upload, GError **error)
{
    if (!upload_is_final(upload) || !upload_is_state(upload, "open")) {
        return true;
    }
    if (!concatenation_try(app->uploads, upload, request_now_ms(request), &upload->length_bytes, error)) {
        return false;
    }
    g_autofree char *id = g_strdup(upload->id);
    const int64_t length = upload->length_bytes;
    upload_clear(upload);
    if (!load(app, id, upload, error)) {
        return false;
    }
    upload->length_bytes = length;
    return true;
}

static struct response *show_offset(struct app *app, struct request *request, GError **error)
{
    struct upload upload = {0};
    struct response *response = NULL;

    if (load(app, request_param(request, "id"), &upload, error) && complete_late(app, request, &upload, error) &&
        join_late(app, request, &upload, error)) {
        response = response_empty(200);
        if (!upload_is_final(&upload) || !upload_is_state(&upload, "open")) {
            response_headerf(response, "Upload-Offset", "%" G_GINT64_FORMAT, upload.offset_bytes);
        }
        if (upload.concat[0] != '\0') {
            response_header(response, "Upload-Concat", upload.concat);
        }
        if (upload.length_bytes == UPLOAD_LENGTH_LATER && !upload_is_final(&upload)) {
            response_header(response, "Upload-Defer-Length", "1");
        } else if (upload.length_bytes != UPLOAD_LENGTH_LATER) {
            response_headerf(response, "Upload-Length", "%" G_GINT64_FORMAT, upload.length_bytes);
        }
        if (upload.metadata[0] != '\0') {
            response_header(response, "Upload-Metadata", upload.metadata);
        }
        if (upload_is_state(&upload, "open")) {
            reply_expiry(request, upload.expires_ms);
        }
    }
    upload_clear(&upload);
    return response;
}

HANDLER(upload_offset)
{
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, upload_offset);
    }
    if (begin(request, error) && hold(app, request, false, upload_offset, &response, error)) {
        response = show_offset(app, request, error);
        uploads_release(app->uploads, request_param(request, "id"), request);
    }
    return response;
}

struct lengthening {
    const char *id;
    int64_t length;
    bool changed;
};

static bool set_length(struct sql *sql, void *context, GError **error)
{
    struct lengthening *lengthening = context;

    return upload_set_length(sql, lengthening->id, lengthening->length, &lengthening->changed, error);
}

/* A deferred length is told once, and never changes again. */
static bool learn_length(struct app *app, const struct request *request, struct upload *upload, GError **error)
{
    const char *given = request_header(request, "Upload-Length");
    struct lengthening lengthening = {.id = upload->id};

    if (given == NULL) {
        return true;
    }
    if (!tus_number(given, &lengthening.length) || lengthening.length < upload->offset_bytes) {
        return refuse(error, REASON_UPLOAD_LENGTH, "Upload-Length is no number, or less than what is there");
    }
    if (lengthening.length == upload->length_bytes) {
        return true;
    }
    if (upload->length_bytes != UPLOAD_LENGTH_LATER) {
        return refuse(error, REASON_UPLOAD_LENGTH, "Upload-Length differs from the one given before");
    }
    if (lengthening.length > uploads_limit(app, upload->track)) {
        return refuse(error, REASON_UPLOAD_TOO_LARGE, "the file is larger than its track allows");
    }
    if (!database_transact(app->database, "upload.set_length", set_length, &lengthening, error)) {
        return false;
    }
    upload->length_bytes = lengthening.length;
    return lengthening.changed || refuse(error, REASON_CONFLICT, "the upload changed meanwhile");
}

static bool check_takes_bytes(const struct upload *upload, GError **error)
{
    return !upload_is_final(upload) || refuse(error, REASON_UPLOAD_FINAL, "a final upload takes no bytes");
}

static bool check_offset(struct request *request, const struct upload *upload, GError **error)
{
    int64_t given;

    if (!tus_number(request_header(request, "Upload-Offset"), &given)) {
        return refuse(error, REASON_INPUT, "Upload-Offset is missing or no number");
    }
    if (given != upload->offset_bytes) {
        reply_number(request, "Upload-Offset", upload->offset_bytes);
        return refuse(error, REASON_UPLOAD_OFFSET, "Upload-Offset differs from what is stored");
    }
    return true;
}

/* A lost 204 is asked for again at the end: the same answer, without effect. */
static struct response *answer_complete(const struct request *request, const struct upload *upload, GError **error)
{
    if (request_has_body(request)) {
        (void)refuse(error, REASON_UPLOAD_TOO_LARGE, "the upload is complete");
        return NULL;
    }
    struct response *response = response_empty(204);
    response_headerf(response, "Upload-Offset", "%" G_GINT64_FORMAT, upload->offset_bytes);
    return response;
}

static struct response *append(struct app *app, struct request *request, const struct tus_checksum *checksum,
                               bool *attached, GError **error)
{
    struct upload upload = {0};
    struct response *response = NULL;

    if (!load(app, request_param(request, "id"), &upload, error) || !check_takes_bytes(&upload, error) ||
        !check_offset(request, &upload, error) || !check_here(app, request, &upload, error) ||
        !learn_length(app, request, &upload, error)) {
        upload_clear(&upload);
        return NULL;
    }
    const int64_t end =
        upload.length_bytes == UPLOAD_LENGTH_LATER ? uploads_limit(app, upload.track) : upload.length_bytes;
    if (!upload_is_state(&upload, "open")) {
        response = answer_complete(request, &upload, error);
    } else if (request_content_length(request) > end - upload.offset_bytes) {
        (void)refuse(error, REASON_UPLOAD_TOO_LARGE, "more bytes than the upload has left");
    } else {
        const struct writing writing = {
            .id = upload.id,
            .offset = upload.offset_bytes,
            .length = upload.length_bytes,
            .limit = end,
            .is_partial = upload_is_partial(&upload),
            .awaits_checksum = tus_checksum_is_announced(request_header(request, "Trailer")),
            .status = 204,
        };
        *attached = writer_attach(app->uploads, request, &writing, checksum, error);
    }
    upload_clear(&upload);
    return response;
}

HANDLER(upload_append)
{
    struct tus_checksum checksum;
    struct response *response = NULL;
    bool attached = false;

    if (begin(request, error) && check_piece_type(request, error) &&
        tus_checksum(request_header(request, "Upload-Checksum"), &checksum, error) &&
        hold(app, request, true, upload_append, &response, error)) {
        response = append(app, request, &checksum, &attached, error);
        if (!attached) {
            uploads_release(app->uploads, request_param(request, "id"), request);
        }
    }
    return response;
}

struct abandonment {
    const char *id;
    int64_t now_ms;
    bool changed;
};

static bool abandon_row(struct sql *sql, void *context, GError **error)
{
    struct abandonment *abandonment = context;

    return upload_abandon_row(sql, abandonment->id, abandonment->now_ms, &abandonment->changed, error);
}

static struct response *abandon(struct app *app, const struct request *request, GError **error)
{
    const char *id = request_param(request, "id");
    struct abandonment abandonment = {.id = id, .now_ms = request_now_ms(request)};
    struct upload upload = {0};
    g_autofree char *name = uploads_part_name(id);
    g_autofree char *key = upload_key(id);
    const bool is_there = load(app, id, &upload, error);

    upload_clear(&upload);
    if (!is_there || !database_transact(app->database, "upload.abandon", abandon_row, &abandonment, error)) {
        return NULL;
    }
    if (!abandonment.changed) {
        (void)refuse(error, REASON_STATE, "the upload belongs to a work");
        return NULL;
    }
    (void)unlinkat(uploads_folder(app->uploads), name, 0); /* absent when complete; else swept at the next start */
    if (!store_remove(app->store, key, error)) {
        return NULL;
    }
    return response_empty(204);
}

HANDLER(upload_abandon)
{
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, upload_abandon);
    }
    if (begin(request, error) && hold(app, request, false, upload_abandon, &response, error)) {
        response = abandon(app, request, error);
        uploads_release(app->uploads, request_param(request, "id"), request);
    }
    return response;
}
