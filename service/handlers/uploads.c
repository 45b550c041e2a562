/* tus 1.0.0: core, creation, creation-with-upload, creation-defer-length, expiration, termination, checksum,
 * checksum-trailer, concatenation and concatenation-unfinished (concatenation.c).
 *
 * The id is the capability. Status codes follow what clients do with them: every 4xx but 409 and 423 is final for
 * tus-js-client, and HEAD 4xx makes it start again at byte 0, so a passing trouble is 5xx. GET has no row: nobody may
 * read what was not approved. */
#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/handlers.h"
#include "service/handlers/rufh.h"
#include "service/handlers/stored.h"
#include "service/handlers/tus.h"
#include "service/handlers/upload_steps.h"
#include "service/handlers/uploads.h"
#include "service/http/limits.h"
#include "service/http/metrics.h"
#include "service/http/parked.h"
#include "service/http/server.h"
#include "service/model/rules.h"
#include "service/model/secret.h"
#include "service/store/store.h"

#define PIECE_TYPE "application/offset+octet-stream"
#define FIELDS_ALLOWED                                                                                                 \
    "Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, Upload-Defer-Length, Upload-Checksum, "             \
    "Upload-Concat, X-HTTP-Method-Override, X-Requested-With, X-Request-ID, Content-Type, Authorization"
#define FIELDS_EXPOSED                                                                                                 \
    "Location, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Defer-Length, Upload-Expires, Upload-Concat, "    \
    "Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, Retry-After"

/* --- what every request has ------------------------------------------------------------------------------------ */

static void reply_common(struct request *request)
{
    request_reply_header(request, "Tus-Resumable", TUS_VERSION);
    request_reply_header(request, "Cache-Control", "no-store");
    request_reply_header(request, "Access-Control-Allow-Origin", "*");
    request_reply_header(request, "Access-Control-Expose-Headers", FIELDS_EXPOSED);
    request_reply_header(request, "Cross-Origin-Resource-Policy", "cross-origin");
}

/* Also what is refused before a handler has seen it says that this is a tus server. */
void upload_greet(struct request *request, const char *path)
{
    static const char FOLDER[] = "/files";

    if (g_str_has_prefix(path, FOLDER) && (path[strlen(FOLDER)] == '\0' || path[strlen(FOLDER)] == '/') &&
        !rufh_is_creation(request)) {
        reply_common(request);
    }
}

static bool begin(struct request *request, GError **error)
{
    static const char *const FIELDS[] = {"Tus-Resumable", "Upload-Offset",   "Upload-Length",   "Upload-Defer-Length",
                                         "Upload-Concat", "Upload-Checksum", "Upload-Metadata", "Content-Type"};
    const char *version = request_header(request, "Tus-Resumable");

    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        if (!request_header_is_clear(request, FIELDS[i])) {
            return refuse(error, HTTP_ERROR, REASON_INPUT, "a field with two values");
        }
    }

    if (version == NULL || strcmp(version, TUS_VERSION) != 0) {
        request_reply_header(request, "Tus-Version", TUS_VERSION);
        return refuse(error, HTTP_ERROR, REASON_TUS_VERSION, "Tus-Resumable is missing or another version");
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

/* Nothing on the way: the client sees this service as its Host says. A proxy may not tell the port, or the scheme. */
static bool is_asked_directly(const struct request *request)
{
    static const char *const SIGNS[] = {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
                                        "X-Real-IP",       "Forwarded",         "Via"};
    bool direct = strcmp(request_scheme(request), "http") == 0 &&
                  g_strcmp0(request_host(request), request_header(request, "Host")) == 0;

    for (size_t i = 0; i < G_N_ELEMENTS(SIGNS); i++) {
        direct = direct && request_header(request, SIGNS[i]) == NULL;
    }
    return direct;
}

/* Absolute where that is known, because not every client resolves a reference; else a path, which is right everywhere. */
static void reply_location(struct request *request, const char *id)
{
    const bool direct = is_asked_directly(request);
    g_autofree char *location =
        g_strconcat(direct ? "http://" : "", direct ? request_host(request) : "", "/files/", id, NULL);

    request_reply_header(request, "Location", location);
}

HANDLER(upload_options)
{
    (void)error; /* cannot fail */
    struct response *response = response_empty(200);

    (void)request; /* upload_greet answered it */
    response_header(response, "Tus-Version", TUS_VERSION);
    response_header(response, "Tus-Extension", TUS_EXTENSIONS);
    response_header(response, "Tus-Checksum-Algorithm", TUS_ALGORITHMS);
    response_headerf(response, "Tus-Max-Size", "%" G_GINT64_FORMAT, uploads_limit(app, ""));
    rufh_offer(response, uploads_limit(app, ""));
    response_header(response, "Allow", "POST, HEAD, PATCH, DELETE, OPTIONS");
    response_header(response, "Access-Control-Allow-Methods", "POST, HEAD, PATCH, DELETE, OPTIONS, GET");
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
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_LENGTH,
                      "exactly one of Upload-Length and Upload-Defer-Length is needed");
    }
    if (later != NULL) {
        *length = UPLOAD_LENGTH_LATER;
        return strcmp(later, "1") == 0 ||
               refuse(error, HTTP_ERROR, REASON_UPLOAD_LENGTH, "Upload-Defer-Length is not 1");
    }
    return tus_number(given, length) || refuse(error, HTTP_ERROR, REASON_UPLOAD_LENGTH, "Upload-Length is no number");
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
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_LENGTH, "the length of a final upload is the sum of its parts");
    }
    return !request_has_body(request) ||
           refuse(error, HTTP_ERROR, REASON_UPLOAD_FINAL, "a final upload takes no bytes");
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
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "the file is larger than its track allows");
    }
    upload->id = secret_id();
    upload->metadata = g_strdup(metadata == NULL ? "" : metadata);
    upload->track = g_strdup(track == NULL || strlen(track) > 64 ? "" : track);
    upload->fingerprint = g_strdup(print == NULL || strlen(print) > 200 ? "" : print);
    upload->created_ms = request_now_ms(request);
    upload->expires_ms = upload->created_ms + app->settings->upload_idle_ms;
    return true;
}

