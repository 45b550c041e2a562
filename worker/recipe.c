#include "worker/recipe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "worker/child.h"
#include "worker/plan.h"
#include "worker/task.h"

#define MEMORY_BYTES       (2048LL << 20) /* measured: 0.88 GiB for four rungs of 1080p, 1.25 of 4K60 in 10 bits */
#define FILE_BYTES_SHORT   (512LL << 20)
#define FILE_BYTES_LONG    (2048LL << 20) /* beyond ten minutes */
#define LONG_MS            600000
#define CPU_BASE_S         30
#define CPU_PER_MPX_S      3 /* CPU seconds for one second of one megapixel: S34 */
#define LENGTH_GRACE_MS    150
#define VERIFY_DEADLINE_MS 600000
#define HASH_BLOCK         (1 << 20)
#define RUNG               "rung"
#define REVIEW             "review-mp4" /* the rung that prepare makes, of a size that depends on the clip */

enum verify {
    VERIFY_NOTHING, /* text that the child wrote: bounded, and served as text */
    VERIFY_VIDEO,
    VERIFY_PHOTO,
};

/* THE table of outputs, by name or by ending. */
static const struct {
    const char *name; /* "*" in front: an ending */
    const char *kind;
    const char *type;
    enum verify verify;
} OUTPUTS[] = {
    {"poster.jpg", "poster", "image/jpeg", VERIFY_PHOTO},
    {"share-card.jpg", "share-card", "image/jpeg", VERIFY_PHOTO},
    {"thumbnail.jpg", "thumbnail", "image/jpeg", VERIFY_PHOTO},
    {"thumbnail.webp", "thumbnail", "image/webp", VERIFY_PHOTO},
    {"preview.webp", "preview", "image/webp", VERIFY_PHOTO},
    {"storyboard.jpg", "storyboard", "image/jpeg", VERIFY_PHOTO},
    {"storyboard.vtt", "storyboard-vtt", "text/vtt; charset=utf-8", VERIFY_NOTHING},
    {"sheet.jpg", "sheet", "image/jpeg", VERIFY_PHOTO},
    {"master.m3u8", "master", "application/vnd.apple.mpegurl", VERIFY_NOTHING},
    {"*.m3u8", "playlist", "application/vnd.apple.mpegurl", VERIFY_NOTHING},
    {"*.jpg", "photo", "image/jpeg", VERIFY_PHOTO},
    {"*.webp", "photo", "image/webp", VERIFY_PHOTO},
    {"*.mp4", RUNG, "video/mp4", VERIFY_VIDEO},
};

/* THE table of job kinds. */
struct recipe {
    const char *kind;
    enum task_verb verb;
    plan_task *plan;
    int made_permille; /* share of the progress until the outputs are made; the rest is verifying */
};

static const struct recipe RECIPES[] = {
    {"prepare", TASK_PREPARE, plan_prepare, 900},
    {"whole", TASK_WHOLE, plan_whole, 900}, /* both, from one decode, for when nobody waits */
    {"ladder", TASK_LADDER, plan_ladder, 900},
    {"av1", TASK_LADDER, plan_av1, 900},
    {"cover", TASK_COVER, plan_cover, 800},
};

/* -- a run ------------------------------------------------------------------------------------------------- */

struct run {
    const struct recipe_job *job;
    const struct recipe *recipe;
    struct task task;
    int folder_fd;
    int fds[TASK_OUTPUTS_MAX];
    recipe_progress *progress;
    void *context;
    int from_permille, to_permille; /* this child's share */
    int told_permille;              /* never less than before */
    bool cancelled;
    struct recipe_result *result;
};

static bool pass_progress(void *data, int permille)
{
    struct run *run = data;
    const int share = run->from_permille + (run->to_permille - run->from_permille) * permille / 1000;

    run->told_permille = MAX(run->told_permille, share);
    run->cancelled = run->progress != NULL && !run->progress(run->context, run->told_permille);
    return !run->cancelled;
}

static bool io_failed(const char *what, GError **error)
{
    g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "%s: %s", what, g_strerror(errno));
    return false;
}

