#include "worker/media/source.h"

#include <math.h>
#include <string.h>

#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

#define STREAMS_MAX         16
#define SIDE_MAX            8192
#define FPS_MAX             60
#define FRAMES_MIN_LIMIT    36000  /* S24: 600 s at 60 */
#define FRAMES_PER_SECOND   120
#define BUDGET_PIXELS_PER_S (3840LL * 2160 * 30) /* a track's seconds of 4K30 may be decoded, no more */
#define ERRORS_FREE         100
#define AUDIO_HELD_MAX      4096   /* frames of sound before the first picture: 87 s */
#define LEAD_MAX            LIBAV_VIDEO_HZ
#define IO_BYTES            65536
#define MAX_SAMPLES         1048576
#define VIDEO_Q             ((AVRational){1, LIBAV_VIDEO_HZ})
#define AUDIO_Q             ((AVRational){1, LIBAV_AUDIO_HZ})

/* Decoders by name: an id that is not here is refused, whatever libavcodec could do with it (S20, S27). */
static const struct {
    enum AVCodecID id;
    const char *decoder;
} DECODERS[] = {
    {AV_CODEC_ID_H264, "h264"},           {AV_CODEC_ID_HEVC, "hevc"},
    {AV_CODEC_ID_AV1, "libdav1d"},        {AV_CODEC_ID_VP9, "vp9"},
    {AV_CODEC_ID_VP8, "vp8"},             {AV_CODEC_ID_MPEG4, "mpeg4"},
    {AV_CODEC_ID_H263, "h263"},           {AV_CODEC_ID_MPEG2VIDEO, "mpeg2video"},
    {AV_CODEC_ID_MPEG1VIDEO, "mpeg1video"}, {AV_CODEC_ID_MJPEG, "mjpeg"},
    {AV_CODEC_ID_THEORA, "theora"},       {AV_CODEC_ID_CINEPAK, "cinepak"},
    {AV_CODEC_ID_AAC, "aac"},             {AV_CODEC_ID_MP3, "mp3float"},
    {AV_CODEC_ID_MP2, "mp2float"},        {AV_CODEC_ID_OPUS, "opus"},
    {AV_CODEC_ID_VORBIS, "vorbis"},       {AV_CODEC_ID_AC3, "ac3"},
    {AV_CODEC_ID_EAC3, "eac3"},           {AV_CODEC_ID_AMR_NB, "amrnb"},
    {AV_CODEC_ID_AMR_WB, "amrwb"},        {AV_CODEC_ID_ALAC, "alac"},
    {AV_CODEC_ID_FLAC, "flac"},           {AV_CODEC_ID_PCM_S16LE, "pcm_s16le"},
    {AV_CODEC_ID_PCM_S16BE, "pcm_s16be"}, {AV_CODEC_ID_PCM_S24LE, "pcm_s24le"},
    {AV_CODEC_ID_PCM_S24BE, "pcm_s24be"}, {AV_CODEC_ID_PCM_F32LE, "pcm_f32le"},
    {AV_CODEC_ID_PCM_U8, "pcm_u8"},       {AV_CODEC_ID_PCM_MULAW, "pcm_mulaw"},
    {AV_CODEC_ID_PCM_ALAW, "pcm_alaw"},   {AV_CODEC_ID_ADPCM_IMA_WAV, "adpcm_ima_wav"},
};

#define CODEC_WHITELIST                                                                            \
    "h264,hevc,libdav1d,vp9,vp8,mpeg4,h263,mpeg2video,mpeg1video,mjpeg,theora,cinepak,aac,"         \
    "mp3float,mp2float,opus,vorbis,ac3,eac3,amrnb,amrwb,alac,flac,pcm_s16le,pcm_s16be,pcm_s24le,"   \
    "pcm_s24be,pcm_f32le,pcm_u8,pcm_mulaw,pcm_alaw,adpcm_ima_wav"

struct track {
    int index; /* stream; -1: none */
    AVCodecContext *decoder;
    bool flushed;
};

