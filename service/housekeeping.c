#include "service/housekeeping.h"

#include <string.h>

#include <glib/gstdio.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/anchor.h"
#include "service/handlers/uploads.h"
#include "service/embed_counts.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/http/parked.h"
#include "service/model/embed_site.h"
#include "service/model/job.h"
#include "service/model/node.h"
#include "service/model/outbox.h"
#include "service/model/phone_code.h"
#include "service/model/priority.h"
#include "service/model/quota.h"
#include "service/model/review.h"
#include "service/model/sandbox.h"
#include "service/model/staff.h"
#include "service/model/staff_phone.h"
#include "service/sniffer.h"
#include "service/ticker.h"
#include "service/view_counts.h"

enum {
    TICK_MS = 200,
    ORPHAN_MS = 3600 * 1000, /* a folder of an attempt is left alone for an hour */
};

struct due {
    struct app *app;
    int64_t now_ms;
    struct sql_rows *rows;
    const char *id;
    int64_t changed;
    char *sandbox; /* of the own sniffer */
    int64_t level; /* of all machines */
    int64_t stage; /* position */
};

static bool look_due(struct sql *sql, void *context, GError **error)
{
    struct due *due = context;

    due->rows = review_due(sql, due->now_ms, error);
    return due->rows != NULL;
}

static bool settle(struct sql *sql, void *context, GError **error)
{
    const struct due *due = context;

    return review_settle(sql, due->app->rules, due->id, due->now_ms, error);
}

static bool settle_decisions(struct app *app, int64_t now_ms, GError **error)
{
    struct due due = {.app = app, .now_ms = now_ms};

    if (!database_read(app->database, "decision.due", look_due, &due, error)) {
        return false;
    }
    for (size_t i = 0; i < due.rows->count; i++) {
        g_autoptr(GError) cause = NULL;
        due.id = ((const struct decision_row *)sql_rows_at(due.rows, i))->id;
        if (!database_transact(app->database, "decision.settle", settle, &due, &cause)) {
            log_error(&app->log, "decision.unsettled", cause);
        }
    }
    if (due.rows->count > 0) {
        server_wake(app->server, "jobs");
    }
    sql_rows_free(due.rows);
    return true;
}

static bool void_leases(struct sql *sql, void *context, GError **error)
{
    struct due *due = context;

    int64_t now_ms;

    return sql_lease_clock(sql, &now_ms, error) && job_void_leases(sql, now_ms, &due->changed, error);
}

/* Also wakes claims: for jobs that were queued for later, and because a hint of the database may have been lost. */
static bool return_jobs(struct app *app, int64_t now_ms, GError **error)
{
    struct due due = {.app = app, .now_ms = now_ms};

    if (!database_transact(app->database, "job.void_leases", void_leases, &due, error)) {
        return false;
    }
    if (due.changed > 0) {
        log_warning(&app->log, "job.lease_lost", "count=%" G_GINT64_FORMAT, due.changed);
    }
    server_wake(app->server, "jobs");
    return true;
}

static bool sweep_rows(struct sql *sql, void *context, GError **error)
{
    const struct due *due = context;

    return login_sweep(sql, due->now_ms, error) && staff_phone_sweep(sql, due->now_ms, error);
}

static bool sweep_logins(struct app *app, int64_t now_ms, GError **error)
{
    struct due due = {.app = app, .now_ms = now_ms};

    return database_transact(app->database, "login.sweep", sweep_rows, &due, error);
}

static bool sweep_quota_rows(struct sql *sql, void *context, GError **error)
{
    const struct due *due = context;

    return quota_sweep(sql, due->now_ms, error) && phone_code_sweep(sql, due->now_ms, error);
}

static bool sweep_quotas(struct app *app, int64_t now_ms, GError **error)
{
    struct due due = {.app = app, .now_ms = now_ms};

    return database_transact(app->database, "quota.sweep", sweep_quota_rows, &due, error);
}

static bool write_embed_counts(struct app *app, int64_t now_ms, GError **error)
{
    return embed_counts_write(app->embed_counts, app->database, now_ms, error);
}

static bool write_view_counts(struct app *app, int64_t now_ms, GError **error)
{
    return view_counts_write(app->view_counts, app->database, now_ms, error);
}

static bool sweep_embed_rows(struct sql *sql, void *context, GError **error)
{
    const struct due *due = context;

    return embed_count_sweep(sql, due->now_ms, error);
}

static bool sweep_embed_counts(struct app *app, int64_t now_ms, GError **error)
{
    struct due due = {.app = app, .now_ms = now_ms};

    return database_transact(app->database, "embed_count.sweep", sweep_embed_rows, &due, error);
}

static bool sweep_outbox_rows(struct sql *sql, void *context, GError **error)
{
    const struct due *due = context;

    return outbox_sweep(sql, due->now_ms, error);
}

static bool sweep_outbox(struct app *app, int64_t now_ms, GError **error)
{
    struct due due = {.app = app, .now_ms = now_ms};

    return database_transact(app->database, "outbox.sweep", sweep_outbox_rows, &due, error);
}

static bool move_up(struct sql *sql, void *context, GError **error)
{
    struct due *due = context;

    return priority_begin_weeks(sql, due->app->rules, due->stage, due->now_ms, &due->changed, error);
}

