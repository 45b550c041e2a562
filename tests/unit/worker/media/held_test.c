#include "worker/media/held.h"

#include <string.h>

#include <glib.h>

static void put(struct held *held, int64_t pts)
{
    AVFrame *frame = av_frame_alloc();

    frame->pts = pts;
    held_put(held, frame);
}

/* As libx264's wrapper says it: the picture's type stands in the packet's statistics. */
static void decide(struct held *held, int64_t pts, enum AVPictureType type)
{
    AVPacket *packet = av_packet_alloc();
    uint8_t *stats = av_packet_new_side_data(packet, AV_PKT_DATA_QUALITY_STATS, 8);

    memset(stats, 0, 8);
    stats[4] = (uint8_t)type;
    packet->pts = pts;
    held_decide(held, packet);
    av_packet_free(&packet);
}

static void assert_next(struct held *held, int64_t pts, enum AVPictureType type)
{
    AVFrame *frame = held_take(held, false);

    g_assert_nonnull(frame);
    g_assert_cmpint(frame->pts, ==, pts);
    g_assert_cmpint(frame->pict_type, ==, type);
    av_frame_free(&frame);
}

/* Decisions come in coding order, pictures go in the order shown, and none before its own is decided. */
static void test_pictures_wait_for_their_type(void)
{
    struct held *held = held_new();

    for (int64_t pts = 0; pts < 4; pts++) {
        put(held, pts);
    }
    g_assert_null(held_take(held, false));
    decide(held, 0, AV_PICTURE_TYPE_I);
    assert_next(held, 0, AV_PICTURE_TYPE_P);
    decide(held, 3, AV_PICTURE_TYPE_P);
    g_assert_null(held_take(held, false));
    decide(held, 1, AV_PICTURE_TYPE_B);
    decide(held, 2, AV_PICTURE_TYPE_B);
    assert_next(held, 1, AV_PICTURE_TYPE_B);
    assert_next(held, 2, AV_PICTURE_TYPE_B);
    assert_next(held, 3, AV_PICTURE_TYPE_P);
    g_assert_null(held_take(held, false));
    g_assert_null(held_take(held, true)); /* nothing waits: nothing is waited for */
    held_free(held);
}

/* What an encoder swallowed is left to the others. */
static void test_what_is_never_decided_goes_at_the_end(void)
{
    struct held *held = held_new();

    put(held, 0);
    put(held, 1);
    decide(held, 1, AV_PICTURE_TYPE_B);
    g_assert_null(held_take(held, false));
    held_end(held);
    assert_next(held, 0, AV_PICTURE_TYPE_NONE);
    assert_next(held, 1, AV_PICTURE_TYPE_B);
    held_free(held);
}

/* Memory has an end. */
static void test_too_many_go_undecided(void)
{
    struct held *held = held_new();

    for (int64_t pts = 0; pts <= HELD_MOST; pts++) {
        put(held, pts);
    }
    assert_next(held, 0, AV_PICTURE_TYPE_NONE);
    g_assert_null(held_take(held, false));
    held_free(held);
}

static gpointer decide_later(gpointer data)
{
    g_usleep(20000); /* so that the other one waits, most of the time; right in either order */
    decide(data, 0, AV_PICTURE_TYPE_P);
    return NULL;
}

static gpointer cancel_later(gpointer data)
{
    g_usleep(20000);
    held_cancel(data);
    return NULL;
}

static void test_who_is_patient_is_woken(void)
{
    struct held *held = held_new();
    GThread *thread;
    AVFrame *frame;

    put(held, 0);
    put(held, 1);
    thread = g_thread_new("decide", decide_later, held);
    frame = held_take(held, true);
    g_assert_cmpint(frame->pict_type, ==, AV_PICTURE_TYPE_P);
    av_frame_free(&frame);
    (void)g_thread_join(thread);
    thread = g_thread_new("cancel", cancel_later, held);
    g_assert_null(held_take(held, true));
    (void)g_thread_join(thread);
    held_free(held); /* and the one that still waits */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/held/pictures_wait_for_their_type", test_pictures_wait_for_their_type);
    g_test_add_func("/held/what_is_never_decided_goes_at_the_end", test_what_is_never_decided_goes_at_the_end);
    g_test_add_func("/held/too_many_go_undecided", test_too_many_go_undecided);
    g_test_add_func("/held/who_is_patient_is_woken", test_who_is_patient_is_woken);
    return g_test_run();
}
