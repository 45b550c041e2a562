/* Owner of libav's manners: its int errors become a GError here and nowhere else, and its objects get names for
 * g_autoptr. No state, any thread.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/cpu.h>

#include "common/failure.h"

/* The clock of everything behind the decoders: pictures in 1/90000 s, sound in samples. */
#define LIBAV_VIDEO_HZ 90000
#define LIBAV_AUDIO_HZ 48000

static inline void libav_packet_free(AVPacket *packet)
{
    av_packet_free(&packet);
}

static inline void libav_frame_free(AVFrame *frame)
{
    av_frame_free(&frame);
}

static inline void libav_codec_free(AVCodecContext *codec)
{
    avcodec_free_context(&codec);
}

static inline void libav_graph_free(AVFilterGraph *graph)
{
    avfilter_graph_free(&graph);
}

static inline void libav_dictionary_free(AVDictionary *dictionary)
{
    av_dict_free(&dictionary);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AVPacket, libav_packet_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AVFrame, libav_frame_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AVCodecContext, libav_codec_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AVFilterGraph, libav_graph_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AVDictionary, libav_dictionary_free)

/* The reason behind a libav error code; `otherwise` where the code says nothing of its own. */
enum reason libav_reason(int code, enum reason otherwise);

/* True when `code` is no error. Else sets `error` to "what: libav's words". */
bool libav_check(int code, enum reason otherwise, const char *what, GError **error);

/* A frame or a packet; running out of memory here is the file's fault and ends in SIGABRT, so callers need no check. */
AVFrame *libav_frame_new(void);
AVPacket *libav_packet_new(void);
