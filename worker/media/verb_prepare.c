/* prepare: one decode gives everything a reviewer needs. */
#include <math.h>

#include "worker/media/checks.h"
#include "worker/media/codes.h"
#include "worker/media/fingerprint.h"
#include "worker/media/photo.h"
#include "worker/media/pipeline.h"
#include "worker/media/preview.h"
#include "worker/media/probe.h"
#include "worker/media/rewrap.h"
#include "worker/media/sheet.h"
#include "worker/media/survey.h"
#include "worker/media/thumbnail.h"
#include "worker/media/verb.h"

enum output { OUTPUT_REVIEW, OUTPUT_STILLS, OUTPUT_POSTER, OUTPUT_COUNT };

#define STILL_LONG_PX 320
#define REVIEW_NAME   "480p.mp4"
#define REVIEW_LIST   "480p.m3u8"

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

static bool run_pipeline(struct prepare *prepare, struct source *source, json_t *review, GError **error)
{
    const struct source_format *format = source_format_of(source);
    const struct task *task = prepare->verb->task;
    g_autofree char *name = g_strconcat(task->prefix, REVIEW_NAME, NULL);
    struct encoder_video video = {.preset = task->rung[0].preset,
                                  .crf = task->rung[0].crf,
                                  .maxrate_bps = task->rung[0].maxrate_bps,
                                  .options = task->rung[0].options,
                                  .fps = 30,
                                  .threads = 1};
    struct pipeline pipeline = {.source = source,
                                .count = OUTPUT_COUNT,
                                .gain_db = gain_of(prepare->loudness),
                                .source_keyframes = prepare->source_keyframes,
                                .decided = prepare->types,
                                .context = prepare,
                                .still = take_still,
                                .progress = take_progress};

    task_fit(format->display_width, format->display_height, task->rung[0].short_side, &video.width, &video.height);
    video.maxrate_bps =
        task_content_cap(video.maxrate_bps, rewrap_average_bps(prepare->rewrap), format->video_codec,
                         (double)video.width * video.height / ((double)format->display_width * format->display_height));
    pipeline.outputs[OUTPUT_REVIEW] =
        (struct pipeline_output){.picture = {video.width, video.height, GRAPH_FROM_INPUT, 0, AV_PIX_FMT_YUV420P},
                                 .video = &video,
                                 .sink = &SINK_HLS,
                                 .target = {task_output_fd(task, REVIEW_NAME), task_output_fd(task, REVIEW_LIST),
                                            name},
                                 .facts = review};
    pipeline.outputs[OUTPUT_STILLS].picture =
        (struct graph_output){.from = OUTPUT_REVIEW, .every_s = STORYBOARD_EVERY_S, .pixel = AV_PIX_FMT_RGB24};
    pipeline.outputs[OUTPUT_POSTER].picture =
        (struct graph_output){.from = GRAPH_FROM_INPUT, .every_s = THUMBNAIL_EVERY_S, .pixel = AV_PIX_FMT_RGB24};
    graph_fit_long(format, STILL_LONG_PX, &pipeline.outputs[OUTPUT_STILLS].picture);
    graph_fit_long(format, THUMBNAIL_LONG_PX, &pipeline.outputs[OUTPUT_POSTER].picture);
    json_object_set_new(review, "width", json_integer(video.width));
    json_object_set_new(review, "height", json_integer(video.height));
    return pipeline_run(&pipeline, error);
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

static void list_outputs(struct prepare *prepare, json_t *review, int64_t duration_ms)
{
    static const char *const NAMES[] = {"poster.jpg",     "share-card.jpg", PREVIEW_NAME, STORYBOARD_NAME,
                                        "storyboard.vtt", "sheet.jpg",      REVIEW_LIST};

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        json_array_append_new(prepare->verb->outputs, json_pack("{s:s}", "name", NAMES[i]));
    }
    json_object_set_new(review, "name", json_string(REVIEW_NAME));
    json_object_set_new(review, "duration_ms", json_integer(duration_ms));
    json_array_append(prepare->verb->outputs, review);
}

/* What the ladder needs to know of this pass: the review copy is one of its rungs. */
static void add_ladder_facts(struct prepare *prepare, const struct source *source, json_t *review)
{
    const struct source_measure measure = source_measure_of(source);
    json_t *facts = prepare->verb->facts;
    g_autofree char *types = picture_types_text(prepare->types);
    json_t *made;

    json_object_set_new(review, "fps", json_real(measure.fps > 0 ? measure.fps : 1));
    made = json_deep_copy(review);
    if (types != NULL) {
        json_object_set_new(made, "picture_types", json_string(types));
    }
    json_object_set_new(facts, "review", made);
    json_object_set_new(facts, "source_keyframes", json_boolean(prepare->source_keyframes));
    json_object_set_new(facts, "rewrap", rewrap_facts(prepare->rewrap, &measure));
}

static json_t *flags_of(const struct prepare *prepare, int64_t end)
{
    json_t *flags = checks_flags(prepare->checks, prepare->loudness, end);

    codes_append(prepare->codes, (int64_t)(THUMBNAIL_EVERY_S * LIBAV_VIDEO_HZ), flags);
    return flags;
}

static bool make_video(struct prepare *prepare, const struct survey *survey, const struct structure *structure,
                       struct source *source, GError **error)
{
    const struct task *task = prepare->verb->task;
    json_auto_t *review = json_object();
    int64_t duration_ms;

    if (!survey_run(survey, error)) {
        return false;
    }
    prepare->source_keyframes = keeps_keyframes(prepare, source_format_of(source));
    if (!run_pipeline(prepare, source, review, error) || !probe_check_length(source, &task->limits, error)) {
        return false;
    }
    duration_ms = source_measure_of(source).duration_ms;
    if (!write_stills(prepare, duration_ms * (LIBAV_VIDEO_HZ / 1000), error)) {
        return false;
    }
    prepare->verb->facts =
        probe_facts(source, survey->family, structure, prepare->loudness, survey->reader->size_bytes);
    json_object_set_new(prepare->verb->facts, "flags", flags_of(prepare, duration_ms * (LIBAV_VIDEO_HZ / 1000)));
    json_object_set_new(prepare->verb->facts, "fingerprint", fingerprint_json(prepare->fingerprint));
    add_ladder_facts(prepare, source, review);
    list_outputs(prepare, review, duration_ms);
    return true;
}

static bool prepare_video(struct verb_context *context, const struct reader *reader, enum sniff_family family,
                          const struct structure *structure, GError **error)
{
    const struct container_limits limits = {.max_ms = context->task->limits.max_ms,
                                            .max_pixels = context->task->limits.max_pixels,
                                            .threads = context->task->threads};
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
