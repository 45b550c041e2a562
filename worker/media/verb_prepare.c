/* prepare: one decode gives everything a reviewer needs. whole: and the ladder too, the same as the job `ladder` would make
 * of it, where that decodes nothing twice. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/imgutils.h>

#include "worker/media/checks.h"
#include "worker/media/codes.h"
#include "worker/media/fingerprint.h"
#include "worker/media/photo.h"
#include "worker/media/pipeline.h"
#include "worker/media/preview.h"
#include "worker/media/probe.h"
#include "worker/media/review.h"
#include "worker/media/rewrap.h"
#include "worker/media/rungs.h"
#include "worker/media/sheet.h"
#include "worker/media/survey.h"
#include "worker/media/thumbnail.h"
#include "worker/media/verb.h"

#define STILL_LONG_PX   320
/* Nothing that is made depends on these. A third one makes a clip that is shown as it is 4 % sooner; beside an encoder it gains no
 * time (four runs each). */
#define DECODER_THREADS  2
#define WRAPPING_THREADS 3
/* Of one decoded picture: 1080p of 8 bits. Larger ones, some thirty of which wait for their types, would take more memory
 * than a child of 1080p should (measured: 0.57 GB; of 10 bits 0.8). */
#define WHOLE_BYTES (1920 * 1088 * 3 / 2)

/* The clip, once it is known for one. */
struct clip {
    const struct reader *reader;
    enum sniff_family family;
    const struct structure *structure;
};

struct prepare {
    struct verb_context *verb;
    const struct clip *clip;
    bool may_wrap;       /* the original may be the review copy */
    struct branding branding;
    const char *spoiled; /* it was to be, and must not, or cannot: why */
    struct thumbnail *thumbnail;
    struct storyboard *storyboard;
    struct checks *checks;
    struct codes *codes;
    struct fingerprint *fingerprint;
    struct loudness *loudness; /* NULL without sound */
    struct rewrap *rewrap;
    struct picture_types *types; /* of the review copy; the ladder's encoders obey */
    struct review review;
    int review_output, poster_output; /* of the pipeline */
    struct rungs rungs; /* none: the ladder is left for its own job */
};