struct source {
    struct reader reader;
    int64_t position;
    struct source_limits limits;
    struct source_format format;
    AVIOContext *io;
    AVFormatContext *container;
    struct track video, audio;
    AVPacket *packet;
    bool at_end;
    GQueue held;         /* frames read while looking for the origin, in reading order */
    int64_t origin;      /* 1/90000 s */
    bool origin_known;
    bool hold_first;     /* the first picture is shown from 0 on */
    int64_t last_video;  /* pts of the last kept picture; -1 at first */
    int64_t next_allowed;
    int64_t end_video, end_audio; /* 1/90000 s */
    int64_t pixels;
    int64_t delta_min, delta_max;
    struct source_measure measure;
};

/* -- bytes ------------------------------------------------------------------------------------------------- */

static int io_read(void *opaque, uint8_t *to, int length)
{
    struct source *source = opaque;
    const int64_t got = reader_read(&source->reader, source->position, to, (size_t)length);

    if (got < 0) {
        return AVERROR(EIO);
    }
    source->position += got;
    return got == 0 ? AVERROR_EOF : (int)got;
}

static int64_t io_seek(void *opaque, int64_t offset, int whence)
{
    struct source *source = opaque;
    int64_t base = 0;

    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return source->reader.size_bytes;
    case SEEK_CUR:
        base = source->position;
        break;
    case SEEK_END:
        base = source->reader.size_bytes;
        break;
    default:
        break;
    }
    if (__builtin_add_overflow(base, offset, &base) || base < 0) {
        return AVERROR(EINVAL);
    }
    source->position = base;
    return base;
}

static int io_open_denied(AVFormatContext *container, AVIOContext **io, const char *url, int flags,
                          AVDictionary **options)
{
    (void)container, (void)io, (void)url, (void)flags, (void)options; /* nothing is ever opened */
    return AVERROR(EPERM);
}

/* -- opening ----------------------------------------------------------------------------------------------- */

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
        {"protocol_whitelist", ""},       {"codec_whitelist", CODEC_WHITELIST},
        {"max_streams", "16"},            {"probesize", "8388608"},
        {"analyzeduration", "5000000"},   {"formatprobesize", "65536"},
        {"max_probe_packets", "500"},     {"indexmem", "16777216"},
        {"fpsprobesize", "60"},           {"err_detect", "crccheck+bitstream+buffer"},
        {"ignore_chapters", "1"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        av_dict_set(options, ROWS[i][0], ROWS[i][1], 0);
    }
}

static bool open_container(struct source *source, enum sniff_family family, GError **error)
{
    const char *name = sniff_row_of(family)->demuxer;
    const AVInputFormat *format = av_find_input_format(name);
    g_autoptr(AVDictionary) options = NULL;
    uint8_t *buffer = av_malloc(IO_BYTES);
    int code;

    g_assert(format != NULL && buffer != NULL);
    source->io = avio_alloc_context(buffer, IO_BYTES, 0, source, io_read, NULL, io_seek);
    source->container = avformat_alloc_context();
    g_assert(source->io != NULL && source->container != NULL);
    source->container->pb = source->io;
    source->container->flags |= AVFMT_FLAG_CUSTOM_IO;
    source->container->io_open = io_open_denied;
    set_open_options(&options);
    av_dict_set(&options, "format_whitelist", format->name, 0);
    code = avformat_open_input(&source->container, NULL, format, &options);
    if (code == AVERROR(ENOMEM)) { /* how libavformat says "more than max_streams" */
        g_set_error(error, MEDIA_ERROR, REASON_TOO_COMPLEX, "too many streams");
        return false;
    }
    return libav_check(code, REASON_BROKEN_FILE, "open container", error);
}

