/* What both dialects of uploads (tus 1.0.0, RUFH) do with one upload; the dialects are headers and status codes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/upload_steps.h"
#include "service/handlers/uploads.h"
#include "service/http/metrics.h"
#include "service/http/parked.h"
#include "service/http/request.h"
#include "service/http/response.h"
#include "service/http/server.h"
#include "service/model/rules.h"
#include "service/model/secret.h"
#include "service/store/store.h"

#define TAKEOVER_MS  5000   /* an older request that does not let go in this time is stuck in the disk */
#define TWIN_MS      120000 /* a lost 201 is asked for again within this */
#define ELSEWHERE_MS 600000 /* a node that is started again is back by then */
#define MAX_FALLBACK (INT64_C(500) << 20)

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

struct outstanding {
    const char *node;
    int64_t bytes;
};

static bool read_outstanding(struct sql *sql, void *context, GError **error)
{
    struct outstanding *outstanding = context;

    return upload_outstanding(sql, outstanding->node, &outstanding->bytes, error);
}

/* What open uploads may still bring, once more and a half for what is made of it, must fit beside the reserve. The bytes
 * of uploads with a known length are allocated already, so only the half counts for them. */
bool uploads_has_space(struct app *app, int64_t length, GError **error)
{
    int64_t free_bytes;
    int64_t total_bytes;
    struct outstanding outstanding = {.node = app->node};

    if (!store_space(app->store, &free_bytes, &total_bytes, error) ||
        !database_read(app->database, "upload.outstanding", read_outstanding, &outstanding, error)) {
        return false;
    }
    const int64_t reserve = MIN(app->settings->reserve_bytes, total_bytes / 20);
    const int64_t wanted = outstanding.bytes + outstanding.bytes / 2 + length * 2 + length / 2;
    if (free_bytes - wanted < reserve) {
        metrics_add(server_metrics(app->server), METRIC_UPLOADS_REFUSED, "reason=\"full\"", 1);
        return refuse(error, HTTP_ERROR, REASON_FULL, "not enough free space for another upload");
    }
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

bool step_create(struct app *app, struct upload *upload, GError **error)
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

static bool is_still_there(const struct lookup *lookup, GError **error)
{
    const struct upload *upload = &lookup->upload;
    enum reason reason = REASON_UPLOAD_NOT_MEDIA;

    if (!lookup->found) {
        return refuse(error, HTTP_ERROR, REASON_NOT_FOUND, "no such upload");
    }
    if (upload_is_state(upload, "gone")) {
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_EXPIRED, "the upload expired or was given up");
    }
    if (upload_is_state(upload, "refused")) {
        (void)(upload->refusal != NULL && reason_find(upload->refusal, &reason)); /* else what it was before */
        return refuse(error, HTTP_ERROR, reason, "the upload was refused");
    }
    return true;
}

/* The row of an upload that is still there. */
bool step_load(struct app *app, const char *id, struct upload *upload, GError **error)
{
    struct lookup lookup = {.id = id};

    if (!database_read(app->database, "upload.find", look, &lookup, error) || !is_still_there(&lookup, error)) {
        upload_clear(&lookup.upload);
        return false;
    }
    *upload = lookup.upload;
    return true;
}

bool step_check_type(const struct request *request, const char *type, GError **error)
{
    const char *given = request_header(request, "Content-Type");
    const size_t length = strlen(type);

    /* some libraries put a charset behind whatever they send: the type is the same */
    if (given == NULL || g_ascii_strncasecmp(given, type, length) != 0 ||
        (given[length] != '\0' && given[length + strspn(given + length, " \t")] != ';')) {
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_TYPE, "Content-Type is another one");
    }
    return true;
}

/* True when the caller holds the upload. Otherwise *parked, or an error. */
bool step_hold(struct app *app, struct request *request, bool writes, handler *again, struct response **parked,
               GError **error)
{
    const char *id = request_param(request, "id");

    if (!upload_id_is_valid(id)) {
        return refuse(error, HTTP_ERROR, REASON_NOT_FOUND, "no such upload");
    }
    switch (uploads_hold(app->uploads, id, request, writes)) {
    case HOLD_TAKEN:
        return true;
    case HOLD_REFUSED:
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_TAKEN_OVER, "a newer request works on this upload");
    default:
        break;
    }
    if (request_must_answer(request)) {
        return refuse(error, HTTP_ERROR, REASON_BUSY, "the older request does not let go");
    }
    g_autofree char *topic = uploads_topic(id);
    *parked = request_park(request, topic, request_now_ms(request) + TAKEOVER_MS, again);
    return false;
}

/* The bytes of an open upload lie on the node that got them. Without any, this node may be it: a proxy that sends each
 * upload to one node knows the id only after some node has made it. With bytes elsewhere the phone waits while that
 * node may come back; then it is told to begin again: 503 makes clients ask later, 410 makes them start at byte 0. */
bool step_check_here(const struct app *app, const struct request *request, const struct upload *upload, GError **error)
{
    if (!upload_is_state(upload, "open") || uploads_is_here(app->uploads, upload->id, upload->offset_bytes)) {
        return true;
    }
    if (upload->offset_bytes == 0) {
        return upload_is_final(upload) || uploads_create_file(app->uploads, upload, error);
    }
    return request_now_ms(request) - upload->updated_ms < ELSEWHERE_MS
               ? refuse(error, HTTP_ERROR, REASON_UPLOAD_ELSEWHERE, "the upload's bytes are on another node")
               : refuse(error, HTTP_ERROR, REASON_UPLOAD_EXPIRED, "the node with the upload's bytes is gone");
}

/* All bytes came, but the store or the database did not take the file then. A client that hears of the last offset
 * thinks that all is done, so it has to be. */
bool step_complete_late(struct app *app, const struct request *request, const struct upload *upload, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!upload_is_state(upload, "open") || upload->offset_bytes != upload->length_bytes) {
        return step_check_here(app, request, upload, error);
    }
    if (uploads_complete(app->uploads, upload->id, upload->length_bytes, request_now_ms(request), &cause)) {
        return true;
    }
    if (error_reason(cause) == REASON_NOT_FOUND && !step_check_here(app, request, upload, error)) {
        return false;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
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

struct response *step_abandon(struct app *app, const struct request *request, GError **error)
{
    const char *id = request_param(request, "id");
    struct abandonment abandonment = {.id = id, .now_ms = request_now_ms(request)};
    struct upload upload = {0};
    g_autofree char *name = uploads_part_name(id);
    g_autofree char *key = upload_key(id);
    const bool is_there = step_load(app, id, &upload, error);

    upload_clear(&upload);
    if (!is_there || !database_transact(app->database, "upload.abandon", abandon_row, &abandonment, error)) {
        return NULL;
    }
    if (!abandonment.changed) {
        (void)refuse(error, HTTP_ERROR, REASON_STATE, "the upload belongs to a work");
        return NULL;
    }
    (void)unlinkat(uploads_folder(app->uploads), name, 0); /* absent when complete; else swept at the next start */
    if (!store_remove(app->store, key, error)) {
        return NULL;
    }
    return response_empty(204);
}

bool step_set_length(struct app *app, const char *id, int64_t length, bool *changed, GError **error)
{
    struct lengthening lengthening = {.id = id, .length = length};

    if (!database_transact(app->database, "upload.set_length", set_length, &lengthening, error)) {
        return false;
    }
    *changed = lengthening.changed;
    return true;
}
