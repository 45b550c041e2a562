/* The worker pool's side: claim by long poll, renew, finish, fail. Results become renditions only here, under the fencing
 * token, in one transaction. */
#include <string.h>

#include "common/digest.h"
#include "common/failure.h"
#include "common/message.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/job_bytes.h"
#include "service/handlers/job_facts.h"
#include "service/handlers/stored.h"
#include "service/http/parked.h"
#include "service/model/cover.h"
#include "service/model/duplicate.h"
#include "service/model/job.h"
#include "service/model/policy.h"
#include "service/model/rendition.h"
#include "service/model/submission.h"
#include "service/model/work_file.h"
#include "service/model/worker.h"
#include "service/store/store.h"

struct call {
    struct app *app;
    const struct request *request;
    const struct claim_message *claim;
    struct job job;
    bool found;
    bool is_whole; /* nobody waits: the ladder is made along with it */
    struct submission submission;
    struct sql_rows *originals;
    struct sql_rows *renditions; /* that are there already */
    struct job_lease lease;
    int64_t permille;
    const struct finish_message *finish;
    const struct fail_message *fail;
    bool done;
    GPtrArray *keys; /* store keys of the finished outputs, by output */
};

struct finish_call {
    struct call finished;
    struct call next; /* claim NULL: none wanted */
};

static void call_clear(struct call *call)
{
    job_clear(&call->job);
    submission_clear(&call->submission);
    g_clear_pointer(&call->originals, sql_rows_free);
    g_clear_pointer(&call->renditions, sql_rows_free);
    g_clear_pointer(&call->keys, g_ptr_array_unref);
}

/* A claim may have waited for long: its token is asked about again. */
static bool note_worker(struct sql *sql, const struct call *call, int64_t now_ms, GError **error)
{
    const struct worker worker = {.name = call->claim->worker,
                                  .version = call->claim->version,
                                  .sandbox = call->claim->sandbox,
                                  .token_id = (char *)(uintptr_t)request_worker_token(call->request)};
    bool in_force = true;

    if (worker.token_id[0] != '\0' && !worker_token_is_in_force(sql, worker.token_id, &in_force, error)) {
        return false;
    }
    if (!in_force) {
        return refuse(error, HTTP_ERROR, REASON_UNAUTHENTICATED, "the worker's token was revoked");
    }
    return worker_seen(sql, &worker, now_ms, error);
}

/* Only the first try: should the ladder be what goes wrong, the work comes before reviewers at the second. */
static bool offer_whole(struct sql *sql, struct call *call, int64_t now_ms, GError **error)
{
    const bool is_wanted =
        call->app->settings->early_ladder && call->job.attempt == 1 && strcmp(call->job.kind, "prepare") == 0;

    call->is_whole = false;
    return !is_wanted || job_none_waits(sql, now_ms, &call->is_whole, error);
}

/* The next job for the worker of call->claim, if there is one. */
static bool take_next(struct sql *sql, struct call *call, GError **error)
{
    struct job_claim claim = {
        .worker = call->claim->worker,
        .sandbox = call->claim->sandbox,
        .now_ms = g_get_real_time() / 1000, /* the request's own time may be a long poll old */
        .lease_ms = call->app->settings->job_lease_ms,
    };
    const struct move started = {.event = EVENT_STARTED};

    call_clear(call);
    if (!note_worker(sql, call, claim.now_ms, error) || !sql_lease_clock(sql, &claim.boot_ms, error) ||
        !job_take(sql, &claim, &call->job, &call->found, error)) {
        return false;
    }
    if (!call->found) {
        return true;
    }
    call->originals = original_list(sql, call->job.submission, call->job.revision, error);
    call->renditions = rendition_list(sql, call->job.submission, call->job.revision, error);
    if (call->originals == NULL || call->renditions == NULL ||
        !submission_get_held(sql, call->job.submission, &call->submission, error) ||
        !offer_whole(sql, call, claim.now_ms, error)) {
        return false;
    }
    return strcmp(call->submission.state, "received") != 0 ||
           submission_move(sql, &call->submission, &DOER_WORKER, &started, claim.now_ms, error);
}

static bool take(struct sql *sql, void *context, GError **error)
{
    return take_next(sql, context, error);
}

/* The worker sees our disk. */
static bool shares_disk(const struct call *call)
{
    if (store_is_remote(call->app->store) || call->claim->disk[0] == '\0') {
        return false;
    }
    g_autofree char *disk = message_disk_id(call->app->data);
    return strcmp(disk, call->claim->disk) == 0;
}

/* What the worker needs: on a shared disk paths (`folder` not NULL), else addresses, of the store itself or of this
 * service. */