/* Before any decoder is opened for probing: counts and claimed sizes (S19). */
static bool check_claims(struct source *source, GError **error)
{
    const AVFormatContext *container = source->container;

    if (container->nb_streams == 0 && !(container->ctx_flags & AVFMTCTX_NOHEADER)) {
        g_set_error(error, MEDIA_ERROR, REASON_BROKEN_FILE, "no streams");
        return false;
    }
    for (unsigned i = 0; i < container->nb_streams; i++) {
        const AVStream *stream = container->streams[i];
        const AVCodecParameters *claimed = stream->codecpar;
        const int64_t pixels = (int64_t)claimed->width * claimed->height;

        if (claimed->codec_type != AVMEDIA_TYPE_VIDEO) {
            continue;
        }
        if (claimed->width > SIDE_MAX || claimed->height > SIDE_MAX ||
            pixels > source->limits.max_pixels) {
            g_set_error(error, MEDIA_ERROR, REASON_PICTURE_TOO_LARGE, "claims %dx%d",
                        claimed->width, claimed->height);
            return false;
        }
        if (pixels > 0 &&
            stream->nb_frames > source->limits.max_ms * BUDGET_PIXELS_PER_S / 1000 / pixels) {
            g_set_error(error, MEDIA_ERROR, REASON_TOO_MANY_FRAMES, "claims %" PRId64 " pictures",
                        stream->nb_frames);
            return false;
        }
    }
    return true;
}

static bool find_stream_info(struct source *source, GError **error)
{
    AVFormatContext *container = source->container;
    const unsigned count = container->nb_streams;
    AVDictionary *options[STREAMS_MAX] = {NULL};
    g_autofree char *pixels = g_strdup_printf("%" PRId64, source->limits.max_pixels);
    int code;

    for (unsigned i = 0; i < MIN(count, STREAMS_MAX); i++) {
        av_dict_set(&options[i], "max_pixels", pixels, 0);
        av_dict_set(&options[i], "threads", "1", 0);
        av_dict_set_int(&options[i], "max_samples", MAX_SAMPLES, 0);
    }
    code = avformat_find_stream_info(container, count == 0 ? NULL : options);
    for (unsigned i = 0; i < MIN(count, STREAMS_MAX); i++) {
        av_dict_free(&options[i]);
    }
    if (!libav_check(code, REASON_BROKEN_FILE, "stream info", error)) {
        return false;
    }
    return check_claims(source, error);
}

static bool open_decoder(struct source *source, struct track *track, GError **error)
{
    AVStream *stream = source->container->streams[track->index];
    const char *name = decoder_of(stream->codecpar->codec_id);
    const AVCodec *codec = name == NULL ? NULL : avcodec_find_decoder_by_name(name);
    g_autoptr(AVCodecContext) decoder = NULL;
    g_autoptr(AVDictionary) options = NULL;
    int code;

    if (codec == NULL) {
        g_set_error(error, MEDIA_ERROR, REASON_UNSUPPORTED_CODEC, "codec %s",
                    avcodec_get_name(stream->codecpar->codec_id));
        return false;
    }
    decoder = avcodec_alloc_context3(codec);
    g_assert(decoder != NULL);
    code = avcodec_parameters_to_context(decoder, stream->codecpar);
    if (!libav_check(code, REASON_BROKEN_FILE, "decoder parameters", error)) {
        return false;
    }
    decoder->pkt_timebase = stream->time_base;
    decoder->thread_count = CLAMP(source->limits.threads, 1, 2);
    decoder->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
    decoder->max_pixels = source->limits.max_pixels;
    decoder->max_samples = MAX_SAMPLES;
    decoder->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
    if (source->limits.fast_check) {
        decoder->skip_loop_filter = AVDISCARD_ALL;
    }
    av_dict_set(&options, "codec_whitelist", CODEC_WHITELIST, 0);
    code = avcodec_open2(decoder, codec, &options);
    if (!libav_check(code, REASON_BROKEN_FILE, "open decoder", error)) {
        return false;
    }
    track->decoder = g_steal_pointer(&decoder);
    return true;
}

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

