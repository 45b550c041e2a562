/* What a clip looks and sounds like, in few bytes, so that a second copy is found after re-encoding, scaling, a crop or a
 * trim: a 64-bit hash of the low frequencies (DCT) of chosen frames, whole and without their margin, and Chromaprint's
 * items of the first two minutes of sound. The service compares them (service/model/duplicate.h). One thread for the
 * pictures, one for the sound.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "worker/media/libav.h"
#include "worker/media/picture.h"

#define FINGERPRINT_FRAMES_MAX 96

struct fingerprint;

struct fingerprint *fingerprint_new(void);
void fingerprint_free(struct fingerprint *fingerprint);

/* A still, in order; `at` in 1/90000 s. Flat ones say nothing and are passed over. */
void fingerprint_add(struct fingerprint *fingerprint, int64_t at, const struct picture *picture);

/* 48 kHz stereo float, in order. */
void fingerprint_hear(struct fingerprint *fingerprint, const AVFrame *frame);

/* {"pictures": 32 hexadecimal digits a frame (whole, then middle), "sound": 8 digits an item}, each '' when there is
 * none. Ends the sound. The caller's. */
json_t *fingerprint_json(struct fingerprint *fingerprint);

/* The hash of the picture without `margin_permille` on each side; 0 when it is too flat to tell. */
uint64_t fingerprint_hash(const struct picture *picture, int margin_permille);
