#include "worker/media/soundtrack.h"

#include "worker/media/container.h"

#define PIXELS_MOST (1920LL * 1080) /* a review copy has fewer */
#define AAC_SAMPLES 1024            /* in a packet: ISO/IEC 14496-3 4.5.1.1 */

struct soundtrack {
    struct container *container;
    const AVStream *stream;
    AVPacket *next; /* without data: the first one, or the last one was passed on */
    bool at_end;
};

/* As encoder_audio_new makes it. */
static bool is_ours(const AVStream *stream)
{
    const AVCodecParameters *format = stream->codecpar;

    return format->codec_id == AV_CODEC_ID_AAC && format->profile == FF_PROFILE_AAC_LOW &&
           format->sample_rate == LIBAV_AUDIO_HZ && format->ch_layout.nb_channels == 2 && format->extradata_size > 0 &&
           stream->time_base.num == 1 && stream->time_base.den == LIBAV_AUDIO_HZ;
}

static bool choose_stream(struct soundtrack *soundtrack, GError **error)
{
    AVFormatContext *format = container_format(soundtrack->container);
    const int index = container_choose(soundtrack->container, AVMEDIA_TYPE_AUDIO);

    if (index < 0 || !is_ours(format->streams[index])) {
        g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "the review copy has no sound of ours");
        return false;
    }
    for (unsigned i = 0; i < format->nb_streams; i++) {
        format->streams[i]->discard = (int)i == index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    soundtrack->stream = format->streams[index];
    return true;
}

struct soundtrack *soundtrack_open(const struct reader *reader, GError **error)
{
    const struct container_limits limits = {.max_ms = INT32_MAX, .max_pixels = PIXELS_MOST, .threads = 1};
    struct soundtrack *soundtrack = g_new0(struct soundtrack, 1);

    soundtrack->next = libav_packet_new();
    soundtrack->container = container_open(reader, SNIFF_MP4, &limits, error);
    if (soundtrack->container == NULL || !choose_stream(soundtrack, error)) {
        soundtrack_free(soundtrack);
        return NULL;
    }
    return soundtrack;
}

void soundtrack_free(struct soundtrack *soundtrack)
{
    if (soundtrack != NULL) {
        av_packet_free(&soundtrack->next);
        container_free(soundtrack->container);
        g_free(soundtrack);
    }
}

const AVCodecParameters *soundtrack_format(const struct soundtrack *soundtrack)
{
    return soundtrack->stream->codecpar;
}

/* Reads `next`. */
static bool fetch(struct soundtrack *soundtrack, GError **error)
{
    int code;

    do {
        av_packet_unref(soundtrack->next);
        code = av_read_frame(container_format(soundtrack->container), soundtrack->next);
    } while (code >= 0 && soundtrack->next->stream_index != soundtrack->stream->index);
    soundtrack->at_end = code == AVERROR_EOF;
    soundtrack->next->duration = AAC_SAMPLES; /* the first one, in front of 0, comes without */
    return soundtrack->at_end || libav_check(code, REASON_INFRASTRUCTURE, "the review copy's sound", error);
}

bool soundtrack_read(struct soundtrack *soundtrack, int64_t until, AVPacket **packet, GError **error)
{
    *packet = NULL;
    if (soundtrack->next->data == NULL && !soundtrack->at_end && !fetch(soundtrack, error)) {
        return false;
    }
    if (!soundtrack->at_end && soundtrack->next->pts <= until) {
        *packet = libav_packet_new();
        av_packet_move_ref(*packet, soundtrack->next);
    }
    return true;
}
