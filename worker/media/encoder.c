#include "worker/media/encoder.h"

#include <string.h>

#include <libavcodec/bsf.h>
#include <libavutil/opt.h>

#define KEYINT_NEVER 100000 /* longer than any clip: only marked pictures become keyframes */
#define DELAY_MAX    1024   /* pictures between an encoder's input and output */

struct encoder {
    AVCodecContext *codec;
    AVBSFContext *copy;                          /* copying encoders alone: `codec` then only describes the stream */
    int64_t pts[DELAY_MAX], duration[DELAY_MAX]; /* libx264 forgets durations: kept by pts */
    unsigned written;
};

static struct encoder *encoder_of(AVCodecContext *codec)
{
    struct encoder *encoder = g_new0(struct encoder, 1);

    encoder->codec = codec;
    return encoder;
}

static void set_video(AVCodecContext *codec, const struct encoder_video *settings)
{
    codec->width = settings->width;
    codec->height = settings->height;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->sample_aspect_ratio = (AVRational){1, 1};
    codec->time_base = (AVRational){1, LIBAV_VIDEO_HZ};
    codec->framerate = av_d2q(CLAMP(settings->fps, 1, 60), 1001000);
    codec->color_primaries = AVCOL_PRI_BT709;
    codec->color_trc = AVCOL_TRC_BT709;
    codec->colorspace = AVCOL_SPC_BT709;
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->chroma_sample_location = AVCHROMA_LOC_LEFT;
    codec->gop_size = KEYINT_NEVER;
    codec->keyint_min = KEYINT_NEVER; /* a scene cut becomes an I picture, not a keyframe */
    codec->rc_max_rate = settings->maxrate_bps;
    codec->rc_buffer_size = 2 * settings->maxrate_bps;
    codec->thread_count = settings->threads;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
}

/* What the two encoders want beyond what AVCodecContext says. */
static void set_h264(const struct encoder_video *settings, AVDictionary **options)
{
    av_dict_set(options, "profile", "high", 0);
    av_dict_set(options, "forced-idr", "1", 0);
    if (settings->options[0] != '\0') {
        av_dict_set(options, "x264-params", settings->options, 0);
    }
    if (settings->types_given) {
        av_dict_set(options, "b_strategy", "0", 0);
        av_dict_set(options, "sc_threshold", "0", 0);
    }
}

/* lp: one thread's worth of pictures in flight, else memory goes with the machine's cores. */
static void set_av1(const struct encoder_video *settings, AVDictionary **options)
{
    g_autofree char *params =
        g_strconcat("lp=1:enable-force-key-frames=1", settings->options[0] == '\0' ? "" : ":", settings->options, NULL);

    av_dict_set(options, "svtav1-params", params, 0);
}

static const struct {
    const char *library;
    void (*set)(const struct encoder_video *settings, AVDictionary **options);
} VIDEO[TASK_CODEC_COUNT] = {
    [TASK_H264] = {"libx264", set_h264},
    [TASK_AV1] = {"libsvtav1", set_av1},
};

struct encoder *encoder_video_new(const struct encoder_video *settings, GError **error)
{
    const AVCodec *library = avcodec_find_encoder_by_name(VIDEO[settings->codec].library);
    g_autoptr(AVCodecContext) codec = avcodec_alloc_context3(library);
    g_autoptr(AVDictionary) options = NULL;
    g_autofree char *crf = g_strdup_printf("%g", settings->crf);

    g_assert(library != NULL && codec != NULL);
    set_video(codec, settings);
    av_dict_set(&options, "preset", settings->preset, 0);
    av_dict_set(&options, "crf", crf, 0);
    VIDEO[settings->codec].set(settings, &options);
    if (!libav_check(avcodec_open2(codec, library, &options), REASON_INTERNAL, VIDEO[settings->codec].library, error)) {
        return NULL;
    }
    return encoder_of(g_steal_pointer(&codec));
}

