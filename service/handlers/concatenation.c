/* tus concatenation: an upload that is put together from others (partials) in a given order.
 *
 * A partial is stored like any complete upload, but never looked into and never part of a work. The final one is made at
 * any time (concatenation-unfinished); whoever completes the last part puts it together, or the next HEAD, or the clock.
 * Two may do so at once: both write the same bytes, and completing twice is harmless. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/failure.h"
#include "service/database/database.h"
#include "service/handlers/uploads.h"
#include "service/store/store.h"

#define PIECE_BYTES (1 << 20)

static bool fail(GError **error, const char *what)
{
    g_set_error(error, STORE_ERROR, errno == ENOSPC || errno == EDQUOT ? REASON_FULL : REASON_IO, "%s: %s", what,
                g_strerror(errno));
    return false;
}

/* --- creation -------------------------------------------------------------------------------------------------- */

struct creation {
    const struct upload *final;
    char *const *ids;
    int64_t limit;
};

static bool check_part(struct sql *sql, const char *id, int64_t *length, GError **error)
{
    struct upload part = {0};
    bool found = false;

    if (!upload_id_is_valid(id)) {
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_CONCAT, "no id of an upload");
    }
    if (!upload_find(sql, id, &part, &found, error)) {
        return false;
    }
    const bool is_there = found && (upload_is_state(&part, "open") || upload_is_state(&part, "complete"));
    const bool fits = is_there && upload_is_partial(&part);
    *length = part.length_bytes;
    upload_clear(&part);
    return fits ||
           refuse(error, HTTP_ERROR, is_there ? REASON_UPLOAD_CONCAT : REASON_NOT_FOUND, "no such partial upload");
}

static bool create(struct sql *sql, void *context, GError **error)
{
    const struct creation *creation = context;
    int64_t sum = 0;

    if (!upload_add(sql, creation->final, error)) {
        return false;
    }
    for (int64_t i = 0; creation->ids[i] != NULL; i++) {
        int64_t length = 0;
        if (!check_part(sql, creation->ids[i], &length, error) ||
            !upload_add_part(sql, creation->final->id, i + 1, creation->ids[i], error)) {
            return false;
        }
        sum += MAX(length, 0);
    }
    return sum <= creation->limit ||
           refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "the parts are too large together");
}

bool concatenation_create(struct uploads *uploads, const struct upload *final, char *const *ids, GError **error)
{
    struct app *app = uploads_app(uploads);
    struct creation creation = {.final = final, .ids = ids, .limit = uploads_limit(app, final->track)};
    int64_t length;

    if (!uploads_create_file(uploads, final, error)) {
        return false;
    }
    if (!database_transact(app->database, "upload.add_final", create, &creation, error)) {
        g_autofree char *name = uploads_part_name(final->id);
        (void)unlinkat(uploads_folder(uploads), name, 0); /* or swept at the next start */
        return false;
    }
    return concatenation_try(uploads, final, final->created_ms, &length, error);
}

/* --- putting together ------------------------------------------------------------------------------------------ */

static bool write_all(int fd, const char *bytes, size_t length, int64_t offset, GError **error)
{
    while (length > 0) {
        const ssize_t count = pwrite(fd, bytes, length, offset);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return fail(error, "cannot write the final upload");
        }
        bytes += count;
        length -= (size_t)count;
        offset += count;
    }
    return true;
}

/* Adds one complete part to the file and moves *at behind it. */
static bool copy_part(struct uploads *uploads, const struct upload *part, int fd, int64_t *at, GError **error)
{
    g_autofree char *key = upload_key(part->id);
    g_autofree char *piece = g_malloc(PIECE_BYTES);
    g_autoptr(StoreReader) reader = store_open_read(uploads_app(uploads)->store, key, error);

    if (reader == NULL) {
        return false;
    }
    for (int64_t done = 0; done < part->length_bytes;) {
        const size_t length = (size_t)MIN(part->length_bytes - done, PIECE_BYTES);
        if (!store_reader_read(reader, done, piece, length, error) ||
            !write_all(fd, piece, length, *at + done, error)) {
            return false;
        }
        done += (int64_t)length;
    }
    *at += part->length_bytes;
    return true;
}

