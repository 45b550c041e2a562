#include "worker/media/scene.h"

#include <string.h>

#include <glib.h>

static AVFrame *frame_of(enum AVPixelFormat format, int first)
{
    AVFrame *frame = av_frame_alloc();

    frame->format = format;
    frame->width = 128;
    frame->height = 72;
    g_assert_cmpint(av_frame_get_buffer(frame, 0), ==, 0);
    for (int y = 0; y < 72; y++) {
        for (int x = 0; x < 128; x++) {
            /* Stripes that move with `first`: luma of 8 bits, or of 10 in two bytes. */
            const int luma = ((x + first) / 8 % 2) * 60 + 80;
            uint8_t *row = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];

            if (format == AV_PIX_FMT_YUV420P10LE) {
                row[2 * x] = (uint8_t)(luma << 2 & 255);
                row[2 * x + 1] = (uint8_t)(luma >> 6);
            } else {
                row[x] = (uint8_t)luma;
            }
        }
    }
    return frame;
}

static bool sees(struct scene *scene, AVFrame *frame)
{
    const bool is_cut = scene_is_cut(scene, frame);

    av_frame_free(&frame);
    return is_cut;
}

static AVFrame *grey_of(enum AVPixelFormat format, int luma)
{
    AVFrame *frame = frame_of(format, 0);

    memset(frame->data[0], luma, (size_t)frame->linesize[0] * 72);
    return frame;
}

static void test_a_cut_is_seen_in_eight_bits_and_in_ten(void)
{
    const enum AVPixelFormat formats[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV420P10LE};

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        struct scene *scene = scene_new();

        g_assert_false(sees(scene, frame_of(formats[i], 0))); /* the first picture is no cut */
        for (int k = 1; k < 5; k++) {
            g_assert_false(sees(scene, frame_of(formats[i], 0)));
        }
        g_assert_true(sees(scene, grey_of(formats[i], 0)));
        g_assert_false(sees(scene, grey_of(formats[i], 0)));
        scene_free(scene);
    }
}

/* One large difference after the other is a pan: the second already does not stand out. */
static void test_a_pan_is_no_cut(void)
{
    struct scene *scene = scene_new();
    int cuts = 0;

    for (int k = 0; k < 30; k++) {
        cuts += sees(scene, frame_of(AV_PIX_FMT_YUV420P, 6 * k)) ? 1 : 0;
    }
    g_assert_cmpint(cuts, <=, 1);
    scene_free(scene);
}

static void test_a_slow_fade_is_no_cut(void)
{
    struct scene *scene = scene_new();

    for (int luma = 16; luma < 236; luma += 10) {
        g_assert_false(sees(scene, grey_of(AV_PIX_FMT_YUV420P, luma)));
    }
    scene_free(scene);
}

/* A palette's first byte is no brightness. */
static void test_pictures_without_samples_have_no_cuts(void)
{
    struct scene *scene = scene_new();

    g_assert_false(sees(scene, grey_of(AV_PIX_FMT_PAL8, 0)));
    g_assert_false(sees(scene, grey_of(AV_PIX_FMT_PAL8, 255)));
    scene_free(scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scene/a_cut_is_seen_in_eight_bits_and_in_ten", test_a_cut_is_seen_in_eight_bits_and_in_ten);
    g_test_add_func("/scene/a_pan_is_no_cut", test_a_pan_is_no_cut);
    g_test_add_func("/scene/a_slow_fade_is_no_cut", test_a_slow_fade_is_no_cut);
    g_test_add_func("/scene/pictures_without_samples_have_no_cuts", test_pictures_without_samples_have_no_cuts);
    return g_test_run();
}
