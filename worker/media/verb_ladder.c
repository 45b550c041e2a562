/* ladder: the public renditions, all rungs from one decode. */
#include <string.h>

#include "worker/media/probe.h"
#include "worker/media/rungs.h"
#include "worker/media/verb.h"

static void take_progress(void *data, int permille)
{
    struct verb_context *context = data;

    context->progress(context->data, permille);
}

/* A small clip may have no rung but the review copy: nothing is read then. */
static bool make_rungs(struct verb_context *context, struct rungs *rungs, struct pipeline *pipeline, GError **error)
{
    struct source_measure measure = {0};

    if (!rungs_add(rungs, pipeline, error)) {
        return false;
    }
    if (pipeline->count > 0) {
        if (!pipeline_run(pipeline, error) ||
            !probe_check_length(pipeline->source, &context->task->limits, error)) {
            return false;
        }
        measure = pipeline_measure(pipeline);
    }
    context->facts = json_pack("{s:I}", "duration_ms", measure.duration_ms);
    return rungs_write(rungs, pipeline, &measure, context->outputs, error);
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
    struct rungs rungs = {.task = task, .count = task->rungs};
    struct pipeline pipeline = {.gain_db = task->gain_db,
                                .lengths = {.before_ms = task->intro_ms, .clip_ms = task->clip_ms},
                                .source_keyframes = task->source_keyframes,
                                .context = context,
                                .progress = take_progress};
    struct branding branding = {0};
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
    pipeline.label = probe_label(pipeline.source, &structure);
    memcpy(rungs.rung, task->rung, sizeof rungs.rung);
    types = task->picture_types[0] == '\0' ? NULL : picture_types_parse(task->picture_types);
    pipeline.given = types;
    pipeline.soundtrack = soundtrack = open_soundtrack(task);
    pipeline.branding = &branding;
    ok = branding_open(&branding, context, error) && make_rungs(context, &rungs, &pipeline, error);
    branding_clear(&branding);
    picture_types_free(types);
    soundtrack_free(soundtrack);
    for (int i = 0; i < GRAPH_OUTPUTS_MAX; i++) {
        json_decref(pipeline.outputs[i].facts);
    }
    source_free(pipeline.source);
    return ok;
}
