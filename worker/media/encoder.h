/* Frames to packets: H.264 by libx264, AV1 by SVT-AV1, AAC-LC by libavcodec. Keyframes come where the caller marks a picture, and
 * nowhere else, so that all rungs have them at the same instants. One thread an encoder.
 *
 * A copying encoder takes packets instead: those of an original that is fit to be shown as it is (rewrap.h).
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/media/libav.h"
#include "worker/media/source.h"
#include "worker/task.h"

#define ENCODER_AUDIO_BPS 128000

struct encoder_video {
    enum task_codec codec;
    int width, height;
    const char *preset;
    double crf;
    int maxrate_bps;     /* cap; the buffer is two seconds of it */
    const char *options; /* the encoder's own, beyond the preset; "" is none */
    double fps;          /* measured estimate; timestamps rule */
    int threads;
    bool types_given; /* the frames say which of them are B pictures: nothing is to be decided */
};

struct encoder;

struct encoder *encoder_video_new(const struct encoder_video *settings, GError **error);
struct encoder *encoder_audio_new(GError **error);

/* Passes on the pictures' packets of an H.264 source, with its colours named and without SEI, where a phone may have
 * put whatever it likes. */
struct encoder *encoder_copy_new(const struct source *source, GError **error);

/* Says what sound is, of which the packets are there already (soundtrack.h): for sinks, which ask encoders. */
struct encoder *encoder_made_new(const AVCodecParameters *sound, GError **error);
void encoder_free(struct encoder *encoder);

const AVCodecContext *encoder_context(const struct encoder *encoder);

/* Samples in a frame of sound. */
int encoder_chunk(const struct encoder *encoder);

/* Takes a frame (it stays the caller's); NULL ends. */
bool encoder_write(struct encoder *encoder, AVFrame *frame, GError **error);

/* The next packet; false without error when there is none now. */
bool encoder_read(struct encoder *encoder, AVPacket **packet, GError **error);

/* Copying encoders: the packet as it is to be written; false without error where nothing of it is left. */
bool encoder_copy(struct encoder *encoder, const AVPacket *packet, AVPacket **out, GError **error);

/* RFC 6381: "avc1.64001f", "mp4a.40.2". */
char *encoder_codecs(const struct encoder *encoder);
