#include "worker/media/container.h"

#include <stdlib.h>
#include <string.h>

#define STREAMS_MAX       16
#define IO_BYTES          65536
#define MAX_SAMPLES       1048576
#define PACKET_MOST       (32 << 20) /* bytes: no packet of a clip within the limits is larger */
#define ONE_THREAD_PIXELS (1920 * 1088)

/* Decoders by name: an id that is not here is refused, whatever libavcodec could do with it (S20,
 * S27). */
static const struct {
    enum AVCodecID id;
    const char *decoder;
} DECODERS[] = {
    {AV_CODEC_ID_H264, "h264"},
    {AV_CODEC_ID_HEVC, "hevc"},
    {AV_CODEC_ID_AV1, "libdav1d"},
    {AV_CODEC_ID_VP9, "vp9"},
    {AV_CODEC_ID_VP8, "vp8"},
    {AV_CODEC_ID_MPEG4, "mpeg4"},
    {AV_CODEC_ID_H263, "h263"},
    {AV_CODEC_ID_MPEG2VIDEO, "mpeg2video"},
    {AV_CODEC_ID_MPEG1VIDEO, "mpeg1video"},
    {AV_CODEC_ID_MJPEG, "mjpeg"},
    {AV_CODEC_ID_THEORA, "theora"},
    {AV_CODEC_ID_CINEPAK, "cinepak"},
    {AV_CODEC_ID_AAC, "aac"},
    {AV_CODEC_ID_MP3, "mp3float"},
    {AV_CODEC_ID_MP2, "mp2float"},
    {AV_CODEC_ID_OPUS, "opus"},
    {AV_CODEC_ID_VORBIS, "vorbis"},
    {AV_CODEC_ID_AC3, "ac3"},
    {AV_CODEC_ID_EAC3, "eac3"},
    {AV_CODEC_ID_AMR_NB, "amrnb"},
    {AV_CODEC_ID_AMR_WB, "amrwb"},
    {AV_CODEC_ID_ALAC, "alac"},
    {AV_CODEC_ID_FLAC, "flac"},
    {AV_CODEC_ID_PCM_S16LE, "pcm_s16le"},
    {AV_CODEC_ID_PCM_S16BE, "pcm_s16be"},
    {AV_CODEC_ID_PCM_S24LE, "pcm_s24le"},
    {AV_CODEC_ID_PCM_S24BE, "pcm_s24be"},
    {AV_CODEC_ID_PCM_F32LE, "pcm_f32le"},
    {AV_CODEC_ID_PCM_U8, "pcm_u8"},
    {AV_CODEC_ID_PCM_MULAW, "pcm_mulaw"},
    {AV_CODEC_ID_PCM_ALAW, "pcm_alaw"},
    {AV_CODEC_ID_ADPCM_IMA_WAV, "adpcm_ima_wav"},
};

#define CODEC_WHITELIST                                                                                                \
    "h264,hevc,libdav1d,vp9,vp8,mpeg4,h263,mpeg2video,mpeg1video,mjpeg,theora,cinepak,aac,"                            \
    "mp3float,mp2float,opus,vorbis,ac3,eac3,amrnb,amrwb,alac,flac,pcm_s16le,pcm_s16be,pcm_s24le,"                      \
    "pcm_s24be,pcm_f32le,pcm_u8,pcm_mulaw,pcm_alaw,adpcm_ima_wav"

struct container {
    struct reader reader;
    struct container_limits limits;
    int64_t position;
    bool read_failed;
    AVIOContext *io;
    AVFormatContext *format;
};

/* -- bytes ---------------------------------------------------------------------------------------------- */

static int io_read(void *opaque, uint8_t *to, int length)
{
    struct container *container = opaque;
    const int64_t got = reader_read(&container->reader, container->position, to, (size_t)length);

    if (got < 0) {
        container->read_failed = true;
        return AVERROR(EIO);
    }
    container->position += got;
    return got == 0 ? AVERROR_EOF : (int)got;
}

static int64_t io_seek(void *opaque, int64_t offset, int whence)
{
    struct container *container = opaque;
    int64_t base = 0;

    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return container->reader.size_bytes;
    case SEEK_CUR:
        base = container->position;
        break;
    case SEEK_END:
        base = container->reader.size_bytes;
        break;
    default:
        break;
    }
    if (__builtin_add_overflow(base, offset, &base) || base < 0) {
        return AVERROR(EINVAL);
    }
    container->position = base;
    return base;
}

static int io_open_denied(AVFormatContext *format, AVIOContext **io, const char *url, int flags, AVDictionary **options)
{
    (void)format, (void)io, (void)url, (void)flags, (void)options; /* nothing is ever opened */
    return AVERROR(EPERM);
}

