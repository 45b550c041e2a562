/* Where packets go: a file behind an inherited descriptor. A driver fills struct sink_driver; the pipeline calls open,
 * write and finish from one thread. Packets of both streams arrive in any interleaving.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "worker/media/encoder.h"

enum sink_stream {
    SINK_VIDEO,
    SINK_AUDIO,
};

struct sink_target {
    int fd;           /* the media file: O_RDWR, empty, borrowed */
    int playlist_fd;  /* hls alone; -1 otherwise */
    const char *name; /* "480p.mp4": as the playlist names it */
};

struct sink;

struct sink_driver {
    /* label: what the original says of having been generated (its AIGC tag, UTF-8), which every copy has to say
     * too; or NULL. Borrowed for the call. */
    struct sink *(*open)(const struct sink_target *target, const struct encoder *video, const struct encoder *audio,
                         const char *label, GError **error);
    bool (*write)(struct sink *sink, enum sink_stream stream, AVPacket *packet, GError **error);
    /* Writes the rest; adds `bandwidth_bps`, `average_bps` to `facts` where the driver knows them. */
    bool (*finish)(struct sink *sink, json_t *facts, GError **error);
    void (*free)(struct sink *sink);
};

/* Fragmented MP4 with sidx and a byte-range playlist. */
extern const struct sink_driver SINK_HLS;

/* -- for drivers ---------------------------------------------------------------------------------------- */

/* An MP4 muxer on a descriptor; `audio` and `label` may be NULL. Bit-exact; no metadata but the label, under the key AIGC
 * (GB 45438-2025: it may not be deleted). */
struct sink_muxer;
struct sink_muxer *sink_muxer_open(int fd, const char *movflags, int64_t fragment_us, const struct encoder *video,
                                   const struct encoder *audio, const char *label, GError **error);
bool sink_muxer_write(struct sink_muxer *muxer, enum sink_stream stream, AVPacket *packet, GError **error);
bool sink_muxer_finish(struct sink_muxer *muxer, GError **error);
void sink_muxer_free(struct sink_muxer *muxer);

/* All of `length` bytes to the descriptor's present position. */
bool sink_write_all(int fd, const void *bytes, size_t length, GError **error);
