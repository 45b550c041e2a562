#include "worker/media/sheet.h"

#include <math.h>

#define FRAMES_MAX  16
#define WIDTH_PX    1280
#define GAP_PX      4
#define WAVE_PX     96
#define PAPER       32
#define QUALITY     68
#define CELL_MAX_PX 320
#define BYTES_MAX   150000 /* reviewers fetch them ahead, on slow lines */

static int64_t shown_at(const GArray *stills, unsigned index)
{
    return g_array_index(stills, struct still, index).at;
}

static void draw_frames(struct picture *sheet, const GArray *stills, int64_t before, int count, int columns, int width,
                        int height)
{
    for (int i = 0; i < count; i++) {
        const unsigned index = (unsigned)((int64_t)i * stills->len / count);
        const struct still *still = &g_array_index(stills, struct still, index);
        const int64_t at = before + shown_at(stills, index), s = at / LIBAV_VIDEO_HZ;
        const int tenth = (int)(at % LIBAV_VIDEO_HZ * 10 / LIBAV_VIDEO_HZ);
        g_autofree char *time = g_strdup_printf("%d:%02d.%d", (int)(s / 60), (int)(s % 60), tenth);
        g_autoptr(Picture) cell = picture_shrunk(still->picture, width, height);
        const int x = GAP_PX + i % columns * (width + GAP_PX);
        const int y = GAP_PX + i / columns * (height + GAP_PX);

        picture_text(cell, time, 0, 0, width >= 120 ? 2 : 1);
        picture_draw(sheet, cell, x, y);
    }
}

static void draw_wave(struct picture *sheet, const GArray *wave, int64_t end, int top)
{
    static const uint8_t WAVE[3] = {96, 200, 255}, AXIS[3] = {80, 80, 80};
    const double seconds = MAX((double)end / LIBAV_VIDEO_HZ, 0.05);

    picture_fill(sheet, GAP_PX, top + WAVE_PX / 2, sheet->width - 2 * GAP_PX, 1, AXIS);
    for (int x = GAP_PX; x < sheet->width - GAP_PX; x++) {
        const double from = (double)(x - GAP_PX) / (sheet->width - 2 * GAP_PX) * seconds;
        const double to = (double)(x + 1 - GAP_PX) / (sheet->width - 2 * GAP_PX) * seconds;
        const unsigned first = (unsigned)(from * LOUDNESS_WAVE_HZ);
        const unsigned last = MAX((unsigned)(to * LOUDNESS_WAVE_HZ), first + 1);
        float peak = 0;

        for (unsigned i = first; i < MIN(last, wave->len); i++) {
            peak = MAX(peak, g_array_index(wave, float, i));
        }
        const int half = (int)lroundf(MIN(peak, 1.0f) * (WAVE_PX / 2 - 2));
        picture_fill(sheet, x, top + WAVE_PX / 2 - half, 1, 2 * half, WAVE);
    }
}

bool sheet_write(const struct storyboard *storyboard, const struct loudness *loudness, int64_t before, int64_t end,
                 const char *label, int fd, GError **error)
{
    const GArray *stills = storyboard_stills(storyboard);
    const struct picture *first = g_array_index(stills, struct still, 0).picture;
    const int count = (int)MIN(stills->len, FRAMES_MAX);
    /* Wide clips in rows of four, portraits in rows of eight. */
    const int columns = MIN(count, first->width >= first->height ? 4 : 8);
    const int width = MIN(MIN((WIDTH_PX - GAP_PX) / columns - GAP_PX, CELL_MAX_PX), first->width);
    const int height = MAX(first->height * width / first->width, 1);
    const int rows = (count + columns - 1) / columns;
    const int frames_px = GAP_PX + rows * (height + GAP_PX);
    g_autoptr(Picture) sheet = picture_new(MAX(GAP_PX + columns * (width + GAP_PX), 320),
                                           frames_px + (loudness != NULL ? WAVE_PX + GAP_PX : 0), PAPER);

    draw_frames(sheet, stills, before, count, columns, width, height);
    if (loudness != NULL) {
        draw_wave(sheet, loudness_wave(loudness), end, frames_px);
    }
    return picture_write_jpeg_within(sheet, QUALITY, label, BYTES_MAX, fd, error);
}
