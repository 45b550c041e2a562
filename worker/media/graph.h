/* Decoded frames to what the encoders and the stills need. A picture graph has one input and N outputs in cascade:
 * upright, square pixels, BT.709 limited range, whatever came in (rotation, SAR, BT.601, full range, HLG, PQ). A sound
 * graph makes 48 kHz stereo on one continuous clock. When the input changes its format in mid-stream the graph is built
 * anew behind the same outputs. One thread.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/media/libav.h"
#include "worker/media/source.h"

#define GRAPH_OUTPUTS_MAX 8
#define GRAPH_FROM_INPUT  (-1)

struct graph_output {
    int width, height;        /* upright pixels */
    int from;                 /* an earlier output's index, or GRAPH_FROM_INPUT */
    double every_s;           /* 0: every picture; else at most one in so many seconds */
    enum AVPixelFormat pixel; /* yuv420p, or rgb24 for stills */
};

/* Which clip a frame is of, where several come one after the other: its `opaque` points to one. NULL: to what the graph was made
 * for. */
struct graph_part {
    const struct source_format *format;
    double gain_db;
    int64_t from;  /* where it begins, 1/90000 s; the graph does not ask */
    bool is_guest; /* shown as a whole in pictures that another clip gave their shape, on black; without the watermark */
};

/* The upright size of `format`, no longer than `long_side` px. */
void graph_fit_long(const struct source_format *format, int long_side, struct graph_output *output);

struct graph;

/* `outputs` is copied; `format` must live as long as the graph. */
struct graph *graph_video_new(const struct source_format *format, const struct graph_output *outputs, int count);

/* Lays an RGBA picture into the upper right corner of what is encoded: GRAPH_MARK of the longer side wide, GRAPH_MARK_MARGIN of the
 * shorter one from both edges, which looks the same lying and upright. Before the first frame; `mark` must live as long. */
#define GRAPH_MARK        0.15
#define GRAPH_MARK_MARGIN 0.05
void graph_set_watermark(struct graph *graph, const AVFrame *mark);

/* `gain_db` is applied after the mix to stereo. `chunk` frames of sound a frame; the same frames carry the loudness
 * in their metadata when `measure` is set. */
struct graph *graph_audio_new(double gain_db, int chunk, bool measure);
void graph_free(struct graph *graph);

/* Takes a frame; NULL ends the input. key_frame and pict_type of a picture are passed on. */
bool graph_write(struct graph *graph, AVFrame *frame, GError **error);

/* Sound: a moment of silence, for a track of which nothing could be decoded, so that the file is whole. */
bool graph_write_silence(struct graph *graph, GError **error);

/* The next frame of output `index`; false without error when there is none now. */
bool graph_read(struct graph *graph, int index, AVFrame **frame, GError **error);
