/* ladder: the public renditions, all rungs from one decode. */
#include "worker/media/pipeline.h"
#include "worker/media/probe.h"
#include "worker/media/verb.h"

struct rungs {
    struct verb_context *verb;
    struct encoder_video video[TASK_RUNGS_MAX];
    char name[TASK_RUNGS_MAX][32], playlist[TASK_RUNGS_MAX][32]; /* of the outputs */
    char address[TASK_RUNGS_MAX][40];                            /* what the playlist calls the file */
    int output[TASK_RUNGS_MAX]; /* of the pipeline; -1: prepare made it */
};

static void take_progress(void *data, int permille)
{
    struct rungs *rungs = data;

    rungs->verb->progress(rungs->verb->data, permille);
}

static bool add_output(struct rungs *rungs, struct pipeline *pipeline, int i, GError **error)
{
    const struct task *task = rungs->verb->task;
    const struct task_rung *rung = &task->rung[i];
    const int index = pipeline->count++;
    struct pipeline_output *output = &pipeline->outputs[index];

    rungs->output[i] = index;
    rungs->video[i] = (struct encoder_video){.codec = rung->codec,
                                             .width = rung->width,
                                             .height = rung->height,
                                             .preset = rung->preset,
                                             .options = rung->options,
                                             .crf = rung->crf,
                                             .maxrate_bps = rung->maxrate_bps,
                                             .fps = 30,
                                             .threads = index == 0 ? MAX(task->threads - 1, 1) : 1,
                                             .types_given = task->picture_types[0] != '\0'};
    *output = (struct pipeline_output){.picture = {rung->width, rung->height, index - 1, 0, AV_PIX_FMT_YUV420P},
                                       .video = rung->way == TASK_COPY ? NULL : &rungs->video[i],
                                       .copy = rung->way == TASK_COPY,
                                       .sink = &SINK_HLS,
                                       .target = {task_output_fd(task, rungs->name[i]),
                                                  task_output_fd(task, rungs->playlist[i]), rungs->address[i]},
                                       .facts = json_object()};
    if (output->target.fd < 0 || output->target.playlist_fd < 0) {
        g_set_error(error, MEDIA_ERROR, REASON_INTERNAL, "no descriptor for %s", rungs->name[i]);
        return false;
    }
    return true;
}

/* Rungs that are encoded first, each scaled from the one before; then copies. */
static bool plan(struct rungs *rungs, struct pipeline *pipeline, GError **error)
{
    static const enum task_way ORDER[] = {TASK_ENCODE, TASK_COPY};
    const struct task *task = rungs->verb->task;

    for (int i = 0; i < task->rungs; i++) {
        g_autofree char *name = task_rung_name(&task->rung[i], "mp4");
        g_autofree char *playlist = task_rung_name(&task->rung[i], "m3u8");
        (void)g_strlcpy(rungs->name[i], name, sizeof rungs->name[i]); /* short_side is a number: they fit */
        (void)g_strlcpy(rungs->playlist[i], playlist, sizeof rungs->playlist[i]);
        g_snprintf(rungs->address[i], sizeof rungs->address[i], "%s%s", task->prefix, name);
        rungs->output[i] = -1;
    }
    for (size_t k = 0; k < G_N_ELEMENTS(ORDER); k++) {
        for (int i = 0; i < task->rungs; i++) {
            if (task->rung[i].way == ORDER[k] && !add_output(rungs, pipeline, i, error)) {
                return false;
            }
        }
    }
    return true;
}

/* What the master says of a rung that prepare made. */
static json_t *made_facts(const struct task_rung *rung)
{
    return json_pack("{s:i, s:i, s:s, s:f}", "bandwidth_bps", rung->bandwidth_bps, "average_bps", rung->average_bps,
                     "codecs", rung->codecs, "fps", rung->fps);
}

/* RFC 8216 4.3.4.2. The frame rate is the measured average, as the playlist's authors want its
 * maximum: 60 at most. */
