#include "worker/media/source.h"

#define FPS_MAX           60
#define FRAMES_MIN_LIMIT  36000 /* S24: 600 s at 60 */
#define FRAMES_PER_SECOND 120
#define ERRORS_FREE       100
#define AUDIO_HELD_MAX    4096 /* frames of sound before the first picture: 87 s */
#define LEAD_MAX          LIBAV_VIDEO_HZ
#define PAUSE_TICKS       LIBAV_VIDEO_HZ
#define RATE_MAX          192000 /* samples of sound a second */
#define VIDEO_Q           ((AVRational){1, LIBAV_VIDEO_HZ})
#define AUDIO_Q           ((AVRational){1, LIBAV_AUDIO_HZ})

struct track {
    int index; /* stream; -1: none */
    AVCodecContext *decoder;
};

struct source {
    struct container_limits limits;
    struct source_format format;
    struct container *container;
    struct track video, audio;
    AVPacket *packet;
    bool at_end;
    GQueue primed; /* packets of pictures that were read to find the origin, for the tap */
    source_take *take;
    void *take_context;
    GArray *keys; /* int64_t: container times of keyframes that are not decoded yet, 1/90000 s */
    bool skips_pictures, skips_sound;
    GQueue held;    /* frames read while looking for the origin, in reading order */
    int64_t origin; /* 1/90000 s */
    bool origin_known;
    bool hold_first;    /* the first picture is shown from 0 on */
    int64_t last_video; /* pts of the last kept picture; -1 at first */
    int64_t before_last,
        last_duration; /* where packets are counted: the pts before it (-1: none), and how long it is shown */
    int64_t next_allowed;
    int64_t end_video, end_audio; /* 1/90000 s */
    int64_t pixels;
    int64_t delta_min, delta_max;
    struct source_measure measure;
};

/* -- opening -------------------------------------------------------------------------------------------- */

