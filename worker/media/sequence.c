#include "worker/media/sequence.h"

static void add(struct sequence *sequence, struct source *source, double gain_db, bool is_guest, int64_t *length_ms)
{
    if (source != NULL) {
        sequence->part[sequence->count++] = (struct sequence_part){
            .source = source,
            .graph = {.format = source_format_of(source), .gain_db = gain_db, .is_guest = is_guest},
            .length_ms = length_ms};
    }
}

void sequence_open(struct sequence *sequence, struct source *clip, double gain_db, const struct branding *branding,
                   struct sequence_lengths *lengths)
{
    static const struct branding NOTHING = {0};
    const struct branding *around = branding == NULL ? &NOTHING : branding;

    *sequence = (struct sequence){0};
    add(sequence, around->intro, around->intro_gain_db, true, &lengths->before_ms);
    sequence->clip = sequence->count;
    add(sequence, clip, gain_db, false, &lengths->clip_ms);
    add(sequence, around->outro, around->outro_gain_db, true, &lengths->after_ms);
}

/* The next part's clock begins where this one ends. */
static void next_part(struct sequence *sequence)
{
    const struct sequence_part *part = &sequence->part[sequence->at++];

    if (*part->length_ms == 0) {
        *part->length_ms = source_measure_of(part->source).duration_ms;
    }
    sequence->offset_ms += *part->length_ms;
    if (sequence->at < sequence->count) {
        sequence->part[sequence->at].graph.from = sequence->offset_ms * (LIBAV_VIDEO_HZ / 1000);
    }
}

bool sequence_read(struct sequence *sequence, enum source_kind *kind, AVFrame **frame, GError **error)
{
    for (;;) {
        struct sequence_part *part = &sequence->part[sequence->at];
        GError *own = NULL;

        if (!source_read(part->source, kind, frame, &own)) {
            if (part->graph.is_guest) {
                return branding_failed(own, error);
            }
            g_propagate_error(error, own);
            return false;
        }
        if (*kind != SOURCE_END) {
            (*frame)->pts += sequence->offset_ms * ((*kind == SOURCE_VIDEO ? LIBAV_VIDEO_HZ : LIBAV_AUDIO_HZ) / 1000);
            (*frame)->opaque = &part->graph;
            return true;
        }
        next_part(sequence);
        if (sequence->at == sequence->count) {
            return true;
        }
    }
}

const struct graph_part *sequence_clip(const struct sequence *sequence)
{
    return &sequence->part[sequence->clip].graph;
}

bool sequence_has_audio(const struct sequence *sequence)
{
    bool has_audio = false;

    for (int i = 0; i < sequence->count; i++) {
        has_audio = has_audio || sequence->part[i].graph.format->has_audio;
    }
    return has_audio;
}

void sequence_skip_sound(const struct sequence *sequence)
{
    for (int i = 0; i < sequence->count; i++) {
        source_skip_sound(sequence->part[i].source);
    }
}

int sequence_permille(const struct sequence *sequence)
{
    return source_permille(sequence->part[sequence->clip].source);
}

bool sequence_view_enter(struct sequence_view *view, const AVFrame *frame)
{
    const struct graph_part *part = frame->opaque;

    if (part == view->part) {
        return false;
    }
    if (!part->is_guest) {
        view->from = part->from;
        view->until = INT64_MAX;
    } else if (view->part != NULL && !view->part->is_guest) {
        view->until = part->from;
    }
    view->part = part;
    return true;
}

bool sequence_view_clip(const struct sequence_view *view, AVFrame *frame)
{
    if (frame->pts < view->from || frame->pts >= view->until) {
        return false;
    }
    frame->pts -= view->from;
    return true;
}