static json_t *offer_json(const struct call *call, const char *folder)
{
    const struct app *app = call->app;
    const bool shared = folder != NULL;
    json_auto_t *limits = job_limits_json(app, &call->submission);
    json_auto_t *facts = call->submission.facts == NULL ? NULL : json_loads(call->submission.facts, 0, NULL);
    if (facts != NULL && strcmp(call->job.kind, "av1") == 0) {
        job_add_rungs(facts, call->renditions);
    }
    if (facts != NULL && strcmp(call->job.kind, "cover") == 0) {
        job_add_covers(facts, call->submission.covers);
    }
    struct offer_message offer = {
        .job = call->job.id,
        .token = call->job.token,
        .kind = call->is_whole ? (char *)(uintptr_t)"whole" : call->job.kind,
        .lease_ms = app->settings->job_lease_ms,
        .limits = limits,
        .facts = facts,
        .folder = (char *)(uintptr_t)(shared ? folder : ""),
    };

    job_set_inputs(app, &call->job, call->originals, call->renditions, shared, &offer);
    job_set_branding(app, &call->job, facts, shared, &offer);
    json_t *json = offer_message_json(&offer);
    for (size_t i = 0; i < offer.input_count; i++) {
        file_message_clear(&offer.inputs[i].file);
        file_message_clear(&offer.inputs[i].review);
    }
    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        file_message_clear(&offer.branding[i].file);
        g_free(offer.branding[i].key);
    }
    return json;
}

static bool check_protocol(const struct claim_message *claim, GError **error)
{
    if (claim->protocol != MESSAGE_PROTOCOL) {
        g_set_error(error, HTTP_ERROR, REASON_WORKER_VERSION, "worker %s speaks %" G_GINT64_FORMAT ", this service %d",
                    claim->version, claim->protocol, MESSAGE_PROTOCOL);
    }
    return claim->protocol == MESSAGE_PROTOCOL;
}

static struct response *answer_offer(const struct call *call, GError **error)
{
    g_autofree char *folder = shares_disk(call) ? job_folder(call->app, &call->job) : NULL;

    return folder != NULL && !job_make_folder(folder, error) ? NULL : response_json(200, offer_json(call, folder));
}

HANDLER(job_post_claim)
{
    struct claim_message claim = {0};
    struct call call = {.app = app, .request = request, .claim = &claim};
    struct response *response = NULL;

    if (!claim_message_read(request_json(request), &claim, error)) {
        return NULL;
    }
    if (check_protocol(&claim, error) && database_transact(app->database, "job.take", take, &call, error)) {
        if (call.found) {
            response = answer_offer(&call, error);
        } else if (request_must_answer(request) || claim.wait_ms == 0) {
            response = response_empty(204);
        } else {
            response = request_park(request, "jobs", request_now_ms(request) + claim.wait_ms, job_post_claim);
        }
    }
    call_clear(&call);
    claim_message_clear(&claim);
    return response;
}

static bool renew(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    int64_t boot_ms;

    return job_give_way(sql, &call->lease, request_now_ms(call->request), &call->done, error) &&
           (call->done ||
            (sql_lease_clock(sql, &boot_ms, error) &&
             job_renew(sql, &call->lease, boot_ms + call->app->settings->job_lease_ms, call->permille, error)));
}

HANDLER(job_post_renew)
{
    struct call call = {.app = app, .request = request, .lease = {.id = request_param(request, "job")}};
    json_int_t token = 0;
    json_int_t permille = 0;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:I, s?I}", "token", &token, "permille", &permille) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    call.lease.token = token;
    call.permille = CLAMP(permille, 0, 1000);
    call.request = request;
    if (!database_transact(app->database, "job.renew", renew, &call, error)) {
        return NULL;
    }
    if (call.done) { /* the worker drops it and asks for what waits */
        g_set_error_literal(error, HTTP_ERROR, REASON_STALE_TOKEN, "the job gave way to another one");
        return NULL;
    }
    return response_json(200, json_pack("{s:I}", "lease_ms", (json_int_t)app->settings->job_lease_ms));
}

static bool look_leased(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    call_clear(call);
    return job_get_leased(sql, &call->lease, &call->job, &call->done, error);
}

/* An output that came through this service, or through a shared disk. */
static bool take_output(struct call *call, const struct output_message *output, const char *key, const char *path,
                        GError **error)
{
    char sha256[DIGEST_HEX + 1];
    int64_t bytes;

    if (!digest_file(path, sha256, &bytes, error)) {
        return false;
    }
    if (bytes != output->bytes || strcmp(sha256, output->sha256) != 0) {
        g_set_error(error, STORE_ERROR, REASON_CONFLICT, "%s is not what the worker made", output->name);
        return false;
    }
    return store_put_file(call->app->store, key, path, error);
}

