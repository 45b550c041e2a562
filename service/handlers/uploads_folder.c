/* The folder of unfinished uploads, its recovery and its sweeping, and the table of who writes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/uploads.h"
#include "service/http/metrics.h"
#include "service/http/parked.h"
#include "service/http/request.h"
#include "service/http/server.h"
#include "service/http/stream.h"
#include "service/model/submission.h"
#include "service/model/unfinished.h"
#include "service/store/store.h"

#define STRAY_MS 3600000 /* a file is older than its row, but not by an hour */
#define RETRY_MS 20000   /* by then the request that brought the last byte is over, or at least this is harmless */

struct uploads {
    struct app *app;
    char *path;
    int folder;
    GMutex lock;
    GHashTable *holders; /* under lock: id -> struct holder */
};

struct holder {
    struct request *request; /* a reference */
    bool writes;
};

static void holder_free(gpointer data)
{
    struct holder *holder = data;

    request_release(holder->request);
    g_free(holder);
}

static bool fail(GError **error, const char *what, const char *name)
{
    g_set_error(error, STORE_ERROR, errno == ENOSPC || errno == EDQUOT ? REASON_FULL : REASON_IO, "%s \"%s\": %s", what,
                name, g_strerror(errno));
    return false;
}

int uploads_folder(const struct uploads *uploads)
{
    return uploads->folder;
}

struct app *uploads_app(const struct uploads *uploads)
{
    return uploads->app;
}

char *uploads_part_name(const char *id)
{
    return g_strconcat(id, ".part", NULL);
}

char *uploads_part_path(const struct uploads *uploads, const char *id)
{
    return g_strdup_printf("%s/%s.part", uploads->path, id);
}

