/* prepare: one decode gives everything a reviewer needs. whole: and the ladder too, the same as the job `ladder` would make
 * of it, where that decodes nothing twice. */
#include <math.h>
#include <string.h>

#include <libavutil/imgutils.h>

#include "worker/ladder.h"

#include "worker/media/checks.h"
#include "worker/media/codes.h"
#include "worker/media/fingerprint.h"
#include "worker/media/photo.h"
#include "worker/media/pipeline.h"
#include "worker/media/preview.h"
#include "worker/media/probe.h"
#include "worker/media/rewrap.h"
#include "worker/media/rungs.h"
#include "worker/media/sheet.h"
#include "worker/media/survey.h"
#include "worker/media/thumbnail.h"
#include "worker/media/verb.h"

enum output { OUTPUT_REVIEW, OUTPUT_STILLS, OUTPUT_POSTER, OUTPUT_COUNT };

#define STILL_LONG_PX 320
#define REVIEW_NAME   "480p.mp4"
#define REVIEW_LIST   "480p.m3u8"
/* Of the decoder and of the encoder each, whatever the machine has: what is made must not depend on it. One each keeps reviewers
 * waiting for a fifth longer, and costs the same. */
#define PREPARE_THREADS 2
/* Of one decoded picture: 1080p of 8 bits. Larger ones, some thirty of which wait for their types, would take more memory
 * than a child of 1080p should (measured: 0.57 GB; of 10 bits 0.8). */
#define WHOLE_BYTES (1920 * 1088 * 3 / 2)

struct prepare {
    struct verb_context *verb;
    struct thumbnail *thumbnail;
    struct storyboard *storyboard;
    struct checks *checks;
    struct codes *codes;
    struct fingerprint *fingerprint;
    struct loudness *loudness; /* NULL without sound */
    struct rewrap *rewrap;
    struct picture_types *types; /* of the review copy; the ladder's encoders obey */
    bool source_keyframes;
    struct rungs rungs; /* none: the ladder is left for its own job */
};

static void take_still(void *data, int output, const AVFrame *frame)
{
    struct prepare *prepare = data;
    g_autoptr(Picture) picture = picture_of_frame(frame);

    if (output == OUTPUT_POSTER) {
        thumbnail_add(prepare->thumbnail, frame->pts, picture);
        codes_add(prepare->codes, frame->pts, picture);
    } else {
        storyboard_add(prepare->storyboard, frame->pts, picture);
        checks_add(prepare->checks, frame->pts, picture);
        fingerprint_add(prepare->fingerprint, frame->pts, picture);
    }
}

static void take_progress(void *data, int permille)
{
    struct prepare *prepare = data;

    prepare->verb->progress(prepare->verb->data, permille);
}

/* The ladder reads the same two numbers from the facts, rounded as there: all rungs are equally loud. */
static double gain_of(const struct loudness *loudness)
{
    return loudness == NULL ? 0
                            : task_gain_db(round(loudness_integrated_lufs(loudness) * 10) / 10,
                                           round(loudness_peak_dbtp(loudness) * 10) / 10);
}

/* All rungs have their keyframes where the original has them if it can be one of them. Its own rung is the smallest that
 * is not smaller; the caps (rung 1 and on, largest first) are for 30 pictures a second, half as many bits again for 60. */
static bool keeps_keyframes(const struct prepare *prepare, const struct source_format *format)
{
    const struct task *task = prepare->verb->task;
    const int side = MIN(format->display_width, format->display_height);
    int own = 0;

    for (int i = 1; i < task->rungs; i++) {
        own = task->rung[i].short_side >= side ? i : own;
    }
    return rewrap_is_possible(prepare->rewrap) && own > 0 &&
           rewrap_average_bps(prepare->rewrap) <= 1.5 * task->rung[own].maxrate_bps;
}

