/* The demuxer and the decoders of one untrusted file, opened by name from tables of ours with every
 * limit of design S23. It opens nothing else: no nested file, no protocol, no codec outside the
 * table. One thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "worker/media/libav.h"
#include "worker/media/reader.h"
#include "worker/media/sniff.h"

#define CONTAINER_SIDE_MAX     8192                 /* px of a picture */
#define CONTAINER_PIXELS_PER_S (3840LL * 2160 * 30) /* a track's seconds of 4K30 may be decoded, no more */

struct container_limits {
    int64_t max_ms;
    int64_t max_pixels;
    int threads; /* of the decoder, three at most */
    bool hurry;  /* also where one would do: somebody waits */
    bool strict; /* a damaged picture is an error, and is not concealed */
    bool keyframes_only; /* verify: of the pictures, keyframes alone are decoded, the others are counted */
};

struct container;

/* Opened and probed. Counts and claimed sizes are checked before any decoder is opened for probing
 * (S19). */
struct container *container_open(const struct reader *reader, enum sniff_family family,
                                 const struct container_limits *limits, GError **error);
void container_free(struct container *container);

/* What libavformat returned; negative or a file that cannot be read is an error. Lengths that the file claims and has not are
 * its own fault (REASON_BROKEN_FILE), although libavformat says ENOMEM or EIO; memory and reading that fail are ours. */
bool container_check(const struct container *container, int code, const char *what, GError **error);

AVFormatContext *container_format(struct container *container);

/* Bytes read so far, and of the whole, in permille. */
int container_permille(const struct container *container);

/* The best stream of a kind: one that we can decode, then the marked one, then the longer; -1 when
 * there is none. Attached pictures do not count. */
int container_choose(const struct container *container, enum AVMediaType type);

/* The decoder of a stream, by name; refuses a codec that is not in the table. */
AVCodecContext *container_decoder(struct container *container, int stream, GError **error);