/* The coder that libavcodec took for its default in 2018 (fcb681a), because it sounds better than the older one at such rates; a build
 * may still have the older one. Nearer to the original in eight clips of nine, for a third of the CPU (docs/MEDIA.md). */
struct encoder *encoder_audio_new(GError **error)
{
    const AVCodec *aac = avcodec_find_encoder_by_name("aac");
    g_autoptr(AVCodecContext) codec = avcodec_alloc_context3(aac);
    g_autoptr(AVDictionary) options = NULL;

    g_assert(aac != NULL && codec != NULL);
    codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
    codec->sample_rate = LIBAV_AUDIO_HZ;
    codec->time_base = (AVRational){1, LIBAV_AUDIO_HZ};
    codec->bit_rate = ENCODER_AUDIO_BPS;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
    av_channel_layout_default(&codec->ch_layout, 2);
    av_dict_set(&options, "aac_coder", "fast", 0);
    if (!libav_check(avcodec_open2(codec, aac, &options), REASON_INTERNAL, "open aac", error)) {
        return NULL;
    }
    return encoder_of(g_steal_pointer(&codec));
}

static int or_bt709(int value, int unspecified)
{
    return value == unspecified ? AVCOL_PRI_BT709 : value; /* 1 in all three tables of H.273 */
}

/* What the file leaves open is named as our own graph reads it: a player need not guess. */
static char *copy_text(const struct source_format *format)
{
    return g_strdup_printf("filter_units=remove_types=6|9,h264_metadata=colour_primaries=%d:transfer_characteristics=%d"
                           ":matrix_coefficients=%d:video_full_range_flag=0",
                           or_bt709(format->primaries, AVCOL_PRI_UNSPECIFIED),
                           or_bt709(format->transfer, AVCOL_TRC_UNSPECIFIED), format->matrix_coefficients);
}

struct encoder *encoder_copy_new(const struct source *source, GError **error)
{
    g_autofree char *text = copy_text(source_format_of(source));
    struct encoder *encoder = encoder_of(avcodec_alloc_context3(NULL));
    int code = av_bsf_list_parse_str(text, &encoder->copy);

    g_assert(encoder->codec != NULL && code >= 0); /* our own text */
    code = avcodec_parameters_copy(encoder->copy->par_in, source_pictures(source)->codecpar);
    encoder->copy->time_base_in = (AVRational){1, LIBAV_VIDEO_HZ};
    code = code < 0 ? code : av_bsf_init(encoder->copy);
    code = code < 0 ? code : avcodec_parameters_to_context(encoder->codec, encoder->copy->par_out);
    if (!libav_check(code, REASON_INTERNAL, "copy", error)) {
        encoder_free(encoder);
        return NULL;
    }
    encoder->codec->time_base = (AVRational){1, LIBAV_VIDEO_HZ};
    return encoder;
}

struct encoder *encoder_made_new(const AVCodecParameters *sound, GError **error)
{
    g_autoptr(AVCodecContext) codec = avcodec_alloc_context3(NULL);

    g_assert(codec != NULL);
    if (!libav_check(avcodec_parameters_to_context(codec, sound), REASON_INTERNAL, "sound", error)) {
        return NULL;
    }
    codec->time_base = (AVRational){1, LIBAV_AUDIO_HZ};
    codec->bit_rate = ENCODER_AUDIO_BPS; /* what was asked for, as encoder_audio_new says it */
    return encoder_of(g_steal_pointer(&codec));
}

void encoder_free(struct encoder *encoder)
{
    if (encoder == NULL) {
        return;
    }
    av_bsf_free(&encoder->copy);
    avcodec_free_context(&encoder->codec);
    g_free(encoder);
}

const AVCodecContext *encoder_context(const struct encoder *encoder)
{
    return encoder->codec;
}

int encoder_chunk(const struct encoder *encoder)
{
    return encoder->codec->frame_size;
}

