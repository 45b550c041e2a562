#include "worker/media/review.h"

#include <math.h>

#include "worker/ladder.h"

/* The rows behind the review copy's are those of config/ladder.conf. */
static struct ladder_policy policy_of(const struct task *task)
{
    struct ladder_policy policy = {.count = MIN(task->rungs - 1, LADDER_ROWS_MAX)};

    for (int i = 0; i < policy.count; i++) {
        const struct task_rung *row = &task->rung[1 + i];
        struct ladder_rung *rung = &policy.rung[i];
        *rung = (struct ladder_rung){
            .codec = row->codec, .short_side = row->short_side, .crf = row->crf, .maxrate_bps = row->maxrate_bps};
        (void)g_strlcpy(rung->preset, row->preset, sizeof rung->preset); /* same sizes */
        (void)g_strlcpy(rung->options, row->options, sizeof rung->options);
    }
    return policy;
}

static struct ladder_facts facts_of(const struct source_format *format, const struct rewrap *rewrap)
{
    return (struct ladder_facts){.width = format->display_width,
                                 .height = format->display_height,
                                 .fps = rewrap_fps(rewrap),
                                 .picture_bps = floor(rewrap_average_bps(rewrap)),
                                 .codec = format->video_codec};
}

/* The rung that the original itself can be; false: none. */
static bool find_copy(const struct task *task, const struct source_format *format, const struct rewrap *rewrap,
                      struct task_rung *copy)
{
    const struct ladder_policy policy = policy_of(task);
    struct ladder_facts facts = facts_of(format, rewrap);
    struct task_rung rungs[TASK_RUNGS_MAX] = {0};

    if (!rewrap_is_possible(rewrap)) {
        return false;
    }
    facts.copy_average_bps = (int)rewrap_average_bps(rewrap);
    facts.copy_peak_bps = (int)rewrap_peak_bps(rewrap);
    (void)ladder_rungs(&facts, &policy, rungs); /* at least one */
    if (rungs[0].way != TASK_COPY) {
        return false;
    }
    *copy = rungs[0];
    return true;
}

static void plan_encode(struct review *review, const struct task *task, const struct source_format *format,
                        const struct rewrap *rewrap)
{
    const struct task_rung *rung = &task->rung[0];
    struct encoder_video video = {
        .preset = rung->preset, .crf = rung->crf, .options = rung->options, .fps = 30, .threads = REVIEW_THREADS};
    double share;

    task_fit(format->display_width, format->display_height, rung->short_side, &video.width, &video.height);
    share = (double)video.width * video.height / ((double)format->display_width * format->display_height);
    video.maxrate_bps =
        task_content_cap(rung->maxrate_bps, rewrap_average_bps(rewrap), format->video_codec, share);
    review->video = video;
}

void review_plan(struct review *review, const struct task *task, const struct source_format *format,
                 const struct rewrap *rewrap, bool may_wrap)
{
    struct task_rung rung = {.short_side = LADDER_REVIEW_SIDE};
    g_autofree char *name = NULL, *playlist = NULL;

    *review = (struct review){.wraps = may_wrap && find_copy(task, format, rewrap, &rung)};
    if (review->wraps) {
        review->video = (struct encoder_video){.width = rung.width, .height = rung.height};
    } else {
        plan_encode(review, task, format, rewrap);
    }
    /* Small ones are called as they would be if they were encoded. */
    rung.short_side = review->short_side = MAX(rung.short_side, LADDER_REVIEW_SIDE);
    name = task_rung_name(&rung, "mp4");
    playlist = task_rung_name(&rung, "m3u8");
    (void)g_strlcpy(review->name, name, sizeof review->name); /* short_side is a number: they fit */
    (void)g_strlcpy(review->playlist, playlist, sizeof review->playlist);
    g_snprintf(review->address, sizeof review->address, "%s%s", task->prefix, name);
}

int review_ladder(const struct review *review, const struct task *task, const struct source_format *format,
                  const struct rewrap *rewrap, json_t *made, struct task_rung *rungs)
{
    const struct ladder_policy policy = policy_of(task);
    struct ladder_facts facts = facts_of(format, rewrap);

    if (made == NULL || !ladder_read_review(made, &facts.review)) {
        facts.review = (struct task_rung){.way = TASK_MADE,
                                          .short_side = review->short_side,
                                          .width = review->video.width,
                                          .height = review->video.height};
    }
    return ladder_rungs(&facts, &policy, rungs);
}

struct sink_target review_target(const struct review *review, const struct task *task)
{
    return (struct sink_target){task_output_fd(task, review->name), task_output_fd(task, review->playlist),
                                review->address};
}

void review_describe(const struct review *review, const struct source_measure *measure, json_t *facts)
{
    json_object_set_new(facts, "name", json_string(review->name));
    json_object_set_new(facts, "short_side", json_integer(review->short_side));
    json_object_set_new(facts, "width", json_integer(review->video.width));
    json_object_set_new(facts, "height", json_integer(review->video.height));
    json_object_set_new(facts, "fps", json_real(measure->fps > 0 ? measure->fps : 1));
    json_object_set_new(facts, "duration_ms", json_integer(measure->duration_ms));
}
