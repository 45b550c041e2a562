#include "service/handlers/job_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/branding.h"
#include "service/handlers/body_file.h"
#include "service/handlers/handlers.h"
#include "service/handlers/stored.h"
#include "service/model/rendition.h"
#include "service/store/store.h"

#define TRANSFER_S 1800 /* 2 GiB, the largest output, at 1.2 MB/s */

/* -- where ----------------------------------------------------------------------------------------------------- */

char *job_folder(const struct app *app, const struct job *job)
{
    return g_strdup_printf("%s/jobs/%s-%" G_GINT64_FORMAT, app->data, job->id, job->token);
}

/* Made where results are written, because making one is no small thing on a full disk (ext4 looked for a free inode for
 * 0.4 ms). */
bool job_make_folder(const char *folder, GError **error)
{
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, STORE_ERROR, REASON_IO, "%s: %s", folder, g_strerror(errno));
        return false;
    }
    return true;
}

char *job_output_key(const struct job *job, const char *name)
{
    return g_strdup_printf("rendition/%s/%s-%" G_GINT64_FORMAT "/%s", job->submission, job->id, job->token, name);
}

/* One lease and one transfer; shorter than what the sweep leaves alone (store_watch.c). */
static int64_t address_life_s(const struct app *app)
{
    return app->settings->job_lease_ms / 1000 + TRANSFER_S;
}

/* The copy that reviewers see, which prepare made; its sound goes into every rung. NULL: of a photo, or gone. */
static const struct rendition *review_of(const struct sql_rows *renditions, int64_t position)
{
    for (size_t i = 0; i < renditions->count; i++) {
        const struct rendition *rendition = sql_rows_at(renditions, i);
        if (strcmp(rendition->kind, "review-mp4") == 0 && rendition_position(rendition->name) == (size_t)position) {
            return rendition;
        }
    }
    return NULL;
}

/* What tells that a kind of ladder was made of a file: of the works whose ladder came early, and those that only a text was
 * changed of. */
static const struct {
    const char *kind;
    const char *ending;
} MADE[] = {{"ladder", "master.m3u8"}, {"av1", "-av1.mp4"}};

static bool is_made(const char *kind, const struct sql_rows *renditions, int64_t position)
{
    for (size_t k = 0; k < G_N_ELEMENTS(MADE); k++) {
        for (size_t i = 0; strcmp(MADE[k].kind, kind) == 0 && i < renditions->count; i++) {
            const struct rendition *rendition = sql_rows_at(renditions, i);
            if (g_str_has_suffix(rendition->name, MADE[k].ending) &&
                rendition_position(rendition->name) == (size_t)position) {
                return true;
            }
        }
    }
    return false;
}

/* Where a worker reads stored bytes: on a shared disk, at the store, or at `own`, which is an address of ours. */
static struct file_message file_of(const struct app *app, const char *key, int64_t bytes, bool shared, char *own)
{
    g_autofree char *address = own;
    char *path = shared ? store_local_path(app->store, key) : NULL;
    char *url = store_presign_get(app->store, key, address_life_s(app));

    return (struct file_message){.bytes = bytes,
                                 .path = path == NULL ? g_strdup("") : path,
                                 .url = url == NULL ? g_steal_pointer(&address) : url};
}

void job_set_inputs(const struct app *app, const struct job *job, const struct sql_rows *originals,
                    const struct sql_rows *renditions, bool shared, struct offer_message *offer)
{
    const bool is_ladder = strcmp(job->kind, "ladder") == 0 || strcmp(job->kind, "av1") == 0;

    for (size_t i = 0; i < originals->count && i < MESSAGE_INPUTS_MOST; i++) {
        const struct original *original = sql_rows_at(originals, i);
        const struct rendition *review = is_ladder ? review_of(renditions, original->position) : NULL;
        struct input_message *input = &offer->inputs[offer->input_count++];

        input->position = original->position;
        input->done = is_made(job->kind, renditions, original->position);
        input->file = file_of(
            app, original->store_key, original->bytes, shared,
            g_strdup_printf("/api/v1/jobs/%s/input/%" G_GINT64_FORMAT, job->id, original->position));
        if (review != NULL) {
            input->review = file_of(
                app, review->store_key, review->bytes, shared,
                g_strdup_printf("/api/v1/jobs/%s/review/%" G_GINT64_FORMAT, job->id, original->position));
        }
    }
}

