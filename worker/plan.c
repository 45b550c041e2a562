#include "worker/plan.h"

#include <string.h>

#include "common/failure.h"
#include "worker/ladder.h"

void plan_output(struct task *task, const char *name)
{
    g_assert(task->outputs < TASK_OUTPUTS_MAX);
    (void)g_strlcpy(task->output[task->outputs++], name, sizeof task->output[0]); /* our own names */
}

static bool load_policy(struct ladder_policy *policy, GError **error)
{
    const char *path = g_getenv("XUEPAI_LADDER");

    return path == NULL || ladder_load(path, policy, error);
}

static struct task_rung rung_of(const struct ladder_rung *row)
{
    struct task_rung rung = {
        .codec = row->codec, .short_side = row->short_side, .crf = row->crf, .maxrate_bps = row->maxrate_bps};

    (void)g_strlcpy(rung.preset, row->preset, sizeof rung.preset); /* same sizes */
    (void)g_strlcpy(rung.options, row->options, sizeof rung.options);
    return rung;
}

/* The picture that stands for a clip, in its sizes (media/thumbnail.h). */
static void add_cover_outputs(struct task *task)
{
    static const char *const NAMES[] = {"poster.jpg", "share-card.jpg", "thumbnail.jpg", "thumbnail.webp"};

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        plan_output(task, NAMES[i]);
    }
}

static void add_rung_outputs(struct task *task, const struct task_rung *rung)
{
    static const char *const ENDINGS[] = {"mp4", "m3u8"};

    for (size_t i = 0; i < G_N_ELEMENTS(ENDINGS); i++) {
        g_autofree char *name = task_rung_name(rung, ENDINGS[i]);
        plan_output(task, name);
    }
}

/* Outputs of both kinds are opened, since only the child may find out what the file is, and of all sizes that reviewers can be shown;
 * empty ones go again. */
bool plan_prepare(const struct recipe_job *job, struct task *task, GError **error)
{
    static const char *const NAMES[] = {
        "480p.mp4",       "480p.m3u8",       "storyboard.jpg", "storyboard.vtt",
        "sheet.jpg",      "photo-320.jpg",   "photo-320.webp", "photo-960.jpg",  "photo-960.webp",
        "photo-1920.jpg", "photo-1920.webp", "preview.webp",
    };

    struct ladder_policy policy = LADDER_DEFAULT;

    (void)job;
    if (!load_policy(&policy, error)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        plan_output(task, NAMES[i]);
    }
    add_cover_outputs(task);
    task->rungs = 1 + policy.count;
    task->rung[0] = rung_of(ladder_review_row(&policy));
    task->rung[0].short_side = LADDER_REVIEW_SIDE;
    for (int i = 0; i < policy.count; i++) { /* what is to come */
        task->rung[1 + i] = rung_of(&policy.rung[i]);
        if (policy.rung[i].short_side > LADDER_REVIEW_SIDE) {
            add_rung_outputs(task, &task->rung[1 + i]);
        }
    }
    return true;
}

/* Which of the rungs are made the child finds out. */
bool plan_whole(const struct recipe_job *job, struct task *task, GError **error)
{
    if (!plan_prepare(job, task, error)) {
        return false;
    }
    for (int i = 1; i < task->rungs; i++) {
        if (task->rung[i].short_side < LADDER_REVIEW_SIDE) {
            add_rung_outputs(task, &task->rung[i]);
        }
    }
    plan_output(task, "master.m3u8");
    return true;
}

static double gain_of(json_t *facts)
{
    const json_t *audio = json_object_get(facts, "audio");
    const json_t *loudness = json_object_get(audio, "loudness_lufs");
    const json_t *peak = json_object_get(audio, "true_peak_dbtp");

    return json_is_number(loudness) && json_is_number(peak)
               ? task_gain_db(json_number_value(loudness), json_number_value(peak))
               : 0;
}

/* "" where the smaller encode has not decided: clips of earlier versions. */
static const char *picture_types_of(json_t *facts)
{
    const char *text = json_string_value(json_object_get(json_object_get(facts, "review"), "picture_types"));

    return text == NULL || strlen(text) > TASK_TYPES_MAX ? "" : text;
}

