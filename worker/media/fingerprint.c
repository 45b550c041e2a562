#include "worker/media/fingerprint.h"

#include <chromaprint.h>
#include <math.h>

#define GRID           32 /* the picture is brought to so many blocks a side */
#define LOW            8  /* and its lowest frequencies are kept */
#define MIDDLE_MARGIN  50 /* permille on each side: the middle of a picture is what a 10 % crop leaves */
#define FLAT_DEVIATION 5.0
#define STEP           (LIBAV_VIDEO_HZ / 2) /* one frame in so long a time */
#define SOUND_SECONDS  120

struct entry {
    uint64_t whole, middle;
    int motion; /* bits that differ from the still before: a calm frame looks the same a moment later */
    int64_t slot;
};

struct fingerprint {
    struct entry entries[FINGERPRINT_FRAMES_MAX];
    int count;
    int64_t step;
    uint64_t previous;
    ChromaprintContext *sound; /* NULL until the first sample */
    int64_t heard;             /* samples */
};

struct fingerprint *fingerprint_new(void)
{
    struct fingerprint *fingerprint = g_new0(struct fingerprint, 1);

    fingerprint->step = STEP;
    return fingerprint;
}

void fingerprint_free(struct fingerprint *fingerprint)
{
    if (fingerprint != NULL) {
        if (fingerprint->sound != NULL) {
            chromaprint_free(fingerprint->sound);
        }
        g_free(fingerprint);
    }
}

/* -- pictures ------------------------------------------------------------------------------------------- */

/* Mean luma of GRID x GRID blocks inside the margin; returns the deviation. */
static double blocks_of(const struct picture *picture, int margin_permille, double luma[GRID][GRID])
{
    const int x0 = picture->width * margin_permille / 1000, y0 = picture->height * margin_permille / 1000;
    const int width = picture->width - 2 * x0, height = picture->height - 2 * y0;
    double sum = 0, squares = 0;

    for (int j = 0; j < GRID; j++) {
        const int top = y0 + j * height / GRID, bottom = MAX(y0 + (j + 1) * height / GRID, top + 1);
        for (int i = 0; i < GRID; i++) {
            const int left = x0 + i * width / GRID, right = MAX(x0 + (i + 1) * width / GRID, left + 1);
            int64_t total = 0;

            for (int y = top; y < bottom; y++) {
                const uint8_t *rgb = picture->rgb + ((size_t)y * (size_t)picture->width + (size_t)left) * 3;
                for (int x = left; x < right; x++, rgb += 3) {
                    total += 218 * rgb[0] + 732 * rgb[1] + 74 * rgb[2];
                }
            }
            luma[j][i] = (double)total / 1024 / ((right - left) * (bottom - top));
            sum += luma[j][i];
            squares += luma[j][i] * luma[j][i];
        }
    }
    sum /= GRID * GRID;
    return sqrt(MAX(squares / (GRID * GRID) - sum * sum, 0));
}

/* The lowest LOW x LOW coefficients of the two-dimensional DCT-II. */
static void transform(double luma[GRID][GRID], double low[LOW][LOW])
{
    double wave[LOW][GRID], rows[GRID][LOW];

    for (int k = 0; k < LOW; k++) {
        for (int i = 0; i < GRID; i++) {
            wave[k][i] = cos(G_PI * k * (2 * i + 1) / (2.0 * GRID));
        }
    }
    for (int j = 0; j < GRID; j++) {
        for (int k = 0; k < LOW; k++) {
            rows[j][k] = 0;
            for (int i = 0; i < GRID; i++) {
                rows[j][k] += luma[j][i] * wave[k][i];
            }
        }
    }
    for (int l = 0; l < LOW; l++) {
        for (int k = 0; k < LOW; k++) {
            low[l][k] = 0;
            for (int j = 0; j < GRID; j++) {
                low[l][k] += rows[j][k] * wave[l][j];
            }
        }
    }
}

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* One bit a coefficient: above the median or not. In zigzag order, so that the first bits are the slowest waves, which
 * survive the most; the mean brightness is left out. */
uint64_t fingerprint_hash(const struct picture *picture, int margin_permille)
{
    double luma[GRID][GRID], low[LOW][LOW], ordered[LOW * LOW], sorted[LOW * LOW];
    int count = 0;
    uint64_t hash = 0;

    if (blocks_of(picture, margin_permille, luma) < FLAT_DEVIATION) {
        return 0;
    }
    transform(luma, low);
    for (int sum = 1; sum <= 2 * (LOW - 1); sum++) {
        for (int i = 0; i <= sum; i++) {
            const int l = sum % 2 == 0 ? sum - i : i, k = sum - l;
            if (l < LOW && k < LOW) {
                ordered[count] = sorted[count] = low[l][k];
                count++;
            }
        }
    }
    qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
    for (int i = 0; i < count; i++) {
        hash |= (uint64_t)(ordered[i] > sorted[count / 2]) << i;
    }
    return hash;
}