static struct response *answer_created(struct app *app, struct request *request, const struct upload *upload,
                                       const struct tus_checksum *checksum, GError **error)
{
    reply_location(request, upload->id);
    reply_expiry(request, upload->expires_ms);
    /* With several nodes the next piece goes to the node of its address, which is not known before this answer. So the
     * bytes that came along are not taken, which the protocol leaves to the server. */
    const bool has_neighbours = g_atomic_int_get(&app->nodes) > 1;
    if (!request_has_body(request) || upload->length_bytes == 0 || has_neighbours) {
        reply_number(request, "Upload-Offset", 0);
        return response_empty(201);
    }
    const struct writing writing = {
        .id = upload->id,
        .length = upload->length_bytes,
        .limit = uploads_limit(app, upload->track),
        .is_partial = upload_is_partial(upload),
        .names_track = upload->track[0] != '\0',
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
    if (!concatenation_create(app->uploads, upload, parts, error)) {
        return NULL;
    }
    reply_location(request, upload->id);
    reply_expiry(request, upload->expires_ms);
    return response_empty(201);
}

HANDLER(upload_create)
{
    if (rufh_is_creation(request)) {
        return rufh_create(app, request, error);
    }
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
        (request_has_body(request) && !step_check_type(request, PIECE_TYPE, error))) {
        return NULL;
    }
    if (read_creation(app, request, &upload, &parts, error) &&
        uploads_has_space(app, MAX(upload.length_bytes, 0), error)) {
        if (parts != NULL) {
            response = create_final(app, request, &upload, parts, error);
        } else if (request_content_length(request) > upload.length_bytes && upload.length_bytes >= 0) {
            (void)refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "more bytes than Upload-Length");
        } else if (step_create(app, &upload, error)) {
            response = answer_created(app, request, &upload, &checksum, error);
        }
    }
    upload_clear(&upload);
    return response;
}

/* --- one upload ------------------------------------------------------------------------------------------------ */

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
    if (!step_load(app, id, upload, error)) {
        return false;
    }
    upload->length_bytes = length;
    return true;
}

static struct response *show_offset(struct app *app, struct request *request, GError **error)
{
    struct upload upload = {0};
    struct response *response = NULL;

