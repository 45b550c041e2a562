#include "service/ticker.h"

#include <glib.h>

struct ticker {
    ticker_task *task;
    void *context;
    GThread *thread;
    GMutex lock; /* guards the next three */
    GCond changed;
    bool is_woken;
    bool is_stopping;
};

static bool wait_ms(struct ticker *ticker, int64_t ms)
{
    const gint64 until = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;

    g_mutex_lock(&ticker->lock);
    while (!ticker->is_stopping && !ticker->is_woken && g_cond_wait_until(&ticker->changed, &ticker->lock, until)) {
    }
    ticker->is_woken = false;
    const bool goes_on = !ticker->is_stopping;
    g_mutex_unlock(&ticker->lock);
    return goes_on;
}

static gpointer ticker_main(gpointer data)
{
    struct ticker *ticker = data;

    while (wait_ms(ticker, ticker->task(ticker->context))) {
    }
    return NULL;
}

struct ticker *ticker_start(const char *name, ticker_task *task, void *context)
{
    struct ticker *ticker = g_new0(struct ticker, 1);

    ticker->task = task;
    ticker->context = context;
    g_mutex_init(&ticker->lock);
    g_cond_init(&ticker->changed);
    ticker->thread = g_thread_new(name, ticker_main, ticker);
    return ticker;
}

void ticker_wake(struct ticker *ticker)
{
    g_mutex_lock(&ticker->lock);
    ticker->is_woken = true;
    g_cond_signal(&ticker->changed);
    g_mutex_unlock(&ticker->lock);
}

void ticker_stop(struct ticker *ticker)
{
    if (ticker == NULL) {
        return;
    }
    g_mutex_lock(&ticker->lock);
    ticker->is_stopping = true;
    g_cond_signal(&ticker->changed);
    g_mutex_unlock(&ticker->lock);
    g_thread_join(ticker->thread);
    g_mutex_clear(&ticker->lock);
    g_cond_clear(&ticker->changed);
    g_free(ticker);
}