/* Halves the frames: of each two slots the calmer one stays, so that copies that begin elsewhere keep the same ones. */
static void thin(struct fingerprint *fingerprint)
{
    int kept = 0;

    fingerprint->step *= 2;
    for (int i = 0; i < fingerprint->count; i++) {
        struct entry entry = fingerprint->entries[i];

        entry.slot /= 2;
        if (kept > 0 && fingerprint->entries[kept - 1].slot == entry.slot) {
            if (entry.motion < fingerprint->entries[kept - 1].motion) {
                fingerprint->entries[kept - 1] = entry;
            }
        } else {
            fingerprint->entries[kept++] = entry;
        }
    }
    fingerprint->count = kept;
}

void fingerprint_add(struct fingerprint *fingerprint, int64_t at, const struct picture *picture)
{
    struct entry entry = {.whole = fingerprint_hash(picture, 0),
                          .middle = fingerprint_hash(picture, MIDDLE_MARGIN),
                          .slot = at / fingerprint->step};
    struct entry *last = fingerprint->count > 0 ? &fingerprint->entries[fingerprint->count - 1] : NULL;

    if (entry.whole == 0 || entry.middle == 0) {
        return;
    }
    entry.motion = __builtin_popcountll(entry.whole ^ fingerprint->previous);
    fingerprint->previous = entry.whole;
    if (last != NULL && last->slot == entry.slot) {
        if (entry.motion < last->motion) {
            *last = entry;
        }
        return;
    }
    if (fingerprint->count == FINGERPRINT_FRAMES_MAX) {
        thin(fingerprint);
        entry.slot = at / fingerprint->step;
        last = &fingerprint->entries[fingerprint->count - 1];
        if (last->slot == entry.slot) {
            return;
        }
    }
    fingerprint->entries[fingerprint->count++] = entry;
}

/* -- sound ---------------------------------------------------------------------------------------------- */

static bool open_sound(struct fingerprint *fingerprint)
{
    if (fingerprint->sound == NULL) {
        fingerprint->sound = chromaprint_new(CHROMAPRINT_ALGORITHM_DEFAULT);
        g_assert(fingerprint->sound != NULL);
        return chromaprint_start(fingerprint->sound, LIBAV_AUDIO_HZ / 4, 1) == 1;
    }
    return true;
}

/* Chromaprint looks at 28 to 3520 Hz of mono: a mean of four samples and both sides is enough of a filter for it. */
void fingerprint_hear(struct fingerprint *fingerprint, const AVFrame *frame)
{
    const float *left = (const float *)(const void *)frame->extended_data[0];
    const float *right = (const float *)(const void *)frame->extended_data[1];
    const int count = frame->nb_samples / 4;
    g_autofree int16_t *samples = NULL;

    if (count == 0 || fingerprint->heard >= (int64_t)SOUND_SECONDS * LIBAV_AUDIO_HZ || !open_sound(fingerprint)) {
        return;
    }
    samples = g_new(int16_t, (size_t)count);
    for (int i = 0; i < count; i++) {
        float sum = 0;
        for (int k = 4 * i; k < 4 * i + 4; k++) {
            sum += left[k] + right[k];
        }
        samples[i] = (int16_t)(CLAMP(sum / 8, -1.0f, 1.0f) * INT16_MAX);
    }
    fingerprint->heard += frame->nb_samples;
    (void)chromaprint_feed(fingerprint->sound, samples, count); /* fails only when memory is out, and then below too */
}

static void append_sound(struct fingerprint *fingerprint, GString *text)
{
    uint32_t *items = NULL;
    int count = 0;

    if (fingerprint->sound == NULL || chromaprint_finish(fingerprint->sound) != 1 ||
        chromaprint_get_raw_fingerprint(fingerprint->sound, &items, &count) != 1) {
        return;
    }
    for (int i = 0; i < count; i++) {
        g_string_append_printf(text, "%08x", items[i]);
    }
    chromaprint_dealloc(items);
}

json_t *fingerprint_json(struct fingerprint *fingerprint)
{
    g_autoptr(GString) pictures = g_string_new(NULL);
    g_autoptr(GString) sound = g_string_new(NULL);

    for (int i = 0; i < fingerprint->count; i++) {
        g_string_append_printf(pictures, "%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
                               fingerprint->entries[i].whole, fingerprint->entries[i].middle);
    }
    append_sound(fingerprint, sound);
    return json_pack("{s:s, s:s}", "pictures", pictures->str, "sound", sound->str);
}
