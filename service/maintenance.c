#include "service/maintenance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/failure.h"
#include "service/database/relocate.h"
#include "service/exhibition.h"
#include "service/model/ledger.h"
#include "service/model/migrate.h"
#include "service/model/rendition.h"
#include "service/store/store.h"

#define PIECE_BYTES (INT64_C(4) << 20)

/* --- rows ------------------------------------------------------------------------------------------------------ */

static void print_table(void *context, const char *name, int64_t rows)
{
    (void)context;
    printf("%-24s %" G_GINT64_FORMAT " rows\n", name, rows);
}

static bool look_chain(struct sql *sql, void *context, GError **error)
{
    static const struct ledger_anchors NONE = {NULL, 0};

    return ledger_verify(sql, &NONE, context, error);
}

static bool check_ledger(struct database *database, GError **error)
{
    struct ledger_verdict chain = {0};

    if (!database_read(database, "ledger.verify", look_chain, &chain, error)) {
        return false;
    }
    if (chain.bad != 0) {
        g_set_error(error, MODEL_ERROR, REASON_CONFLICT, "the ledger's record %" G_GINT64_FORMAT " does not fit",
                    chain.bad);
        return false;
    }
    printf("ledger                   whole, %" G_GINT64_FORMAT " records\n", chain.records);
    return true;
}

/* The counts are compared by the move; the chain says that the records are the same ones. */
static bool move_rows(struct app *app, const char *from, GError **error)
{
    static const struct relocate_report REPORT = {print_table, NULL};
    g_autoptr(Database) old = database_open(from, error);

    return old != NULL && migrate(old, g_get_real_time() / 1000, error) && check_ledger(old, error) &&
           database_relocate(old, app->database, &REPORT, error) && check_ledger(app->database, error);
}

/* --- media ----------------------------------------------------------------------------------------------------- */

struct copying {
    struct store *from;
    struct store *to;
    char *part; /* path of the one that is under way */
    int64_t copied;
    int64_t bytes;
    int64_t there; /* before */
    GError *error;
};

