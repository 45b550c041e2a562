#include "worker/media/queue.h"

struct queue {
    size_t capacity;
    GDestroyNotify item_free;
    GMutex mutex;
    GCond changed;
    /* guarded by mutex */
    GQueue items;
    bool ended;
    bool cancelled;
    /* end of guarded fields */
};

struct queue *queue_new(size_t capacity, GDestroyNotify item_free)
{
    struct queue *queue = g_new0(struct queue, 1);

    g_assert(capacity > 0);
    queue->capacity = capacity;
    queue->item_free = item_free;
    g_mutex_init(&queue->mutex);
    g_cond_init(&queue->changed);
    g_queue_init(&queue->items);
    return queue;
}

void queue_free(struct queue *queue)
{
    if (queue == NULL) {
        return;
    }
    g_queue_clear_full(&queue->items, queue->item_free);
    g_cond_clear(&queue->changed);
    g_mutex_clear(&queue->mutex);
    g_free(queue);
}

bool queue_push(struct queue *queue, gpointer item)
{
    bool taken;

    g_mutex_lock(&queue->mutex);
    g_assert(!queue->ended);
    while (!queue->cancelled && g_queue_get_length(&queue->items) >= queue->capacity) {
        g_cond_wait(&queue->changed, &queue->mutex);
    }
    taken = !queue->cancelled;
    if (taken) {
        g_queue_push_tail(&queue->items, item);
        g_cond_broadcast(&queue->changed);
    }
    g_mutex_unlock(&queue->mutex);
    if (!taken) {
        queue->item_free(item);
    }
    return taken;
}

enum queue_answer queue_pop(struct queue *queue, gpointer *item)
{
    enum queue_answer answer = QUEUE_ITEM;

    g_mutex_lock(&queue->mutex);
    while (!queue->cancelled && !queue->ended && g_queue_is_empty(&queue->items)) {
        g_cond_wait(&queue->changed, &queue->mutex);
    }
    if (queue->cancelled) {
        answer = QUEUE_CANCELLED;
    } else if (g_queue_is_empty(&queue->items)) {
        answer = QUEUE_END;
    } else {
        *item = g_queue_pop_head(&queue->items);
        g_cond_broadcast(&queue->changed);
    }
    g_mutex_unlock(&queue->mutex);
    return answer;
}

void queue_end(struct queue *queue)
{
    g_mutex_lock(&queue->mutex);
    queue->ended = true;
    g_cond_broadcast(&queue->changed);
    g_mutex_unlock(&queue->mutex);
}

void queue_cancel(struct queue *queue)
{
    g_mutex_lock(&queue->mutex);
    queue->cancelled = true;
    g_cond_broadcast(&queue->changed);
    g_mutex_unlock(&queue->mutex);
}
