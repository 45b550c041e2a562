#include "service/http/watchdog.h"

#include <sys/socket.h>

#include <glib.h>

#define ROUND_US 200000

struct watched {
    struct watchdog *watchdog;
    int fd;
    gint64 deadline_us; /* under lock; 0: none */
    bool is_body;       /* under lock */
    guint64 bytes;      /* atomic: of the body since the window began */
};

struct watchdog {
    struct watchdog_limits limits;
    watchdog_tick *tick;
    void *context;
    GThread *thread;
    GMutex lock;
    GCond stop;
    /* under lock */
    GHashTable *all; /* a set of struct watched */
    int64_t ended;
    bool is_stopping;
    /* end of lock */
};

/* The caller holds the lock. */
static void look_at(struct watchdog *watchdog, struct watched *watched, gint64 now_us)
{
    if (watched->deadline_us == 0 || now_us < watched->deadline_us) {
        return;
    }
    const guint64 bytes = __atomic_exchange_n(&watched->bytes, 0, __ATOMIC_RELAXED);
    if (watched->is_body && bytes >= (guint64)watchdog->limits.body_window_bytes) {
        watched->deadline_us = now_us + watchdog->limits.body_window_ms * 1000;
        return;
    }
    watched->deadline_us = 0;
    watchdog->ended++;
    (void)shutdown(watched->fd, SHUT_RDWR); /* the peer may be gone already */
}

static gpointer run(gpointer data)
{
    struct watchdog *watchdog = data;
    GHashTableIter iterator;
    gpointer watched;

    g_mutex_lock(&watchdog->lock);
    while (!watchdog->is_stopping) {
        const gint64 now_us = g_get_monotonic_time();

        g_hash_table_iter_init(&iterator, watchdog->all);
        while (g_hash_table_iter_next(&iterator, &watched, NULL)) {
            look_at(watchdog, watched, now_us);
        }
        if (watchdog->tick != NULL) {
            const int64_t ended = watchdog->ended;
            g_mutex_unlock(&watchdog->lock);
            watchdog->tick(watchdog->context, g_get_real_time() / 1000, ended);
            g_mutex_lock(&watchdog->lock);
        }
        (void)g_cond_wait_until(&watchdog->stop, &watchdog->lock, now_us + ROUND_US); /* either way the loop looks */
    }
    g_mutex_unlock(&watchdog->lock);
    return NULL;
}

struct watchdog *watchdog_start(const struct watchdog_limits *limits, watchdog_tick *tick, void *context)
{
    struct watchdog *watchdog = g_new0(struct watchdog, 1);

    watchdog->limits = *limits;
    watchdog->tick = tick;
    watchdog->context = context;
    watchdog->all = g_hash_table_new(NULL, NULL);
    g_mutex_init(&watchdog->lock);
    g_cond_init(&watchdog->stop);
    watchdog->thread = g_thread_new("watchdog", run, watchdog);
    return watchdog;
}

void watchdog_halt(struct watchdog *watchdog)
{
    if (watchdog == NULL) {
        return;
    }
    g_mutex_lock(&watchdog->lock);
    watchdog->is_stopping = true;
    g_cond_signal(&watchdog->stop);
    g_mutex_unlock(&watchdog->lock);
    (void)g_thread_join(watchdog->thread); /* returns nothing */
}

void watchdog_free(struct watchdog *watchdog)
{
    if (watchdog == NULL) {
        return;
    }
    g_assert(g_hash_table_size(watchdog->all) == 0);
    g_hash_table_unref(watchdog->all);
    g_cond_clear(&watchdog->stop);
    g_mutex_clear(&watchdog->lock);
    g_free(watchdog);
}

struct watched *watchdog_add(struct watchdog *watchdog, int fd)
{
    struct watched *watched = g_new0(struct watched, 1);

    watched->watchdog = watchdog;
    watched->fd = fd;
    watched->deadline_us = g_get_monotonic_time() + watchdog->limits.head_ms * 1000;
    g_mutex_lock(&watchdog->lock);
    (void)g_hash_table_add(watchdog->all, watched); /* is new */
    g_mutex_unlock(&watchdog->lock);
    return watched;
}

void watched_remove(struct watched *watched)
{
    struct watchdog *watchdog = watched->watchdog;

    g_mutex_lock(&watchdog->lock);
    (void)g_hash_table_remove(watchdog->all, watched); /* is there */
    g_mutex_unlock(&watchdog->lock);
    g_free(watched);
}

static void expect(struct watched *watched, bool is_body, int64_t after_ms)
{
    struct watchdog *watchdog = watched->watchdog;

    g_mutex_lock(&watchdog->lock);
    watched->is_body = is_body;
    watched->deadline_us = after_ms == 0 ? 0 : g_get_monotonic_time() + after_ms * 1000;
    g_mutex_unlock(&watchdog->lock);
}

void watched_expect_head(struct watched *watched)
{
    const struct watchdog_limits *limits = &watched->watchdog->limits;

    expect(watched, false, limits->idle_ms + limits->head_ms);
}

void watched_expect_body(struct watched *watched)
{
    __atomic_store_n(&watched->bytes, 0, __ATOMIC_RELAXED);
    expect(watched, true, watched->watchdog->limits.body_window_ms);
}

void watched_expect_nothing(struct watched *watched)
{
    expect(watched, false, 0);
}

void watched_linger(struct watched *watched)
{
    expect(watched, false, watched->watchdog->limits.linger_ms);
}

void watched_count(struct watched *watched, size_t bytes)
{
    (void)__atomic_add_fetch(&watched->bytes, bytes, __ATOMIC_RELAXED); /* the sum is read by the watchdog */
}

void watched_interrupt(struct watched *watched)
{
    g_mutex_lock(&watched->watchdog->lock);
    (void)shutdown(watched->fd, SHUT_RD); /* the peer may be gone already */
    g_mutex_unlock(&watched->watchdog->lock);
}

void watchdog_interrupt_all(struct watchdog *watchdog)
{
    GHashTableIter iterator;
    gpointer watched;

    g_mutex_lock(&watchdog->lock);
    g_hash_table_iter_init(&iterator, watchdog->all);
    while (g_hash_table_iter_next(&iterator, &watched, NULL)) {
        (void)shutdown(((struct watched *)watched)->fd, SHUT_RD); /* the peer may be gone already */
    }
    g_mutex_unlock(&watchdog->lock);
}