static void set_branding(const struct app *app, const struct job *job, size_t part, const char *key, int64_t bytes,
                         bool shared, struct offer_message *offer)
{
    offer->branding[part].key = g_strdup(key);
    offer->branding[part].file =
        file_of(app, key, bytes, shared, g_strdup_printf("/api/v1/jobs/%s/branding/%s", job->id, key + strlen(BRANDING_KEYS)));
}

/* A worker said so: a key of another kind would hand it another file. */
static bool is_branding_key(const char *key)
{
    return key != NULL && g_str_has_prefix(key, BRANDING_KEYS) && store_key_is_valid(key) &&
           strchr(key + strlen(BRANDING_KEYS), '/') == NULL;
}

static bool takes_clips(const struct offer_message *offer)
{
    const json_t *kinds = json_object_get(offer->limits, "kinds");
    bool takes = false;

    for (size_t i = 0; i < json_array_size(kinds); i++) {
        takes = takes || g_strcmp0(json_string_value(json_array_get(kinds, i)), "video") == 0;
    }
    return takes;
}

void job_set_branding(const struct app *app, const struct job *job, const json_t *facts, bool shared,
                      struct offer_message *offer)
{
    const bool is_prepare = strcmp(job->kind, "prepare") == 0 && takes_clips(offer);
    const bool is_ladder = strcmp(job->kind, "ladder") == 0 || strcmp(job->kind, "av1") == 0;
    const json_t *put = json_object_get(facts, "branding");

    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        const json_t *row = json_object_get(put, MESSAGE_BRANDING_NAMES[i]);
        const char *key = json_string_value(json_object_get(row, "key"));

        if (is_prepare && app->branding->part[i].key != NULL) {
            set_branding(app, job, i, app->branding->part[i].key, app->branding->part[i].bytes, shared, offer);
        } else if (is_ladder && is_branding_key(key)) {
            set_branding(app, job, i, key, json_integer_value(json_object_get(row, "bytes")), shared, offer);
        }
    }
}

/* -- the way --------------------------------------------------------------------------------------------------- */

struct transfer {
    struct job_lease lease;
    struct job job;
    bool done; /* the lease is over */
    struct sql_rows *originals, *renditions;
};

static void transfer_clear(struct transfer *transfer)
{
    job_clear(&transfer->job);
    g_clear_pointer(&transfer->originals, sql_rows_free);
    g_clear_pointer(&transfer->renditions, sql_rows_free);
}

static bool look_job(struct sql *sql, void *context, GError **error)
{
    struct transfer *transfer = context;

    transfer_clear(transfer);
    return job_get_leased(sql, &transfer->lease, &transfer->job, &transfer->done, error);
}

static bool look_inputs(struct sql *sql, void *context, GError **error)
{
    struct transfer *transfer = context;

    if (!look_job(sql, context, error)) {
        return false;
    }
    transfer->originals = original_list(sql, transfer->job.submission, transfer->job.revision, error);
    transfer->renditions = rendition_list(sql, transfer->job.submission, transfer->job.revision, error);
    return transfer->originals != NULL && transfer->renditions != NULL;
}

static bool read_leased(struct app *app, const struct request *request, int64_t token, database_work *look,
                        struct transfer *transfer, GError **error)
{
    transfer->lease = (struct job_lease){request_param(request, "job"), token};
    return database_read(app->database, "job.leased", look, transfer, error) &&
           (!transfer->done || refuse(error, HTTP_ERROR, REASON_STALE_TOKEN, "the job is done"));
}

/* The lease of a byte transfer: path parameter and X-Job-Token. */
static bool read_lease(struct app *app, const struct request *request, database_work *look, struct transfer *transfer,
                       GError **error)
{
    const char *header = request_header(request, "X-Job-Token");
    gint64 token = 0;

    if (header == NULL || !g_ascii_string_to_signed(header, 10, 1, G_MAXINT64, &token, NULL)) {
        return refuse(error, HTTP_ERROR, REASON_STALE_TOKEN, "no X-Job-Token");
    }
    return read_leased(app, request, token, look, transfer, error);
}

/* Which stored bytes of the leased work are asked for; NULL: none at that position. */
typedef const char *key_of(const struct transfer *transfer, int64_t position);

