#include "worker/loop.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/digest.h"
#include "common/failure.h"
#include "common/message.h"
#include "worker/client.h"
#include "worker/deliver.h"
#include "worker/recipe.h"
#include "worker/set.h"

enum {
    CALL_MS = 15000,
    BACKOFF_FIRST_MS = 200,
    BACKOFF_MOST_MS = 5000,
    REPORT_TRIES = 20,
};

struct loop {
    struct loop_config config;
    struct log log;
    char *name; /* host-pid */
    char *disk; /* identity of the shared data folder */
    atomic_bool stop;
    GPtrArray *threads;
};

/* One job under way; shared between its slot and its renewer. */
struct lease {
    struct loop *loop;
    const struct offer_message *offer;
    atomic_int permille;
    atomic_bool lost;
    GMutex lock;
    GCond changed;
    bool over; /* under lock */
};

static void wait_ms(struct loop *loop, int64_t ms)
{
    for (int64_t waited = 0; waited < ms && !atomic_load(&loop->stop); waited += 50) {
        g_usleep(50000);
    }
}

static struct client *open_client(struct loop *loop, const atomic_bool *stop)
{
    const struct client_config config = {loop->config.url, loop->config.token, stop};
    g_autoptr(GError) error = NULL;
    struct client *client = client_open(&config, &error);

    if (client == NULL) {
        log_error(&loop->log, "client.failed", error);
    }
    return client;
}

/* -- the renewer ----------------------------------------------------------------------------------------------- */

static bool wait_until_over(struct lease *lease, int64_t ms)
{
    g_mutex_lock(&lease->lock);
    const gint64 until = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;
    while (!lease->over && g_cond_wait_until(&lease->changed, &lease->lock, until)) {
    }
    const bool over = lease->over;
    g_mutex_unlock(&lease->lock);
    return over;
}

static gpointer renew_main(gpointer data)
{
    struct lease *lease = data;
    g_autoptr(Client) client = open_client(lease->loop, NULL);
    g_autofree char *path = g_strdup_printf("/api/v1/jobs/%s/renew", lease->offer->job);
    int64_t heard_us = g_get_monotonic_time();

    while (client != NULL && !wait_until_over(lease, MIN(lease->offer->lease_ms / 6, 5000))) {
        json_auto_t *body = json_pack("{s:I, s:i}", "token", (json_int_t)lease->offer->token, "permille",
                                      atomic_load(&lease->permille));
        int status = 0;
        const bool answered = client_post(client, path, body, lease->offer->lease_ms / 3, &status, NULL, NULL);

        if (answered && status < 300) {
            heard_us = g_get_monotonic_time();
        }
        /* Told so, or too long without an answer to be sure of it. */
        if ((answered && status == 409) ||
            g_get_monotonic_time() - heard_us > lease->offer->lease_ms * G_TIME_SPAN_MILLISECOND) {
            atomic_store(&lease->lost, true);
            break;
        }
    }
    return NULL;
}

static void lease_end(struct lease *lease, GThread *renewer)
{
    g_mutex_lock(&lease->lock);
    lease->over = true;
    g_cond_signal(&lease->changed);
    g_mutex_unlock(&lease->lock);
    g_thread_join(renewer);
    g_mutex_clear(&lease->lock);
    g_cond_clear(&lease->changed);
}

/* -- one job --------------------------------------------------------------------------------------------------- */

/* The share of one input in a job of several. */
struct part {
    struct lease *lease;
    size_t index;
    size_t count;
};

static bool on_progress(void *context, int permille)
{
    const struct part *part = context;

    atomic_store(&part->lease->permille, (int)(((int)part->index * 1000 + permille) / (int)part->count));
    return !atomic_load(&part->lease->lost) && !atomic_load(&part->lease->loop->stop);
}

/* What became of a job. */
struct outcome {
    struct finish_message finish;
    json_t *each; /* facts of the files so far */
    struct fail_message fail;
    bool ok;
};

static void set_fail(struct outcome *outcome, enum reason reason, enum fail_next next)
{
    fail_message_clear(&outcome->fail);
    outcome->fail.position = 0;
    outcome->fail.reason = g_strdup(reason_rule_of(reason)->code);
    outcome->fail.next = next;
}

static const enum fail_next NEXT_OF[] = {
    [RECIPE_RETRY] = FAIL_RETRY,
    [RECIPE_REFUSE] = FAIL_REFUSE,
    [RECIPE_QUARANTINE] = FAIL_QUARANTINE,
};

static void empty_scratch(const char *folder)
{
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);

    for (const char *name; listing != NULL && (name = g_dir_read_name(listing)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        (void)g_remove(path); /* left-overs cost room, nothing else */
    }
}