/* Every output as the worker says it is: name, size, digest; in the store under a key of this attempt. A worker that
 * wrote there by itself left no file here. */
static bool store_output(struct call *call, const struct output_message *output, GError **error)
{
    g_autofree char *folder = job_folder(call->app, &call->job);
    g_autofree char *path = g_build_filename(folder, output->name, NULL);

    if (!rendition_name_is_good(output->name)) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "an output's name");
        return false;
    }
    char *key = job_output_key(&call->job, output->name);
    g_ptr_array_add(call->keys, key);
    return g_file_test(path, G_FILE_TEST_EXISTS)
               ? take_output(call, output, key, path, error)
               : store_verify(call->app->store, key, output->bytes, output->sha256, error);
}

static bool add_renditions(struct sql *sql, struct call *call, int64_t now_ms, GError **error)
{
    for (guint i = 0; i < call->finish->outputs->len; i++) {
        const struct output_message *output = g_ptr_array_index(call->finish->outputs, i);
        g_autofree char *facts = json_dumps(output->facts, JSON_COMPACT);
        const struct rendition rendition = {
            .submission = call->job.submission,
            .revision = call->job.revision,
            .name = output->name,
            .kind = output->kind,
            .type = output->type,
            .bytes = output->bytes,
            .sha256 = output->sha256,
            .store_key = g_ptr_array_index(call->keys, i),
            .facts = facts,
        };
        if (!rendition_add(sql, &rendition, now_ms, error)) {
            return false;
        }
    }
    return true;
}

/* Keeps the fingerprint, and tells whether other works look, sound or are like it. */
static bool find_duplicates(struct sql *sql, const struct call *call, bool *found, GError **error)
{
    const json_t *fingerprint = json_object_get(call->finish->facts, "fingerprint");
    g_autoptr(GPtrArray) duplicates = NULL;

    if (!duplicate_keep(sql, call->submission.id, fingerprint, error)) {
        return false;
    }
    duplicates = duplicate_list(sql, call->submission.id, call->submission.revision, error);
    *found = duplicates != NULL && duplicates->len > 0;
    return duplicates != NULL;
}

static bool finish_prepare(struct sql *sql, struct call *call, int64_t now_ms, GError **error)
{
    struct move prepared = {.event = EVENT_PREPARED};
    g_autofree char *facts = job_facts_text(call->finish->facts);
    g_autofree char *words = job_flag_words(call->finish->facts);
    g_autofree char *flags = NULL;
    g_autofree char *digest = NULL;
    bool doubled = false;

    for (guint i = 0; i < call->finish->input_digests->len; i++) {
        if (!original_set_digest(sql, &call->submission, (int64_t)i + 1,
                                 g_ptr_array_index(call->finish->input_digests, i), error)) {
            return false;
        }
    }
    if (!find_duplicates(sql, call, &doubled, error)) {
        return false;
    }
    flags = g_strconcat(words, doubled ? "duplicate " : "", NULL);
    return rendition_content_digest(sql, &call->submission, &digest, error) &&
           submission_set_facts(sql, &call->submission, facts, flags, digest, error) &&
           policy_first_stage(sql, call->app->rules, call->submission.city, &prepared.stage, error) &&
           submission_move(sql, &call->submission, &DOER_WORKER, &prepared, now_ms, error);
}

/* Everything of it can be served from the moment that other systems hear so. */
static bool is_shown(const struct call *call)
{
    return strcmp(call->submission.state, "published") == 0 && call->submission.revision == call->job.revision;
}

static bool tell_ready(struct sql *sql, const struct call *call, int64_t now_ms, GError **error)
{
    return !is_shown(call) || outbox_add(sql, OUTBOX_READY, &call->submission, now_ms, error);
}

/* For players that know AV1, once everything else is done. */
static bool add_av1(struct sql *sql, const struct call *call, int64_t now_ms, GError **error)
{
    const bool is_wanted = strcmp(call->job.kind, "ladder") == 0 && call->app->settings->av1_rungs && is_shown(call);

    return !is_wanted || job_add(sql, "av1", call->job.submission, call->job.revision, now_ms, error);
}

static bool finish_job(struct sql *sql, struct call *call, GError **error)
{
    const int64_t now_ms = request_now_ms(call->request);

    submission_clear(&call->submission);
    if (!submission_get(sql, call->job.submission, &call->submission, error) || /* before the job, as everywhere */
        !job_finish(sql, &call->lease, now_ms, error) || !add_renditions(sql, call, now_ms, error)) {
        return false;
    }
    if (strcmp(call->job.kind, "prepare") == 0) {
        return finish_prepare(sql, call, now_ms, error);
    }
    if (strcmp(call->job.kind, "cover") == 0) {
        return cover_finish(sql, &call->submission, error);
    }
    return tell_ready(sql, call, now_ms, error) && add_av1(sql, call, now_ms, error);
}

