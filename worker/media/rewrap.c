#include "worker/media/rewrap.h"

#include <string.h>

#define LEVEL_MAX     42 /* 1080p at 60: what phones of ten years ago decode */
#define NAL_IDR       5
#define NAL_SLICE     1
#define NAL_PARTITION 4
#define PEAK_WINDOW   (2 * LIBAV_VIDEO_HZ)
#define FPS_MOST      60.5

struct rewrap {
    const char *obstacle; /* the first one; NULL: none yet */
    int length_bytes;     /* before each NAL unit */
    bool began;
    int64_t last_dts, last_key, last_pts, end;
    int64_t packets, bytes;
    int64_t window_start, window_bytes;
    double peak_bps;
};

static const char *stream_obstacle(const AVCodecParameters *stream, const struct source_format *format)
{
    const struct {
        bool is_bad;
        const char *words;
    } CHECKS[] = {
        {stream->codec_id != AV_CODEC_ID_H264, "codec"},
        {stream->format != AV_PIX_FMT_YUV420P, "pixel format"},
        {stream->profile != FF_PROFILE_H264_CONSTRAINED_BASELINE && stream->profile != FF_PROFILE_H264_MAIN &&
             stream->profile != FF_PROFILE_H264_HIGH,
         "profile"},
        {stream->level > LEVEL_MAX, "level"},
        {stream->extradata_size < 7 || stream->extradata[0] != 1, "not as MP4 keeps it"},
        {format->interlaced, "interlaced"},
        {format->full_range || format->hdr != SOURCE_SDR, "colours"},
        {format->matrix_coefficients != AVCOL_SPC_BT709 && format->matrix_coefficients != AVCOL_SPC_SMPTE170M &&
             format->matrix_coefficients != AVCOL_SPC_BT470BG,
         "colours"},
        {format->rotation != 0 || format->is_swapped || format->matrix[0] < 0 || format->matrix[4] < 0, "turned"},
        {format->display_width != format->width || format->display_height != format->height, "stretched"},
        {format->width % 2 != 0 || format->height % 2 != 0, "odd size"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CHECKS); i++) {
        if (CHECKS[i].is_bad) {
            return CHECKS[i].words;
        }
    }
    return NULL;
}

struct rewrap *rewrap_new(const struct source *source)
{
    const AVCodecParameters *stream = source_pictures(source)->codecpar;
    struct rewrap *rewrap = g_new0(struct rewrap, 1);

    rewrap->obstacle = stream_obstacle(stream, source_format_of(source));
    rewrap->length_bytes = stream->extradata_size > 4 ? (stream->extradata[4] & 3) + 1 : 4;
    return rewrap;
}

void rewrap_free(struct rewrap *rewrap)
{
    g_free(rewrap);
}

/* True when all of the packet's slices are of one kind: those of a picture that resets the decoder, or of another. */
static bool slices_are(const struct rewrap *rewrap, const AVPacket *packet, bool reset)
{
    int64_t at = 0;
    bool found = false;

    while (at + rewrap->length_bytes < packet->size) {
        int64_t length = 0;
        int kind;

        for (int i = 0; i < rewrap->length_bytes; i++) {
            length = length << 8 | packet->data[at + i];
        }
        at += rewrap->length_bytes;
        if (length < 1 || length > packet->size - at) {
            return false;
        }
        kind = packet->data[at] & 31;
        if (kind >= NAL_SLICE && kind <= NAL_IDR) {
            if (kind >= NAL_SLICE + 1 && kind <= NAL_PARTITION) {
                return false; /* data partitions: nobody plays them */
            }
            if ((kind == NAL_IDR) != reset) {
                return false;
            }
            found = true;
        }
        at += length;
    }
    return found;
}