static const char *original_key(const struct transfer *transfer, int64_t position)
{
    return (size_t)position > transfer->originals->count
               ? NULL
               : ((const struct original *)sql_rows_at(transfer->originals, (size_t)position - 1))->store_key;
}

static const char *review_key(const struct transfer *transfer, int64_t position)
{
    const struct rendition *review = review_of(transfer->renditions, position);

    return review == NULL ? NULL : review->store_key;
}

static struct response *answer_input(struct app *app, struct request *request, key_of *choose, GError **error)
{
    struct transfer transfer = {0};
    struct response *response = NULL;
    const char *key = NULL;
    gint64 position = 0;

    if (g_ascii_string_to_signed(request_param(request, "position"), 10, 1, MESSAGE_INPUTS_MOST, &position, NULL) &&
        read_lease(app, request, look_inputs, &transfer, error)) {
        key = choose(&transfer, position);
    }
    if (key != NULL) {
        response = stored_answer(app, request, key, "application/octet-stream", "\"input\"", error);
    } else if (*error == NULL) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such input");
    }
    transfer_clear(&transfer);
    return response;
}

HANDLER(job_get_input)
{
    return stored_must_move(app, request) ? request_transfer(request, job_get_input)
                                          : answer_input(app, request, original_key, error);
}

HANDLER(job_get_review)
{
    return stored_must_move(app, request) ? request_transfer(request, job_get_review)
                                          : answer_input(app, request, review_key, error);
}

static struct response *answer_branding(struct app *app, struct request *request, GError **error)
{
    g_autofree char *key = g_strconcat(BRANDING_KEYS, request_param(request, "digest"), NULL);
    struct transfer transfer = {0};
    struct response *response = NULL;

    if (!is_branding_key(key)) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such file");
    } else if (read_lease(app, request, look_job, &transfer, error)) {
        response = stored_answer(app, request, key, "application/octet-stream", "\"branding\"", error);
    }
    transfer_clear(&transfer);
    return response;
}

HANDLER(job_get_branding)
{
    return stored_must_move(app, request) ? request_transfer(request, job_get_branding)
                                          : answer_branding(app, request, error);
}

/* Where one output goes. */
static json_t *place_json(const struct app *app, const struct job *job, const struct place_message *place)
{
    g_autofree char *key = job_output_key(job, place->name);
    g_auto(GStrv) headers = NULL;
    char *url = store_presign_put(app->store, key, place->sha256, address_life_s(app), &headers);
    const struct placed_message placed = {
        .url = url != NULL ? url : g_strdup_printf("/api/v1/jobs/%s/output/%s", job->id, place->name),
        .headers = headers,
    };
    json_t *json = placed_message_json(&placed);

    g_free(placed.url);
    return json;
}

HANDLER(job_post_outputs)
{
    struct place_message place = {0};
    struct transfer transfer = {0};
    struct response *response = NULL;

    if (!place_message_read(request_json(request), &place, error)) {
        return NULL;
    }
    if (!rendition_name_is_good(place.name)) {
        g_set_error(error, HTTP_ERROR, REASON_INPUT, "an output's name");
    } else if (read_leased(app, request, place.token, look_job, &transfer, error)) {
        response = response_json(200, place_json(app, &transfer.job, &place));
    }
    transfer_clear(&transfer);
    place_message_clear(&place);
    return response;
}

static struct response *output_finish(void *context, struct request *request, int64_t bytes, GError **error)
{
    (void)context;
    (void)request;
    (void)bytes; /* finish compares them with what the worker says */
    (void)error;
    return response_empty(204);
}

HANDLER(job_put_output)
{
    struct transfer transfer = {0};
    const char *name = request_param(request, "name");

    if (!rendition_name_is_good(name)) {
        g_set_error(error, HTTP_ERROR, REASON_INPUT, "an output's name");
        return NULL;
    }
    if (!read_lease(app, request, look_job, &transfer, error)) {
        transfer_clear(&transfer);
        return NULL;
    }
    g_autofree char *folder = job_folder(app, &transfer.job);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    transfer_clear(&transfer);
    if (!job_make_folder(folder, error)) {
        return NULL;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        g_set_error(error, STORE_ERROR, REASON_IO, "%s: %s", path, g_strerror(errno));
        return NULL;
    }
    const struct body_file body = {.fd = fd, .finish = output_finish};
    body_file_attach(request, &body);
    return NULL;
}