/* Is there memory for what a demuxer may rightly ask for? What it was refused was then a length that no file has. */
static bool has_memory(void)
{
    void *some = malloc(PACKET_MOST);

    free(some);
    return some != NULL;
}

bool container_check(const struct container *container, int code, const char *what, GError **error)
{
    if (container->read_failed) {
        g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "%s: the file cannot be read", what);
        return false;
    }
    if (code == AVERROR(EIO) || (code == AVERROR(ENOMEM) && has_memory())) {
        g_set_error(error, MEDIA_ERROR, REASON_BROKEN_FILE, "%s: claims what it has not", what);
        return false;
    }
    return libav_check(code, REASON_BROKEN_FILE, what, error);
}

/* -- opening -------------------------------------------------------------------------------------------- */

static const char *decoder_of(enum AVCodecID id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(DECODERS); i++) {
        if (DECODERS[i].id == id) {
            return DECODERS[i].decoder;
        }
    }
    return NULL;
}

static void set_open_options(AVDictionary **options)
{
    static const char *const ROWS[][2] = {
        {"protocol_whitelist", ""},     {"codec_whitelist", CODEC_WHITELIST},
        {"max_streams", "16"},          {"probesize", "8388608"},
        {"analyzeduration", "5000000"}, {"formatprobesize", "65536"},
        {"max_probe_packets", "500"},   {"indexmem", "16777216"},
        {"fpsprobesize", "60"},         {"err_detect", "crccheck+bitstream+buffer"},
        {"ignore_chapters", "1"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        av_dict_set(options, ROWS[i][0], ROWS[i][1], 0);
    }
}

static bool open_format(struct container *container, enum sniff_family family, GError **error)
{
    const char *name = sniff_row_of(family)->demuxer;
    const AVInputFormat *format = av_find_input_format(name);
    g_autoptr(AVDictionary) options = NULL;
    uint8_t *buffer = av_malloc(IO_BYTES);
    int code;

    g_assert(format != NULL && buffer != NULL);
    container->io = avio_alloc_context(buffer, IO_BYTES, 0, container, io_read, NULL, io_seek);
    container->format = avformat_alloc_context();
    g_assert(container->io != NULL && container->format != NULL);
    container->format->pb = container->io;
    container->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    container->format->io_open = io_open_denied;
    set_open_options(&options);
    av_dict_set(&options, "format_whitelist", format->name, 0);
    code = avformat_open_input(&container->format, NULL, format, &options);
    if (code == AVERROR(ENOMEM)) { /* how libavformat says "more than max_streams" */
        g_set_error(error, MEDIA_ERROR, REASON_TOO_COMPLEX, "too many streams");
        return false;
    }
    return container_check(container, code, "open container", error);
}

/* Before any decoder is opened for probing: counts and claimed sizes (S19). */
static bool check_claims(struct container *container, GError **error)
{
    const AVFormatContext *format = container->format;

    if (format->nb_streams == 0 && !(format->ctx_flags & AVFMTCTX_NOHEADER)) {
        g_set_error(error, MEDIA_ERROR, REASON_BROKEN_FILE, "no streams");
        return false;
    }
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];
        const AVCodecParameters *claimed = stream->codecpar;
        const int64_t pixels = (int64_t)claimed->width * claimed->height;

        if (claimed->codec_type != AVMEDIA_TYPE_VIDEO) {
            continue;
        }
        if (claimed->width > CONTAINER_SIDE_MAX || claimed->height > CONTAINER_SIDE_MAX ||
            pixels > container->limits.max_pixels) {
            g_set_error(error, MEDIA_ERROR, REASON_PICTURE_TOO_LARGE, "claims %dx%d", claimed->width, claimed->height);
            return false;
        }
        if (pixels > 0 && stream->nb_frames > container->limits.max_ms * CONTAINER_PIXELS_PER_S / 1000 / pixels) {
            g_set_error(error, MEDIA_ERROR, REASON_TOO_MANY_FRAMES, "claims %" PRId64 " pictures", stream->nb_frames);
            return false;
        }
    }
    return true;
}

static bool find_stream_info(struct container *container, GError **error)
{
    const unsigned count = container->format->nb_streams;
    AVDictionary *options[STREAMS_MAX] = {NULL};
    g_autofree char *pixels = g_strdup_printf("%" PRId64, container->limits.max_pixels);
    int code;

    for (unsigned i = 0; i < MIN(count, STREAMS_MAX); i++) {
        av_dict_set(&options[i], "max_pixels", pixels, 0);
        av_dict_set(&options[i], "threads", "1", 0);
        av_dict_set_int(&options[i], "max_samples", MAX_SAMPLES, 0);
    }
    code = avformat_find_stream_info(container->format, count == 0 ? NULL : options);
    for (unsigned i = 0; i < MIN(count, STREAMS_MAX); i++) {
        av_dict_free(&options[i]);
    }
    if (!container_check(container, code, "stream info", error)) {
        return false;
    }
    return check_claims(container, error);
}

