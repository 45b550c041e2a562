#include "worker/media/format.h"

#include <math.h>
#include <string.h>

#include <libavutil/display.h>
#include <libavutil/pixdesc.h>

#include "worker/media/label.h"

#define CREATED_BYTES_MAX 40

static void read_matrix(const AVStream *video, struct source_format *format)
{
    const int32_t *matrix =
        (const int32_t *)(const void *)av_stream_get_side_data(video, AV_PKT_DATA_DISPLAYMATRIX, NULL);

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

static void read_colour(const AVStream *video, const AVFrame *frame, struct source_format *format)
{
    const AVPixFmtDescriptor *pixel = av_pix_fmt_desc_get(frame->format);

    format->matrix_coefficients = frame->colorspace;
    format->primaries = frame->color_primaries;
    format->transfer = frame->color_trc;
    format->full_range =
        frame->color_range == AVCOL_RANGE_JPEG || (pixel != NULL && g_str_has_prefix(pixel->name, "yuvj"));
    format->is_dolby_vision = av_stream_get_side_data(video, AV_PKT_DATA_DOVI_CONF, NULL) != NULL;
    if (pixel != NULL && (pixel->flags & AV_PIX_FMT_FLAG_RGB) != 0) {
        format->full_range = true;
        return;
    }
    if (format->transfer == AVCOL_TRC_ARIB_STD_B67) {
        format->hdr = SOURCE_HLG;
    } else if (format->transfer == AVCOL_TRC_SMPTE2084) {
        format->hdr = SOURCE_PQ;
    }
    if (format->matrix_coefficients == AVCOL_SPC_UNSPECIFIED || format->matrix_coefficients == AVCOL_SPC_RESERVED ||
        format->matrix_coefficients == AVCOL_SPC_RGB) {
        /* What players assume: small pictures are BT.601. */
        format->matrix_coefficients = format->hdr != SOURCE_SDR                     ? AVCOL_SPC_BT2020_NCL
                                      : frame->width >= 1280 || frame->height > 576 ? AVCOL_SPC_BT709
                                                                                    : AVCOL_SPC_SMPTE170M;
    }
}

static void read_size(const AVStream *video, const AVFrame *frame, struct source_format *format)
{
    AVRational sar_q = frame->sample_aspect_ratio;
    double width, height;

    if (sar_q.num <= 0 || sar_q.den <= 0) {
        sar_q = video->sample_aspect_ratio;
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

/* True where a key of the container or of a stream says so; of values the label and the time alone are kept. */
static void read_tag(const AVDictionaryEntry *tag, struct source_format *format)
{
    static const char *const LOCATION[] = {"location", "gps", "xyz"};
    static const char *const DEVICE[] = {"make", "model", "android.version", "manufacturer", "capture.fps", "software"};

    if (strcasecmp(tag->key, "creation_time") == 0 && format->created == NULL && strlen(tag->value) <= CREATED_BYTES_MAX) {
        format->created = g_utf8_make_valid(tag->value, -1);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(LOCATION); i++) {
        format->had_location |= strcasestr(tag->key, LOCATION[i]) != NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(DEVICE); i++) {
        format->had_device |= strcasestr(tag->key, DEVICE[i]) != NULL;
    }
    const bool is_label = strcasecmp(tag->key, LABEL_NAME) == 0;
    format->has_label |= is_label || label_is_named(tag->value, strlen(tag->value));
    if (format->label == NULL) {
        format->label = is_label ? label_of_text(tag->value) : label_find(tag->value, strlen(tag->value));
    }
}

static void read_tags(const AVFormatContext *container, struct source_format *format)
{
    const AVDictionaryEntry *tag = NULL;

    while ((tag = av_dict_get(container->metadata, "", tag, AV_DICT_IGNORE_SUFFIX)) != NULL) {
        read_tag(tag, format);
    }
    for (unsigned i = 0; i < container->nb_streams; i++) {
        tag = NULL;
        while ((tag = av_dict_get(container->streams[i]->metadata, "", tag, AV_DICT_IGNORE_SUFFIX)) != NULL) {
            read_tag(tag, format);
        }
    }
}

void format_read(const AVFormatContext *container, const AVStream *video, const AVStream *audio, const AVFrame *first,
                 struct source_format *format)
{
    const AVCodecParameters *picture = video->codecpar;

    read_matrix(video, format);
    read_colour(video, first, format);
    read_size(video, first, format);
    read_tags(container, format);
    format->video_codec = avcodec_get_name(picture->codec_id);
    format->video_profile = avcodec_profile_name(picture->codec_id, picture->profile);
    format->video_level = picture->level;
    format->has_audio = audio != NULL;
    for (unsigned i = 0; i < container->nb_streams; i++) {
        format->audio_tracks += container->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    }
    if (audio != NULL) {
        format->audio_codec = avcodec_get_name(audio->codecpar->codec_id);
        format->channels = audio->codecpar->ch_layout.nb_channels;
        format->sample_hz = audio->codecpar->sample_rate;
    }
}

void format_clear(struct source_format *format)
{
    g_clear_pointer(&format->label, g_free);
    g_clear_pointer(&format->created, g_free);
}
