/* Resumable Uploads for HTTP (draft-ietf-httpbis-resumable-upload, interop version 8): the dialect of iOS's URLSession,
 * over the same uploads as tus. It has addresses of its own, /uploads/<id>, because there neither HEAD nor DELETE carries
 * anything to tell the dialects apart by; a creation is a POST of /files with Upload-Complete and without Tus-Resumable.
 *
 * The length that a client tells is kept in declared_bytes. The row's length_bytes stays unknown until a request with
 * Upload-Complete: ?1 has come whole, because only that completes an upload, however many bytes are there. */
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
#include "service/http/server.h"
#include "service/model/secret.h"

#define PIECE_TYPE  "application/partial-upload"
#define INTEROP     "8"
#define PROBLEMS    "https://iana.org/assignments/http-problem-types#"
#define LENGTH_NONE INT64_C(-1)
#define INTERIM     "HTTP/1.1 104 Upload Resumption Supported\r\nUpload-Draft-Interop-Version: " INTEROP "\r\n"

/* --- fields ---------------------------------------------------------------------------------------------------- */

/* The value of an Item (RFC 9651, 3.3), with any parameters behind it; the caller's. Another value, or two, make the whole
 * field as if it were absent: NULL. */
static char *read_item(const struct request *request, const char *name)
{
    static const char PARAMETERS[] = "^(;[ ]*[a-z*][a-z0-9_.*-]*(=("
                                     "\\?[01]|[@]?-?[0-9]{1,15}|-?[0-9]{1,12}\\.[0-9]{1,3}|:[A-Za-z0-9+/=]*:|"
                                     "[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*|\"([ !#-\\[\\]-~]|\\\\[\\\\\"])*\"))?)*$";
    const char *text = request_header(request, name);

    if (text == NULL || !request_header_is_clear(request, name)) {
        return NULL;
    }
    const size_t length = strcspn(text, ";");
    return g_regex_match_simple(PARAMETERS, text + length, G_REGEX_DOLLAR_ENDONLY, 0) ? g_strndup(text, length) : NULL;
}

static bool read_truth(const struct request *request, const char *name, bool *truth)
{
    g_autofree char *text = read_item(request, name);
    const bool is_there = text != NULL && (strcmp(text, "?0") == 0 || strcmp(text, "?1") == 0);

    if (is_there) {
        *truth = text[1] == '1';
    }
    return is_there;
}

static bool read_number(const struct request *request, const char *name, int64_t *number)
{
    g_autofree char *text = read_item(request, name);

    return text != NULL && strlen(text) <= 15 && tus_number(text, number);
}

bool rufh_is_creation(const struct request *request)
{
    bool complete;

    return request_header(request, "Tus-Resumable") == NULL && read_truth(request, "Upload-Complete", &complete);
}

static void reply_limit(const struct app *app, struct request *request, const struct upload *upload)
{
    const int64_t left_ms = MAX(upload->expires_ms - request_now_ms(request), 0);
    g_autofree char *text = g_strdup_printf("max-size=%" G_GINT64_FORMAT ", min-size=0, max-age=%" G_GINT64_FORMAT,
                                            uploads_limit(app, upload->track), left_ms / 1000);

    request_reply_header(request, "Upload-Limit", text);
}

static void reply_state(struct request *request, int64_t offset, bool is_complete)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, offset);

    request_reply_header(request, "Upload-Offset", text);
    request_reply_header(request, "Upload-Complete", is_complete ? "?1" : "?0");
}

static void reply_common(struct request *request)
{
    request_reply_header(request, "Upload-Draft-Interop-Version", INTEROP);
    request_reply_header(request, "Cache-Control", "no-store");
}

static bool is_open(const struct upload *upload)
{
    return upload_is_state(upload, "open");
}

static struct response *problem(enum reason reason, const char *type, json_t *members)
{
    g_autoptr(GError) error = g_error_new_literal(HTTP_ERROR, (int)reason, type);
    g_autofree char *address = g_strconcat(PROBLEMS, type, NULL);

    return response_problem_typed(error, address, members);
}

struct response *rufh_inconsistent(void)
{
    return problem(REASON_UPLOAD_LENGTH, "inconsistent-upload-length", NULL);
}

/* Only who speaks this version, and only where nothing stands before the service that takes an interim answer for the last
 * one (nginx 1.22 does). */
static bool takes_interim(const struct app *app, const struct request *request)
{
    g_autofree char *version = read_item(request, "Upload-Draft-Interop-Version");

    return app->settings->upload_interim && g_strcmp0(version, INTEROP) == 0;
}

/* Where a client that was cut off before the answer goes on. */
static void announce(struct app *app, struct request *request, const struct upload *upload)
{
    if (!takes_interim(app, request)) {
        return;
    }
    g_autofree char *head = g_strdup_printf(INTERIM "Location: /uploads/%s\r\nUpload-Limit: max-size=%" G_GINT64_FORMAT
                                                    "\r\n\r\n",
                                            upload->id, uploads_limit(app, upload->track));
    request_interim(request, head);
}