/* The first file that is refused decides about the job; the family is told of every one. What is no final word about a
 * later one says nothing beside it. */
static void add_refusal(struct outcome *outcome, int64_t position, const struct recipe_result *result)
{
    if (outcome->ok) {
        set_fail(outcome, result->reason, NEXT_OF[result->next]);
        outcome->fail.position = position;
    } else if (result->next != RECIPE_RETRY) {
        fail_message_add(&outcome->fail, position, reason_rule_of(result->reason)->code);
    }
    outcome->ok = false;
}

/* -1 where there is none, or none to be had: the sound is encoded anew then, which costs more and nothing else. */
static int open_review(struct lease *lease, struct client *client, const struct input_message *input, const char *folder)
{
    g_autoptr(GError) error = NULL;
    const int fd = input->review.url == NULL ? -1 : deliver_input(client, lease->offer, &input->review, folder, &error);

    if (error != NULL) {
        log_error(&lease->loop->log, "job.review", error);
    }
    return fd;
}

G_STATIC_ASSERT((int)MESSAGE_BRANDINGS == (int)TASK_BRANDING_COUNT); /* and in the same order: intro, outro, watermark */

/* Opens what the edition puts into every clip. */
static bool open_branding(struct client *client, const struct offer_message *offer, const char *folder,
                          struct recipe_job *job, GError **error)
{
    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        const struct branding_message *part = &offer->branding[i];
        if (part->key == NULL) {
            continue;
        }
        job->branding_fd[i] = deliver_input(client, offer, &part->file, folder, error);
        if (job->branding_fd[i] < 0) {
            return false;
        }
        job->branding_bytes[i] = part->file.bytes;
    }
    return true;
}

/* The ladder needs the same, whatever the profile is by then. */
static void note_branding(const struct offer_message *offer, json_t *facts)
{
    json_t *branding = json_object();

    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        const struct branding_message *part = &offer->branding[i];
        if (part->key != NULL) {
            json_object_set_new(branding, MESSAGE_BRANDING_NAMES[i],
                                json_pack("{s:s, s:I}", "key", part->key, "bytes", (json_int_t)part->file.bytes));
        }
    }
    if (json_object_size(branding) > 0 && set_is_prepare(offer->kind)) {
        json_object_set(facts, "branding", branding);
    }
    json_decref(branding);
}

static void close_all(const struct recipe_job *job)
{
    close(job->input_fd);
    if (job->review_fd >= 0) {
        close(job->review_fd);
    }
    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        if (job->branding_fd[i] >= 0) {
            close(job->branding_fd[i]);
        }
    }
}

/* The first file of a set keeps its plain names (poster.jpg is the cover); the others get "2-", "3-" … */
static bool run_input(struct lease *lease, struct client *client, const char *folder, size_t index,
                      struct outcome *outcome, GError **error)
{
    const struct offer_message *offer = lease->offer;
    const struct input_message *input = &offer->inputs[index];
    const struct loop_config *config = &lease->loop->config;
    struct part part = {lease, index, offer->input_count};
    g_autofree char *prefix = index == 0 ? g_strdup("") : g_strdup_printf("%zu-", index + 1);
    struct recipe_result result = {0};
    char digest[DIGEST_HEX + 1];
    json_t *facts = set_facts_of(offer->facts, index);

    if (input->done || !set_is_wanted(facts, offer->kind)) {
        return true;
    }
    const int fd = deliver_input(client, offer, &input->file, folder, error);

    if (fd < 0) {
        return false;
    }
    const int review_fd = open_review(lease, client, input, folder);
    struct recipe_job job = {
        .kind = offer->kind,
        .input_fd = fd,
        .input_bytes = input->file.bytes,
        .review_fd = review_fd,
        .review_bytes = input->review.bytes,
        .branding_fd = {-1, -1, -1},
        .folder = folder,
        .prefix = prefix,
        .limits = offer->limits,
        .facts = facts,
        .media_program = config->media_program,
        .threads = config->threads,
        .unsafe = config->unsafe,
    };
    bool good = digest_descriptor(fd, digest, error) && open_branding(client, offer, folder, &job, error) &&
                recipe_run(&job, on_progress, &part, &result, error);
    close_all(&job);
    if (good && !result.ok) {
        log_info(&lease->loop->log, "job.refused", "id=%s kind=%s code=%s next=%d words=\"%s\"", offer->job,
                 offer->kind, reason_rule_of(result.reason)->code, (int)result.next,
                 result.words == NULL ? "" : result.words);
        add_refusal(outcome, input->position, &result);
    } else if (good && outcome->ok) {
        note_branding(offer, result.facts);
        json_array_append_new(outcome->each, result.facts == NULL ? json_object() : json_incref(result.facts));
        g_ptr_array_add(outcome->finish.input_digests, g_strdup(digest));
        good = deliver_outputs(client, offer, folder, prefix, &result, &outcome->finish, error);
    }
    if (!outcome->ok) {
        empty_scratch(folder); /* of no use beside a refused file, and in the way of the next */
    }
    recipe_result_clear(&result);
    return good;
}

