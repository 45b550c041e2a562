#include "worker/media/rungs.h"

#include <string.h>

/* The pipeline's outputs before `first` are somebody else's. */
static bool add_output(struct rungs *rungs, struct pipeline *pipeline, int first, int i, GError **error)
{
    const struct task *task = rungs->task;
    const struct task_rung *rung = &rungs->rung[i];
    const int index = pipeline->count++;
    struct pipeline_output *output = &pipeline->outputs[index];
    const bool obeys = first > 0;

    g_assert(index < GRAPH_OUTPUTS_MAX);
    rungs->output[i] = index;
    rungs->video[i] = (struct encoder_video){.codec = rung->codec,
                                             .width = rung->width,
                                             .height = rung->height,
                                             .preset = rung->preset,
                                             .options = rung->options,
                                             .crf = rung->crf,
                                             .maxrate_bps = rung->maxrate_bps,
                                             .fps = 30,
                                             .threads = index == first ? MAX(task->threads - 1, 1) : 1,
                                             .types_given = obeys || pipeline->given != NULL};
    *output = (struct pipeline_output){.picture = {rung->width, rung->height,
                                                   index == first ? GRAPH_FROM_INPUT : index - 1, 0,
                                                   AV_PIX_FMT_YUV420P},
                                       .video = &rungs->video[i],
                                       .obeys = obeys,
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

bool rungs_add(struct rungs *rungs, struct pipeline *pipeline, GError **error)
{
    const int first = pipeline->count;

    for (int i = 0; i < rungs->count; i++) {
        g_autofree char *name = task_rung_name(&rungs->rung[i], "mp4");
        g_autofree char *playlist = task_rung_name(&rungs->rung[i], "m3u8");
        (void)g_strlcpy(rungs->name[i], name, sizeof rungs->name[i]); /* short_side is a number: they fit */
        (void)g_strlcpy(rungs->playlist[i], playlist, sizeof rungs->playlist[i]);
        g_snprintf(rungs->address[i], sizeof rungs->address[i], "%s%s", rungs->task->prefix, name);
        rungs->output[i] = -1;
    }
    for (int i = 0; i < rungs->count; i++) {
        if (rungs->rung[i].way == TASK_ENCODE && !add_output(rungs, pipeline, first, i, error)) {
            return false;
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

/* Of the run; where nothing was read there is none. */
static double fps_of(const struct source_measure *measure)
{
    return measure->fps > 0 ? measure->fps : 1;
}

/* RFC 8216 4.3.4.2. The frame rate is the measured average, as the playlist's authors want its
 * maximum: 60 at most. */
static bool write_master(const struct rungs *rungs, const struct pipeline *pipeline, double fps, GError **error)
{
    g_autoptr(GString) text = g_string_new("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    const struct task *task = rungs->task;

    for (int i = 0; i < rungs->count; i++) {
        const struct task_rung *rung = &rungs->rung[i];
        const bool is_made = rungs->output[i] < 0;
        json_auto_t *facts = is_made ? made_facts(rung) : json_incref(pipeline->outputs[rungs->output[i]].facts);
        g_string_append_printf(text,
                               "#EXT-X-STREAM-INF:BANDWIDTH=%" JSON_INTEGER_FORMAT
                               ",AVERAGE-BANDWIDTH=%" JSON_INTEGER_FORMAT
                               ",CODECS=\"%s\",RESOLUTION=%dx%d,FRAME-RATE=%.3f\n%s%s\n",
                               json_integer_value(json_object_get(facts, "bandwidth_bps")),
                               json_integer_value(json_object_get(facts, "average_bps")),
                               json_string_value(json_object_get(facts, "codecs")), rung->width, rung->height,
                               is_made ? rung->fps : fps, task->prefix, rungs->playlist[i]);
    }
    return sink_write_all(task_output_fd(task, "master.m3u8"), text->str, text->len, error);
}

bool rungs_write(const struct rungs *rungs, const struct pipeline *pipeline, const struct source_measure *measure,
                 json_t *list, GError **error)
{
    if (!write_master(rungs, pipeline, fps_of(measure), error)) {
        return false;
    }
    for (int i = 0; i < rungs->count; i++) {
        json_t *facts = rungs->output[i] < 0 ? NULL : pipeline->outputs[rungs->output[i]].facts;
        if (facts == NULL) {
            continue;
        }
        json_object_set_new(facts, "name", json_string(rungs->name[i]));
        json_object_set_new(facts, "width", json_integer(rungs->rung[i].width));
        json_object_set_new(facts, "height", json_integer(rungs->rung[i].height));
        json_object_set_new(facts, "fps", json_real(fps_of(measure)));
        json_object_set_new(facts, "duration_ms", json_integer(measure->duration_ms));
        json_array_append(list, facts);
        json_array_append_new(list, json_pack("{s:s}", "name", rungs->playlist[i]));
    }
    json_array_append_new(list, json_pack("{s:s}", "name", "master.m3u8"));
    return true;
}

void rungs_keep(struct rungs *rungs, const struct task_rung *rung, int count)
{
    struct rungs kept = {.task = rungs->task};

    for (int i = 0; i < rungs->count; i++) {
        for (int k = 0; k < count; k++) {
            if (rung[k].short_side == rungs->rung[i].short_side) {
                kept.rung[kept.count] = rung[k];
                kept.output[kept.count] = rungs->output[i];
                memcpy(kept.name[kept.count], rungs->name[i], sizeof kept.name[0]);
                memcpy(kept.playlist[kept.count], rungs->playlist[i], sizeof kept.playlist[0]);
                kept.count++;
            }
        }
    }
    *rungs = kept;
}
