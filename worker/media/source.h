/* The untrusted video as decoded frames on one clock that starts at 0. Opens the demuxer and the
 * decoders by name from tables of ours, with every limit of design S23 and S24, and measures what
 * it reads. One thread at a time.
 *
 * The origin: the first decoded picture, or the sound before it when it leads by at most a second
 * (the first picture is then shown from 0 on). Pictures that repeat or go back in time are dropped;
 * more than 60 a second too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "worker/media/container.h"
#include "worker/media/format.h"

struct source;

enum source_kind {
    SOURCE_VIDEO,
    SOURCE_AUDIO,
    SOURCE_END,
};

/* Measured up to now; complete after SOURCE_END. */
struct source_measure {
    int64_t duration_ms;
    int64_t open_ms; /* where packets are counted: about how much longer the last picture may be shown */
    int64_t frames, kept_frames, errors;
    int64_t concealed; /* of the frames: damaged, with guesses in place of what was lost */
    bool is_variable;
    double fps;
};

/* Opens, decodes the first picture, finds the origin. */
struct source *source_open(const struct reader *reader, enum sniff_family family, const struct container_limits *limits,
                           GError **error);
void source_free(struct source *source);

/* The same file once more, for its sound and its packets: no picture is decoded. The clock is that of `pictures`. */
struct source *source_open_sound(const struct reader *reader, enum sniff_family family,
                                 const struct container_limits *limits, const struct source *pictures, GError **error);

/* From now on pictures are looked at, or encoded with half the lines at most: B pictures are not smoothed, which saves a tenth of
 * decoding. What stills lose by it, 0.005 of SSIM at most, is less than a JPEG costs them (docs/MEDIA.md). */
void source_skim(struct source *source);

/* From now on no sound is decoded any more, for a run that takes it from elsewhere; how long it is still counts. */
void source_skip_sound(struct source *source);

/* After SOURCE_END, where something else is read behind it: gives back what decoding took. It can still be asked. */
void source_rest(struct source *source);

/* Whoever wants the pictures' packets: called from source_read, before they are decoded, from the first packet of the
 * file on; times in 1/90000 s of our clock. The packet stays the source's. To be set before the first source_read. */
typedef bool source_take(void *context, const AVPacket *packet, GError **error);
void source_tap(struct source *source, source_take *take, void *context);

/* Goes to the keyframe before `at`, 1/90000 s of our clock, where the file has an index. What is read then may still begin behind
 * `at` (an index that lies, a keyframe shown late): who finds that reads the file anew, from its start. False: no such way,
 * and the source is of no more use. */
bool source_seek(struct source *source, int64_t at);

/* The stream of the pictures as the container describes it. */
const AVStream *source_pictures(const struct source *source);

const struct source_format *source_format_of(const struct source *source);
struct source_measure source_measure_of(const struct source *source);

/* The next frame: pictures with key_frame as the container marks them, and with pts and pkt_duration in 1/90000 s, sound with pts in 1/48000 s. */
bool source_read(struct source *source, enum source_kind *kind, AVFrame **frame, GError **error);

/* 0…1000 by time against the header's length where that is plausible, else by bytes. */
int source_permille(const struct source *source);
