#include "worker/media/survey.h"

#include "worker/media/graph.h"

#define CHUNK 1024 /* samples in a frame of sound, as the encoder takes them */

static bool see_packet(void *context, const AVPacket *packet, GError **error)
{
    (void)error; /* a judgement, never a failure */
    rewrap_see(context, packet);
    return true;
}

static bool hear(const struct survey *survey, struct graph *graph, GError **error)
{
    AVFrame *frame = NULL;
    GError *own = NULL;

    while (graph_read(graph, 0, &frame, &own)) {
        loudness_add(survey->loudness, frame);
        if (survey->fingerprint != NULL) {
            fingerprint_hear(survey->fingerprint, frame);
        }
        libav_frame_free(frame);
    }
    if (own != NULL) {
        g_propagate_error(error, own);
    }
    return own == NULL;
}

static bool read_all(const struct survey *survey, struct source *source, struct graph *graph, GError **error)
{
    for (;;) {
        enum source_kind kind;
        g_autoptr(AVFrame) frame = NULL;

        if (!source_read(source, &kind, &frame, error)) {
            return false;
        }
        if (survey->loudness != NULL && (!graph_write(graph, frame, error) || !hear(survey, graph, error))) {
            return false;
        }
        if (kind == SOURCE_END) {
            return true;
        }
    }
}

bool survey_run(const struct survey *survey, GError **error)
{
    struct source *source = source_open_sound(survey->reader, survey->family, survey->limits, survey->pictures, error);
    struct graph *graph;
    bool ok;

    if (source == NULL) {
        return false;
    }
    graph = graph_audio_new(0, CHUNK, true);
    if (survey->rewrap != NULL) {
        source_tap(source, see_packet, survey->rewrap);
    }
    ok = read_all(survey, source, graph, error);
    graph_free(graph);
    source_free(source);
    return ok;
}
