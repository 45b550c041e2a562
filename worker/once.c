#include "worker/once.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/recipe.h"

#define EXIT_REFUSED 3
#define EXIT_AGAIN   4
#define PATIENCE_MS  5000

static json_t *output_to_json(const struct recipe_output *output)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:s, s:O}", "name", output->name, "kind", output->kind, "type", output->type,
                     "bytes", output->bytes, "sha256", output->sha256, "facts", output->facts);
}

static json_t *result_to_json(const struct recipe_result *result)
{
    static const char *const NEXT[] = {
        [RECIPE_RETRY] = "retry", [RECIPE_REFUSE] = "refuse", [RECIPE_QUARANTINE] = "quarantine"};
    const double cpu_s = (double)(result->usage.ru_utime.tv_sec + result->usage.ru_stime.tv_sec) +
                         (double)(result->usage.ru_utime.tv_usec + result->usage.ru_stime.tv_usec) / 1e6;
    json_t *outputs = json_array();
    json_t *json;

    for (unsigned i = 0; i < result->outputs->len; i++) {
        json_array_append_new(outputs, output_to_json(g_ptr_array_index(result->outputs, i)));
    }
    json = json_pack("{s:b, s:o, s:O?, s:s?, s:f, s:I}", "ok", result->ok, "outputs", outputs, "facts", result->facts,
                     "sandbox", result->sandbox, "cpu_s", cpu_s, "peak_rss_bytes",
                     (json_int_t)result->usage.ru_maxrss * 1024);
    if (!result->ok) {
        const struct reason_rule *rule = reason_rule_of(result->reason);
        json_object_update_new(json, json_pack("{s:s, s:s, s:s, s:s?}", "reason", rule->code, "detail", rule->detail,
                                               "next", NEXT[result->next], "words", result->words));
    }
    return json;
}

static bool load_json(const char *what, json_t *json, const json_error_t *where, json_t **to)
{
    if (json == NULL) {
        (void)fprintf(stderr, "xuepai-worker: %s: %s\n", what, where->text);
        return false;
    }
    *to = json;
    return true;
}

static int finish(const struct recipe_job *job)
{
    struct recipe_result result;
    g_autoptr(GError) error = NULL;
    json_auto_t *json = NULL;
    g_autofree char *text = NULL;
    int code;

    if (!recipe_run(job, NULL, NULL, &result, &error)) {
        (void)fprintf(stderr, "xuepai-worker: %s\n", error->message);
        recipe_result_clear(&result);
        return EXIT_AGAIN;
    }
    json = result_to_json(&result);
    text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    printf("%s\n", text);
    code = result.ok ? 0 : result.next == RECIPE_RETRY ? EXIT_AGAIN : EXIT_REFUSED;
    recipe_result_clear(&result);
    return code;
}

/* -1 and 0 bytes where `file` is NULL. */
static bool open_beside(const char *file, int *fd, int64_t *bytes)
{
    struct stat status = {0};

    *fd = file == NULL ? -1 : open(file, O_RDONLY | O_CLOEXEC);
    if (file != NULL && (*fd < 0 || fstat(*fd, &status) != 0)) {
        (void)fprintf(stderr, "xuepai-worker: %s: %s\n", file, g_strerror(errno));
        return false;
    }
    *bytes = status.st_size;
    return true;
}

static bool open_all_beside(const struct once *once, struct recipe_job *job)
{
    bool ok = open_beside(once->review_file, &job->review_fd, &job->review_bytes);

    for (int i = 0; ok && i < TASK_BRANDING_COUNT; i++) {
        ok = open_beside(once->branding[i], &job->branding_fd[i], &job->branding_bytes[i]);
    }
    return ok;
}

int once_run(const struct once *once)
{
    json_auto_t *facts = NULL, *limits = NULL;
    json_error_t where;
    struct stat status;
    struct recipe_job job = {.kind = once->kind,
                             .folder = once->folder,
                             .review_fd = -1,
                             .media_program = once->media_program,
                             .threads = once->threads,
                             .unsafe = once->unsafe};
    int code;

    if ((once->facts_file != NULL &&
         !load_json("facts", json_load_file(once->facts_file, JSON_REJECT_DUPLICATES, &where), &where, &facts)) ||
        (once->limits != NULL &&
         !load_json("limits", json_loads(once->limits, JSON_REJECT_DUPLICATES, &where), &where, &limits))) {
        return 2;
    }
    job.input_fd = open(once->file, O_RDONLY | O_CLOEXEC);
    if (job.input_fd < 0 || fstat(job.input_fd, &status) != 0 || g_mkdir_with_parents(once->folder, 0750) != 0) {
        (void)fprintf(stderr, "xuepai-worker: %s: %s\n", once->file, g_strerror(errno));
        return EXIT_AGAIN;
    }
    if (!open_all_beside(once, &job)) {
        return EXIT_AGAIN;
    }
    job.input_bytes = once->growing_bytes > 0 ? once->growing_bytes : status.st_size;
    job.patience_ms = once->growing_bytes > 0 ? PATIENCE_MS : 0;
    /* A file that --once printed may be given whole. */
    job.facts = json_object_get(facts, "facts") != NULL ? json_object_get(facts, "facts") : facts;
    job.limits = limits;
    code = finish(&job);
    return code; /* the process ends: what is open was read alone */
}