static bool open_decoders(struct source *source, GError **error)
{
    AVFormatContext *format = container_format(source->container);
    g_autoptr(GError) sound = NULL;

    source->video.index = container_choose(source->container, AVMEDIA_TYPE_VIDEO);
    source->audio.index = container_choose(source->container, AVMEDIA_TYPE_AUDIO);
    if (source->video.index < 0) {
        g_set_error(error, MEDIA_ERROR, REASON_NO_PICTURE, "no moving picture");
        return false;
    }
    source->video.decoder = container_decoder(source->container, source->video.index, error);
    if (source->video.decoder == NULL) {
        return false;
    }
    if (source->audio.index >= 0) {
        source->audio.decoder = container_decoder(source->container, source->audio.index, &sound);
    }
    /* A clip whose sound nobody can decode is a clip without sound (M15: unknown tracks are not
     * fatal). */
    if (source->audio.decoder == NULL) {
        source->audio.index = -1;
    }
    for (int i = 0; i < (int)format->nb_streams; i++) {
        format->streams[i]->discard =
            i == source->video.index || i == source->audio.index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    return true;
}

static const AVStream *stream_of(const struct source *source, const struct track *track)
{
    return container_format(source->container)->streams[track->index];
}

/* -- decoding ------------------------------------------------------------------------------------------- */

static bool count_error(struct source *source, GError **error)
{
    source->measure.errors++;
    if (source->measure.errors > ERRORS_FREE && source->measure.errors * 10 > source->measure.frames) {
        g_set_error(error, MEDIA_ERROR, REASON_DECODE_ERRORS, "%" PRId64 " errors, %" PRId64 " pictures",
                    source->measure.errors, source->measure.frames);
        return false;
    }
    return true;
}

static bool check_picture(struct source *source, const AVFrame *frame, GError **error)
{
    const int64_t pixels = (int64_t)frame->width * frame->height;
    const int64_t frames_max = MAX(FRAMES_MIN_LIMIT, source->limits.max_ms * FRAMES_PER_SECOND / 1000);

    source->measure.frames++;
    source->measure.concealed += frame->decode_error_flags != 0;
    source->pixels += pixels;
    if (frame->width > CONTAINER_SIDE_MAX || frame->height > CONTAINER_SIDE_MAX || pixels > source->limits.max_pixels) {
        g_set_error(error, MEDIA_ERROR, REASON_PICTURE_TOO_LARGE, "%dx%d", frame->width, frame->height);
        return false;
    }
    if (source->measure.frames > frames_max ||
        source->pixels > source->limits.max_ms * (CONTAINER_PIXELS_PER_S / 1000) + 600 * source->limits.max_pixels) {
        g_set_error(error, MEDIA_ERROR, REASON_TOO_MANY_FRAMES, "%" PRId64 " pictures", source->measure.frames);
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
        const int code = track->decoder == NULL ? AVERROR_EOF : avcodec_receive_frame(track->decoder, frame);
        if (code >= 0) {
            return 0;
        }
        if (code != AVERROR_EOF && code != AVERROR(EAGAIN)) {
            return code;
        }
        all_ended = all_ended && code == AVERROR_EOF;
    }
    return all_ended && source->at_end ? AVERROR_EOF : AVERROR(EAGAIN);
}

static bool check_length(struct source *source, GError **error)
{
    const int64_t end_ms = MAX(source->end_video, source->end_audio) / (LIBAV_VIDEO_HZ / 1000);

    /* Half a second of grace: a clip cut at the limit ends with its last picture. */
    if (end_ms > source->limits.max_ms + 500) {
        g_set_error(error, MEDIA_ERROR, REASON_TOO_LONG, "longer than %" PRId64 " ms", source->limits.max_ms);
        return false;
    }
    return true;
}

/* Pictures are not decoded, or not all of them: what is measured of them is read off their packets. */
static bool counts_packets(const struct source *source)
{
    return source->skips_pictures || source->limits.keyframes_only;
}

static bool is_decoded(const struct source *source, enum source_kind kind, const AVPacket *packet)
{
    return kind == SOURCE_AUDIO ||
           (!source->skips_pictures && (!source->limits.keyframes_only || (packet->flags & AV_PKT_FLAG_KEY) != 0));
}

/* The last picture ends the clip, as in place_picture. A fragment does not say how long it is shown, as libavformat reads
 * it: then it may be about as long as the one before it. Packets do not come in the order they are shown. */
static void count_packet(struct source *source, const AVPacket *packet)
{
    if (packet->pts > source->last_video) {
        source->before_last = source->last_video;
        source->last_video = packet->pts;
        source->last_duration = MAX(packet->duration, 0);
    } else {
        source->before_last = MAX(source->before_last, packet->pts);
    }
    source->end_video = source->last_video + source->last_duration;
    source->measure.kept_frames++;
}

static void count_sound(struct source *source, const AVPacket *packet)
{
    const AVRational base_q = stream_of(source, &source->audio)->time_base;
    const int64_t from = packet->pts == AV_NOPTS_VALUE ? source->end_audio
                                                       : av_rescale_q(packet->pts, base_q, VIDEO_Q) - source->origin;

    source->end_audio = MAX(source->end_audio, from + av_rescale_q(MAX(packet->duration, 0), base_q, VIDEO_Q));
}

/* Hands a packet of the pictures to whoever taps them, on our clock. */
static bool tap(struct source *source, const AVPacket *packet, GError **error)
{
    const AVRational base_q = stream_of(source, &source->video)->time_base;
    g_autoptr(AVPacket) copy = av_packet_clone(packet);

    g_assert(copy != NULL);
    av_packet_rescale_ts(copy, base_q, VIDEO_Q);
    copy->pts = packet->pts == AV_NOPTS_VALUE ? AV_NOPTS_VALUE : copy->pts - source->origin;
    copy->dts = packet->dts == AV_NOPTS_VALUE ? AV_NOPTS_VALUE : copy->dts - source->origin;
    if (counts_packets(source) && copy->pts != AV_NOPTS_VALUE) {
        count_packet(source, copy);
    }
    return check_length(source, error) && (source->take == NULL || source->take(source->take_context, copy, error));
}

static bool tap_primed(struct source *source, GError **error)
{
    for (;;) {
        g_autoptr(AVPacket) packet = g_queue_pop_head(&source->primed);

        if (packet == NULL) {
            return true;
        }
        if (!tap(source, packet, error)) {
            return false;
        }
    }
}

/* Notes where keyframes are, and lets the tap see the packet, now or once the origin is known. */
static bool see_picture(struct source *source, const AVPacket *packet, GError **error)
{
    if ((packet->flags & AV_PKT_FLAG_KEY) != 0 && packet->pts != AV_NOPTS_VALUE && !source->skips_pictures) {
        const int64_t pts = av_rescale_q(packet->pts, stream_of(source, &source->video)->time_base, VIDEO_Q);
        g_array_append_val(source->keys, pts);
    }
    if (source->origin_known) {
        return tap(source, packet, error);
    }
    g_queue_push_tail(&source->primed, av_packet_clone(packet));
    return true;
}

/* Keyframes leave the decoder in the order in which they came, though other pictures do not. */
static bool is_keyframe(struct source *source, int64_t pts)
{
    unsigned passed = 0;
    bool is_key = false;

    while (passed < source->keys->len && g_array_index(source->keys, int64_t, passed) <= pts) {
        is_key = g_array_index(source->keys, int64_t, passed++) == pts;
    }
    if (passed > 0) {
        g_array_remove_range(source->keys, 0, passed);
    }
    return is_key;
}

/* Gives the decoders one more packet, or their end. */
static bool feed(struct source *source, GError **error)
{
    int code;

    av_packet_unref(source->packet);
    if (source->at_end) {
        return true;
    }
    code = av_read_frame(container_format(source->container), source->packet);
    if (code < 0) {
        source->at_end = true;
        for (enum source_kind kind = SOURCE_VIDEO; kind != SOURCE_END; kind++) {
            if (track_of(source, kind)->decoder != NULL) {
                (void)avcodec_send_packet(track_of(source, kind)->decoder, NULL); /* end: cannot fail */
            }
        }
        const bool is_enough = code == AVERROR_EOF || source->measure.frames > 0;
        return container_check(source->container, is_enough ? 0 : code, "read", error);
    }
    if (source->packet->stream_index == source->video.index && !see_picture(source, source->packet, error)) {
        return false;
    }
    if (source->skips_sound && source->packet->stream_index == source->audio.index) {
        count_sound(source, source->packet);
        return check_length(source, error);
    }
    for (enum source_kind kind = SOURCE_VIDEO; kind != SOURCE_END; kind++) {
        struct track *track = track_of(source, kind);
        if (track->decoder != NULL && source->packet->stream_index == track->index &&
            is_decoded(source, kind, source->packet)) {
            code = avcodec_send_packet(track->decoder, source->packet);
            if (code == AVERROR(ENOMEM)) {
                return libav_check(code, REASON_RESOURCE_LIMIT, "decode", error);
            }
            /* Broken sound is played as silence: only pictures count as errors. */
            return code >= 0 || code == AVERROR(EAGAIN) || kind == SOURCE_AUDIO || count_error(source, error);
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
        const AVRational base_q = stream_of(source, track_of(source, *kind))->time_base;
        frame->pts = frame->best_effort_timestamp == AV_NOPTS_VALUE
                         ? AV_NOPTS_VALUE
                         : av_rescale_q(frame->best_effort_timestamp, base_q, VIDEO_Q);
        frame->pkt_duration = av_rescale_q(MAX(frame->pkt_duration, 0), base_q, VIDEO_Q);
        frame->key_frame = *kind == SOURCE_VIDEO && is_keyframe(source, frame->pts);
        *out = g_steal_pointer(&frame);
        return true;
    }
}

/* -- origin --------------------------------------------------------------------------------------------- */

static void held_free(gpointer item)
{
    libav_frame_free(item);
}

static void primed_free(gpointer packet)
{
    libav_packet_free(packet);
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
    stream = stream_of(source, &source->audio);
    return stream->start_time == AV_NOPTS_VALUE ? AV_NOPTS_VALUE
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
            g_set_error(error, MEDIA_ERROR, source->measure.errors > 0 ? REASON_DECODE_ERRORS : REASON_NO_PICTURE,
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
        format_read(container_format(source->container), stream_of(source, &source->video),
                    source->audio.decoder == NULL ? NULL : stream_of(source, &source->audio), frame, &source->format);
        if (frame->pts == AV_NOPTS_VALUE) {
            frame->pts = 0;
        }
        find_origin(source, frame->pts);
        source->hold_first = source->hold_first && frame->pts > source->origin;
        source->origin_known = true;
        g_queue_push_tail(&source->held, g_steal_pointer(&frame));
        return true;
    }
}

static struct source *source_new(const struct container_limits *limits)
{
    struct source *source = g_new0(struct source, 1);

    source->limits = *limits;
    source->video.index = source->audio.index = -1;
    source->last_video = source->before_last = -1;
    source->packet = libav_packet_new();
    source->keys = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_queue_init(&source->held);
    g_queue_init(&source->primed);
    return source;
}

struct source *source_open_sound(const struct reader *reader, enum sniff_family family,
                                 const struct container_limits *limits, const struct source *pictures, GError **error)
{
    struct source *source = source_new(limits);

    source->origin = pictures->origin;
    source->origin_known = true;
    source->container = container_open(reader, family, limits, error);
    if (source->container == NULL || !open_decoders(source, error)) {
        source_free(source);
        return NULL;
    }
    source->skips_pictures = true;
    avcodec_free_context(&source->video.decoder);
    return source;
}

struct source *source_open(const struct reader *reader, enum sniff_family family, const struct container_limits *limits,
                           GError **error)
{
    struct source *source = source_new(limits);

    source->container = container_open(reader, family, limits, error);
    if (source->container == NULL || !open_decoders(source, error) || !prime(source, error)) {
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
    g_queue_clear_full(&source->primed, primed_free);
    g_array_unref(source->keys);
    avcodec_free_context(&source->video.decoder);
    avcodec_free_context(&source->audio.decoder);
    av_packet_free(&source->packet);
    container_free(source->container);
    format_clear(&source->format);
    g_free(source);
}

/* -- reading -------------------------------------------------------------------------------------------- */

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
    /* Only the last picture's duration reaches beyond the next one: MP4 states the distance in decoding order, which
     * around a pause is not how long a picture is shown. */
    source->end_video = pts + frame->pkt_duration;
    if (source->last_video >= 0 && pts < source->next_allowed - slot / 2) {
        return false;
    }
    if (source->last_video >= 0) {
        const int64_t delta = pts - source->last_video;
        source->delta_min = source->measure.kept_frames == 1 ? delta : MIN(source->delta_min, delta);
        source->delta_max = MAX(source->delta_max, delta);
        if (frame->pkt_duration <= 0) {
            frame->pkt_duration = delta;
            source->end_video = pts + delta;
        }
    }
    source->next_allowed = MAX(source->next_allowed, pts - slot / 2) + slot;
    source->last_video = frame->pts = pts;
    source->measure.kept_frames++;
    return true;
}

static int64_t sound_pts(const struct source *source, const AVFrame *frame)
{
    return frame->pts == AV_NOPTS_VALUE ? source->end_audio : frame->pts - source->origin;
}

/* A pause before that frame comes second by second, as silence of the same shape: the resampler would make one frame of the
 * whole, and each filter behind it another. NULL: there is none, or no memory for it. */
static AVFrame *pause_before(const struct source *source, const AVFrame *frame)
{
    g_autoptr(AVFrame) silence = libav_frame_new();

    if (sound_pts(source, frame) - source->end_audio <= PAUSE_TICKS || frame->sample_rate > RATE_MAX) {
        return NULL;
    }
    silence->format = frame->format;
    silence->sample_rate = silence->nb_samples = frame->sample_rate;
    silence->pts = AV_NOPTS_VALUE; /* where the sound ended */
    if (av_channel_layout_copy(&silence->ch_layout, &frame->ch_layout) < 0 || av_frame_get_buffer(silence, 0) < 0) {
        return NULL;
    }
    av_samples_set_silence(silence->extended_data, 0, silence->nb_samples, silence->ch_layout.nb_channels,
                           silence->format);
    return g_steal_pointer(&silence);
}

static void place_sound(struct source *source, AVFrame *frame)
{
    const int64_t pts = sound_pts(source, frame);

    frame->pts = av_rescale_q(pts, VIDEO_Q, AUDIO_Q);
    if (frame->sample_rate > 0) {
        source->end_audio = pts + av_rescale(frame->nb_samples, LIBAV_VIDEO_HZ, frame->sample_rate);
    }
}

void source_tap(struct source *source, source_take *take, void *context)
{
    source->take = take;
    source->take_context = context;
}

void source_skim(struct source *source)
{
    source->video.decoder->skip_loop_filter = AVDISCARD_BIDIR;
}

void source_skip_sound(struct source *source)
{
    source->skips_sound = source->audio.index >= 0;
    avcodec_free_context(&source->audio.decoder);
    for (guint left = g_queue_get_length(&source->held); left > 0; left--) {
        AVFrame *frame = g_queue_pop_head(&source->held);
        if (frame->width > 0) {
            g_queue_push_tail(&source->held, frame);
            continue;
        }
        place_sound(source, frame);
        libav_frame_free(frame);
    }
}

bool source_seek(struct source *source, int64_t at)
{
    AVFormatContext *format = container_format(source->container);
    const AVRational base_q = stream_of(source, &source->video)->time_base;

    if ((format->iformat->flags & AVFMT_TS_DISCONT) != 0 || /* no index, times that may jump */
        av_seek_frame(format, source->video.index, av_rescale_q(source->origin + at, VIDEO_Q, base_q),
                      AVSEEK_FLAG_BACKWARD) < 0) {
        return false;
    }
    for (enum source_kind kind = SOURCE_VIDEO; kind != SOURCE_END; kind++) {
        if (track_of(source, kind)->decoder != NULL) {
            avcodec_flush_buffers(track_of(source, kind)->decoder);
        }
    }
    g_queue_clear_full(&source->held, held_free);
    g_queue_clear_full(&source->primed, primed_free);
    g_array_set_size(source->keys, 0);
    source->hold_first = source->at_end = false;
    return true;
}

void source_rest(struct source *source)
{
    avcodec_free_context(&source->video.decoder);
    avcodec_free_context(&source->audio.decoder);
}

const AVStream *source_pictures(const struct source *source)
{
    return stream_of(source, &source->video);
}

bool source_read(struct source *source, enum source_kind *kind, AVFrame **out, GError **error)
{
    if (!tap_primed(source, error)) {
        return false;
    }
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
        if (*kind == SOURCE_VIDEO && (counts_packets(source) || !place_picture(source, frame))) {
            continue;
        }
        if (*kind == SOURCE_AUDIO) {
            AVFrame *silence = pause_before(source, frame);
            if (silence != NULL) {
                g_queue_push_head(&source->held, g_steal_pointer(&frame));
                frame = silence;
            }
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
    if (counts_packets(source) && source->last_duration == 0 && source->before_last >= 0) {
        measure.open_ms = (source->last_video - source->before_last) / (LIBAV_VIDEO_HZ / 1000);
    }
    measure.is_variable = measure.kept_frames > 2 && source->delta_max - source->delta_min > source->delta_min / 5;
    measure.fps = measure.kept_frames > 1 && source->last_video > 0
                      ? (double)(measure.kept_frames - 1) * LIBAV_VIDEO_HZ / (double)source->last_video
                      : 0;
    return measure;
}

int source_permille(const struct source *source)
{
    const int64_t claimed_ms = container_format(source->container)->duration / 1000;
    const int64_t now_ms = MAX(source->end_video, source->end_audio) / (LIBAV_VIDEO_HZ / 1000);

    if (claimed_ms > 0 && claimed_ms <= source->limits.max_ms) {
        return (int)CLAMP(now_ms * 1000 / claimed_ms, 0, 1000);
    }
    return container_permille(source->container);
}
