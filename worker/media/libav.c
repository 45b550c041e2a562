#include "worker/media/libav.h"

enum reason libav_reason(int code, enum reason otherwise)
{
    switch (code) {
    case AVERROR(ENOMEM):
        return REASON_RESOURCE_LIMIT;
    case AVERROR(ENOSPC):
    case AVERROR(EIO):
        return REASON_INFRASTRUCTURE;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
        return REASON_UNSUPPORTED_CODEC;
    default:
        return otherwise;
    }
}

bool libav_check(int code, enum reason otherwise, const char *what, GError **error)
{
    char words[AV_ERROR_MAX_STRING_SIZE];

    if (code >= 0) {
        return true;
    }
    av_strerror(code, words, sizeof words);
    g_set_error(error, MEDIA_ERROR, (int)libav_reason(code, otherwise), "%s: %s", what, words);
    return false;
}

AVFrame *libav_frame_new(void)
{
    AVFrame *frame = av_frame_alloc();

    g_assert(frame != NULL);
    return frame;
}

AVPacket *libav_packet_new(void)
{
    AVPacket *packet = av_packet_alloc();

    g_assert(packet != NULL);
    return packet;
}
