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
#include "worker/media/picture_types.h"
#include "worker/media/sequence.h"
#include "worker/media/sink.h"
#include "worker/media/soundtrack.h"
#include "worker/media/source.h"

#define PIPELINE_GOP_S 2 /* between keyframes at most; those of all rungs stand at the same instants */

/* One output: pictures of the graph, encoded into a sink or handed out as stills; or the source's own packets. */
struct pipeline_output {
    struct graph_output picture;
    const struct encoder_video *video; /* NULL: a still, or a copy */
    bool obeys;                        /* drawn once the first output's encoder has said of which type the picture is;
                                          these stand behind those that do not wait */
    bool copy;                         /* the source's packets; copies stand behind all others */
    const struct sink_driver *sink;
    struct sink_target target;
    json_t *facts; /* filled: codecs, and what the sink adds; owned by the caller */
};

struct pipeline {
    struct source *source;
    struct pipeline_output outputs[GRAPH_OUTPUTS_MAX];
    int count;
    double gain_db;
    const struct branding *branding; /* NULL: none */
    const char *label; /* what every output has to say (media/label.h), or NULL */
    struct soundtrack *soundtrack; /* the sound, encoded already; NULL: the source's is encoded. The caller's */
    bool source_keyframes;             /* where the source has them; else at cuts, and PIPELINE_GOP_S behind the last */
    struct picture_types *decided;     /* filled with what the first output's encoder decides; may be NULL */
    const struct picture_types *given; /* what all encoders obey that do not wait for the first; NULL: each decides */
    struct sequence_lengths lengths; /* filled where they are 0 */
    void *context;
    /* From the filter thread; the frame stays the pipeline's, and has the clip's own time. Never of what stands around it. */
    void (*still)(void *context, int output, const AVFrame *frame);
    /* From the caller's thread. */
    void (*progress)(void *context, int permille);
};

bool pipeline_run(struct pipeline *pipeline, GError **error);

/* After the run, of what was made: the source's, with the length of all. */
struct source_measure pipeline_measure(const struct pipeline *pipeline);
