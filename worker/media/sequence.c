#include "worker/media/sequence.h"

static void take_format(struct sequence_part *part)
{
    part->format = *source_format_of(part->source);
    part->format.label = part->format.created = NULL;
    part->graph.format = &part->format;
}

static void add_clip(struct sequence *sequence, struct source *source, double gain_db, int64_t *length_ms)
{
    struct sequence_part *part = &sequence->part[sequence->count];

    sequence->clip = sequence->count++;
    *part = (struct sequence_part){.source = source, .graph = {.gain_db = gain_db}, .length_ms = length_ms};
    take_format(part);
}

static void add_bumper(struct sequence *sequence, const struct bumper *bumper, int64_t *length_ms)
{
    if (bumper->is_there) {
        sequence->part[sequence->count++] = (struct sequence_part){
            .bumper = bumper, .graph = {.gain_db = bumper->gain_db, .is_guest = true}, .length_ms = length_ms};
    }
}

void sequence_open(struct sequence *sequence, struct source *clip, double gain_db, const struct branding *branding,
                   struct sequence_lengths *lengths)
{
    static const struct branding NOTHING = {0};
    const struct branding *around = branding == NULL ? &NOTHING : branding;

    *sequence = (struct sequence){0};
    add_bumper(sequence, &around->intro, &lengths->before_ms);
    add_clip(sequence, clip, gain_db, &lengths->clip_ms);
    add_bumper(sequence, &around->outro, &lengths->after_ms);
}

/* The clip is somebody else's. */
static void close_part(struct sequence_part *part)
{
    if (part->bumper != NULL) {
        source_free(part->source);
        part->source = NULL;
    }
}

void sequence_close(struct sequence *sequence)
{
    for (int i = 0; i < sequence->count; i++) {
        close_part(&sequence->part[i]);
    }
}

static bool open_part(const struct sequence *sequence, struct sequence_part *part, GError **error)
{
    if (part->source != NULL) {
        return true;
    }
    part->source = bumper_open(part->bumper, error);
    if (part->source == NULL) {
        return false;
    }
    take_format(part);
    if (sequence->skips_sound) {
        source_skip_sound(part->source);
    }
    return true;
}

/* The next part's clock begins where this one ends. */
static void next_part(struct sequence *sequence)
{
    struct sequence_part *part = &sequence->part[sequence->at++];

    if (*part->length_ms == 0) {
        *part->length_ms = source_measure_of(part->source).duration_ms;
    }
    source_rest(part->source);
    close_part(part);
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

        if (!open_part(sequence, part, error)) {
            return false;
        }
        if (!source_read(part->source, kind, frame, &own)) {
            if (part->bumper != NULL) {
                return bumper_failed(own, error);
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
        const struct sequence_part *part = &sequence->part[i];
        has_audio = has_audio || (part->bumper == NULL ? part->format.has_audio : part->bumper->has_audio);
    }
    return has_audio;
}

void sequence_skip_sound(struct sequence *sequence)
{
    sequence->skips_sound = true;
    source_skip_sound(sequence->part[sequence->clip].source);
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