static bool open_outputs(struct run *run, GError **error)
{
    for (int i = 0; i < TASK_OUTPUTS_MAX; i++) {
        run->fds[i] = -1;
    }
    run->folder_fd = open(run->job->folder, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (run->folder_fd < 0) {
        return io_failed(run->job->folder, error);
    }
    for (int i = 0; i < run->task.outputs; i++) {
        run->fds[i] =
            openat(run->folder_fd, run->task.output[i], O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
        if (run->fds[i] < 0) {
            return io_failed(run->task.output[i], error);
        }
    }
    return true;
}

static void close_outputs(struct run *run)
{
    for (int i = 0; i < TASK_OUTPUTS_MAX; i++) {
        if (run->fds[i] >= 0) {
            (void)close(run->fds[i]); /* synced before, where it matters */
        }
    }
    if (run->folder_fd >= 0) {
        (void)close(run->folder_fd); /* read only */
    }
}

static void add_time(struct timeval *sum, const struct timeval *more)
{
    sum->tv_sec += more->tv_sec + (sum->tv_usec + more->tv_usec) / 1000000;
    sum->tv_usec = (sum->tv_usec + more->tv_usec) % 1000000;
}

/* Takes over how a child ended. */
static void note_child(struct run *run, const struct child_result *child)
{
    struct recipe_result *result = run->result;

    add_time(&result->usage.ru_utime, &child->usage.ru_utime);
    add_time(&result->usage.ru_stime, &child->usage.ru_stime);
    result->usage.ru_maxrss = MAX(result->usage.ru_maxrss, child->usage.ru_maxrss);
    if (result->sandbox == NULL) {
        result->sandbox = g_strdup(child->sandbox);
    }
    if (!child->ok) {
        static const enum recipe_next NEXT[] = {
            [CHILD_RETRY] = RECIPE_RETRY, [CHILD_REFUSE] = RECIPE_REFUSE, [CHILD_QUARANTINE] = RECIPE_QUARANTINE};
        result->reason = run->cancelled ? REASON_INFRASTRUCTURE : child->reason;
        result->next = run->cancelled ? RECIPE_RETRY : NEXT[child->next];
        g_free(result->words);
        result->words = g_strdup(child->words);
    }
}

static bool has_av1(const struct task *task)
{
    return task->rungs > 0 && task->rung[task->rungs - 1].codec == TASK_AV1;
}

static struct child_limits limits_of(const struct task *task)
{
    const struct task_limits *limits = &task->limits;
    const int64_t mpx = MAX(limits->max_pixels / 1000000, 1);
    const int64_t cpu_s = CPU_BASE_S + CPU_PER_MPX_S * limits->max_ms / 1000 * MIN(mpx, 9);

    return (struct child_limits){.deadline_ms = 2000 * cpu_s,
                                 .silence_ms = has_av1(task) ? CHILD_PATIENCE_MS : CHILD_SILENCE_MS,
                                 .cpu_s = cpu_s,
                                 .memory_bytes = MEMORY_BYTES,
                                 .file_bytes = limits->max_ms > LONG_MS ? FILE_BYTES_LONG : FILE_BYTES_SHORT};
}

/* -- outputs ----------------------------------------------------------------------------------------------- */

static void output_free(gpointer data)
{
    struct recipe_output *output = data;

    g_free(output->name);
    g_free(output->kind);
    g_free(output->type);
    json_decref(output->facts);
    g_free(output);
}

static int row_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(OUTPUTS); i++) {
        if (OUTPUTS[i].name[0] == '*' ? g_str_has_suffix(name, OUTPUTS[i].name + 1)
                                      : strcmp(name, OUTPUTS[i].name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool hash_file(int fd, int64_t bytes, char sha256[65], GError **error)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    g_autofree uint8_t *block = g_malloc(HASH_BLOCK);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    int64_t at = 0;
    bool ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

    while (ok && at < bytes) {
        const ssize_t got = pread(fd, block, HASH_BLOCK, at);
        ok = got > 0 && EVP_DigestUpdate(context, block, (size_t)got) == 1;
        at += MAX(got, 0);
    }
    ok = ok && at == bytes && EVP_DigestFinal_ex(context, digest, &length) == 1 && length == 32;
    EVP_MD_CTX_free(context);
    if (!ok) {
        return io_failed("hash", error);
    }
    for (unsigned i = 0; i < length; i++) {
        g_snprintf(sha256 + 2 * (size_t)i, 3, "%02x", digest[i]);
    }
    return true;
}

/* The child named an output it was not given, or left it empty: it is not to be trusted. */
static void distrust(struct run *run, const char *what)
{
    run->result->reason = REASON_CRASHED;
    run->result->next = RECIPE_QUARANTINE;
    g_free(run->result->words);
    run->result->words = g_strdup(what);
}

static const char *kind_of(const struct run *run, const char *name, int row)
{
    const json_t *review = json_object_get(json_object_get(run->result->facts, "review"), "name");

    return strcmp(OUTPUTS[row].kind, RUNG) == 0 && g_strcmp0(json_string_value(review), name) == 0 ? REVIEW
                                                                                            : OUTPUTS[row].kind;
}

static bool add_result(struct run *run, json_t *facts, GError **error)
{
    const char *name = json_string_value(json_object_get(facts, "name"));
    const int fd = name == NULL ? -1 : task_output_fd(&run->task, name);
    const int row = name == NULL ? -1 : row_of(name);
    struct stat status;
    struct recipe_output *output;

    if (fd < 0 || row < 0 || fstat(run->fds[fd - TASK_OUTPUT_FD], &status) != 0 || status.st_size == 0) {
        distrust(run, "the child's list of outputs is wrong");
        return true;
    }
    output = g_new0(struct recipe_output, 1);
    g_ptr_array_add(run->result->outputs, output);
    output->name = g_strdup(name);
    output->kind = g_strdup(kind_of(run, name, row));
    output->type = g_strdup(OUTPUTS[row].type);
    output->bytes = status.st_size;
    output->facts = json_deep_copy(facts);
    json_object_del(output->facts, "name");
    if (fsync(run->fds[fd - TASK_OUTPUT_FD]) != 0) {
        return io_failed(name, error);
    }
    return hash_file(run->fds[fd - TASK_OUTPUT_FD], output->bytes, output->sha256, error);
}

/* -- verifying --------------------------------------------------------------------------------------------- */

static int64_t whole(const json_t *facts, const char *key)
{
    return json_integer_value(json_object_get(facts, key));
}

/* What a rung of this name is made of. */
static const char *codec_of(const struct recipe_output *output)
{
    return g_str_has_suffix(output->name, "-av1.mp4") ? "av1" : "h264";
}

/* What a fresh child measured against what the first one reported. */
static bool agrees(const struct recipe_output *output, json_t *measured, enum verify verify)
{
    const char *codec = json_string_value(json_object_get(json_object_get(measured, "video"), "codec"));
    const int64_t length = whole(measured, "duration_ms"), said = whole(output->facts, "duration_ms");
    /* How long the last picture is shown is not in a fragment as libavformat reads it: it may be one picture's length
     * off, or as long as the one before it; a single picture has no length to compare. */
    const double fps = json_number_value(json_object_get(measured, "fps"));
    const int64_t last_ms = fps > 0 ? (int64_t)(1000 / fps) : INT32_MAX;

    if (json_object_get(output->facts, "width") != NULL &&
        (whole(measured, "width") != whole(output->facts, "width") ||
         whole(measured, "height") != whole(output->facts, "height"))) {
        return false;
    }
    return verify != VERIFY_VIDEO ||
           (codec != NULL && strcmp(codec, codec_of(output)) == 0 &&
            llabs(length - said) <= LENGTH_GRACE_MS + said / 100 + last_ms + whole(measured, "open_ms") &&
            whole(measured, "decode_errors") == 0);
}

/* What the second child reported of an output; NULL: nothing. */
static json_t *measured_of(const json_t *result, const char *name)
{
    size_t i;
    json_t *facts;

    json_array_foreach(json_object_get(result, "outputs"), i, facts) {
        if (g_strcmp0(json_string_value(json_object_get(facts, "name")), name) == 0) {
            return facts;
        }
    }
    return NULL;
}

static void judge(struct run *run, const struct child_result *child)
{
    for (guint i = 0; i < run->result->outputs->len; i++) {
        const struct recipe_output *output = g_ptr_array_index(run->result->outputs, i);
        const enum verify verify = OUTPUTS[row_of(output->name)].verify;
        json_t *measured = measured_of(child->result, output->name);

        if (verify != VERIFY_NOTHING && (measured == NULL || !agrees(output, measured, verify))) {
            g_autofree char *words = g_strdup_printf("verify %s: not as reported", output->name);
            distrust(run, words);
            return;
        }
    }
}

/* Names what is to be looked at, and opens it again, to be read alone. Closed by the caller. */
static bool open_made(const struct run *run, struct task *task, int *fds, GError **error)
{
    for (guint i = 0; i < run->result->outputs->len; i++) {
        const struct recipe_output *output = g_ptr_array_index(run->result->outputs, i);

        if (OUTPUTS[row_of(output->name)].verify == VERIFY_NOTHING) {
            continue;
        }
        fds[task->outputs] = openat(run->folder_fd, output->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fds[task->outputs] < 0) {
            return io_failed(output->name, error);
        }
        plan_output(task, output->name);
        task->limits.photo |= OUTPUTS[row_of(output->name)].verify == VERIFY_PHOTO;
    }
    return true;
}

static bool verify_made(struct run *run, const struct task *task, const int *fds, GError **error)
{
    struct child_limits limits = limits_of(&run->task);
    struct child_result child;

    limits.deadline_ms = MIN(limits.deadline_ms, VERIFY_DEADLINE_MS);
    const struct child_files files = {.input = fds[0], .outputs = fds, .sound = -1};

    if (!child_run(run->job->media_program, task, &files, &limits, pass_progress, run, &child, error)) {
        return false;
    }
    note_child(run, &child);
    if (!child.ok) {
        g_autofree char *words = g_strdup_printf("verify %s", child.words);
        g_free(run->result->words);
        run->result->words = g_steal_pointer(&words);
    } else {
        judge(run, &child);
    }
    child_result_clear(&child);
    return true;
}

static bool verify_all(struct run *run, GError **error)
{
    struct task task = {.verb = TASK_VERIFY, .threads = 1, .unsafe = run->task.unsafe, .limits = run->task.limits};
    int fds[TASK_OUTPUTS_MAX];
    bool ok;

    task.limits.min_ms = 0;
    task.limits.max_ms = MIN(task.limits.max_ms + 2000, 1800000) + 2 * TASK_BUMPER_MS_MAX;
    task.limits.video = true;
    task.limits.photo = false; /* libvips loads where there is one */
    run->from_permille = run->recipe->made_permille;
    run->to_permille = 1000;
    ok = open_made(run, &task, fds, error) && (task.outputs == 0 || verify_made(run, &task, fds, error));
    for (int i = 0; i < task.outputs; i++) {
        (void)close(fds[i]); /* read only */
    }
    return ok;
}

/* -- the whole --------------------------------------------------------------------------------------------- */

static bool is_listed(const struct run *run, const char *name)
{
    for (guint i = 0; i < run->result->outputs->len; i++) {
        const struct recipe_output *output = g_ptr_array_index(run->result->outputs, i);
        if (strcmp(output->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Files were opened for a kind that the input is not, or for rungs that saved nothing. */
static void remove_unused(struct run *run, bool keep)
{
    for (int i = 0; i < run->task.outputs; i++) {
        if (run->fds[i] >= 0 && (!keep || !is_listed(run, run->task.output[i]))) {
            (void)unlinkat(run->folder_fd, run->task.output[i], 0); /* the folder is thrown away later */
        }
    }
}

static bool collect(struct run *run, const struct child_result *child, GError **error)
{
    json_t *outputs = json_object_get(child->result, "outputs");
    size_t i;
    json_t *facts;

    run->result->facts = json_incref(json_object_get(child->result, "facts"));
    json_array_foreach(outputs, i, facts) {
        if (!add_result(run, facts, error)) {
            return false;
        }
        if (run->result->words != NULL) {
            return true;
        }
    }
    return verify_all(run, error);
}

/* The review copy is the original, wrapped anew (media/review.h), and a second look found it otherwise than it was said to be: times
 * that two readers understand differently, say. Encoded it will be right. */
static bool is_worth_encoding(const struct run *run, const struct child_result *child)
{
    const json_t *facts = run->result->facts;

    return child->ok && run->result->words != NULL && !run->cancelled && !run->task.encodes &&
           json_object_get(facts, "review") != NULL && json_is_true(json_object_get(facts, "source_keyframes"));
}

static void forget_result(struct recipe_result *result)
{
    g_ptr_array_set_size(result->outputs, 0);
    g_clear_pointer(&result->facts, json_decref);
    g_clear_pointer(&result->words, g_free);
    result->reason = REASON_INFRASTRUCTURE;
    result->next = RECIPE_RETRY;
}

static bool run_children(struct run *run, GError **error)
{
    const struct child_limits limits = limits_of(&run->task);
    struct child_result child;
    bool ok, again;

    if (!open_outputs(run, error)) {
        return false;
    }
    const struct child_files files = {run->job->input_fd, run->fds, run->job->review_fd, run->job->branding_fd};
    run->from_permille = 0;
    run->to_permille = run->recipe->made_permille;
    if (!child_run(run->job->media_program, &run->task, &files, &limits, pass_progress, run, &child, error)) {
        return false;
    }
    note_child(run, &child);
    ok = !child.ok || collect(run, &child, error);
    run->result->ok = ok && child.ok && run->result->words == NULL;
    again = ok && is_worth_encoding(run, &child);
    remove_unused(run, run->result->ok);
    child_result_clear(&child);
    if (again) {
        close_outputs(run);
        forget_result(run->result);
        run->task.encodes = true;
        return run_children(run, error);
    }
    if (run->result->ok && fsync(run->folder_fd) != 0) {
        return io_failed(run->job->folder, error);
    }
    return ok;
}

static const struct recipe *recipe_of(const char *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(RECIPES); i++) {
        if (strcmp(RECIPES[i].kind, kind) == 0) {
            return &RECIPES[i];
        }
    }
    return NULL;
}

bool recipe_run(const struct recipe_job *job, recipe_progress *progress, void *context, struct recipe_result *result,
                GError **error)
{
    struct run run = {.job = job,
                      .recipe = recipe_of(job->kind),
                      .folder_fd = -1,
                      .progress = progress,
                      .context = context,
                      .result = result};
    bool ok;

    *result = (struct recipe_result){.reason = REASON_INFRASTRUCTURE, .next = RECIPE_RETRY};
    result->outputs = g_ptr_array_new_with_free_func(output_free);
    if (run.recipe == NULL) {
        g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "job kind %s is unknown", job->kind);
        return false;
    }
    run.task.verb = run.recipe->verb;
    run.task.input_bytes = job->input_bytes;
    run.task.patience_ms = job->patience_ms;
    memcpy(run.task.branding_bytes, job->branding_bytes, sizeof run.task.branding_bytes);
    run.task.threads = CLAMP(job->threads, 1, 8);
    run.task.unsafe = job->unsafe;
    (void)g_strlcpy(run.task.prefix, job->prefix == NULL ? "" : job->prefix, sizeof run.task.prefix); /* "9-" at most */
    if (!task_limits_read(job->limits, &run.task.limits, error) || !run.recipe->plan(job, &run.task, error)) {
        return false;
    }
    ok = run_children(&run, error);
    close_outputs(&run);
    return ok;
}

void recipe_result_clear(struct recipe_result *result)
{
    g_clear_pointer(&result->outputs, g_ptr_array_unref);
    g_clear_pointer(&result->facts, json_decref);
    g_clear_pointer(&result->words, g_free);
    g_clear_pointer(&result->sandbox, g_free);
}