bool encoder_write(struct encoder *encoder, AVFrame *frame, GError **error)
{
    if (frame != NULL && encoder->codec->codec_type == AVMEDIA_TYPE_VIDEO) {
        const unsigned slot = encoder->written++ % DELAY_MAX;
        encoder->pts[slot] = frame->pts;
        encoder->duration[slot] = frame->pkt_duration;
    }
    return libav_check(avcodec_send_frame(encoder->codec, frame), REASON_INTERNAL, "encode", error);
}

static int64_t duration_at(const struct encoder *encoder, int64_t pts)
{
    for (unsigned i = 0; i < MIN(encoder->written, DELAY_MAX); i++) {
        if (encoder->pts[i] == pts) {
            return encoder->duration[i];
        }
    }
    return 0;
}

bool encoder_read(struct encoder *encoder, AVPacket **out, GError **error)
{
    g_autoptr(AVPacket) packet = libav_packet_new();
    const int code = avcodec_receive_packet(encoder->codec, packet);

    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) {
        return false;
    }
    if (!libav_check(code, REASON_INTERNAL, "encode", error)) {
        return false;
    }
    if (encoder->codec->codec_type == AVMEDIA_TYPE_VIDEO) {
        packet->duration = duration_at(encoder, packet->pts);
    }
    *out = g_steal_pointer(&packet);
    return true;
}

bool encoder_copy(struct encoder *encoder, const AVPacket *packet, AVPacket **out, GError **error)
{
    g_autoptr(AVPacket) copied = libav_packet_new();
    int code = av_packet_ref(copied, packet);

    code = code < 0 ? code : av_bsf_send_packet(encoder->copy, copied);
    code = code < 0 ? code : av_bsf_receive_packet(encoder->copy, copied);
    if (code == AVERROR(EAGAIN)) {
        return false;
    }
    if (!libav_check(code, REASON_BROKEN_FILE, "copy", error)) {
        return false;
    }
    *out = g_steal_pointer(&copied);
    return true;
}

/* "AV1 Codec ISO Media File Format Binding" 5, of the sequence header that the encoder hands out; SVT-AV1 makes the main
 * tier. */
static char *av1_codecs(const AVCodecContext *codec)
{
    AVCodecParserContext *parser = av_parser_init(AV_CODEC_ID_AV1);
    g_autoptr(AVCodecContext) seen = avcodec_alloc_context3(NULL);
    uint8_t *none = NULL;
    int length = 0;

    g_assert(parser != NULL && seen != NULL);
    parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
    (void)av_parser_parse2(parser, seen, &none, &length, codec->extradata, codec->extradata_size, AV_NOPTS_VALUE,
                           AV_NOPTS_VALUE, 0); /* there is no picture in it */
    av_parser_close(parser);
    return g_strdup_printf("av01.%d.%02dM.08", MAX(seen->profile, 0), MAX(seen->level, 0));
}

char *encoder_codecs(const struct encoder *encoder)
{
    const uint8_t *header = encoder->codec->extradata;
    const int length = encoder->codec->extradata_size;

    if (encoder->codec->codec_type == AVMEDIA_TYPE_AUDIO) {
        return g_strdup("mp4a.40.2");
    }
    if (encoder->codec->codec_id == AV_CODEC_ID_AV1) {
        return av1_codecs(encoder->codec);
    }
    if (length > 4 && header[0] == 1) { /* ISO/IEC 14496-15 5.3.3.1: as MP4 keeps it */
        return g_strdup_printf("avc1.%02x%02x%02x", header[1], header[2], header[3]);
    }
    for (int i = 0; i + 7 < length; i++) { /* the parameter set behind an Annex B start code */
        if (header[i] == 0 && header[i + 1] == 0 && header[i + 2] == 1 && (header[i + 3] & 31) == 7) {
            return g_strdup_printf("avc1.%02x%02x%02x", header[i + 4], header[i + 5], header[i + 6]);
        }
    }
    return g_strdup("avc1.640028");
}
