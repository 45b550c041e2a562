/* EBU R128 as the sound graph's ebur128 filter reports it, and the wave of peaks for
 * the contact sheet. One thread.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/media/libav.h"
#include "worker/task.h"

#define LOUDNESS_WAVE_HZ 20 /* peaks a second */

struct loudness;

struct loudness *loudness_new(void);
void loudness_free(struct loudness *loudness);

/* Takes a frame of 48 kHz stereo float from the measuring graph. */
void loudness_add(struct loudness *loudness, const AVFrame *frame);

double loudness_integrated_lufs(const struct loudness *loudness);
double loudness_peak_dbtp(const struct loudness *loudness);

/* float, 0 … 1, one for each 1/LOUDNESS_WAVE_HZ s. */
const GArray *loudness_wave(const struct loudness *loudness);
