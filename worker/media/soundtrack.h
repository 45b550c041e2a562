/* The sound that prepare has encoded already, in the clip's review copy: its packets go into every rung as they are. So all
 * rungs have the very same sound (a player may change between them at any time), and nobody encodes it twice: of a minute
 * that is wrapped anew this was the larger half. One thread at a time.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/media/libav.h"
#include "worker/media/reader.h"

struct soundtrack;

/* NULL with `error` where there is no sound as our own encoder makes it: AAC-LC, stereo, 48 kHz. */
struct soundtrack *soundtrack_open(const struct reader *reader, GError **error);
void soundtrack_free(struct soundtrack *soundtrack);

const AVCodecParameters *soundtrack_format(const struct soundtrack *soundtrack);

/* The next packet, if it begins by `until`; times in 1/48000 s; the caller's. NULL: none does. */
bool soundtrack_read(struct soundtrack *soundtrack, int64_t until, AVPacket **packet, GError **error);