static bool copy_parts(struct uploads *uploads, const struct upload *final, const struct sql_rows *parts,
                       GError **error)
{
    g_autofree char *name = uploads_part_name(final->id);
    /* On the node that made it the file is there; another one begins a file of its own. */
    const int fd = openat(uploads_folder(uploads), name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool done = fd >= 0 || fail(error, "cannot open the final upload");
    int64_t at = 0;

    for (size_t i = 0; done && i < parts->count; i++) {
        done = copy_part(uploads, sql_rows_at(parts, i), fd, &at, error);
    }
    done = done && (fdatasync(fd) == 0 || fail(error, "cannot sync the final upload"));
    if (fd >= 0) {
        (void)close(fd); /* synced, or of no use */
    }
    return done;
}

struct join {
    const char *node;
    const struct upload *final;
    int64_t length;
    int64_t now_ms;
    struct sql_rows *parts;
};

static bool list_parts(struct sql *sql, void *context, GError **error)
{
    struct join *join = context;

    g_clear_pointer(&join->parts, sql_rows_free);
    join->parts = upload_list_parts(sql, join->final->id, error);
    return join->parts != NULL;
}

/* The bytes are durable: the row may say so. */
static bool set_row(struct sql *sql, void *context, GError **error)
{
    const struct join *join = context;
    const struct upload row = {.id = join->final->id,
                               .node = (char *)(uintptr_t)join->node,
                               .offset_bytes = join->length,
                               .updated_ms = join->now_ms,
                               .expires_ms = join->final->expires_ms};
    bool changed; /* not when another one was faster: completing then finds it done */

    return upload_set_length(sql, join->final->id, join->length, &changed, error) &&
           upload_set_offset(sql, &row, &changed, error);
}

/* True when all parts are complete. */
static bool measure(struct join *join)
{
    bool all = join->parts->count > 0;

    for (size_t i = 0; i < join->parts->count; i++) {
        const struct upload *part = sql_rows_at(join->parts, i);
        all = all && upload_is_state(part, "complete");
        join->length = join->length == UPLOAD_LENGTH_LATER || part->length_bytes == UPLOAD_LENGTH_LATER
                           ? UPLOAD_LENGTH_LATER
                           : join->length + part->length_bytes;
    }
    return all;
}

static bool join_parts(struct uploads *uploads, struct join *join, GError **error)
{
    if (join->length > uploads_limit(uploads_app(uploads), join->final->track)) {
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "the parts are too large together");
    }
    return copy_parts(uploads, join->final, join->parts, error) &&
           database_transact(uploads_app(uploads)->database, "upload.join", set_row, join, error) &&
           uploads_complete(uploads, join->final->id, join->length, join->now_ms, error);
}

bool concatenation_try(struct uploads *uploads, const struct upload *final, int64_t now_ms, int64_t *length,
                       GError **error)
{
    struct join join = {.node = uploads_app(uploads)->node, .final = final, .now_ms = now_ms};
    const bool listed = database_read(uploads_app(uploads)->database, "upload.list_parts", list_parts, &join, error);
    const bool done = listed && (!measure(&join) || join_parts(uploads, &join, error));

    sql_rows_free(join.parts);
    if (done) {
        *length = join.length;
    }
    return done;
}

struct waiting {
    const char *part;
    struct sql_rows *rows;
};

static bool list_joinable(struct sql *sql, void *context, GError **error)
{
    struct waiting *waiting = context;

    g_clear_pointer(&waiting->rows, sql_rows_free);
    waiting->rows = upload_list_joinable(sql, waiting->part, error);
    return waiting->rows != NULL;
}

void concatenation_sweep(struct uploads *uploads, const char *part, int64_t now_ms)
{
    struct app *app = uploads_app(uploads);
    struct waiting waiting = {.part = part};
    g_autoptr(GError) error = NULL;

    if (!database_read(app->database, "upload.list_joinable", list_joinable, &waiting, &error)) {
        log_error(&app->log, "upload.join", error);
    }
    for (size_t i = 0; waiting.rows != NULL && i < waiting.rows->count; i++) {
        g_autoptr(GError) cause = NULL;
        int64_t length;
        if (!concatenation_try(uploads, sql_rows_at(waiting.rows, i), now_ms, &length, &cause)) {
            log_error(&app->log, "upload.join", cause);
        }
    }
    sql_rows_free(waiting.rows);
}
