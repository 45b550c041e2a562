/* A bounded queue between two stages of the pipeline. End and cancel are part of the contract: after queue_end() the
 * reader still gets what is inside and then QUEUE_END; after queue_cancel() both sides return at once. Any thread.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

struct queue;

enum queue_answer {
    QUEUE_ITEM,
    QUEUE_END,
    QUEUE_CANCELLED,
};

/* `item_free` frees what nobody has taken. */
struct queue *queue_new(size_t capacity, GDestroyNotify item_free);
void queue_free(struct queue *queue);

/* Waits for room. Takes the item in every case; false after a cancel. */
bool queue_push(struct queue *queue, gpointer item);

/* Waits for an item, which then belongs to the caller. */
enum queue_answer queue_pop(struct queue *queue, gpointer *item);

/* No further push will come. */
void queue_end(struct queue *queue);
void queue_cancel(struct queue *queue);
