#include "worker/media/sequence.h"

#include <glib.h>

/* An intro of 2 s, a clip of 3 s, an outro: what the thread behind the reader sees of them, one picture a second. */
static struct graph_part intro = {.is_guest = true}, clip = {.from = 2 * LIBAV_VIDEO_HZ},
                         outro = {.from = 5 * LIBAV_VIDEO_HZ, .is_guest = true};

static bool enter(struct sequence_view *view, struct graph_part *part)
{
    AVFrame *frame = av_frame_alloc();
    bool is_first;

    frame->opaque = part;
    is_first = sequence_view_enter(view, frame);
    av_frame_free(&frame);
    return is_first;
}

/* The clip's own time of a picture made at `second`; -1: it is not the clip's. */
static int64_t own_time(const struct sequence_view *view, int second)
{
    AVFrame *frame = av_frame_alloc();
    int64_t time = -1;

    frame->pts = second * (int64_t)LIBAV_VIDEO_HZ;
    if (sequence_view_clip(view, frame)) {
        time = frame->pts / LIBAV_VIDEO_HZ;
    }
    av_frame_free(&frame);
    return time;
}

static void test_the_first_of_each_part_is_told(void)
{
    struct sequence_view view = {0};

    g_assert_true(enter(&view, &intro));
    g_assert_false(enter(&view, &intro));
    g_assert_true(enter(&view, &clip));
    g_assert_false(enter(&view, &clip));
    g_assert_true(enter(&view, &outro));
    g_assert_false(enter(&view, &outro));
}

/* Graphs hand pictures out late: one of the clip may come when the outro is already read. */
static void test_pictures_of_the_clip_have_its_own_time(void)
{
    struct sequence_view view = {0};

    enter(&view, &intro);
    enter(&view, &clip);
    g_assert_cmpint(own_time(&view, 1), ==, -1);
    g_assert_cmpint(own_time(&view, 2), ==, 0);
    g_assert_cmpint(own_time(&view, 4), ==, 2);
    enter(&view, &outro);
    g_assert_cmpint(own_time(&view, 4), ==, 2);
    g_assert_cmpint(own_time(&view, 5), ==, -1);
    g_assert_cmpint(own_time(&view, 6), ==, -1);
}

static void test_a_clip_alone_is_all_there_is(void)
{
    struct graph_part alone = {0};
    struct sequence_view view = {0};

    g_assert_true(enter(&view, &alone));
    g_assert_cmpint(own_time(&view, 0), ==, 0);
    g_assert_cmpint(own_time(&view, 3600), ==, 3600);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sequence/the_first_of_each_part_is_told", test_the_first_of_each_part_is_told);
    g_test_add_func("/sequence/pictures_of_the_clip_have_its_own_time", test_pictures_of_the_clip_have_its_own_time);
    g_test_add_func("/sequence/a_clip_alone_is_all_there_is", test_a_clip_alone_is_all_there_is);
    return g_test_run();
}
