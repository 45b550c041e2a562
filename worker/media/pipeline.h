/* The only place that knows source → graphs → encoders → sinks, and the owner of all threads: one decodes, one filters,
 * one for each encoder; the caller's thread writes the packets. Bounded queues stand between them. The first error
 * cancels everything and is the one that is reported.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

#include "worker/media/encoder.h"
#include "worker/media/graph.h"
#include "worker/media/sink.h"
#include "worker/media/source.h"

#define PIPELINE_GOP_S 2 /* keyframes of all rungs stand at the same instants */

/* One output of the picture graph: encoded into a sink, or handed out as a still. */
struct pipeline_output {
    struct graph_output picture;
    const struct encoder_video *video; /* NULL: a still */
    const struct sink_driver *sink;
    struct sink_target target;
    json_t *facts; /* filled: codecs, and what the sink adds; owned by the caller */
};

struct pipeline {
    struct source *source;
    struct pipeline_output outputs[GRAPH_OUTPUTS_MAX];
    int count;
    double gain_db;
    bool measure;
    void *context;
    /* From the filter thread; the frame stays the pipeline's. Either may be NULL. */
    void (*still)(void *context, int output, const AVFrame *frame);
    void (*sound)(void *context, const AVFrame *frame);
    /* From the caller's thread. */
    void (*progress)(void *context, int permille);
};

bool pipeline_run(struct pipeline *pipeline, GError **error);