bool uploads_is_here(const struct uploads *uploads, const char *id, int64_t length)
{
    g_autofree char *name = uploads_part_name(id);
    struct stat status;

    return fstatat(uploads->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
           status.st_size >= length;
}

char *uploads_topic(const char *id)
{
    return g_strconcat("upload:", id, NULL);
}

/* --- who writes ------------------------------------------------------------------------------------------------ */

enum hold uploads_hold(struct uploads *uploads, const char *id, struct request *request, bool writes)
{
    enum hold hold = HOLD_TAKEN;

    g_mutex_lock(&uploads->lock);
    const struct holder *holder = g_hash_table_lookup(uploads->holders, id);
    if (holder == NULL) {
        struct holder *mine = g_new(struct holder, 1);
        *mine = (struct holder){request_hold(request), writes};
        (void)g_hash_table_insert(uploads->holders, g_strdup(id), mine); /* was absent */
    } else if (request_started_us(holder->request) > request_started_us(request)) {
        hold = HOLD_REFUSED;
    } else {
        hold = HOLD_WAIT;
        if (holder->writes) {
            request_interrupt(holder->request);
            metrics_add(server_metrics(uploads->app->server), METRIC_UPLOAD_TAKEOVERS, NULL, 1);
        }
    }
    g_mutex_unlock(&uploads->lock);
    return hold;
}

void uploads_release(struct uploads *uploads, const char *id, const struct request *request)
{
    g_autofree char *topic = uploads_topic(id);

    g_mutex_lock(&uploads->lock);
    const struct holder *holder = g_hash_table_lookup(uploads->holders, id);
    const bool is_ours = holder != NULL && holder->request == request;
    if (is_ours) {
        (void)g_hash_table_remove(uploads->holders, id); /* is there */
    }
    g_mutex_unlock(&uploads->lock);
    if (is_ours) {
        server_wake(uploads->app->server, topic);
    }
}

/* --- completion ------------------------------------------------------------------------------------------------ */

struct finished {
    const char *id;
    int64_t length;
    int64_t now_ms;
    bool changed;
};

static bool finish_row(struct sql *sql, void *context, GError **error)
{
    struct finished *finished = context;

    return upload_complete(sql, finished->id, finished->length, finished->now_ms, &finished->changed, error) &&
           (!finished->changed || submission_upload_completed(sql, finished->id, finished->now_ms, error));
}

/* *has: the object is there with this length. False when that cannot be told now. */
static bool store_has(struct store *store, const char *key, int64_t wanted, bool *has, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(StoreReader) reader = store_open_read(store, key, &cause);

    if (reader == NULL && error_reason(cause) != REASON_NOT_FOUND) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    *has = reader != NULL && store_reader_size(reader) == wanted;
    return true;
}

/* The part file, or, when it is gone, what an earlier try has already put. */
static bool put_part_file(struct uploads *uploads, const char *id, int64_t length, GError **error)
{
    g_autofree char *path = uploads_part_path(uploads, id);
    g_autofree char *key = upload_key(id);
    bool has = false;

    if (uploads_is_here(uploads, id, length)) {
        return store_put_file(uploads->app->store, key, path, error);
    }
    if (store_has(uploads->app->store, key, length, &has, error) && !has) {
        g_set_error(error, STORE_ERROR, REASON_NOT_FOUND, "the upload's bytes are not on this node");
    }
    return has;
}

bool uploads_complete(struct uploads *uploads, const char *id, int64_t length, int64_t now_ms, GError **error)
{
    struct finished finished = {.id = id, .length = length, .now_ms = now_ms};

    if (!put_part_file(uploads, id, length, error) ||
        !database_transact(uploads->app->database, "upload.complete", finish_row, &finished, error)) {
        return false;
    }
    if (finished.changed && uploads->app->server != NULL) {
        metrics_add(server_metrics(uploads->app->server), METRIC_UPLOADS_COMPLETED, NULL, 1);
        server_wake(uploads->app->server, "jobs");
    }
    if (finished.changed) {
        concatenation_sweep(uploads, id, now_ms);
    }
    return true;
}

/* --- recovery -------------------------------------------------------------------------------------------------- */

static bool lose(struct sql *sql, void *context, GError **error)
{
    struct finished *finished = context;

    return upload_abandon_row(sql, finished->id, finished->now_ms, &finished->changed, error);
}

static bool lose_upload(struct uploads *uploads, const struct upload *upload, int64_t now_ms, GError **error)
{
    const struct app *app = uploads->app;
    struct finished finished = {.id = upload->id, .now_ms = now_ms};

    log_warning(&app->log, "upload.damaged", "id=%.6s offset=%" G_GINT64_FORMAT, upload->id, upload->offset_bytes);
    return database_transact(app->database, "upload.lose", lose, &finished, error);
}

/* Without a part file: either an earlier try put it, or it is lost. */
static bool recover_absent(struct uploads *uploads, const struct upload *upload, int64_t now_ms, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (uploads_complete(uploads, upload->id, upload->length_bytes, now_ms, &cause)) {
        return true;
    }
    if (error_reason(cause) == REASON_STORE) {
        return true; /* uploads_retry asks again */
    }
    if (error_reason(cause) == REASON_NOT_FOUND) {
        return lose_upload(uploads, upload, now_ms, error);
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* A store that is away does not keep the service from starting. */
static bool recover_complete(struct uploads *uploads, const struct upload *upload, int64_t now_ms, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (uploads_complete(uploads, upload->id, upload->length_bytes, now_ms, &cause) ||
        error_reason(cause) == REASON_STORE) {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* What lies beyond the durable offset may be zeroes or half a piece; a client never heard of it. */
static bool recover_one(struct uploads *uploads, const struct upload *upload, int64_t now_ms, GError **error)
{
    g_autofree char *name = uploads_part_name(upload->id);
    struct stat status;
    const int fd = openat(uploads->folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 && errno == ENOENT) {
        return recover_absent(uploads, upload, now_ms, error);
    }
    if (fd < 0 || fstat(fd, &status) != 0 || status.st_size < upload->offset_bytes) {
        if (fd >= 0) {
            (void)close(fd); /* only read */
        }
        return lose_upload(uploads, upload, now_ms, error);
    }
    const bool cut =
        status.st_size == upload->offset_bytes || (ftruncate(fd, upload->offset_bytes) == 0 && fsync(fd) == 0);
    const bool done = cut || fail(error, "cannot cut", name);
    (void)close(fd); /* synced above */
    return done && (upload->offset_bytes != upload->length_bytes || recover_complete(uploads, upload, now_ms, error));
}

struct listing {
    const char *node;
    const char *after;
    int64_t now_ms;
    struct sql_rows *rows;
};

static bool list_open(struct sql *sql, void *context, GError **error)
{
    struct listing *listing = context;

    g_clear_pointer(&listing->rows, sql_rows_free);
    listing->rows = upload_list_open(sql, listing->node, listing->after, error);
    return listing->rows != NULL;
}

typedef bool open_visit(struct uploads *uploads, const struct upload *upload, void *context, GError **error);

static bool each_open(struct uploads *uploads, open_visit *visit, void *context, GError **error)
{
    g_autofree char *after = g_strdup("");

    for (;;) {
        struct listing listing = {.node = uploads->app->node, .after = after};
        if (!database_read(uploads->app->database, "upload.list_open", list_open, &listing, error)) {
            sql_rows_free(listing.rows);
            return false;
        }
        g_autoptr(SqlRows) rows = listing.rows;
        for (size_t i = 0; i < rows->count; i++) {
            const struct upload *upload = sql_rows_at(rows, i);
            if (!visit(uploads, upload, context, error)) {
                return false;
            }
            g_free(after);
            after = g_strdup(upload->id);
        }
        if (rows->count == 0) {
            return true;
        }
    }
}

/* `context`: the names of the files that have an open row, to be filled. */
static bool recover_known(struct uploads *uploads, const struct upload *upload, void *context, GError **error)
{
    (void)g_hash_table_add(context, uploads_part_name(upload->id)); /* new */
    return recover_one(uploads, upload, g_get_real_time() / 1000, error);
}

static bool sweep_orphans(struct uploads *uploads, GHashTable *known, GError **error)
{
    g_autoptr(GDir) folder = g_dir_open(uploads->path, 0, NULL);

    if (folder == NULL) {
        return fail(error, "cannot read", uploads->path);
    }
    for (const char *name = g_dir_read_name(folder); name != NULL; name = g_dir_read_name(folder)) {
        if (g_str_has_suffix(name, ".part") && !g_hash_table_contains(known, name)) {
            (void)unlinkat(uploads->folder, name, 0); /* stays until the next start */
        }
    }
    return true;
}

struct uploads *uploads_open(struct app *app, GError **error)
{
    g_autofree char *path = g_build_filename(app->data, "uploads", NULL);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const int made = g_mkdir_with_parents(path, 0700);
    const int fd = made != 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        (void)fail(error, "cannot open the folder", path);
        return NULL;
    }
    struct uploads *uploads = g_new0(struct uploads, 1);
    uploads->app = app;
    uploads->path = g_steal_pointer(&path);
    uploads->folder = fd;
    uploads->holders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, holder_free);
    g_mutex_init(&uploads->lock);
    if (!each_open(uploads, recover_known, known, error) || !sweep_orphans(uploads, known, error)) {
        uploads_free(uploads);
        return NULL;
    }
    return uploads;
}

void uploads_free(struct uploads *uploads)
{
    if (uploads == NULL) {
        return;
    }
    g_hash_table_unref(uploads->holders);
    g_mutex_clear(&uploads->lock);
    (void)close(uploads->folder); /* a folder */
    g_free(uploads->path);
    g_free(uploads);
}

/* --- late completion ------------------------------------------------------------------------------------------- */

static bool retry_one(struct uploads *uploads, const struct upload *upload, void *context, GError **error)
{
    const int64_t now_ms = *(const int64_t *)context;
    g_autoptr(GError) cause = NULL;

    if (upload->offset_bytes != upload->length_bytes || now_ms - upload->updated_ms < RETRY_MS) {
        return true; /* still coming, or the request that brought the last byte is at it */
    }
    if (uploads_complete(uploads, upload->id, upload->length_bytes, now_ms, &cause)) {
        log_message(&uploads->app->log, "upload.completed_late", "id=%.6s", upload->id);
        return true;
    }
    if (error_reason(cause) == REASON_NOT_FOUND) {
        return true; /* its file was taken away under us: one such keeps nobody else waiting */
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

void uploads_retry(struct uploads *uploads, int64_t now_ms)
{
    g_autoptr(GError) error = NULL;

    if (!each_open(uploads, retry_one, &now_ms, &error)) {
        log_error(&uploads->app->log, "upload.retry", error);
    }
    concatenation_sweep(uploads, "", now_ms);
}

/* --- expiry ---------------------------------------------------------------------------------------------------- */

static bool list_overdue(struct sql *sql, void *context, GError **error)
{
    struct listing *listing = context;

    g_clear_pointer(&listing->rows, sql_rows_free);
    listing->rows = unfinished_list(sql, listing->now_ms, error);
    return listing->rows != NULL;
}

static bool expire_overdue(struct sql *sql, void *context, GError **error)
{
    struct finished *finished = context;

    return unfinished_expire(sql, finished->id, finished->now_ms, &finished->changed, error);
}

static bool list_expired(struct sql *sql, void *context, GError **error)
{
    struct listing *listing = context;

    g_clear_pointer(&listing->rows, sql_rows_free);
    listing->rows = upload_list_expired(sql, listing->now_ms, error);
    return listing->rows != NULL;
}

static void expire_one(struct uploads *uploads, const struct upload *upload, database_work *expire, int64_t now_ms)
{
    struct finished finished = {.id = upload->id, .now_ms = now_ms};
    g_autofree char *name = uploads_part_name(upload->id);
    g_autofree char *key = upload_key(upload->id);
    g_autoptr(GError) error = NULL;

    g_mutex_lock(&uploads->lock);
    const bool is_written = g_hash_table_contains(uploads->holders, upload->id);
    g_mutex_unlock(&uploads->lock);
    if (is_written) {
        return; /* its next offset moves the deadline */
    }
    if (!database_transact(uploads->app->database, "upload.expire", expire, &finished, &error) || !finished.changed) {
        return; /* the next round sees it again */
    }
    (void)unlinkat(uploads->folder, name, 0); /* absent when complete; an orphan otherwise goes at the next start */
    (void)store_remove(uploads->app->store, key, NULL); /* absent when open; else the orphan sweep finds it */
    metrics_add(server_metrics(uploads->app->server), METRIC_UPLOADS_EXPIRED, NULL, 1);
}

static void sweep(struct uploads *uploads, database_work *list, database_work *expire, int64_t now_ms)
{
    struct listing listing = {.now_ms = now_ms};
    g_autoptr(GError) error = NULL;

    if (!database_read(uploads->app->database, "upload.list_expired", list, &listing, &error)) {
        log_error(&uploads->app->log, "upload.sweep", error);
    }
    for (size_t i = 0; listing.rows != NULL && i < listing.rows->count; i++) {
        expire_one(uploads, sql_rows_at(listing.rows, i), expire, now_ms);
    }
    sql_rows_free(listing.rows);
}

void uploads_sweep(struct uploads *uploads, int64_t now_ms)
{
    sweep(uploads, list_expired, lose, now_ms);
    sweep(uploads, list_overdue, expire_overdue, now_ms);
}

/* --- strays ---------------------------------------------------------------------------------------------------- */

struct stray {
    const char *id;
    struct upload upload;
    bool found;
};

static bool look_stray(struct sql *sql, void *context, GError **error)
{
    struct stray *stray = context;

    return upload_find(sql, stray->id, &stray->upload, &stray->found, error);
}

static void sweep_stray(struct uploads *uploads, const char *name)
{
    g_autofree char *id = g_strndup(name, strlen(name) - strlen(".part"));
    struct stray stray = {.id = id};

    if (database_read(uploads->app->database, "upload.stray", look_stray, &stray, NULL) &&
        (!stray.found || !upload_is_state(&stray.upload, "open") ||
         !uploads_is_here(uploads, id, stray.upload.offset_bytes))) {
        (void)unlinkat(uploads->folder, name, 0); /* or the next time */
    }
    upload_clear(&stray.upload);
}

void uploads_sweep_strays(struct uploads *uploads, int64_t now_ms)
{
    g_autoptr(GDir) folder = g_dir_open(uploads->path, 0, NULL);

    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;) {
        struct stat status;
        if (g_str_has_suffix(name, ".part") && fstatat(uploads->folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            now_ms - (int64_t)status.st_mtime * 1000 > STRAY_MS) {
            sweep_stray(uploads, name);
        }
    }
}