    if (step_load(app, request_param(request, "id"), &upload, error) &&
        step_complete_late(app, request, &upload, error) && join_late(app, request, &upload, error)) {
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
    if (begin(request, error) && step_hold(app, request, false, upload_offset, &response, error)) {
        response = show_offset(app, request, error);
        uploads_release(app->uploads, request_param(request, "id"), request);
    }
    return response;
}

/* A deferred length is told once, and never changes again. */
static bool learn_length(struct app *app, const struct request *request, struct upload *upload, GError **error)
{
    const char *given = request_header(request, "Upload-Length");
    int64_t length;
    bool changed;

    if (given == NULL) {
        return true;
    }
    if (!tus_number(given, &length) || length < upload->offset_bytes) {
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_LENGTH,
                      "Upload-Length is no number, or less than what is there");
    }
    if (length == upload->length_bytes) {
        return true;
    }
    if (upload->length_bytes != UPLOAD_LENGTH_LATER) {
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_LENGTH, "Upload-Length differs from the one given before");
    }
    if (length > uploads_limit(app, upload->track)) {
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "the file is larger than its track allows");
    }
    if (request_content_length(request) > length - upload->offset_bytes) {
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "more bytes than the length that comes with them");
    }
    if (!step_set_length(app, upload->id, length, &changed, error)) {
        return false;
    }
    upload->length_bytes = length;
    return changed || refuse(error, HTTP_ERROR, REASON_CONFLICT, "the upload changed meanwhile");
}

static bool check_takes_bytes(const struct upload *upload, GError **error)
{
    return !upload_is_final(upload) || refuse(error, HTTP_ERROR, REASON_UPLOAD_FINAL, "a final upload takes no bytes");
}

static bool check_offset(struct request *request, const struct upload *upload, GError **error)
{
    int64_t given;

    if (!tus_number(request_header(request, "Upload-Offset"), &given)) {
        return refuse(error, HTTP_ERROR, REASON_INPUT, "Upload-Offset is missing or no number");
    }
    if (given != upload->offset_bytes) {
        reply_number(request, "Upload-Offset", upload->offset_bytes);
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_OFFSET, "Upload-Offset differs from what is stored");
    }
    return true;
}

/* A lost 204 is asked for again at the end: the same answer, without effect. */
static struct response *answer_complete(const struct request *request, const struct upload *upload, GError **error)
{
    if (request_has_body(request)) {
        (void)refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "the upload is complete");
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

    if (!step_load(app, request_param(request, "id"), &upload, error)) {
        return NULL;
    }
    if (!upload_is_state(&upload, "taken")) {
        reply_expiry(request, upload.expires_ms); /* what no work named goes too, whole or not */
    }
    if (!check_takes_bytes(&upload, error) || !check_offset(request, &upload, error) ||
        !step_check_here(app, request, &upload, error) || !learn_length(app, request, &upload, error)) {
        upload_clear(&upload);
        return NULL;
    }
    const int64_t end =
        upload.length_bytes == UPLOAD_LENGTH_LATER ? uploads_limit(app, upload.track) : upload.length_bytes;
    if (!upload_is_state(&upload, "open")) {
        response = answer_complete(request, &upload, error);
    } else if (request_content_length(request) > end - upload.offset_bytes) {
        (void)refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "more bytes than the upload has left");
    } else {
        const struct writing writing = {
            .id = upload.id,
            .offset = upload.offset_bytes,
            .length = upload.length_bytes,
            .limit = end,
            .is_partial = upload_is_partial(&upload),
            .names_track = upload.track[0] != '\0',
            .awaits_checksum = tus_checksum_is_announced(request_header(request, "Trailer")),
            .status = 204,
        };
        *attached = writer_attach(app->uploads, request, &writing, checksum, error);
    }
    upload_clear(&upload);
    return response;
}

/* "Every response to PATCH" tells when the upload expires, also one that refuses before it looked at the upload: which
 * neither ends an older request nor waits for one. */
static bool check_piece(struct app *app, struct request *request, struct tus_checksum *checksum, GError **error)
{
    struct upload upload = {0};

    if (step_check_type(request, PIECE_TYPE, error) &&
        tus_checksum(request_header(request, "Upload-Checksum"), checksum, error)) {
        return true;
    }
    if (step_load(app, request_param(request, "id"), &upload, NULL) && !upload_is_state(&upload, "taken")) {
        reply_expiry(request, upload.expires_ms);
    }
    upload_clear(&upload);
    return false;
}

HANDLER(upload_append)
{
    struct tus_checksum checksum;
    struct response *response = NULL;
    bool attached = false;

    if (begin(request, error) && check_piece(app, request, &checksum, error) &&
        step_hold(app, request, true, upload_append, &response, error)) {
        response = append(app, request, &checksum, &attached, error);
        if (!attached) {
            uploads_release(app->uploads, request_param(request, "id"), request);
        }
    }
    return response;
}

HANDLER(upload_abandon)
{
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, upload_abandon);
    }
    if (begin(request, error) && step_hold(app, request, false, upload_abandon, &response, error)) {
        response = step_abandon(app, request, error);
        uploads_release(app->uploads, request_param(request, "id"), request);
    }
    return response;
}