/* Also behind a file that is refused for good: who sent three bad ones learns of all in one round. */
static bool goes_on(const struct lease *lease, const struct outcome *outcome)
{
    const bool is_final = outcome->fail.next == FAIL_REFUSE || outcome->fail.next == FAIL_QUARANTINE;

    return outcome->ok || (is_final && set_is_prepare(lease->offer->kind) && !atomic_load(&lease->lost) &&
                           !atomic_load(&lease->loop->stop));
}

static void run_inputs(struct lease *lease, struct client *client, const char *folder, struct outcome *outcome)
{
    outcome->ok = true;
    for (size_t i = 0; goes_on(lease, outcome) && i < lease->offer->input_count; i++) {
        g_autoptr(GError) error = NULL;
        if (!run_input(lease, client, folder, i, outcome, &error)) {
            log_error(&lease->loop->log, "job.failed", error);
            if (outcome->ok) {
                set_fail(outcome, REASON_INFRASTRUCTURE, FAIL_INFRASTRUCTURE);
            }
            outcome->ok = false;
            break; /* a refusal from before stands */
        }
    }
    outcome->finish.facts = set_facts(outcome->each);
}

/* A cancelled child says nothing about its file. */
static void judge_cancel(struct lease *lease, struct outcome *outcome)
{
    if (!outcome->ok && atomic_load(&lease->loop->stop)) {
        set_fail(outcome, REASON_INFRASTRUCTURE, FAIL_INFRASTRUCTURE);
    }
}

static struct claim_message claim_of(const struct loop *loop, int64_t wait)
{
    return (struct claim_message){
        .worker = loop->name,
        .version = (char *)(uintptr_t)XUEPAI_VERSION,
        .protocol = MESSAGE_PROTOCOL,
        .sandbox = (char *)(uintptr_t)loop->config.sandbox,
        .disk = loop->disk,
        .wait_ms = wait,
    };
}

/* Tells the service, until it has heard; a lost answer is asked again under the same token. The answer to a finish may be
 * the next job: true, with *next. */
static bool report(struct lease *lease, struct outcome *outcome, struct offer_message *next)
{
    struct loop *loop = lease->loop;
    g_autoptr(Client) client = open_client(loop, NULL);
    g_autofree char *path = g_strdup_printf("/api/v1/jobs/%s/%s", lease->offer->job, outcome->ok ? "finish" : "fail");
    struct claim_message claim = claim_of(loop, 0);
    json_auto_t *body = NULL;
    int64_t pause_ms = BACKOFF_FIRST_MS;

    outcome->finish.token = lease->offer->token;
    outcome->fail.token = lease->offer->token;
    outcome->finish.next = atomic_load(&loop->stop) ? NULL : &claim;
    body = outcome->ok ? finish_message_json(&outcome->finish) : fail_message_json(&outcome->fail);
    outcome->finish.next = NULL; /* borrowed */
    for (int i = 0; client != NULL && i < REPORT_TRIES && !atomic_load(&lease->lost); i++) {
        int status = 0;
        g_autoptr(GError) error = NULL;
        json_auto_t *answer = NULL;
        if (client_post(client, path, body, CALL_MS * 4, &status, &answer, &error) && status < 500) {
            log_info(&loop->log, "job.reported", "id=%s kind=%s ok=%d status=%d", lease->offer->job, lease->offer->kind,
                     outcome->ok, status);
            return outcome->ok && status == 200 && answer != NULL && offer_message_read(answer, next, NULL);
        }
        g_usleep((gulong)pause_ms * 1000);
        pause_ms = MIN(pause_ms * 2, BACKOFF_MOST_MS);
    }
    return false;
}

/* True when the service answered with the next one. */
static bool run_job(struct loop *loop, struct client *client, const struct offer_message *offer,
                    struct offer_message *next)
{
    struct lease lease = {.loop = loop, .offer = offer};
    struct outcome outcome = {0};
    const bool shared = offer->folder[0] != '\0';
    g_autofree char *folder =
        shared ? g_strdup_printf("%s/work", offer->folder)
               : g_strdup_printf("%s/%s-%" G_GINT64_FORMAT, loop->config.scratch, offer->job, offer->token);