/* The facts that the job `ladder` would be given; of the review copy's rate nothing is known before it is made. */
static struct ladder_facts ladder_facts_of(const struct prepare *prepare, const struct source_format *format,
                                           const struct encoder_video *review)
{
    const bool can_copy = rewrap_is_possible(prepare->rewrap);

    return (struct ladder_facts){
        .width = format->display_width,
        .height = format->display_height,
        .fps = rewrap_fps(prepare->rewrap),
        .picture_bps = floor(rewrap_average_bps(prepare->rewrap)),
        .codec = format->video_codec,
        .copy_average_bps = can_copy ? (int)rewrap_average_bps(prepare->rewrap) : 0,
        .copy_peak_bps = can_copy ? (int)rewrap_peak_bps(prepare->rewrap) : 0,
        .review = {.way = TASK_MADE,
                   .short_side = LADDER_REVIEW_SIDE,
                   .width = review->width,
                   .height = review->height}};
}

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

/* An original that can be shown as it is decodes nothing for its largest rung, and its reviewers get it at once. */
static void plan_rungs(struct prepare *prepare, const struct source *source, const struct encoder_video *review)
{
    const struct task *task = prepare->verb->task;
    const struct source_format *format = source_format_of(source);
    const AVCodecParameters *pictures = source_pictures(source)->codecpar;
    const int bytes = av_image_get_buffer_size(pictures->format, pictures->width, pictures->height, 1);
    const struct ladder_facts facts = ladder_facts_of(prepare, format, review);
    const struct ladder_policy policy = policy_of(task);
    struct rungs *rungs = &prepare->rungs;

    if (task->verb != TASK_WHOLE || bytes <= 0 || bytes > WHOLE_BYTES) {
        return;
    }
    rungs->task = task;
    rungs->count = ladder_rungs(&facts, &policy, rungs->rung);
    if (rungs->rung[0].way == TASK_COPY) {
        rungs->count = 0;
    }
}

static struct encoder_video review_of(const struct prepare *prepare, const struct source_format *format)
{
    const struct task_rung *rung = &prepare->verb->task->rung[0];
    struct encoder_video review = {
        .preset = rung->preset, .crf = rung->crf, .options = rung->options, .fps = 30, .threads = PREPARE_THREADS};
    double share;

    task_fit(format->display_width, format->display_height, rung->short_side, &review.width, &review.height);
    share = (double)review.width * review.height / ((double)format->display_width * format->display_height);
    review.maxrate_bps =
        task_content_cap(rung->maxrate_bps, rewrap_average_bps(prepare->rewrap), format->video_codec, share);
    return review;
}

/* Outputs of the reviewers: the copy, and what is drawn from stills. `name` is how playlists call the copy. */
static void add_outputs(const struct prepare *prepare, struct pipeline *pipeline, const struct encoder_video *video,
                        const char *name)
{
    const struct task *task = prepare->verb->task;
    const struct source_format *format = source_format_of(pipeline->source);

    pipeline->count = OUTPUT_COUNT;
    pipeline->outputs[OUTPUT_REVIEW] =
        (struct pipeline_output){.picture = {video->width, video->height, GRAPH_FROM_INPUT, 0, AV_PIX_FMT_YUV420P},
                                 .video = video,
                                 .sink = &SINK_HLS,
                                 .target = {task_output_fd(task, REVIEW_NAME), task_output_fd(task, REVIEW_LIST),
                                            name},
                                 .facts = json_object()};
    pipeline->outputs[OUTPUT_STILLS].picture =
        (struct graph_output){.from = OUTPUT_REVIEW, .every_s = STORYBOARD_EVERY_S, .pixel = AV_PIX_FMT_RGB24};
    pipeline->outputs[OUTPUT_POSTER].picture =
        (struct graph_output){.from = GRAPH_FROM_INPUT, .every_s = THUMBNAIL_EVERY_S, .pixel = AV_PIX_FMT_RGB24};
    graph_fit_long(format, STILL_LONG_PX, &pipeline->outputs[OUTPUT_STILLS].picture);
    graph_fit_long(format, THUMBNAIL_LONG_PX, &pipeline->outputs[OUTPUT_POSTER].picture);
}