void rufh_tell_progress(const struct request *request, int64_t offset)
{
    g_autofree char *head = g_strdup_printf(INTERIM "Upload-Offset: %" G_GINT64_FORMAT "\r\n\r\n", offset);

    request_interim(request, head);
}

void rufh_offer(struct response *response, int64_t limit)
{
    response_header(response, "Accept-Patch", PIECE_TYPE);
    response_headerf(response, "Upload-Limit", "max-size=%" G_GINT64_FORMAT ", min-size=0", limit);
}

HANDLER(rufh_options)
{
    struct response *response = response_empty(204);

    (void)error; /* cannot fail */
    reply_common(request);
    rufh_offer(response, uploads_limit(app, ""));
    response_header(response, "Allow", "GET, HEAD, PATCH, DELETE, OPTIONS");
    return response;
}

/* --- lengths --------------------------------------------------------------------------------------------------- */

/* What this request says about the whole: Upload-Length, or, when it completes, its own end. They must agree with each
 * other and with what was told before. */
static bool read_declared(const struct request *request, const struct upload *upload, bool completes, int64_t *declared)
{
    const int64_t body = request_content_length(request);
    const int64_t end = completes && body >= 0 ? upload->offset_bytes + body : LENGTH_NONE;
    int64_t told = LENGTH_NONE;

    (void)read_number(request, "Upload-Length", &told); /* stays as it was */
    const int64_t known[] = {upload->declared_bytes, told, end};
    *declared = LENGTH_NONE;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i] != LENGTH_NONE && *declared != LENGTH_NONE && known[i] != *declared) {
            return false;
        }
        *declared = known[i] != LENGTH_NONE ? known[i] : *declared;
    }
    return *declared == LENGTH_NONE || upload->offset_bytes + MAX(body, 0) <= *declared;
}

struct declaring {
    const char *id;
    int64_t length;
};

static bool declare(struct sql *sql, void *context, GError **error)
{
    const struct declaring *declaring = context;

    return upload_set_declared(sql, declaring->id, declaring->length, error);
}

static bool keep_declared(struct app *app, struct upload *upload, int64_t declared, GError **error)
{
    struct declaring declaring = {.id = upload->id, .length = declared};

    if (declared == upload->declared_bytes) {
        return true;
    }
    upload->declared_bytes = declared;
    return database_transact(app->database, "upload.declare", declare, &declaring, error);
}

/* --- creation -------------------------------------------------------------------------------------------------- */

static struct response *attach(struct app *app, struct request *request, const struct upload *upload,
                               const struct writing *more, GError **error)
{
    const struct tus_checksum none = {0};
    struct writing writing = *more;

    writing.id = upload->id;
    writing.offset = upload->offset_bytes;
    writing.length = UPLOAD_LENGTH_LATER;
    writing.declared = upload->declared_bytes;
    writing.limit = upload->declared_bytes == LENGTH_NONE ? uploads_limit(app, upload->track) : upload->declared_bytes;
    writing.is_rufh = true;
    writing.tells_progress = takes_interim(app, request);
    writing.names_track = upload->track[0] != '\0';
    if (!writer_attach(app->uploads, request, &writing, &none, error)) {
        uploads_release(app->uploads, upload->id, request);
    }
    return NULL;
}

static struct response *create(struct app *app, struct request *request, struct upload *upload, bool completes,
                               GError **error)
{
    const struct writing writing = {.completes = completes, .status = 201};
    g_autofree char *location = g_strconcat("/uploads/", upload->id, NULL);
    int64_t declared;

    if (!read_declared(request, upload, completes, &declared)) {
        return rufh_inconsistent();
    }
    if (declared > uploads_limit(app, upload->track)) {
        reply_limit(app, request, upload);
        refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "the file is larger than its track allows");
        return NULL;
    }
    if (!uploads_has_space(app, MAX(declared, 0), error) || !step_create(app, upload, error) ||
        !keep_declared(app, upload, declared, error)) {
        return NULL;
    }
    request_reply_header(request, "Location", location);
    reply_limit(app, request, upload);
    announce(app, request, upload);
    if (uploads_hold(app->uploads, upload->id, request, true) != HOLD_TAKEN) {
        refuse(error, HTTP_ERROR, REASON_BUSY, "somebody works on a new upload");
        return NULL;
    }
    return attach(app, request, upload, &writing, error);
}

struct response *rufh_create(struct app *app, struct request *request, GError **error)
{
    const char *track = request_query(request, "track");
    struct upload upload = {.length_bytes = UPLOAD_LENGTH_LATER, .declared_bytes = LENGTH_NONE};
    bool completes = false;

    reply_common(request);
    if (!read_truth(request, "Upload-Complete", &completes) ||
        !limits_check(server_limits(request_server(request)), LIMIT_UPLOADS, request, NULL, error)) {
        return NULL;
    }
    upload.id = secret_id();
    upload.metadata = g_strdup("");
    upload.fingerprint = g_strdup("");
    upload.concat = g_strdup("");
    upload.track = g_strdup(track == NULL || strlen(track) > 64 ? "" : track);
    upload.created_ms = request_now_ms(request);
    upload.expires_ms = upload.created_ms + app->settings->upload_idle_ms;
    struct response *response = create(app, request, &upload, completes, error);
    upload_clear(&upload);
    return response;
}