/* The best stream of a kind: one that we can decode, then the marked one, then the larger and longer. */
static int choose_stream(const AVFormatContext *container, enum AVMediaType type)
{
    int best = -1;

    for (unsigned i = 0; i < container->nb_streams; i++) {
        const AVStream *stream = container->streams[i], *other;
        int gain;

        if (stream->codecpar->codec_type != type ||
            (type == AVMEDIA_TYPE_VIDEO && !is_moving_picture(stream)) ||
            (type == AVMEDIA_TYPE_AUDIO && stream->codecpar->sample_rate <= 0)) {
            continue;
        }
        if (best < 0) {
            best = (int)i;
            continue;
        }
        other = container->streams[best];
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

static bool open_decoders(struct source *source, GError **error)
{
    AVFormatContext *container = source->container;
    g_autoptr(GError) sound = NULL;

    source->video.index = choose_stream(container, AVMEDIA_TYPE_VIDEO);
    source->audio.index = choose_stream(container, AVMEDIA_TYPE_AUDIO);
    if (source->video.index < 0) {
        g_set_error(error, MEDIA_ERROR, REASON_NO_PICTURE, "no moving picture");
        return false;
    }
    if (!open_decoder(source, &source->video, error)) {
        return false;
    }
    /* A clip whose sound nobody can decode is a clip without sound (M15: unknown tracks are not fatal). */
    if (source->audio.index >= 0 && !open_decoder(source, &source->audio, &sound)) {
        source->audio.index = -1;
    }
    for (int i = 0; i < (int)container->nb_streams; i++) {
        container->streams[i]->discard =
            i == source->video.index || i == source->audio.index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    return true;
}

/* -- decoding ---------------------------------------------------------------------------------------------- */

static bool count_error(struct source *source, GError **error)
{
    source->measure.errors++;
    if (source->measure.errors > ERRORS_FREE &&
        source->measure.errors * 10 > source->measure.frames) {
        g_set_error(error, MEDIA_ERROR, REASON_DECODE_ERRORS, "%" PRId64 " errors, %" PRId64 " pictures",
                    source->measure.errors, source->measure.frames);
        return false;
    }
    return true;
}

static bool check_picture(struct source *source, const AVFrame *frame, GError **error)
{
    const int64_t pixels = (int64_t)frame->width * frame->height;
    const int64_t frames_max =
        MAX(FRAMES_MIN_LIMIT, source->limits.max_ms * FRAMES_PER_SECOND / 1000);

    source->measure.frames++;
    source->pixels += pixels;
    if (frame->width > SIDE_MAX || frame->height > SIDE_MAX || pixels > source->limits.max_pixels) {
        g_set_error(error, MEDIA_ERROR, REASON_PICTURE_TOO_LARGE, "%dx%d", frame->width,
                    frame->height);
        return false;
    }
    if (source->measure.frames > frames_max ||
        source->pixels > source->limits.max_ms * (BUDGET_PIXELS_PER_S / 1000) +
                             600 * source->limits.max_pixels) {
        g_set_error(error, MEDIA_ERROR, REASON_TOO_MANY_FRAMES, "%" PRId64 " pictures",
                    source->measure.frames);
        return false;
    }
    return true;
}

static struct track *track_of(struct source *source, enum source_kind kind)
{
    return kind == SOURCE_VIDEO ? &source->video : &source->audio;
}

/* A frame that is ready in either decoder. EAGAIN: none; AVERROR_EOF: none will come. */
static int receive(struct source *source, enum source_kind *kind, AVFrame *frame)
{
    bool all_ended = true;

    for (*kind = SOURCE_VIDEO; *kind != SOURCE_END; (*kind)++) {
        struct track *track = track_of(source, *kind);
        const int code = track->decoder == NULL ? AVERROR_EOF
                                                : avcodec_receive_frame(track->decoder, frame);
        if (code >= 0) {
            return 0;
        }
        if (code != AVERROR_EOF && code != AVERROR(EAGAIN)) {
            return code;
        }
        all_ended = all_ended && code == AVERROR_EOF;
    }
    return all_ended ? AVERROR_EOF : AVERROR(EAGAIN);
}

/* Gives the decoders one more packet, or their end. */
static bool feed(struct source *source, GError **error)
{
    int code;

    av_packet_unref(source->packet);
    if (source->at_end) {
        return true;
    }
    code = av_read_frame(source->container, source->packet);
    if (code < 0) {
        source->at_end = true;
        for (enum source_kind kind = SOURCE_VIDEO; kind != SOURCE_END; kind++) {
            if (track_of(source, kind)->decoder != NULL) {
                (void)avcodec_send_packet(track_of(source, kind)->decoder, NULL); /* end: cannot fail */
            }
        }
        return code == AVERROR_EOF || source->measure.frames > 0 ||
               libav_check(code, REASON_BROKEN_FILE, "read", error);
    }
    for (enum source_kind kind = SOURCE_VIDEO; kind != SOURCE_END; kind++) {
        struct track *track = track_of(source, kind);
        if (track->decoder != NULL && source->packet->stream_index == track->index) {
            code = avcodec_send_packet(track->decoder, source->packet);
            if (code == AVERROR(ENOMEM)) {
                return libav_check(code, REASON_RESOURCE_LIMIT, "decode", error);
            }
            /* Broken sound is played as silence: only pictures count as errors. */
            return code >= 0 || code == AVERROR(EAGAIN) || kind == SOURCE_AUDIO ||
                   count_error(source, error);
        }
    }
    return true;
}

/* The next decoded frame with its pts in 1/90000 s of the container's own time, or SOURCE_END. */
static bool decode(struct source *source, enum source_kind *kind, AVFrame **out, GError **error)
{
    g_autoptr(AVFrame) frame = libav_frame_new();

    for (;;) {
        const int code = receive(source, kind, frame);

        if (code == AVERROR_EOF) {
            *kind = SOURCE_END;
            return true;
        }
        if (code == AVERROR(ENOMEM)) {
            return libav_check(code, REASON_RESOURCE_LIMIT, "decode", error);
        }
        if (code != 0 && code != AVERROR(EAGAIN) && *kind == SOURCE_VIDEO && !count_error(source, error)) {
            return false;
        }
        if (code != 0) {
            if (!feed(source, error)) {
                return false;
            }
            continue;
        }
        if (*kind == SOURCE_VIDEO && !check_picture(source, frame, error)) {
            return false;
        }
        const AVRational base_q =
            source->container->streams[track_of(source, *kind)->index]->time_base;
        frame->pts = frame->best_effort_timestamp == AV_NOPTS_VALUE
                         ? AV_NOPTS_VALUE
                         : av_rescale_q(frame->best_effort_timestamp, base_q, VIDEO_Q);
        frame->pkt_duration = av_rescale_q(MAX(frame->pkt_duration, 0), base_q, VIDEO_Q);
        *out = g_steal_pointer(&frame);
        return true;
    }
}

/* -- format of the first picture --------------------------------------------------------------------------- */

static void read_matrix(struct source *source, struct source_format *format)
{
    const int32_t *matrix = (const int32_t *)(const void *)av_stream_get_side_data(
        source->container->streams[source->video.index], AV_PKT_DATA_DISPLAYMATRIX, NULL);

    if (matrix == NULL) {
        return;
    }
    memcpy(format->matrix, matrix, sizeof format->matrix);
    const double turn = av_display_rotation_get(matrix);
    if (!isnan(turn)) {
        format->rotation = (((int)lround(-turn / 90) * 90) % 360 + 360) % 360;
    }
    format->is_swapped = abs(matrix[1]) > abs(matrix[0]);
}

static void read_colour(struct source *source, const AVFrame *frame, struct source_format *format)
{
    const AVPixFmtDescriptor *pixel = av_pix_fmt_desc_get(frame->format);
    const AVStream *stream = source->container->streams[source->video.index];

    format->matrix_coefficients = frame->colorspace;
    format->primaries = frame->color_primaries;
    format->transfer = frame->color_trc;
    format->full_range = frame->color_range == AVCOL_RANGE_JPEG ||
                         (pixel != NULL && g_str_has_prefix(pixel->name, "yuvj"));
    format->is_dolby_vision = av_stream_get_side_data(stream, AV_PKT_DATA_DOVI_CONF, NULL) != NULL;
    if (pixel != NULL && (pixel->flags & AV_PIX_FMT_FLAG_RGB) != 0) {
        format->full_range = true;
        return;
    }
    if (format->transfer == AVCOL_TRC_ARIB_STD_B67) {
        format->hdr = SOURCE_HLG;
    } else if (format->transfer == AVCOL_TRC_SMPTE2084) {
        format->hdr = SOURCE_PQ;
    }
    if (format->matrix_coefficients == AVCOL_SPC_UNSPECIFIED ||
        format->matrix_coefficients == AVCOL_SPC_RESERVED ||
        format->matrix_coefficients == AVCOL_SPC_RGB) {
        /* What players assume: small pictures are BT.601. */
        format->matrix_coefficients = format->hdr != SOURCE_SDR ? AVCOL_SPC_BT2020_NCL
                                      : frame->width >= 1280 || frame->height > 576
                                          ? AVCOL_SPC_BT709
                                          : AVCOL_SPC_SMPTE170M;
    }
}

static void read_size(struct source *source, const AVFrame *frame, struct source_format *format)
{
    AVStream *stream = source->container->streams[source->video.index];
    AVRational sar_q = frame->sample_aspect_ratio;
    double width, height;

    if (sar_q.num <= 0 || sar_q.den <= 0) {
        sar_q = stream->sample_aspect_ratio;
    }
    if (sar_q.num <= 0 || sar_q.den <= 0 || av_q2d(sar_q) > 16 || av_q2d(sar_q) < 1.0 / 16) {
        sar_q = (AVRational){1, 1};
    }
    format->sar_q = sar_q;
    format->width = frame->width;
    format->height = frame->height;
    width = frame->width * MAX(av_q2d(sar_q), 1.0);
    height = frame->height / MIN(av_q2d(sar_q), 1.0);
    format->display_width = (int)lround(format->is_swapped ? height : width);
    format->display_height = (int)lround(format->is_swapped ? width : height);
    format->interlaced = frame->interlaced_frame != 0;
}

/* True where a key of the container or of a stream says so; the value is never kept. */
static void read_tag(const AVDictionaryEntry *tag, struct source_format *format)
{
    static const char *const LOCATION[] = {"location", "gps", "xyz"};
    static const char *const DEVICE[] = {"make", "model", "android.version", "manufacturer",
                                         "capture.fps", "software"};

    for (size_t i = 0; i < G_N_ELEMENTS(LOCATION); i++) {
        format->had_location |= strcasestr(tag->key, LOCATION[i]) != NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(DEVICE); i++) {
        format->had_device |= strcasestr(tag->key, DEVICE[i]) != NULL;
    }
    if (strcasecmp(tag->key, "AIGC") == 0 && format->label == NULL) {
        format->has_label = true;
        format->label = g_utf8_make_valid(tag->value, MIN((gssize)strlen(tag->value), 2048));
    }
}

static void read_tags(struct source *source, struct source_format *format)
{
    const AVDictionaryEntry *tag = NULL;

    while ((tag = av_dict_get(source->container->metadata, "", tag, AV_DICT_IGNORE_SUFFIX)) != NULL) {
        read_tag(tag, format);
    }
    for (unsigned i = 0; i < source->container->nb_streams; i++) {
        tag = NULL;
        while ((tag = av_dict_get(source->container->streams[i]->metadata, "", tag,
                                  AV_DICT_IGNORE_SUFFIX)) != NULL) {
            read_tag(tag, format);
        }
    }
}

static void read_format(struct source *source, const AVFrame *frame)
{
    struct source_format *format = &source->format;
    const AVCodecParameters *video = source->container->streams[source->video.index]->codecpar;

    read_matrix(source, format);
    read_colour(source, frame, format);
    read_size(source, frame, format);
    read_tags(source, format);
    format->video_codec = avcodec_get_name(video->codec_id);
    format->video_profile = avcodec_profile_name(video->codec_id, video->profile);
    format->video_level = video->level;
    format->has_audio = source->audio.decoder != NULL;
    if (format->has_audio) {
        const AVCodecParameters *audio = source->container->streams[source->audio.index]->codecpar;
        format->audio_codec = avcodec_get_name(audio->codec_id);
        format->channels = audio->ch_layout.nb_channels;
        format->sample_hz = audio->sample_rate;
    }
}

/* -- origin ------------------------------------------------------------------------------------------------ */

static void held_free(gpointer item)
{
    libav_frame_free(item);
}

/* Where the sound begins, in the container's time; AV_NOPTS_VALUE when it is not known. */
static int64_t audio_start(struct source *source)
{
    const AVStream *stream;

    for (GList *item = source->held.head; item != NULL; item = item->next) {
        const AVFrame *frame = item->data;
        if (frame->width == 0 && frame->pts != AV_NOPTS_VALUE) {
            return frame->pts;
        }
    }
    if (source->audio.index < 0) {
        return AV_NOPTS_VALUE;
    }
    stream = source->container->streams[source->audio.index];
    return stream->start_time == AV_NOPTS_VALUE
               ? AV_NOPTS_VALUE
               : av_rescale_q(stream->start_time, stream->time_base, VIDEO_Q);
}

static void find_origin(struct source *source, int64_t first_picture)
{
    const int64_t sound = audio_start(source);

    source->origin = first_picture;
    if (sound != AV_NOPTS_VALUE && sound < first_picture && first_picture - sound <= LEAD_MAX) {
        source->origin = sound;
        source->hold_first = true;
    }
}

/* Decodes until the first picture; sound that comes before it is held. */
static bool prime(struct source *source, GError **error)
{
    for (;;) {
        enum source_kind kind;
        g_autoptr(AVFrame) frame = NULL;

        if (!decode(source, &kind, &frame, error)) {
            return false;
        }
        if (kind == SOURCE_END) {
            g_set_error(error, MEDIA_ERROR,
                        source->measure.errors > 0 ? REASON_DECODE_ERRORS : REASON_NO_PICTURE,
                        "no picture can be decoded");
            return false;
        }
        if (kind == SOURCE_AUDIO) {
            if (g_queue_get_length(&source->held) >= AUDIO_HELD_MAX) {
                libav_frame_free(g_queue_pop_head(&source->held));
            }
            g_queue_push_tail(&source->held, g_steal_pointer(&frame));
            continue;
        }
        read_format(source, frame);
        if (frame->pts == AV_NOPTS_VALUE) {
            frame->pts = 0;
        }
        find_origin(source, frame->pts);
        source->hold_first = source->hold_first && frame->pts > source->origin;
        g_queue_push_tail(&source->held, g_steal_pointer(&frame));
        return true;
    }
}

struct source *source_open(const struct reader *reader, enum sniff_family family,
                           const struct source_limits *limits, GError **error)
{
    struct source *source = g_new0(struct source, 1);

    source->reader = *reader;
    source->limits = *limits;
    source->video.index = source->audio.index = -1;
    source->last_video = -1;
    source->packet = libav_packet_new();
    g_queue_init(&source->held);
    if (!open_container(source, family, error) || !check_claims(source, error) ||
        !find_stream_info(source, error) || !open_decoders(source, error) ||
        !prime(source, error)) {
        source_free(source);
        return NULL;
    }
    return source;
}

void source_free(struct source *source)
{
    if (source == NULL) {
        return;
    }
    g_queue_clear_full(&source->held, held_free);
    avcodec_free_context(&source->video.decoder);
    avcodec_free_context(&source->audio.decoder);
    av_packet_free(&source->packet);
    avformat_close_input(&source->container);
    if (source->io != NULL) {
        av_freep(&source->io->buffer);
        avio_context_free(&source->io);
    }
    g_free(source->format.label);
    g_free(source);
}

/* -- reading ----------------------------------------------------------------------------------------------- */

/* Gives the picture its place on our clock; false when it is to be dropped. */
static bool place_picture(struct source *source, AVFrame *frame)
{
    const int64_t slot = LIBAV_VIDEO_HZ / FPS_MAX;
    int64_t pts = frame->pts == AV_NOPTS_VALUE ? source->end_video : frame->pts - source->origin;

    if (source->hold_first) {
        frame->pkt_duration += pts;
        pts = 0;
        source->hold_first = false;
    }
    if (pts <= source->last_video || pts < 0) {
        return false;
    }
    source->end_video = MAX(source->end_video, pts + frame->pkt_duration);
    if (source->last_video >= 0 && pts < source->next_allowed - slot / 2) {
        return false;
    }
    if (source->last_video >= 0) {
        const int64_t delta = pts - source->last_video;
        source->delta_min = source->measure.kept_frames == 1 ? delta : MIN(source->delta_min, delta);
        source->delta_max = MAX(source->delta_max, delta);
        if (frame->pkt_duration <= 0) {
            frame->pkt_duration = delta;
            source->end_video = MAX(source->end_video, pts + delta);
        }
    }
    source->next_allowed = MAX(source->next_allowed, pts - slot / 2) + slot;
    source->last_video = frame->pts = pts;
    source->measure.kept_frames++;
    return true;
}

static void place_sound(struct source *source, AVFrame *frame)
{
    int64_t pts = frame->pts == AV_NOPTS_VALUE ? source->end_audio : frame->pts - source->origin;

    frame->pts = av_rescale_q(pts, VIDEO_Q, AUDIO_Q);
    if (frame->sample_rate > 0) {
        source->end_audio =
            pts + av_rescale(frame->nb_samples, LIBAV_VIDEO_HZ, frame->sample_rate);
    }
}

static bool check_length(struct source *source, GError **error)
{
    const int64_t end_ms = MAX(source->end_video, source->end_audio) / (LIBAV_VIDEO_HZ / 1000);

    /* Half a second of grace: a clip cut at the limit ends with its last picture. */
    if (end_ms > source->limits.max_ms + 500) {
        g_set_error(error, MEDIA_ERROR, REASON_TOO_LONG, "longer than %" PRId64 " ms",
                    source->limits.max_ms);
        return false;
    }
    return true;
}

bool source_read(struct source *source, enum source_kind *kind, AVFrame **out, GError **error)
{
    for (;;) {
        g_autoptr(AVFrame) frame = g_queue_pop_head(&source->held);

        if (frame != NULL) {
            *kind = frame->width > 0 ? SOURCE_VIDEO : SOURCE_AUDIO;
        } else if (!decode(source, kind, &frame, error)) {
            return false;
        }
        if (*kind == SOURCE_END) {
            return true;
        }
        if (*kind == SOURCE_VIDEO && !place_picture(source, frame)) {
            continue;
        }
        if (*kind == SOURCE_AUDIO) {
            place_sound(source, frame);
        }
        if (!check_length(source, error)) {
            return false;
        }
        *out = g_steal_pointer(&frame);
        return true;
    }
}

const struct source_format *source_format_of(const struct source *source)
{
    return &source->format;
}

struct source_measure source_measure_of(const struct source *source)
{
    struct source_measure measure = source->measure;
    const int64_t end = MAX(source->end_video, source->end_audio);

    measure.duration_ms = end / (LIBAV_VIDEO_HZ / 1000);
    measure.is_variable = measure.kept_frames > 2 &&
                          source->delta_max - source->delta_min > source->delta_min / 5;
    measure.fps = measure.kept_frames > 1 && source->last_video > 0
                      ? (double)(measure.kept_frames - 1) * LIBAV_VIDEO_HZ / (double)source->last_video
                      : 0;
    return measure;
}

int source_permille(const struct source *source)
{
    const int64_t claimed_ms = source->container->duration / 1000;
    const int64_t now_ms = MAX(source->end_video, source->end_audio) / (LIBAV_VIDEO_HZ / 1000);

    if (claimed_ms > 0 && claimed_ms <= source->limits.max_ms) {
        return (int)CLAMP(now_ms * 1000 / claimed_ms, 0, 1000);
    }
    return (int)CLAMP(source->position * 1000 / MAX(source->reader.size_bytes, 1), 0, 1000);
}