    g_mutex_init(&lease.lock);
    g_cond_init(&lease.changed);
    outcome.finish.input_digests = g_ptr_array_new_with_free_func(g_free);
    outcome.finish.outputs = finish_message_outputs_new();
    outcome.each = json_array();
    GThread *renewer = g_thread_new("renew", renew_main, &lease);
    log_info(&loop->log, "job.started", "id=%s kind=%s token=%" G_GINT64_FORMAT " inputs=%zu", offer->job, offer->kind,
             offer->token, offer->input_count);
    client_watch(client, &lease.lost); /* a transfer ends with its lease */
    if (g_mkdir_with_parents(folder, 0700) == 0) {
        run_inputs(&lease, client, folder, &outcome);
    } else {
        log_warning(&loop->log, "job.folder", "error=\"%s\"", g_strerror(errno));
        set_fail(&outcome, REASON_INFRASTRUCTURE, FAIL_INFRASTRUCTURE);
    }
    client_watch(client, NULL);
    judge_cancel(&lease, &outcome);
    empty_scratch(folder);
    (void)g_rmdir(folder);
    const bool has_next = report(&lease, &outcome, next);
    lease_end(&lease, renewer);
    if (atomic_load(&lease.lost)) {
        log_warning(&loop->log, "job.lease_lost", "id=%s", offer->job);
    }
    json_decref(outcome.each);
    finish_message_clear(&outcome.finish);
    fail_message_clear(&outcome.fail);
    return has_next;
}

/* -- slots ----------------------------------------------------------------------------------------------------- */

/* One claim and what follows from it; true when a job was run or the wait was over in good order. */
static bool claim_once(struct loop *loop, struct client *client)
{
    const struct claim_message claim = claim_of(loop, CLAIM_WAIT_MS);
    json_auto_t *body = claim_message_json(&claim);
    json_auto_t *answer = NULL;
    g_autoptr(GError) error = NULL;
    struct offer_message offer = {0};
    int status = 0;

    if (!client_post(client, "/api/v1/jobs/claim", body, CLAIM_WAIT_MS + CALL_MS, &status, &answer, &error)) {
        if (!atomic_load(&loop->stop)) {
            log_message(&loop->log, "service.unreachable", "message=\"%s\"", error->message);
        }
        return false;
    }
    if (status == 204) {
        return true;
    }
    if (status == 409) { /* the other half of an upgrade is under way, or was forgotten */
        log_warning(&loop->log, "service.other_version", "mine=" XUEPAI_VERSION " protocol=%d", MESSAGE_PROTOCOL);
        return false;
    }
    if (status != 200 || answer == NULL || !offer_message_read(answer, &offer, &error)) {
        log_warning(&loop->log, "job.claim", "status=%d message=\"%s\"", status, error == NULL ? "" : error->message);
        return false;
    }
    for (bool more = true; more;) {
        struct offer_message next = {0};
        more = run_job(loop, client, &offer, &next);
        offer_message_clear(&offer);
        offer = next;
    }
    return true;
}

static gpointer slot_main(gpointer data)
{
    struct loop *loop = data;
    g_autoptr(Client) client = open_client(loop, &loop->stop);
    int64_t pause_ms = BACKOFF_FIRST_MS;

    while (client != NULL && !atomic_load(&loop->stop)) {
        if (claim_once(loop, client)) {
            pause_ms = BACKOFF_FIRST_MS;
            continue;
        }
        wait_ms(loop, pause_ms);
        pause_ms = MIN(pause_ms * 2, BACKOFF_MOST_MS);
    }
    return NULL;
}

struct loop *loop_start(const struct loop_config *config, const struct log *log, GError **error)
{
    struct loop *loop = g_new0(struct loop, 1);

    if (g_mkdir_with_parents(config->scratch, 0700) != 0) {
        g_set_error(error, WORKER_ERROR, REASON_IO, "%s: %s", config->scratch, g_strerror(errno));
        g_free(loop);
        return NULL;
    }
    loop->config = *config;
    loop->log = *log;
    loop->name = g_strdup_printf("%s-%d", g_get_host_name(), (int)getpid());
    loop->disk = config->data[0] == '\0' ? g_strdup("") : message_disk_id(config->data);
    loop->threads = g_ptr_array_new();
    for (int i = 0; i < config->slots; i++) {
        g_ptr_array_add(loop->threads, g_thread_new("slot", slot_main, loop));
    }
    return loop;
}

void loop_stop(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    atomic_store(&loop->stop, true);
    for (guint i = 0; i < loop->threads->len; i++) {
        g_thread_join(g_ptr_array_index(loop->threads, i));
    }
    g_ptr_array_unref(loop->threads);
    g_free(loop->name);
    g_free(loop->disk);
    g_free(loop);
}