static bool write_part(const struct copying *copying, struct store_reader *reader, GError **error)
{
    const int64_t size = store_reader_size(reader);
    g_autofree char *piece = g_malloc((gsize)PIECE_BYTES);
    const int fd = open(copying->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0;

    for (int64_t at = 0; good && at < size; at += PIECE_BYTES) {
        const int64_t length = MIN(PIECE_BYTES, size - at);
        if (!store_reader_read(reader, at, piece, (size_t)length, error)) {
            close(fd);
            return false;
        }
        good = pwrite(fd, piece, (size_t)length, at) == length;
    }
    if (!good) {
        g_set_error(error, STORE_ERROR, errno == ENOSPC ? REASON_FULL : REASON_IO, "%s: %s", copying->part,
                    g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd); /* the store syncs it */
    }
    return good;
}

/* A key is never written twice with other bytes, and nothing half written has a key. */
static bool copy_object(struct copying *copying, const char *key, GError **error)
{
    g_autoptr(StoreReader) reader = store_open_read(copying->from, key, error);
    g_autoptr(GError) absent = NULL;

    if (reader == NULL) {
        return false;
    }
    g_autoptr(StoreReader) known = store_open_read(copying->to, key, &absent);
    if (known != NULL && store_reader_size(known) == store_reader_size(reader)) {
        copying->there++;
        return true;
    }
    if (!write_part(copying, reader, error) || !store_put_file(copying->to, key, copying->part, error)) {
        return false;
    }
    copying->copied++;
    copying->bytes += store_reader_size(reader);
    return true;
}

/* A work that is withdrawn meanwhile takes its objects along: what is gone is passed over. */
static bool copy_visited(void *context, const char *key, int64_t size, int64_t modified_ms)
{
    struct copying *copying = context;
    g_autoptr(GError) cause = NULL;

    (void)size;
    (void)modified_ms;
    if (!copy_object(copying, key, &cause) && error_reason(cause) != REASON_NOT_FOUND) {
        copying->error = g_steal_pointer(&cause);
        return false;
    }
    return true;
}

static bool copy_media(struct store *from, struct store *to, const char *scratch, GError **error)
{
    g_autofree char *part = g_strdup_printf("%s/maintenance-%d.part", scratch, (int)getpid());
    struct copying copying = {.from = from, .to = to, .part = part};

    if (!store_check(from, error) || !store_check(to, error) || !store_each(from, "", copy_visited, &copying, error)) {
        return false;
    }
    if (copying.error != NULL) {
        g_propagate_error(error, copying.error);
        return false;
    }
    printf("media                    %" G_GINT64_FORMAT " objects, %" G_GINT64_FORMAT " bytes; %" G_GINT64_FORMAT
           " were there\n",
           copying.copied, copying.bytes, copying.there);
    return true;
}

/* The folder of media at `place`; a part file lies beside it, on the same disk, or beside the data. */
static bool copy_with_folder(struct app *app, const char *place, bool import, GError **error)
{
    const struct store_config config = {.address = place};
    g_autoptr(Store) folder = store_open(&config, error);
    g_autofree char *beside = g_path_get_dirname(place);

    if (folder == NULL) {
        return false;
    }
    return import ? copy_media(folder, app->store, app->data, error) : copy_media(app->store, folder, beside, error);
}

/* --- check ----------------------------------------------------------------------------------------------------- */

struct listing {
    char *after;
    struct sql_rows *rows;
};

static bool list_objects(struct sql *sql, void *context, GError **error)
{
    struct listing *listing = context;

    g_clear_pointer(&listing->rows, sql_rows_free);
    listing->rows = rendition_list_objects(sql, listing->after, error);
    return listing->rows != NULL;
}

static bool is_stored(struct store *store, const struct stored_object *object, GError **error)
{
    if (object->sha256 != NULL) {
        return store_verify(store, object->store_key, object->bytes, object->sha256, error);
    }
    g_autoptr(StoreReader) reader = store_open_read(store, object->store_key, error); /* not yet looked into */
    return reader != NULL;
}

static bool check_media(struct app *app, GError **error)
{
    struct listing listing = {.after = g_strdup("")};
    int64_t good = 0;
    int64_t bad = 0;
    bool reads = true;

    while (reads) {
        reads = database_read(app->database, "rendition.objects", list_objects, &listing, error);
        for (size_t i = 0; reads && i < listing.rows->count; i++) {
            const struct stored_object *object = sql_rows_at(listing.rows, i);
            g_autoptr(GError) cause = NULL;
            if (is_stored(app->store, object, &cause)) {
                good++;
            } else {
                printf("%s: %s\n", object->store_key, cause->message);
                bad++;
            }
            g_free(listing.after);
            listing.after = g_strdup(object->store_key);
        }
        if (reads && listing.rows->count == 0) {
            break;
        }
    }
    g_clear_pointer(&listing.rows, sql_rows_free);
    g_free(listing.after);
    printf("media                    %" G_GINT64_FORMAT " objects as they were made, %" G_GINT64_FORMAT " not\n", good,
           bad);
    if (reads && bad != 0) {
        g_set_error_literal(error, STORE_ERROR, REASON_CONFLICT, "objects are missing or damaged");
    }
    return reads && bad == 0;
}

bool maintenance_run(struct app *app, enum maintenance what, const char *place, GError **error)
{
    switch (what) {
    case MAINTENANCE_MOVE_ROWS:
        return move_rows(app, place, error);
    case MAINTENANCE_IMPORT_MEDIA:
        return copy_with_folder(app, place, true, error);
    case MAINTENANCE_EXPORT_MEDIA:
        return copy_with_folder(app, place, false, error);
    case MAINTENANCE_EXHIBITION:
        return exhibition_pack(app, place, error);
    case MAINTENANCE_CHECK:
        return check_ledger(app->database, error) && store_check(app->store, error) && check_media(app, error);
    case MAINTENANCE_NONE:
        break;
    }
    return true;
}
