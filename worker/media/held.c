#include "worker/media/held.h"

#include "worker/media/picture_types.h"

struct decision {
    int64_t pts;
    bool is_b;
};

struct held {
    GMutex mutex;
    GCond changed;
    /* guarded by mutex */
    GQueue frames;
    GArray *decisions; /* struct decision, of pictures that still wait: few, so they are looked through */
    bool ended;
    bool cancelled;
    /* end of guarded fields */
};

struct held *held_new(void)
{
    struct held *held = g_new0(struct held, 1);

    g_mutex_init(&held->mutex);
    g_cond_init(&held->changed);
    g_queue_init(&held->frames);
    held->decisions = g_array_new(FALSE, FALSE, sizeof(struct decision));
    return held;
}

static void frame_free(gpointer frame)
{
    libav_frame_free(frame);
}

void held_free(struct held *held)
{
    if (held == NULL) {
        return;
    }
    g_queue_clear_full(&held->frames, frame_free);
    g_array_unref(held->decisions);
    g_cond_clear(&held->changed);
    g_mutex_clear(&held->mutex);
    g_free(held);
}

void held_put(struct held *held, AVFrame *frame)
{
    g_mutex_lock(&held->mutex);
    g_queue_push_tail(&held->frames, frame);
    g_mutex_unlock(&held->mutex);
}

/* Nothing will be decided of the first one any more. Locked. */
static bool is_given_up(struct held *held)
{
    return held->ended || g_queue_get_length(&held->frames) > HELD_MOST;
}

/* -1: not decided yet. Locked. */
static int find(const struct held *held, const AVFrame *frame)
{
    for (guint i = 0; i < held->decisions->len; i++) {
        if (g_array_index(held->decisions, struct decision, i).pts == frame->pts) {
            return (int)i;
        }
    }
    return -1;
}

AVFrame *held_take(struct held *held, bool patient)
{
    AVFrame *frame;
    int at;

    g_mutex_lock(&held->mutex);
    for (;;) {
        frame = held->cancelled ? NULL : g_queue_peek_head(&held->frames);
        at = frame == NULL ? -1 : find(held, frame);
        if (frame == NULL || at >= 0 || is_given_up(held) || !patient) {
            break;
        }
        g_cond_wait(&held->changed, &held->mutex);
    }
    if (frame != NULL && at >= 0) {
        frame->pict_type = g_array_index(held->decisions, struct decision, at).is_b ? AV_PICTURE_TYPE_B
                                                                                     : AV_PICTURE_TYPE_P;
        g_array_remove_index_fast(held->decisions, (guint)at);
    } else if (frame != NULL && !is_given_up(held)) {
        frame = NULL;
    }
    if (frame != NULL) {
        (void)g_queue_pop_head(&held->frames); /* the same */
    }
    g_mutex_unlock(&held->mutex);
    return frame;
}

void held_decide(struct held *held, const AVPacket *packet)
{
    const struct decision decision = {packet->pts, picture_types_is_b(packet)};

    g_mutex_lock(&held->mutex);
    g_array_append_val(held->decisions, decision);
    g_cond_signal(&held->changed);
    g_mutex_unlock(&held->mutex);
}

static void stop(struct held *held, bool *how)
{
    g_mutex_lock(&held->mutex);
    *how = true;
    g_cond_signal(&held->changed);
    g_mutex_unlock(&held->mutex);
}

void held_end(struct held *held)
{
    stop(held, &held->ended);
}

void held_cancel(struct held *held)
{
    stop(held, &held->cancelled);
}
