/* What one run of a pipeline reads: the clip, and what the edition puts before and behind it, one after the other on one clock.
 * Frames say by `opaque` which part they are of (graph.h). The reader's thread alone; behind it is a view.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "worker/media/branding.h"
#include "worker/media/graph.h"
#include "worker/media/source.h"

struct sequence_part {
    const struct bumper *bumper; /* NULL: the clip */
    struct source *source;       /* of a bumper only while it is read */
    struct source_format format; /* as the source has it, without what is to be freed: frames outlive it */
    struct graph_part graph;
    int64_t *length_ms; /* 0: as long as it is found to be, and filled then */
};

struct sequence {
    struct sequence_part part[3];
    int count, clip; /* index of the clip */
    int at;
    int64_t offset_ms; /* where the present part begins */
    bool skips_sound;
};

/* Their lengths; the caller's, who keeps them as long as the sequence. */
struct sequence_lengths {
    int64_t before_ms, clip_ms, after_ms;
};

/* `branding` may be NULL; it and `clip` are borrowed. */
void sequence_open(struct sequence *sequence, struct source *clip, double gain_db, const struct branding *branding,
                   struct sequence_lengths *lengths);
void sequence_close(struct sequence *sequence);

/* As source_read, over all parts. */
bool sequence_read(struct sequence *sequence, enum source_kind *kind, AVFrame **frame, GError **error);

const struct graph_part *sequence_clip(const struct sequence *sequence);
bool sequence_has_audio(const struct sequence *sequence);
void sequence_skip_sound(struct sequence *sequence); /* source_skip_sound, of all parts */

/* Of the clip. */
int sequence_permille(const struct sequence *sequence);

/* What the thread behind the reader has seen of it. All zero in the beginning. */
struct sequence_view {
    const struct graph_part *part;
    int64_t from, until; /* of the clip, 1/90000 s */
};

/* To be told of each picture as it was read; true of the first of a part. */
bool sequence_view_enter(struct sequence_view *view, const AVFrame *frame);
/* A picture that a graph has made of them: true where it is the clip's, which has its own time then. */
bool sequence_view_clip(const struct sequence_view *view, AVFrame *frame);