static const char *packet_obstacle(const struct rewrap *rewrap, const AVPacket *packet)
{
    const bool is_key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    const int64_t group_max = REWRAP_GROUP_MAX_S * (int64_t)LIBAV_VIDEO_HZ;

    if (packet->pts == AV_NOPTS_VALUE || packet->dts == AV_NOPTS_VALUE || packet->duration <= 0) {
        return "times";
    }
    if ((packet->flags & (AV_PKT_FLAG_DISCARD | AV_PKT_FLAG_CORRUPT)) != 0 || packet->pts < 0) {
        return "edit list";
    }
    if (av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, NULL) != NULL) {
        return "changes on the way";
    }
    if (!rewrap->began && (!is_key || packet->pts != 0)) {
        return "does not begin with a keyframe";
    }
    if (rewrap->began && packet->dts <= rewrap->last_dts) {
        return "order";
    }
    if (!slices_are(rewrap, packet, is_key)) {
        return "slices";
    }
    if (rewrap->began && packet->pts - rewrap->last_key > group_max) {
        return "keyframes too far apart";
    }
    return NULL;
}

static void note_rate(struct rewrap *rewrap, const AVPacket *packet)
{
    rewrap->bytes += packet->size;
    rewrap->window_bytes += packet->size;
    if (packet->dts - rewrap->window_start >= PEAK_WINDOW) {
        const double seconds = (double)(packet->dts - rewrap->window_start) / LIBAV_VIDEO_HZ;
        rewrap->peak_bps = MAX(rewrap->peak_bps, 8 * (double)rewrap->window_bytes / seconds);
        rewrap->window_start = packet->dts;
        rewrap->window_bytes = 0;
    }
}

void rewrap_see(struct rewrap *rewrap, const AVPacket *packet)
{
    if (rewrap->obstacle == NULL) {
        rewrap->obstacle = packet_obstacle(rewrap, packet);
    }
    if (packet->pts == AV_NOPTS_VALUE || packet->dts == AV_NOPTS_VALUE) {
        return;
    }
    if (!rewrap->began) {
        rewrap->window_start = packet->dts;
    }
    if ((packet->flags & AV_PKT_FLAG_KEY) != 0) {
        rewrap->last_key = packet->pts;
    }
    rewrap->began = true;
    rewrap->last_dts = packet->dts;
    rewrap->last_pts = MAX(rewrap->last_pts, packet->pts);
    rewrap->end = MAX(rewrap->end, packet->pts + packet->duration);
    rewrap->packets++;
    note_rate(rewrap, packet);
}

void rewrap_refuse(struct rewrap *rewrap, const char *obstacle)
{
    rewrap->obstacle = rewrap->obstacle == NULL ? obstacle : rewrap->obstacle;
}

const char *rewrap_obstacle(const struct rewrap *rewrap)
{
    return rewrap->obstacle;
}

bool rewrap_is_possible(const struct rewrap *rewrap)
{
    return rewrap->obstacle == NULL && rewrap->began;
}

double rewrap_average_bps(const struct rewrap *rewrap)
{
    return 8 * (double)rewrap->bytes * LIBAV_VIDEO_HZ / (double)MAX(rewrap->end, 1);
}

double rewrap_peak_bps(const struct rewrap *rewrap)
{
    return MAX(rewrap->peak_bps, rewrap_average_bps(rewrap));
}

double rewrap_fps(const struct rewrap *rewrap)
{
    return (double)MAX(rewrap->packets - 1, 1) * LIBAV_VIDEO_HZ / (double)MAX(rewrap->last_pts, 1);
}

void rewrap_judge(struct rewrap *rewrap, const struct source_measure *measure)
{
    if (measure->errors + measure->concealed > 0) {
        rewrap_refuse(rewrap, "damaged");
    }
    if (measure->kept_frames != measure->frames) {
        rewrap_refuse(rewrap, "pictures out of order");
    }
    if (measure->fps > FPS_MOST) {
        rewrap_refuse(rewrap, "too many pictures a second");
    }
}

json_t *rewrap_facts(const struct rewrap *rewrap)
{
    return json_pack("{s:b, s:s?, s:I, s:I}", "possible", rewrap_is_possible(rewrap), "obstacle", rewrap->obstacle,
                     "average_bps", (json_int_t)rewrap_average_bps(rewrap), "peak_bps",
                     (json_int_t)rewrap_peak_bps(rewrap));
}
