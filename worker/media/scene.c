#include "worker/media/scene.h"

#include <stdlib.h>

#include <libavutil/pixdesc.h>

#define COLUMNS 64
#define ROWS    36
/* Of 255, mean over the samples. A pan, or a slow film shown at thirty pictures a second, makes one large difference
 * after the other; a cut makes one that stands out from all of the last half second. */
#define DIFFERENCE_MIN 20.0
#define RATIO_MIN      2.5
#define FADING         0.93

struct scene {
    uint8_t samples[ROWS * COLUMNS];
    bool began;
    double usual; /* the largest difference of late, fading */
};

struct scene *scene_new(void)
{
    return g_new0(struct scene, 1);
}

void scene_free(struct scene *scene)
{
    g_free(scene);
}

/* The first component at a point, in 8 bits: luma, or one of the colours. */
static uint8_t sample_at(const AVFrame *frame, const AVPixFmtDescriptor *pixel, int x, int y)
{
    const AVComponentDescriptor *component = &pixel->comp[0];
    const uint8_t *at =
        frame->data[component->plane] + (ptrdiff_t)y * frame->linesize[component->plane] + x * component->step;

    at += component->offset;
    if (component->depth <= 8) {
        return at[0];
    }
    return (uint8_t)((at[0] | at[1] << 8) >> component->shift >> (component->depth - 8));
}

bool scene_is_cut(struct scene *scene, const AVFrame *frame)
{
    const AVPixFmtDescriptor *pixel = av_pix_fmt_desc_get(frame->format);
    const bool began = scene->began;
    int64_t sum = 0;
    double difference;
    bool is_cut;

    if (pixel == NULL || (pixel->flags & (AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_PAL)) != 0) {
        return false; /* the regular keyframes have to do */
    }
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
            uint8_t *kept = &scene->samples[row * COLUMNS + column];
            const uint8_t now = sample_at(frame, pixel, (2 * column + 1) * frame->width / (2 * COLUMNS),
                                          (2 * row + 1) * frame->height / (2 * ROWS));
            sum += abs(now - *kept);
            *kept = now;
        }
    }
    scene->began = true;
    difference = (double)sum / (ROWS * COLUMNS);
    is_cut = began && difference > DIFFERENCE_MIN && difference > RATIO_MIN * scene->usual;
    scene->usual = began ? MAX(difference, FADING * scene->usual) : 0;
    return is_cut;
}