/* One thread decodes 1080p faster than the encoders of a ladder take the pictures, and costs 7 % less of the decoder than two, which
 * wait for each other. Larger pictures are what the rest waits for, and any that are only prepared (as many as verb_prepare.c says).
 * Each holds a picture, which are large above 1080p. */
static int threads_of(const struct container *container, const AVCodecParameters *stream)
{
    const int64_t pixels = (int64_t)stream->width * stream->height;

    if (pixels > ONE_THREAD_PIXELS) {
        return CLAMP(container->limits.threads, 1, 2);
    }
    return container->limits.hurry ? CLAMP(container->limits.threads, 1, 3) : 1;
}

AVCodecContext *container_decoder(struct container *container, int index, GError **error)
{
    AVStream *stream = container->format->streams[index];
    const char *name = decoder_of(stream->codecpar->codec_id);
    const AVCodec *codec = name == NULL ? NULL : avcodec_find_decoder_by_name(name);
    g_autoptr(AVCodecContext) decoder = NULL;
    g_autoptr(AVDictionary) options = NULL;
    int code;

    if (codec == NULL) {
        g_set_error(error, MEDIA_ERROR, REASON_UNSUPPORTED_CODEC, "codec %s",
                    avcodec_get_name(stream->codecpar->codec_id));
        return NULL;
    }
    decoder = avcodec_alloc_context3(codec);
    g_assert(decoder != NULL);
    code = avcodec_parameters_to_context(decoder, stream->codecpar);
    if (!libav_check(code, REASON_BROKEN_FILE, "decoder parameters", error)) {
        return NULL;
    }
    decoder->pkt_timebase = stream->time_base;
    decoder->thread_count = threads_of(container, stream->codecpar);
    decoder->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
    decoder->max_pixels = container->limits.max_pixels;
    decoder->max_samples = MAX_SAMPLES;
    decoder->err_recognition =
        AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | (container->limits.strict ? AV_EF_EXPLODE : 0);
    av_dict_set(&options, "codec_whitelist", CODEC_WHITELIST, 0);
    code = avcodec_open2(decoder, codec, &options);
    if (!libav_check(code, REASON_BROKEN_FILE, "open decoder", error)) {
        return NULL;
    }
    return g_steal_pointer(&decoder);
}

/* -- streams -------------------------------------------------------------------------------------------- */

static bool is_moving_picture(const AVStream *stream)
{
    return stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
           (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
}

static int score_of(const AVStream *stream)
{
    return (decoder_of(stream->codecpar->codec_id) != NULL ? 4 : 0) +
           (stream->nb_frames != 1 && stream->duration != 0 ? 2 : 0) +
           (stream->disposition & AV_DISPOSITION_DEFAULT ? 1 : 0);
}

int container_choose(const struct container *container, enum AVMediaType type)
{
    int best = -1;

    for (unsigned i = 0; i < container->format->nb_streams; i++) {
        const AVStream *stream = container->format->streams[i], *other;
        int gain;

        if (stream->codecpar->codec_type != type || (type == AVMEDIA_TYPE_VIDEO && !is_moving_picture(stream)) ||
            (type == AVMEDIA_TYPE_AUDIO && stream->codecpar->sample_rate <= 0)) {
            continue;
        }
        if (best < 0) {
            best = (int)i;
            continue;
        }
        other = container->format->streams[best];
        gain = score_of(stream) - score_of(other);
        if (gain == 0 && (type != AVMEDIA_TYPE_VIDEO || stream->nb_frames == 0)) {
            continue;
        }
        if (gain > 0 || (gain == 0 && stream->nb_frames > other->nb_frames)) {
            best = (int)i;
        }
    }
    return best;
}

/* -- the whole ------------------------------------------------------------------------------------------ */

struct container *container_open(const struct reader *reader, enum sniff_family family,
                                 const struct container_limits *limits, GError **error)
{
    struct container *container = g_new0(struct container, 1);

    container->reader = *reader;
    container->limits = *limits;
    if (!open_format(container, family, error) || !check_claims(container, error) ||
        !find_stream_info(container, error)) {
        container_free(container);
        return NULL;
    }
    return container;
}

void container_free(struct container *container)
{
    if (container == NULL) {
        return;
    }
    avformat_close_input(&container->format);
    if (container->io != NULL) {
        av_freep(&container->io->buffer);
        avio_context_free(&container->io);
    }
    g_free(container);
}

AVFormatContext *container_format(struct container *container)
{
    return container->format;
}

int container_permille(const struct container *container)
{
    return (int)CLAMP(container->position * 1000 / MAX(container->reader.size_bytes, 1), 0, 1000);
}