static bool write_stills(struct prepare *prepare, int64_t end, GError **error)
{
    const struct task *task = prepare->verb->task;
    g_autofree char *sprite = g_strconcat(task->prefix, STORYBOARD_NAME, NULL);
    const struct storyboard_target storyboard = {task_output_fd(task, STORYBOARD_NAME),
                                                 task_output_fd(task, "storyboard.vtt"), sprite};

    return thumbnail_write(prepare->thumbnail, task_output_fd(task, "poster.jpg"), error) &&
           thumbnail_write_card(prepare->thumbnail, task_output_fd(task, "share-card.jpg"), error) &&
           preview_write(prepare->storyboard, task_output_fd(task, PREVIEW_NAME), error) &&
           storyboard_write(prepare->storyboard, end, &storyboard, error) &&
           sheet_write(prepare->storyboard, prepare->loudness, end, task_output_fd(task, "sheet.jpg"), error);
}

/* What is known of the copy once it is made. */
static void describe_review(const struct encoder_video *video, const struct source_measure *measure, json_t *review)
{
    json_object_set_new(review, "width", json_integer(video->width));
    json_object_set_new(review, "height", json_integer(video->height));
    json_object_set_new(review, "fps", json_real(measure->fps > 0 ? measure->fps : 1));
    json_object_set_new(review, "duration_ms", json_integer(measure->duration_ms));
}

static void list_outputs(struct prepare *prepare, json_t *review)
{
    static const char *const NAMES[] = {"poster.jpg",     "share-card.jpg", PREVIEW_NAME, STORYBOARD_NAME,
                                        "storyboard.vtt", "sheet.jpg",      REVIEW_LIST};

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        json_array_append_new(prepare->verb->outputs, json_pack("{s:s}", "name", NAMES[i]));
    }
    json_object_set_new(review, "name", json_string(REVIEW_NAME));
    json_array_append(prepare->verb->outputs, review);
}

/* What the job `ladder` needs to know of this pass: the review copy is one of its rungs. */
static void add_ladder_facts(struct prepare *prepare, const struct source_measure *measure, json_t *review)
{
    json_t *facts = prepare->verb->facts;
    g_autofree char *types = picture_types_text(prepare->types);
    json_t *made = json_deep_copy(review);

    if (types != NULL) {
        json_object_set_new(made, "picture_types", json_string(types));
    }
    json_object_set_new(facts, "review", made);
    json_object_set_new(facts, "source_keyframes", json_boolean(prepare->source_keyframes));
    json_object_set_new(facts, "rewrap", rewrap_facts(prepare->rewrap, measure));
}

/* Now that the copy's rate is known, a rung may turn out to save nothing over it: then it is not named. */
static bool write_rungs(struct prepare *prepare, const struct pipeline *pipeline, const struct source_measure *measure,
                        GError **error)
{
    const struct task *task = prepare->verb->task;
    const struct pipeline_output *review = &pipeline->outputs[OUTPUT_REVIEW];
    const struct ladder_policy policy = policy_of(task);
    struct ladder_facts facts = ladder_facts_of(prepare, source_format_of(pipeline->source), review->video);
    struct task_rung rung[TASK_RUNGS_MAX] = {0};

    (void)ladder_read_review(review->facts, &facts.review); /* our own, described before */
    rungs_keep(&prepare->rungs, rung, ladder_rungs(&facts, &policy, rung));
    return rungs_write(&prepare->rungs, pipeline, measure, prepare->verb->outputs, error);
}

static json_t *flags_of(const struct prepare *prepare, int64_t end)
{
    json_t *flags = checks_flags(prepare->checks, prepare->loudness, end);

    codes_append(prepare->codes, (int64_t)(THUMBNAIL_EVERY_S * LIBAV_VIDEO_HZ), flags);
    return flags;
}

static bool finish_video(struct prepare *prepare, const struct survey *survey, const struct structure *structure,
                         struct pipeline *pipeline, GError **error)
{
    const struct source *source = pipeline->source;
    const struct source_measure measure = source_measure_of(source);
    const int64_t end = measure.duration_ms * (LIBAV_VIDEO_HZ / 1000);
    const struct pipeline_output *review = &pipeline->outputs[OUTPUT_REVIEW];