static void take_still(void *data, int output, const AVFrame *frame)
{
    struct prepare *prepare = data;
    g_autoptr(Picture) picture = picture_of_frame(frame);

    if (output == prepare->poster_output) {
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

/* What stands before or behind the clip is decoded too: all at once would take 0.65 GB (measured). */
static bool is_alone(const struct branding *branding)
{
    return !branding->intro.is_there && !branding->outro.is_there;
}

/* An original that is shown as it is needs no encoder for its largest rung, and its reviewers get it at once. */
static void plan_rungs(struct prepare *prepare, const struct source *source)
{
    const struct task *task = prepare->verb->task;
    const AVCodecParameters *pictures = source_pictures(source)->codecpar;
    const int bytes = av_image_get_buffer_size(pictures->format, pictures->width, pictures->height, 1);
    struct rungs *rungs = &prepare->rungs;

    if (task->verb != TASK_WHOLE || prepare->review.wraps || bytes <= 0 || bytes > WHOLE_BYTES ||
        !is_alone(&prepare->branding)) {
        return;
    }
    rungs->task = task;
    rungs->count =
        review_ladder(&prepare->review, task, source_format_of(source), prepare->rewrap, NULL, rungs->rung);
}

static int add_review(const struct prepare *prepare, struct pipeline *pipeline)
{
    const struct review *review = &prepare->review;

    pipeline->outputs[pipeline->count] = (struct pipeline_output){
        .picture = {review->video.width, review->video.height, GRAPH_FROM_INPUT, 0, AV_PIX_FMT_YUV420P},
        .video = review->wraps ? NULL : &review->video,
        .copy = review->wraps,
        .sink = &SINK_HLS,
        .target = review_target(review, prepare->verb->task),
        .facts = json_object()};
    return pipeline->count++;
}

static int add_stills(struct pipeline *pipeline, int from, double every_s, int long_px)
{
    struct graph_output *picture = &pipeline->outputs[pipeline->count].picture;

    *picture = (struct graph_output){.from = from, .every_s = every_s, .pixel = AV_PIX_FMT_RGB24};
    graph_fit_long(source_format_of(pipeline->source), long_px, picture);
    return pipeline->count++;
}

/* Outputs of the reviewers: the copy, and what is drawn from stills; in the pipeline's order. */
static void add_outputs(struct prepare *prepare, struct pipeline *pipeline)
{
    const bool wraps = prepare->review.wraps;

    if (!wraps) {
        prepare->review_output = add_review(prepare, pipeline);
    }
    (void)add_stills(pipeline, wraps ? GRAPH_FROM_INPUT : prepare->review_output, STORYBOARD_EVERY_S, STILL_LONG_PX);
    prepare->poster_output = add_stills(pipeline, GRAPH_FROM_INPUT, THUMBNAIL_EVERY_S, THUMBNAIL_LONG_PX);
    if (wraps) {
        prepare->review_output = add_review(prepare, pipeline);
    }
}

/* `end` is the clip's; `before` what stands before it, 1/90000 s: times that people read or click on count from there. */
static bool write_stills(struct prepare *prepare, const char *label, int64_t before, int64_t end, GError **error)
{
    const struct task *task = prepare->verb->task;
    g_autofree char *sprite = g_strconcat(task->prefix, STORYBOARD_NAME, NULL);
    const struct storyboard_target storyboard = {task_output_fd(task, STORYBOARD_NAME),
                                                 task_output_fd(task, "storyboard.vtt"), sprite, label, before};

    return thumbnail_write(prepare->thumbnail, task, label, prepare->verb->outputs, error) &&
           preview_write(prepare->storyboard, label, task_output_fd(task, PREVIEW_NAME), error) &&
           storyboard_write(prepare->storyboard, end, &storyboard, error) &&
           sheet_write(prepare->storyboard, prepare->loudness, before, end, label, task_output_fd(task, "sheet.jpg"), error);
}

static void list_outputs(struct prepare *prepare, json_t *review)
{
    const char *const NAMES[] = {PREVIEW_NAME, STORYBOARD_NAME, "storyboard.vtt", "sheet.jpg", prepare->review.playlist};

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        json_array_append_new(prepare->verb->outputs, json_pack("{s:s}", "name", NAMES[i]));
    }
    json_array_append(prepare->verb->outputs, review);
}

/* What the job `ladder` needs to know of this pass: the review copy is one of its rungs. */
static void add_ladder_facts(struct prepare *prepare, json_t *review)
{
    json_t *facts = prepare->verb->facts;
    g_autofree char *types = picture_types_text(prepare->types);
    json_t *made = json_deep_copy(review);

    if (types != NULL) {
        json_object_set_new(made, "picture_types", json_string(types));
    }
    json_object_set_new(facts, "review", made);
    json_object_set_new(facts, "source_keyframes", json_boolean(prepare->review.wraps));
    json_object_set_new(facts, "rewrap", rewrap_facts(prepare->rewrap));
}

/* Now that the copy's rate is known, a rung may turn out to save nothing over it: then it is not named. */
static bool write_rungs(struct prepare *prepare, const struct pipeline *pipeline, const struct source_measure *measure,
                        GError **error)
{
    json_t *made = pipeline->outputs[prepare->review_output].facts;
    struct task_rung rung[TASK_RUNGS_MAX] = {0};

    rungs_keep(&prepare->rungs, rung,
               review_ladder(&prepare->review, prepare->verb->task, source_format_of(pipeline->source),
                             prepare->rewrap, made, rung));
    return rungs_write(&prepare->rungs, pipeline, measure, prepare->verb->outputs, error);
}

/* Their times are those of what was made, in which something may stand before the clip. */
static json_t *flags_of(const struct prepare *prepare, int64_t before_ms, int64_t end)
{
    static const char *const TIMES[] = {"from_ms", "to_ms"};
    json_t *flags = checks_flags(prepare->checks, prepare->loudness, end);
    size_t i;
    json_t *flag;

    codes_append(prepare->codes, (int64_t)(THUMBNAIL_EVERY_S * LIBAV_VIDEO_HZ), flags);
    json_array_foreach(flags, i, flag) {
        for (size_t k = 0; before_ms > 0 && k < G_N_ELEMENTS(TIMES); k++) {
            const json_t *time = json_object_get(flag, TIMES[k]);
            if (json_is_integer(time)) {
                json_object_set_new(flag, TIMES[k], json_integer(json_integer_value(time) + before_ms));
            }
        }
    }
    return flags;
}

/* Moments that people choose are on the clock of what was made, too. */
static void add_branding(struct prepare *prepare, const struct pipeline *pipeline)
{
    if (task_is_branded(prepare->verb->task)) {
        json_object_set_new(prepare->verb->facts, "before_ms", json_integer(pipeline->lengths.before_ms));
        json_object_set_new(prepare->verb->facts, "after_ms", json_integer(pipeline->lengths.after_ms));
    }
}

static bool finish_video(struct prepare *prepare, struct pipeline *pipeline, GError **error)
{
    const struct source *source = pipeline->source;
    const struct clip *clip = prepare->clip;
    const struct source_measure own = source_measure_of(source), measure = pipeline_measure(pipeline);
    const int64_t before = pipeline->lengths.before_ms * (LIBAV_VIDEO_HZ / 1000);
    const int64_t end = own.duration_ms * (LIBAV_VIDEO_HZ / 1000);
    json_t *review = pipeline->outputs[prepare->review_output].facts;

    rewrap_judge(prepare->rewrap, &own);
    if (prepare->review.wraps && !rewrap_is_possible(prepare->rewrap)) {
        prepare->spoiled = rewrap_obstacle(prepare->rewrap);
        return true;
    }
    if (!write_stills(prepare, pipeline->label, before, end, error)) {
        return false;
    }
    prepare->verb->facts =
        probe_facts(source, clip->family, clip->structure, prepare->loudness, clip->reader->size_bytes);
    json_object_set_new(prepare->verb->facts, "flags", flags_of(prepare, pipeline->lengths.before_ms, end));
    add_branding(prepare, pipeline);
    json_object_set_new(prepare->verb->facts, "fingerprint", fingerprint_json(prepare->fingerprint));
    review_describe(&prepare->review, &measure, review);
    add_ladder_facts(prepare, review);
    list_outputs(prepare, review);
    return prepare->rungs.count == 0 || write_rungs(prepare, pipeline, &measure, error);
}

/* What came in between may be the wrapping (parameter sets that no player minds, and the one that rewrites them does): encoding
 * works, or finds the true reason. */
static bool run_pipeline(struct prepare *prepare, struct pipeline *pipeline, GError **error)
{
    g_autoptr(GError) own = NULL;

    if (pipeline_run(pipeline, &own)) {
        return true;
    }
    if (!prepare->review.wraps) {
        g_propagate_error(error, g_steal_pointer(&own));
        return false;
    }
    prepare->spoiled = "wrapping fails";
    return true;
}

/* Where the copy has half the lines at most and nothing larger is encoded, scaling blurs what the loop filter would: without it for B
 * pictures prepare takes 4 % less CPU, for 0.5 % more bytes at the same SSIM (seven clips of 1080 lines: -0.3 to 1.9 %; of 720 lines,
 * whose copy has two thirds, up to 2.9: docs/MEDIA.md). */
static bool may_skim(const struct prepare *prepare, const struct source *source)
{
    const struct source_format *format = source_format_of(source);
    const struct encoder_video *copy = &prepare->review.video;

    return !prepare->review.wraps && prepare->rungs.count == 0 &&
           2 * MIN(copy->width, copy->height) <= MIN(format->display_width, format->display_height);
}

static bool make_video(struct prepare *prepare, struct source *source, GError **error)
{
    const struct task *task = prepare->verb->task;
    struct pipeline pipeline = {.source = source,
                                .source_keyframes = prepare->review.wraps,
                                .gain_db = gain_of(prepare->loudness),
                                .label = probe_label(source, prepare->clip->structure),
                                .branding = &prepare->branding,
                                .decided = prepare->types,
                                .context = prepare,
                                .still = take_still,
                                .progress = take_progress};
    bool ok;

    plan_rungs(prepare, source);
    if (may_skim(prepare, source)) {
        source_skim(source);
    }
    add_outputs(prepare, &pipeline);
    ok = (prepare->rungs.count == 0 || rungs_add(&prepare->rungs, &pipeline, error)) &&
         run_pipeline(prepare, &pipeline, error) &&
         (prepare->spoiled != NULL ||
          (probe_check_length(source, &task->limits, error) && finish_video(prepare, &pipeline, error)));
    for (int i = 0; i < GRAPH_OUTPUTS_MAX; i++) {
        json_decref(pipeline.outputs[i].facts);
    }
    return ok;
}

/* The clip once more, now that it may be shown as it is. Damage has to be told then, and what a picture says of its own
 * (decode_error_flags) is copied while other threads still decode it: of ten damaged clips one to six passed for whole. Nothing but
 * the decoder is waited for. NULL where it does not open so. */
static struct source *open_for_wrapping(const struct clip *clip, struct container_limits *limits)
{
    struct source *source;

    limits->threads = WRAPPING_THREADS;
    limits->hurry = limits->strict = true;
    source = source_open(clip->reader, clip->family, limits, NULL); /* encoding will tell the reason */
    if (source != NULL) {
        source_skim(source);
    }
    return source;
}

/* Looks at the clip, decides what its reviewers see, and makes it. Takes `source`. */
static bool survey_and_make(struct prepare *prepare, struct source *source, struct container_limits *limits,
                            GError **error)
{
    const struct clip *clip = prepare->clip;
    const struct survey survey = {clip->reader,      clip->family,         limits,         source,
                                  prepare->loudness, prepare->fingerprint, prepare->rewrap};
    bool ok = survey_run(&survey, error);

    if (ok) {
        review_plan(&prepare->review, prepare->verb->task, source_format_of(source), prepare->rewrap,
                    prepare->may_wrap);
    }
    if (ok && prepare->review.wraps) {
        source_free(source);
        source = open_for_wrapping(clip, limits);
        prepare->spoiled = source == NULL ? "damaged" : NULL;
    }
    ok = ok && (prepare->spoiled != NULL || make_video(prepare, source, error));
    source_free(source);
    return ok;
}

/* `obstacle`, or NULL: what an earlier run has found to be in the way of wrapping. */
static bool run_video(struct prepare *prepare, const char *obstacle, GError **error)
{
    const struct task *task = prepare->verb->task;
    struct container_limits limits = {.max_ms = task->limits.max_ms,
                                      .max_pixels = task->limits.max_pixels,
                                      .threads = DECODER_THREADS,
                                      .hurry = task->verb == TASK_PREPARE};
    struct source *source = source_open(prepare->clip->reader, prepare->clip->family, &limits, error);
    bool ok;

    if (source == NULL) {
        return false;
    }
    prepare->thumbnail = thumbnail_new();
    prepare->storyboard = storyboard_new();
    prepare->checks = checks_new();
    prepare->codes = codes_new();
    prepare->fingerprint = fingerprint_new();
    prepare->rewrap = rewrap_new(source);
    rewrap_refuse(prepare->rewrap, obstacle);
    prepare->types = picture_types_new();
    if (source_format_of(source)->has_audio) {
        prepare->loudness = loudness_new();
    }
    ok = branding_open(&prepare->branding, prepare->verb, error);
    if (ok) {
        ok = survey_and_make(prepare, source, &limits, error);
    } else {
        source_free(source);
    }
    branding_clear(&prepare->branding);
    rewrap_free(prepare->rewrap);
    picture_types_free(prepare->types);
    thumbnail_free(prepare->thumbnail);
    storyboard_free(prepare->storyboard);
    checks_free(prepare->checks);
    codes_free(prepare->codes);
    fingerprint_free(prepare->fingerprint);
    loudness_free(prepare->loudness);
    return ok;
}

static bool empty(int fd, GError **error)
{
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
        g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "begin anew: %s", g_strerror(errno));
        return false;
    }
    return true;
}

/* A damaged original is shown to nobody as it is, and one that cannot be wrapped anew neither: then the copy is encoded, in a second
 * run. */
static bool prepare_video(struct verb_context *context, const struct clip *clip, GError **error)
{
    struct prepare first = {.verb = context, .clip = clip, .may_wrap = !context->task->encodes && !task_is_branded(context->task)};
    struct prepare second = {.verb = context, .clip = clip};

    if (!run_video(&first, NULL, error)) {
        return false;
    }
    if (first.spoiled == NULL) {
        return true;
    }
    const struct sink_target spoiled = review_target(&first.review, context->task);
    return empty(spoiled.fd, error) && empty(spoiled.playlist_fd, error) && run_video(&second, first.spoiled, error);
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
        const struct clip clip = {&reader, family, &structure};
        return prepare_video(context, &clip, error);
    }
    context->facts = photo_make(context->task, &reader, family, &structure, context->outputs, error);
    return context->facts != NULL;
}