/* Piece by piece, so that no transaction holds up others for long. */
static bool begin_weeks(struct app *app, int64_t now_ms, GError **error)
{
    struct due due = {.app = app, .now_ms = now_ms};

    for (due.stage = 1; due.stage <= (int64_t)app->rules->stages->len; due.stage++) {
        do {
            if (!database_transact(app->database, "priority.begin_weeks", move_up, &due, error)) {
                return false;
            }
        } while (due.changed == PRIORITY_PIECE);
    }
    return true;
}

static bool sweep_uploads(struct app *app, int64_t now_ms, GError **error)
{
    (void)error; /* logs what it meets, row by row */
    uploads_sweep(app->uploads, now_ms);
    return true;
}

static void remove_folder(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);

    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        (void)g_remove(file); /* the next sweep tries again */
    }
    (void)g_rmdir(path);
}

/* Folders of job attempts that ended long ago. */
static bool sweep_jobs(struct app *app, int64_t now_ms, GError **error)
{
    g_autofree char *root = g_build_filename(app->data, "jobs", NULL);
    g_autoptr(GDir) folder = g_dir_open(root, 0, NULL);

    (void)error;
    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = g_build_filename(root, name, NULL);
        GStatBuf status;
        if (g_stat(path, &status) == 0 && now_ms - (int64_t)status.st_mtime * 1000 > ORPHAN_MS) {
            remove_folder(path);
        }
    }
    return true;
}

static bool see_nodes(struct sql *sql, void *context, GError **error)
{
    struct due *due = context;
    const struct app *app = due->app;
    const struct node own = {.id = app->node, .version = (char *)(uintptr_t)XUEPAI_VERSION, .sandbox = due->sandbox};

    if (!node_seen(sql, &own, error) || !sandbox_lowest(sql, due->now_ms, &due->level, error)) {
        return false;
    }
    g_autoptr(SqlRows) nodes = node_list(sql, error);
    due->changed = nodes == NULL ? 0 : (int64_t)nodes->count;
    return nodes != NULL && (!sandbox_is_none(due->sandbox) || app->unlocked_is_noted ||
                             sandbox_note_unlocked(sql, app->node, due->now_ms, error));
}

static bool count_nodes(struct app *app, int64_t now_ms, GError **error)
{
    char level[SNIFFER_LEVEL_BYTES];
    struct due due = {.app = app, .now_ms = now_ms, .sandbox = level};

    sniffer_level(app->sniffer, level);
    if (!database_transact(app->database, "node.seen", see_nodes, &due, error)) {
        return false;
    }
    app->unlocked_is_noted = app->unlocked_is_noted || sandbox_is_none(level);
    g_atomic_int_set(&app->sandbox, (gint)due.level);
    g_atomic_int_set(&app->nodes, (gint)due.changed);
    limits_share(server_limits(app->server), (int)due.changed);
    return true;
}

/* THE table of chores. Each may run in several services of one database at once: a row is changed by the first alone
 * (guarded updates), and files belong to one data folder. */
static const struct {
    const char *name;
    int64_t every_ms; /* 0: by the setting anchor_seconds */
    bool (*run)(struct app *app, int64_t now_ms, GError **error);
} CHORES[] = {
    {"nodes", 5000, count_nodes},
    {"decisions", TICK_MS, settle_decisions},
    {"jobs", 1000, return_jobs},
    {"logins", 60 * 1000, sweep_logins},
    {"uploads", 10 * 1000, sweep_uploads},
    {"job-folders", 600 * 1000, sweep_jobs},
    {"anchor", 0, anchor_write},
    {"quotas", 3600 * 1000, sweep_quotas},
    {"embed-counts", 5000, write_embed_counts},
    {"view-counts", 5000, write_view_counts},
    {"old-embed-counts", 3600 * 1000, sweep_embed_counts},
    {"old-events", 3600 * 1000, sweep_outbox},
    {"weeks", 600 * 1000, begin_weeks},
};

struct housekeeping {
    struct app *app;
    struct ticker *ticker;
    int64_t due_us[G_N_ELEMENTS(CHORES)]; /* the ticker's */
};

static int64_t run(void *context)
{
    struct housekeeping *housekeeping = context;
    const struct app *app = housekeeping->app;

    for (size_t i = 0; i < G_N_ELEMENTS(CHORES); i++) {
        g_autoptr(GError) error = NULL;
        if (g_get_monotonic_time() < housekeeping->due_us[i]) {
            continue;
        }
        const int64_t every_ms = CHORES[i].every_ms == 0 ? app->settings->anchor_seconds * 1000 : CHORES[i].every_ms;
        housekeeping->due_us[i] = g_get_monotonic_time() + every_ms * 1000;
        if (!CHORES[i].run(housekeeping->app, g_get_real_time() / 1000, &error)) {
            g_prefix_error(&error, "%s: ", CHORES[i].name);
            log_error(&app->log, "housekeeping.failed", error);
        }
    }
    return TICK_MS;
}

struct housekeeping *housekeeping_start(struct app *app)
{
    struct housekeeping *housekeeping = g_new0(struct housekeeping, 1);

    housekeeping->app = app;
    housekeeping->ticker = ticker_start("housekeeping", run, housekeeping);
    return housekeeping;
}

void housekeeping_stop(struct housekeeping *housekeeping)
{
    if (housekeeping != NULL) {
        ticker_stop(housekeeping->ticker);
        g_free(housekeeping);
    }
}
