#include <glib.h>

#include "worker/media/queue.h"

static gpointer push_hundred(gpointer data)
{
    struct queue *queue = data;

    for (int i = 1; i <= 100; i++) {
        if (!queue_push(queue, g_memdup2(&i, sizeof i))) {
            return GINT_TO_POINTER(i);
        }
    }
    queue_end(queue);
    return NULL;
}

static void test_order_and_end(void)
{
    struct queue *queue = queue_new(3, g_free);
    GThread *writer = g_thread_new("push", push_hundred, queue);
    gpointer item;

    for (int i = 1; i <= 100; i++) {
        g_assert_cmpint(queue_pop(queue, &item), ==, QUEUE_ITEM);
        g_assert_cmpint(*(int *)item, ==, i);
        g_free(item);
    }
    g_assert_cmpint(queue_pop(queue, &item), ==, QUEUE_END);
    g_assert_null(g_thread_join(writer));
    queue_free(queue);
}

/* A writer that waits for room goes home at once, and its item is freed. */
static void test_cancel_wakes_writer(void)
{
    struct queue *queue = queue_new(2, g_free);
    GThread *writer = g_thread_new("push", push_hundred, queue);
    gpointer item;

    g_assert_cmpint(queue_pop(queue, &item), ==, QUEUE_ITEM);
    g_free(item);
    queue_cancel(queue);
    g_assert_nonnull(g_thread_join(writer));
    g_assert_cmpint(queue_pop(queue, &item), ==, QUEUE_CANCELLED);
    queue_free(queue);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/order_and_end", test_order_and_end);
    g_test_add_func("/queue/cancel_wakes_writer", test_cancel_wakes_writer);
    return g_test_run();
}