static bool write_master(const struct rungs *rungs, const struct pipeline *pipeline, double fps, GError **error)
{
    g_autoptr(GString) text = g_string_new("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    const struct task *task = rungs->verb->task;

    for (int i = 0; i < task->rungs; i++) {
        const bool is_made = rungs->output[i] < 0;
        json_auto_t *facts =
            is_made ? made_facts(&task->rung[i]) : json_incref(pipeline->outputs[rungs->output[i]].facts);
        g_string_append_printf(text,
                               "#EXT-X-STREAM-INF:BANDWIDTH=%" JSON_INTEGER_FORMAT
                               ",AVERAGE-BANDWIDTH=%" JSON_INTEGER_FORMAT
                               ",CODECS=\"%s\",RESOLUTION=%dx%d,FRAME-RATE=%.3f\n%s%s\n",
                               json_integer_value(json_object_get(facts, "bandwidth_bps")),
                               json_integer_value(json_object_get(facts, "average_bps")),
                               json_string_value(json_object_get(facts, "codecs")), task->rung[i].width,
                               task->rung[i].height, is_made ? task->rung[i].fps : fps, task->prefix, rungs->playlist[i]);
    }
    return sink_write_all(task_output_fd(task, "master.m3u8"), text->str, text->len, error);
}

static void list_outputs(const struct rungs *rungs, const struct pipeline *pipeline, double fps, int64_t duration_ms)
{
    const struct task *task = rungs->verb->task;
    json_t *outputs = rungs->verb->outputs;

    for (int i = 0; i < task->rungs; i++) {
        json_t *facts = rungs->output[i] < 0 ? NULL : pipeline->outputs[rungs->output[i]].facts;
        if (facts == NULL) {
            continue;
        }
        json_object_set_new(facts, "name", json_string(rungs->name[i]));
        json_object_set_new(facts, "width", json_integer(task->rung[i].width));
        json_object_set_new(facts, "height", json_integer(task->rung[i].height));
        json_object_set_new(facts, "fps", json_real(fps));
        json_object_set_new(facts, "duration_ms", json_integer(duration_ms));
        json_array_append(outputs, facts);
        json_array_append_new(outputs, json_pack("{s:s}", "name", rungs->playlist[i]));
    }
    json_array_append_new(outputs, json_pack("{s:s}", "name", "master.m3u8"));
}

/* A small clip may have no rung but the review copy: nothing is read then. */
static bool make_rungs(struct rungs *rungs, struct pipeline *pipeline, GError **error)
{
    struct source_measure measure = {0};
    double fps;

    if (!plan(rungs, pipeline, error)) {
        return false;
    }
    if (pipeline->count > 0) {
        if (!pipeline_run(pipeline, error) ||
            !probe_check_length(pipeline->source, &rungs->verb->task->limits, error)) {
            return false;
        }
        measure = source_measure_of(pipeline->source);
    }
    fps = measure.fps > 0 ? measure.fps : 1;
    if (!write_master(rungs, pipeline, fps, error)) {
        return false;
    }
    list_outputs(rungs, pipeline, fps, measure.duration_ms);
    rungs->verb->facts = json_pack("{s:I}", "duration_ms", measure.duration_ms);
    return true;
}

/* NULL where there is none, or none that can be read: then the sound is encoded. */
static struct soundtrack *open_soundtrack(const struct task *task)
{
    const struct reader reader = {.fd = task_sound_fd(task), .size_bytes = task->sound_bytes};

    return task->sound_bytes > 0 ? soundtrack_open(&reader, NULL) : NULL;
}

bool verb_ladder(struct verb_context *context, GError **error)
{
    const struct task *task = context->task;
    const struct reader reader = {.fd = TASK_INPUT_FD,
                                  .size_bytes = task->input_bytes,
                                  .patience_ms = task->patience_ms};
    const struct container_limits limits = {.max_ms = task->limits.max_ms,
                                            .max_pixels = task->limits.max_pixels,
                                            .threads = task->threads};
    struct rungs rungs = {.verb = context};
    struct pipeline pipeline = {.gain_db = task->gain_db,
                                .source_keyframes = task->source_keyframes,
                                .context = &rungs,
                                .progress = take_progress};
    struct structure structure;
    enum sniff_family family;
    struct picture_types *types;
    struct soundtrack *soundtrack;
    bool ok;

    if (!probe_input(context->sniffer, &reader, &task->limits, &family, &structure, error)) {
        return false;
    }
    if (sniff_row_of(family)->is_photo) {
        g_set_error(error, MEDIA_ERROR, REASON_KIND_MISMATCH, "a photo has no ladder");
        return false;
    }
    pipeline.source = source_open(&reader, family, &limits, error);
    if (pipeline.source == NULL) {
        return false;
    }
    types = picture_types_parse(task->picture_types);
    pipeline.given = types;
    pipeline.soundtrack = soundtrack = open_soundtrack(task);
    ok = make_rungs(&rungs, &pipeline, error);
    picture_types_free(types);
    soundtrack_free(soundtrack);
    for (int i = 0; i < GRAPH_OUTPUTS_MAX; i++) {
        json_decref(pipeline.outputs[i].facts);
    }
    source_free(pipeline.source);
    return ok;
}
