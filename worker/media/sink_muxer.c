/* The MP4 muxer on a descriptor that a sink writes to. Without a name, a path or metadata of its own. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "worker/media/sink.h"

#define IO_BYTES 65536
#define OUT_NAME "out"

struct sink_muxer {
    int fd;
    AVFormatContext *container;
    AVRational base_q[2]; /* of the encoders */
};

static enum reason write_reason(int error_number)
{
    return error_number == EFBIG ? REASON_RESOURCE_LIMIT : REASON_INFRASTRUCTURE;
}

bool sink_write_all(int fd, const void *bytes, size_t length, GError **error)
{
    size_t done = 0;

    while (done < length) {
        const ssize_t put = write(fd, (const char *)bytes + done, length - done);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            g_set_error(error, MEDIA_ERROR, (int)write_reason(errno), "write: %s", g_strerror(errno));
            return false;
        }
        done += (size_t)put;
    }
    return true;
}

static int io_write(void *opaque, uint8_t *bytes, int length)
{
    const struct sink_muxer *muxer = opaque;

    return sink_write_all(muxer->fd, bytes, (size_t)length, NULL) ? length : AVERROR(errno);
}

static int64_t io_seek(void *opaque, int64_t offset, int whence)
{
    const struct sink_muxer *muxer = opaque;

    if ((whence & AVSEEK_SIZE) != 0) {
        const int64_t now = lseek(muxer->fd, 0, SEEK_CUR);
        const int64_t size = lseek(muxer->fd, 0, SEEK_END);
        (void)lseek(muxer->fd, now, SEEK_SET); /* back to where it was: cannot fail */
        return size;
    }
    return lseek(muxer->fd, offset, whence & ~AVSEEK_FORCE);
}

static AVIOContext *io_new(struct sink_muxer *muxer)
{
    uint8_t *buffer = av_malloc(IO_BYTES);
    AVIOContext *io = avio_alloc_context(buffer, IO_BYTES, 1, muxer, NULL, io_write, io_seek);

    g_assert(buffer != NULL && io != NULL);
    return io;
}

/* To move its index to the front the muxer reads its own output again: the same descriptor, another position. It
 * reads by pread, so the writer's position stays. */
struct shifted {
    struct sink_muxer *muxer;
    int64_t position;
};

static int shifted_read(void *opaque, uint8_t *bytes, int length)
{
    struct shifted *shifted = opaque;
    const ssize_t got = pread(shifted->muxer->fd, bytes, (size_t)length, shifted->position);

    shifted->position += MAX(got, 0);
    return got < 0 ? AVERROR(errno) : got == 0 ? AVERROR_EOF : (int)got;
}

static int64_t shifted_seek(void *opaque, int64_t offset, int whence)
{
    struct shifted *shifted = opaque;

    if ((whence & AVSEEK_SIZE) != 0) {
        return AVERROR(ENOSYS);
    }
    shifted->position = (whence & ~AVSEEK_FORCE) == SEEK_CUR ? shifted->position + offset : offset;
    return shifted->position;
}

static int io_open_own(AVFormatContext *container, AVIOContext **io, const char *url, int flags, AVDictionary **options)
{
    struct shifted *shifted;
    uint8_t *buffer;

    (void)options;
    if (strcmp(url, OUT_NAME) != 0 || (flags & AVIO_FLAG_WRITE) != 0) {
        return AVERROR(EPERM);
    }
    shifted = g_new0(struct shifted, 1);
    shifted->muxer = container->opaque;
    buffer = av_malloc(IO_BYTES);
    *io = avio_alloc_context(buffer, IO_BYTES, 0, shifted, shifted_read, NULL, shifted_seek);
    g_assert(buffer != NULL && *io != NULL);
    return 0;
}

static int io_close_own(AVFormatContext *container, AVIOContext *io)
{
    (void)container;
    g_free(io->opaque);
    av_freep(&io->buffer);
    avio_context_free(&io);
    return 0;
}

static void add_stream(struct sink_muxer *muxer, const struct encoder *encoder)
{
    AVStream *stream = avformat_new_stream(muxer->container, NULL);
    const AVCodecContext *codec = encoder_context(encoder);

    g_assert(stream != NULL);
    (void)avcodec_parameters_from_context(stream->codecpar, codec); /* fails without memory alone */
    stream->codecpar->codec_tag = 0;
    stream->time_base = codec->time_base;
    stream->avg_frame_rate = codec->framerate;
    muxer->base_q[stream->index] = codec->time_base;
}

struct sink_muxer *sink_muxer_open(int fd, const char *movflags, int64_t fragment_us, const struct encoder *video,
                                   const struct encoder *audio, const char *label, GError **error)
{
    struct sink_muxer *muxer = g_new0(struct sink_muxer, 1);
    g_autoptr(AVDictionary) options = NULL;
    int code;

    muxer->fd = fd;
    code = avformat_alloc_output_context2(&muxer->container, NULL, "mp4", OUT_NAME);
    g_assert(code >= 0);
    muxer->container->opaque = muxer;
    muxer->container->pb = io_new(muxer);
    muxer->container->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
    muxer->container->io_open = io_open_own;
    muxer->container->io_close2 = io_close_own;
    add_stream(muxer, video);
    if (audio != NULL) {
        add_stream(muxer, audio);
    }
    av_dict_set(&options, "movflags", movflags, 0);
    if (label != NULL) {
        av_dict_set(&options, "movflags", "+use_metadata_tags", AV_DICT_APPEND);
        av_dict_set(&muxer->container->metadata, "AIGC", label, 0);
    }
    av_dict_set_int(&options, "video_track_timescale", LIBAV_VIDEO_HZ, 0);
    av_dict_set_int(&options, "min_frag_duration", fragment_us, 0);
    code = avformat_write_header(muxer->container, &options);
    if (!libav_check(code, REASON_INTERNAL, "write header", error)) {
        sink_muxer_free(muxer);
        return NULL;
    }
    return muxer;
}

bool sink_muxer_write(struct sink_muxer *muxer, enum sink_stream stream, AVPacket *packet, GError **error)
{
    packet->stream_index = stream;
    av_packet_rescale_ts(packet, muxer->base_q[stream], muxer->container->streams[stream]->time_base);
    return libav_check(av_interleaved_write_frame(muxer->container, packet), REASON_INFRASTRUCTURE, "write packet",
                       error);
}

bool sink_muxer_finish(struct sink_muxer *muxer, GError **error)
{
    const int code = av_write_trailer(muxer->container);

    return libav_check(code < 0 ? code : muxer->container->pb->error, REASON_INFRASTRUCTURE, "write trailer", error);
}

void sink_muxer_free(struct sink_muxer *muxer)
{
    if (muxer == NULL) {
        return;
    }
    if (muxer->container != NULL) {
        AVIOContext *io = muxer->container->pb;
        avformat_free_context(muxer->container);
        if (io != NULL) {
            av_freep(&io->buffer);
            avio_context_free(&io);
        }
    }
    g_free(muxer);
}
