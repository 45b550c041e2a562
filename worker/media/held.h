/* Pictures that wait until the encoder of the review copy has said which of them are B pictures, so that the larger rungs
 * of the same run can obey it (picture_types.h). As many wait as that encoder looks ahead, some 28; beyond HELD_MOST, which
 * only our own mistake could bring about, they go undecided. One thread puts and takes, another one decides.
 */
#pragma once

#include <stdbool.h>

#include "worker/media/libav.h"

#define HELD_MOST 64

struct held;

struct held *held_new(void);
void held_free(struct held *held);

/* The next picture, in the order shown. Takes it. */
void held_put(struct held *held, AVFrame *frame);

/* The first picture that waits, the caller's, with its pict_type: B, P for any other, NONE where nothing was decided. NULL:
 * there is none that may go. With `patient` it is waited for, which only makes sense once the encoder got its last
 * picture; NULL is then the end, or a cancel. */
AVFrame *held_take(struct held *held, bool patient);

/* A packet of the deciding encoder, in any order. */
void held_decide(struct held *held, const AVPacket *packet);

/* Nothing will be decided any more. */
void held_end(struct held *held);
void held_cancel(struct held *held);