/* A worker that wants the next job gets it in the same transaction. */
static bool finish(struct sql *sql, void *context, GError **error)
{
    struct finish_call *both = context;

    return finish_job(sql, &both->finished, error) && (both->next.claim == NULL || take_next(sql, &both->next, error));
}

static bool store_outputs(struct call *call, GError **error)
{
    call->keys = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < call->finish->outputs->len; i++) {
        if (!store_output(call, g_ptr_array_index(call->finish->outputs, i), error)) {
            return false;
        }
    }
    return true;
}

/* In one transaction; after it, what is left in the folder of the attempt is removed by the sweep. */
static struct response *finish_and_answer(struct finish_call *both, GError **error)
{
    struct call *finished = &both->finished;

    if (!store_outputs(finished, error) ||
        !database_transact(finished->app->database, "job.finish", finish, both, error)) {
        return NULL;
    }
    g_autofree char *folder = job_folder(finished->app, &finished->job);
    (void)rmdir(folder);
    return both->next.found ? answer_offer(&both->next, error) : response_empty(204);
}

HANDLER(job_post_finish)
{
    struct finish_message message = {0};
    struct finish_call both = {.finished = {.app = app, .request = request, .finish = &message}};
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, job_post_finish);
    }
    if (!finish_message_read(request_json(request), &message, error)) {
        return NULL;
    }
    both.finished.lease = (struct job_lease){request_param(request, "job"), message.token};
    both.next = (struct call){.app = app, .request = request, .claim = message.next};
    if ((message.next == NULL || check_protocol(message.next, error)) &&
        database_read(app->database, "job.leased", look_leased, &both.finished, error)) {
        /* done: its first answer was lost, and a next job of that answer comes back when its lease is over */
        response = both.finished.done ? response_empty(204) : finish_and_answer(&both, error);
    }
    call_clear(&both.finished);
    call_clear(&both.next);
    finish_message_clear(&message);
    return response;
}

enum {
    RETRY_MS = 5000,
};

static bool refuse_submission(struct sql *sql, struct call *call, const char *reason, int64_t now_ms, GError **error)
{
    const struct move refused = {.event = EVENT_REFUSED, .failure = reason};

    const bool is_cover = strcmp(call->job.kind, "cover") == 0;
    if (!is_cover && strcmp(call->job.kind, "prepare") != 0) {
        return true; /* a work without its ladder still plays: the review copy stays */
    }
    if (!submission_get_held(sql, call->job.submission, &call->submission, error)) {
        return false;
    }
    if (is_cover) {
        return cover_give_up(sql, &call->submission, reason, now_ms, error);
    }
    for (size_t i = 0; i < call->fail->other_count; i++) {
        const struct refused_input *other = &call->fail->others[i];
        if (!work_file_refuse(sql, &call->submission, other->position, other->reason, error)) {
            return false;
        }
    }
    return work_file_refuse(sql, &call->submission, call->fail->position, reason, error) &&
           submission_move(sql, &call->submission, &DOER_WORKER, &refused, now_ms, error);
}

static bool fail(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const int64_t now_ms = request_now_ms(call->request);
    const enum fail_next next = call->fail->next;

    job_clear(&call->job);
    if (!job_get_leased(sql, &call->lease, &call->job, &call->done, error)) {
        return false;
    }
    if (call->done) {
        return true;
    }
    if (next == FAIL_INFRASTRUCTURE || (next == FAIL_RETRY && call->job.attempt < JOB_ATTEMPTS)) {
        return job_requeue(sql, &call->lease, call->fail->reason, next == FAIL_RETRY, now_ms + RETRY_MS, error);
    }
    /* a file that nothing but trouble came of is set apart; "try again" would no longer be true */
    const char *reason = next == FAIL_RETRY ? reason_rule_of(REASON_CRASHED)->code : call->fail->reason;
    return job_fail(sql, &call->lease, reason, now_ms, error) && refuse_submission(sql, call, reason, now_ms, error);
}

HANDLER(job_post_fail)
{
    struct fail_message message = {0};
    struct call call = {.app = app, .request = request, .fail = &message};

    if (!fail_message_read(request_json(request), &message, error)) {
        return NULL;
    }
    call.lease = (struct job_lease){request_param(request, "job"), message.token};
    const bool good = database_transact(app->database, "job.fail", fail, &call, error);
    call_clear(&call);
    fail_message_clear(&message);
    return good ? response_empty(204) : NULL;
}
