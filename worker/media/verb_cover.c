/* cover: the picture of one moment of a clip as poster and share card, drawn as prepare draws them. Decoding begins at the
 * keyframe before; where that cannot be found, at the start. */
#include "worker/media/graph.h"
#include "worker/media/probe.h"
#include "worker/media/thumbnail.h"
#include "worker/media/verb.h"


struct cover {
    struct verb_context *verb;
    struct reader reader;
    enum sniff_family family;
    const struct structure *structure;
    struct container_limits limits;
    int64_t until; /* the last instant of the moment, 1/90000 s: moments are whole milliseconds */
};

/* The last picture that is not behind the moment; with `is_whole` the first one if all are, else NULL. */
static bool read_picture(const struct cover *cover, struct source *source, bool is_whole, AVFrame **picture,
                         GError **error)
{
    g_autoptr(AVFrame) last = NULL;

    for (;;) {
        enum source_kind kind;
        g_autoptr(AVFrame) frame = NULL;

        if (!source_read(source, &kind, &frame, error)) {
            return false;
        }
        cover->verb->progress(cover->verb->data, source_permille(source));
        const bool is_behind = kind == SOURCE_VIDEO && frame->pts > cover->until;
        if (kind == SOURCE_VIDEO && (!is_behind || (is_whole && last == NULL))) {
            libav_frame_free(last);
            last = g_steal_pointer(&frame);
        }
        if (is_behind || kind == SOURCE_END) {
            *picture = g_steal_pointer(&last);
            return true;
        }
    }
}

static bool no_picture(GError **error)
{
    g_set_error(error, MEDIA_ERROR, REASON_NO_PICTURE, "no picture at that moment");
    return false;
}

/* The picture upright, in sRGB; NULL with an error. */
static struct picture *upright(const struct source *source, const struct graph_output *output, AVFrame *frame,
                               GError **error)
{
    struct graph *graph = graph_video_new(source_format_of(source), output, 1);
    g_autoptr(AVFrame) drawn = NULL;
    GError *own = NULL;
    const bool ok =
        graph_write(graph, frame, &own) && graph_write(graph, NULL, &own) && graph_read(graph, 0, &drawn, &own);

    graph_free(graph);
    if (own != NULL) {
        g_propagate_error(error, own);
    } else if (!ok) {
        (void)no_picture(error); /* what is false is the pointer below */
    }
    return ok ? picture_of_frame(drawn) : NULL;
}

static bool draw(const struct cover *cover, const struct source *source, AVFrame *frame, GError **error)
{
    struct graph_output output = {.from = GRAPH_FROM_INPUT, .pixel = AV_PIX_FMT_RGB24};
    struct thumbnail *thumbnail;
    bool ok;

    graph_fit_long(source_format_of(source), THUMBNAIL_LONG_PX, &output);
    g_autoptr(Picture) picture = upright(source, &output, frame, error);
    if (picture == NULL) {
        return false;
    }
    thumbnail = thumbnail_new();
    thumbnail_add(thumbnail, 0, picture);
    ok = thumbnail_write(thumbnail, cover->verb->task, probe_label(source, cover->structure), cover->verb->outputs,
                         error);
    thumbnail_free(thumbnail);
    return ok;
}

/* From the keyframe before the moment, or with `is_whole` from the start. *found false: there was no picture. */
static bool make(const struct cover *cover, bool is_whole, bool *found, GError **error)
{
    struct source *source = source_open(&cover->reader, cover->family, &cover->limits, error);
    g_autoptr(AVFrame) picture = NULL;
    bool ok = source != NULL;

    if (ok) {
        source_skip_sound(source);
    }
    if (ok && (is_whole || source_seek(source, cover->until))) {
        ok = read_picture(cover, source, is_whole, &picture, error);
    }
    *found = picture != NULL;
    ok = ok && (!*found || draw(cover, source, picture, error));
    source_free(source);
    return ok;
}

bool verb_cover(struct verb_context *context, GError **error)
{
    const struct task *task = context->task;
    struct structure structure;
    struct cover cover = {.verb = context,
                          .structure = &structure,
                          .reader = {.fd = TASK_INPUT_FD, .size_bytes = task->input_bytes},
                          .limits = {.max_ms = task->limits.max_ms,
                                     .max_pixels = task->limits.max_pixels,
                                     .threads = task->threads},
                          .until = (task->at_ms + 1) * (LIBAV_VIDEO_HZ / 1000) - 1};
    bool found = false;
    GError *own = NULL;

    if (!probe_input(context->sniffer, &cover.reader, &task->limits, &cover.family, &structure, error)) {
        return false;
    }
    if (sniff_row_of(cover.family)->is_photo) {
        g_set_error(error, MEDIA_ERROR, REASON_NO_PICTURE, "a photo has no moments");
        return false;
    }
    context->facts = json_object();
    if (make(&cover, false, &found, &own) && found) {
        return true;
    }
    if (found) {
        g_propagate_error(error, own);
        return false;
    }
    g_clear_error(&own); /* a file that cannot be entered in its middle may still be read through */
    return make(&cover, true, &found, error) && (found || no_picture(error));
}