/* --- one upload ------------------------------------------------------------------------------------------------ */

static struct response *show(struct app *app, struct request *request, GError **error)
{
    struct upload upload = {0};
    struct response *response = NULL;

    if (step_load(app, request_param(request, "id"), &upload, error) &&
        step_complete_late(app, request, &upload, error)) {
        const int64_t length = is_open(&upload) ? upload.declared_bytes : upload.length_bytes;
        response = response_empty(204);
        reply_state(request, upload.offset_bytes, !is_open(&upload));
        reply_limit(app, request, &upload);
        if (length != LENGTH_NONE) {
            response_headerf(response, "Upload-Length", "%" G_GINT64_FORMAT, length);
        }
    }
    upload_clear(&upload);
    return response;
}

HANDLER(rufh_offset)
{
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, rufh_offset);
    }
    reply_common(request);
    if (step_hold(app, request, false, rufh_offset, &response, error)) {
        response = show(app, request, error);
        uploads_release(app->uploads, request_param(request, "id"), request);
    }
    return response;
}

struct refusal {
    const struct upload *upload;
    int64_t now_ms;
};

static bool invalidate(struct sql *sql, void *context, GError **error)
{
    const struct refusal *refusal = context;
    bool changed; /* or it is over already */

    return upload_refuse(sql, refusal->upload->id, reason_rule_of(REASON_UPLOAD_LENGTH)->code, refusal->now_ms,
                         &changed, error);
}

/* More than was declared: the draft has the whole upload made invalid. Only contradicting words leave it as it is. */
static struct response *answer_inconsistent(struct app *app, const struct request *request, const struct upload *upload,
                                            GError **error)
{
    struct refusal refusal = {.upload = upload, .now_ms = request_now_ms(request)};
    const int64_t body = request_content_length(request);

    if (upload->declared_bytes != LENGTH_NONE && upload->offset_bytes + MAX(body, 0) > upload->declared_bytes &&
        !database_transact(app->database, "upload.invalidate", invalidate, &refusal, error)) {
        return NULL;
    }
    return rufh_inconsistent();
}

/* *attached: the stream has the upload now. */
static struct response *append(struct app *app, struct request *request, struct upload *upload, bool *attached,
                               GError **error)
{
    struct writing writing = {.status = 204};
    int64_t offset;
    int64_t declared;

    if (!read_number(request, "Upload-Offset", &offset) ||
        !read_truth(request, "Upload-Complete", &writing.completes)) {
        refuse(error, HTTP_ERROR, REASON_INPUT, "Upload-Offset or Upload-Complete is missing or malformed");
        return NULL;
    }
    reply_limit(app, request, upload);
    if (offset != upload->offset_bytes) {
        reply_state(request, upload->offset_bytes, !is_open(upload));
        return problem(REASON_UPLOAD_OFFSET, "mismatching-upload-offset",
                       json_pack("{s:I, s:I}", "expected-offset", (json_int_t)upload->offset_bytes, "provided-offset",
                                 (json_int_t)offset));
    }
    if (!is_open(upload)) {
        reply_state(request, upload->offset_bytes, true);
        return request_has_body(request) ? rufh_inconsistent()
                                         : problem(REASON_UPLOAD_LENGTH, "completed-upload", NULL);
    }
    if (!read_declared(request, upload, writing.completes, &declared)) {
        return answer_inconsistent(app, request, upload, error);
    }
    if (declared > uploads_limit(app, upload->track)) {
        refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "the file is larger than its track allows");
        return NULL;
    }
    if (!step_check_here(app, request, upload, error) || !keep_declared(app, upload, declared, error)) {
        return NULL;
    }
    *attached = true;
    return attach(app, request, upload, &writing, error);
}

HANDLER(rufh_append)
{
    struct upload upload = {0};
    struct response *response = NULL;
    bool attached = false;

    reply_common(request);
    if (!step_check_type(request, PIECE_TYPE, error)) {
        request_reply_header(request, "Accept-Patch", PIECE_TYPE);
        return NULL;
    }
    if (!step_hold(app, request, true, rufh_append, &response, error)) {
        return response;
    }
    if (step_load(app, request_param(request, "id"), &upload, error)) {
        response = append(app, request, &upload, &attached, error);
    }
    if (!attached) {
        uploads_release(app->uploads, request_param(request, "id"), request);
    }
    upload_clear(&upload);
    return response;
}

HANDLER(rufh_cancel)
{
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, rufh_cancel);
    }
    reply_common(request);
    if (step_hold(app, request, false, rufh_cancel, &response, error)) {
        response = step_abandon(app, request, error);
        uploads_release(app->uploads, request_param(request, "id"), request);
    }
    return response;
}
