#include "service/store_watch.h"

#include "common/failure.h"
#include "service/branding.h"
#include "service/database/database.h"
#include "service/handlers/uploads.h"
#include "service/model/rendition.h"
#include "service/store/store.h"
#include "service/ticker.h"

enum {
    TICK_MS = 1000,
    RETRY_EVERY_MS = 5 * 1000,
    SWEEP_EVERY_MS = 3600 * 1000,
    ORPHAN_MS = 3600 * 1000, /* longer than any lease and any address that a worker has: its row may be on the way */
    UNFINISHED_MS = 24 * 3600 * 1000, /* of a multipart upload */
};

struct store_watch {
    struct app *app;
    struct ticker *ticker;
    /* the ticker's */
    char *cause; /* why the store is away, as last logged; NULL: it is there */
    int64_t retry_us;
    int64_t sweep_us;
};

/* --- objects that no row names --------------------------------------------------------------------------------- */

struct use {
    const char *key;
    bool is_used;
};

static bool look_used(struct sql *sql, void *context, GError **error)
{
    struct use *use = context;

    return rendition_key_is_used(sql, use->key, &use->is_used, error);
}

struct sweep {
    struct app *app;
    int64_t now_ms;
    GPtrArray *orphans;
};

static bool collect_orphan(void *context, const char *key, int64_t size, int64_t modified_ms)
{
    struct sweep *sweep = context;
    struct use use = {.key = key};

    (void)size;
    if (sweep->now_ms - modified_ms > ORPHAN_MS && !g_str_has_prefix(key, BRANDING_KEYS) &&
        database_read(sweep->app->database, "rendition.key_is_used", look_used, &use, NULL) && !use.is_used) {
        g_ptr_array_add(sweep->orphans, g_strdup(key));
    }
    return true;
}

/* Files that no row names: left by a crash between a rename and its commit. */
static bool sweep_store(struct app *app, int64_t now_ms, GError **error)
{
    g_autoptr(GPtrArray) orphans = g_ptr_array_new_with_free_func(g_free);
    struct sweep sweep = {.app = app, .now_ms = now_ms, .orphans = orphans};

    if (!store_each(app->store, "", collect_orphan, &sweep, error)) {
        return false;
    }
    for (guint i = 0; i < orphans->len; i++) {
        log_message(&app->log, "store.orphan_removed", "key=%s", (const char *)g_ptr_array_index(orphans, i));
        if (!store_remove(app->store, g_ptr_array_index(orphans, i), error)) {
            return false;
        }
    }
    return store_sweep(app->store, now_ms - UNFINISHED_MS, error);
}

/* --- the chores ------------------------------------------------------------------------------------------------ */

static bool look(struct store_watch *watch)
{
    const struct app *app = watch->app;
    g_autoptr(GError) error = NULL;
    const bool is_up = store_check(app->store, &error);

    /* once when it goes, again when the cause is another one: a store that came back may still refuse us */
    if (!is_up && g_strcmp0(watch->cause, error->message) != 0) {
        log_error(&app->log, "store.unreachable", error);
    } else if (is_up && watch->cause != NULL) {
        log_message(&app->log, "store.reachable", "uploads that waited go on");
    }
    g_free(watch->cause);
    watch->cause = is_up ? NULL : g_strdup(error->message);
    return is_up;
}

static bool is_due(int64_t *due_us, int64_t every_ms)
{
    if (g_get_monotonic_time() < *due_us) {
        return false;
    }
    *due_us = g_get_monotonic_time() + every_ms * 1000;
    return true;
}

static void sweep_and_log(struct app *app)
{
    g_autoptr(GError) error = NULL;

    uploads_sweep_strays(app->uploads, g_get_real_time() / 1000);
    if (!sweep_store(app, g_get_real_time() / 1000, &error)) {
        log_error(&app->log, "store.sweep", error);
    }
}

/* Was put there at the start, unless the store was away. */
static void keep_branding(struct app *app)
{
    g_autoptr(GError) error = NULL;

    if (!branding_keep(app->branding, app->store, app->data, &error)) {
        log_error(&app->log, "branding.keep", error);
    }
}

static int64_t run(void *context)
{
    struct store_watch *watch = context;
    const bool is_up = look(watch);

    if (!is_up) {
        watch->retry_us = 0; /* at once when it is back */
    }
    if (is_up && !watch->app->branding->is_kept) {
        keep_branding(watch->app);
    }
    if (is_up && is_due(&watch->retry_us, RETRY_EVERY_MS)) {
        uploads_retry(watch->app->uploads, g_get_real_time() / 1000);
    }
    if (is_up && is_due(&watch->sweep_us, SWEEP_EVERY_MS)) {
        sweep_and_log(watch->app);
    }
    return TICK_MS;
}

struct store_watch *store_watch_start(struct app *app)
{
    struct store_watch *watch = g_new0(struct store_watch, 1);

    watch->app = app;
    watch->ticker = ticker_start("store", run, watch);
    return watch;
}

void store_watch_stop(struct store_watch *watch)
{
    if (watch != NULL) {
        ticker_stop(watch->ticker);
        g_free(watch->cause);
        g_free(watch);
    }
}
