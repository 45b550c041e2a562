#include "worker/media/loudness.h"

#include <math.h>

#define WAVE_MAX (1800 * LOUDNESS_WAVE_HZ + 1)

struct loudness {
    double integrated, peak;
    GArray *wave;
    int filled; /* samples in the present peak */
    float present;
};

struct loudness *loudness_new(void)
{
    struct loudness *loudness = g_new0(struct loudness, 1);

    loudness->integrated = TASK_SILENCE_LUFS;
    loudness->peak = TASK_SILENCE_LUFS;
    loudness->wave = g_array_new(FALSE, FALSE, sizeof(float));
    return loudness;
}

void loudness_free(struct loudness *loudness)
{
    if (loudness != NULL) {
        g_array_unref(loudness->wave);
        g_free(loudness);
    }
}

static void read_number(const AVFrame *frame, const char *key, double *value)
{
    const AVDictionaryEntry *entry = av_dict_get(frame->metadata, key, NULL, 0);
    double number;

    if (entry != NULL) {
        number = g_ascii_strtod(entry->value, NULL);
        if (isfinite(number)) {
            *value = number;
        }
    }
}

static double to_db(double amplitude)
{
    return amplitude > 0 ? 20 * log10(amplitude) : TASK_SILENCE_LUFS;
}

void loudness_add(struct loudness *loudness, const AVFrame *frame)
{
    double left = 0, right = 0;

    read_number(frame, "lavfi.r128.I", &loudness->integrated);
    read_number(frame, "lavfi.r128.true_peaks_ch0", &left);
    read_number(frame, "lavfi.r128.true_peaks_ch1", &right);
    loudness->peak = MAX(loudness->peak, to_db(MAX(left, right)));
    for (int i = 0; i < frame->nb_samples; i++) {
        for (int c = 0; c < frame->ch_layout.nb_channels; c++) {
            const float *samples = (const float *)(const void *)frame->extended_data[c];
            loudness->present = MAX(loudness->present, fabsf(samples[i]));
        }
        if (++loudness->filled == LIBAV_AUDIO_HZ / LOUDNESS_WAVE_HZ) {
            if (loudness->wave->len < WAVE_MAX) {
                g_array_append_val(loudness->wave, loudness->present);
            }
            loudness->filled = 0;
            loudness->present = 0;
        }
    }
}

double loudness_integrated_lufs(const struct loudness *loudness)
{
    return MAX(loudness->integrated, TASK_SILENCE_LUFS);
}

double loudness_peak_dbtp(const struct loudness *loudness)
{
    return loudness->peak;
}

const GArray *loudness_wave(const struct loudness *loudness)
{
    return loudness->wave;
}