    if (!write_stills(prepare, end, error)) {
        return false;
    }
    prepare->verb->facts =
        probe_facts(source, survey->family, structure, prepare->loudness, survey->reader->size_bytes);
    json_object_set_new(prepare->verb->facts, "flags", flags_of(prepare, end));
    json_object_set_new(prepare->verb->facts, "fingerprint", fingerprint_json(prepare->fingerprint));
    describe_review(review->video, &measure, review->facts);
    add_ladder_facts(prepare, &measure, review->facts);
    list_outputs(prepare, review->facts);
    return prepare->rungs.count == 0 || write_rungs(prepare, pipeline, &measure, error);
}

static bool make_video(struct prepare *prepare, const struct survey *survey, const struct structure *structure,
                       struct source *source, GError **error)
{
    const struct task *task = prepare->verb->task;
    const struct source_format *format = source_format_of(source);
    g_autofree char *name = g_strconcat(task->prefix, REVIEW_NAME, NULL);
    struct pipeline pipeline = {.source = source,
                                .decided = prepare->types,
                                .context = prepare,
                                .still = take_still,
                                .progress = take_progress};
    struct encoder_video review;
    bool ok;

    if (!survey_run(survey, error)) {
        return false;
    }
    review = review_of(prepare, format);
    prepare->source_keyframes = pipeline.source_keyframes = keeps_keyframes(prepare, format);
    pipeline.gain_db = gain_of(prepare->loudness);
    plan_rungs(prepare, source, &review);
    add_outputs(prepare, &pipeline, &review, name);
    ok = (prepare->rungs.count == 0 || rungs_add(&prepare->rungs, &pipeline, error)) &&
         pipeline_run(&pipeline, error) && probe_check_length(source, &task->limits, error) &&
         finish_video(prepare, survey, structure, &pipeline, error);
    for (int i = 0; i < GRAPH_OUTPUTS_MAX; i++) {
        json_decref(pipeline.outputs[i].facts);
    }
    return ok;
}

static bool prepare_video(struct verb_context *context, const struct reader *reader, enum sniff_family family,
                          const struct structure *structure, GError **error)
{
    const struct container_limits limits = {.max_ms = context->task->limits.max_ms,
                                            .max_pixels = context->task->limits.max_pixels,
                                            .threads = PREPARE_THREADS,
                                            .hurry = context->task->verb == TASK_PREPARE};
    struct source *source = source_open(reader, family, &limits, error);
    struct prepare prepare = {.verb = context};
    bool ok;

    if (source == NULL) {
        return false;
    }
    prepare.thumbnail = thumbnail_new();
    prepare.storyboard = storyboard_new();
    prepare.checks = checks_new();
    prepare.codes = codes_new();
    prepare.fingerprint = fingerprint_new();
    prepare.rewrap = rewrap_new(source);
    prepare.types = picture_types_new();
    if (source_format_of(source)->has_audio) {
        prepare.loudness = loudness_new();
    }
    const struct survey survey = {reader,        family, &limits, source, prepare.loudness, prepare.fingerprint,
                                  prepare.rewrap};
    ok = make_video(&prepare, &survey, structure, source, error);
    rewrap_free(prepare.rewrap);
    picture_types_free(prepare.types);
    thumbnail_free(prepare.thumbnail);
    storyboard_free(prepare.storyboard);
    checks_free(prepare.checks);
    codes_free(prepare.codes);
    fingerprint_free(prepare.fingerprint);
    loudness_free(prepare.loudness);
    source_free(source);
    return ok;
}

bool verb_prepare(struct verb_context *context, GError **error)
{
    const struct reader reader = {.fd = TASK_INPUT_FD,
                                  .size_bytes = context->task->input_bytes,
                                  .patience_ms = context->task->patience_ms};
    struct structure structure;
    enum sniff_family family;

    if (!probe_input(context->sniffer, &reader, &context->task->limits, &family, &structure, error)) {
        return false;
    }
    if (!sniff_row_of(family)->is_photo) {
        return prepare_video(context, &reader, family, &structure, error);
    }
    context->facts = photo_make(context->task, &reader, family, &structure, context->outputs, error);
    return context->facts != NULL;
}