/* What both ladders know of the clip. */
static bool read_facts(json_t *json, struct ladder_facts *facts, GError **error)
{
    if (json == NULL ||
        json_unpack(json, "{s:i, s:i, s:F}", "width", &facts->width, "height", &facts->height, "fps", &facts->fps) !=
            0 ||
        facts->width < 2 || facts->height < 2) {
        g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "ladder without facts of prepare");
        return false;
    }
    /* A clip that was prepared before review copies were rungs has no "review": all its rungs are made. */
    (void)ladder_read_review(json_object_get(json, "review"), &facts->review);
    facts->picture_bps = (double)json_integer_value(json_object_get(json_object_get(json, "rewrap"), "average_bps"));
    facts->codec = json_string_value(json_object_get(json_object_get(json, "video"), "codec"));
    return true;
}

static void plan_rungs(const struct recipe_job *job, struct task *task)
{
    task->limits.photo = false; /* there is no ladder of a photo: libvips need not load */
    task->sound_bytes = job->review_fd < 0 ? 0 : job->review_bytes;
    task->gain_db = gain_of(job->facts);
    task->source_keyframes = json_is_true(json_object_get(job->facts, "source_keyframes"));
    if (task_is_branded(task)) {
        task->intro_ms = json_integer_value(json_object_get(job->facts, "before_ms"));
        task->clip_ms = json_integer_value(json_object_get(job->facts, "duration_ms"));
    }
    for (int i = 0; i < task->rungs; i++) {
        if (task->rung[i].way != TASK_MADE) {
            add_rung_outputs(task, &task->rung[i]);
        }
    }
    plan_output(task, "master.m3u8");
}

bool plan_ladder(const struct recipe_job *job, struct task *task, GError **error)
{
    struct ladder_policy policy = LADDER_DEFAULT;
    struct ladder_facts facts = {0};

    if (!read_facts(job->facts, &facts, error) || !load_policy(&policy, error)) {
        return false;
    }
    task->rungs = ladder_rungs(&facts, &policy, task->rung);
    (void)g_strlcpy(task->picture_types, picture_types_of(job->facts), sizeof task->picture_types); /* bounded there */
    plan_rungs(job, task);
    return true;
}

/* The rungs that are there, as the service lists them in the facts: the new master playlist names them first. */
static bool read_made_rungs(json_t *facts, struct task *task, GError **error)
{
    size_t i;
    json_t *row;

    json_array_foreach(json_object_get(facts, "rungs"), i, row) {
        struct task_rung made = {.way = TASK_MADE};
        const char *codecs = NULL;

        if (task->rungs == LADDER_ROWS_MAX ||
            json_unpack(row, "{s:i, s:i, s:i, s:i, s:i, s:F, s:s}", "short_side", &made.short_side, "width",
                        &made.width, "height", &made.height, "bandwidth_bps", &made.bandwidth_bps, "average_bps",
                        &made.average_bps, "fps", &made.fps, "codecs", &codecs) != 0 ||
            g_strlcpy(made.codecs, codecs, sizeof made.codecs) >= sizeof made.codecs) {
            g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "the list of rungs is none");
            return false;
        }
        task->rung[task->rungs++] = made;
    }
    return true;
}

bool plan_av1(const struct recipe_job *job, struct task *task, GError **error)
{
    struct ladder_policy policy = LADDER_DEFAULT;
    struct ladder_facts facts = {0};

    if (!read_facts(job->facts, &facts, error) || !load_policy(&policy, error) ||
        !read_made_rungs(job->facts, task, error)) {
        return false;
    }
    task->rungs += ladder_av1_rungs(&facts, &policy, task->rung + task->rungs);
    plan_rungs(job, task);
    return true;
}

bool plan_cover(const struct recipe_job *job, struct task *task, GError **error)
{
    const json_t *moment = json_object_get(job->facts, "cover_ms");

    if (!json_is_integer(moment) || json_integer_value(moment) < 0) {
        g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "a cover of no moment");
        return false;
    }
    task->at_ms = MAX(json_integer_value(moment) - json_integer_value(json_object_get(job->facts, "before_ms")), 0);
    add_cover_outputs(task);
    return true;
}
