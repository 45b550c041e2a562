/* What the first decoded picture and the container's headers say of a clip: size, orientation,
 * colour, codecs, and whether private metadata were there. Values of private metadata are never
 * kept, but for the time it was taken. No state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "worker/media/libav.h"

enum source_hdr {
    SOURCE_SDR,
    SOURCE_HLG,
    SOURCE_PQ,
};

/* The stream's own claims only where nothing better exists. */
struct source_format {
    int width, height;                 /* coded, of the first decoded picture */
    int display_width, display_height; /* upright, square pixels */
    AVRational sar_q;
    int32_t matrix[9]; /* display matrix; all 0 when there is none */
    int rotation;      /* degrees clockwise, for the facts */
    bool is_swapped;   /* upright width is the coded height */
    bool interlaced;
    enum source_hdr hdr;
    bool is_dolby_vision;
    enum AVColorSpace matrix_coefficients;
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    bool full_range;
    bool has_audio;
    int audio_tracks; /* of which the best is heard */
    int channels, sample_hz;
    const char *video_codec, *video_profile, *audio_codec;
    int video_level;
    bool had_location, had_device, has_label;
    char *created; /* when it was taken, as the file says it (ISO 8601); NULL: it does not. For the facts alone; owned */
    char *label; /* of a tag (media/label.h), or NULL; owned */
};

/* `audio` is NULL without sound. */
void format_read(const AVFormatContext *container, const AVStream *video, const AVStream *audio, const AVFrame *first,
                 struct source_format *format);
void format_clear(struct source_format *format);
