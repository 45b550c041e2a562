#include "service/relocate.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/failure.h"
#include "service/database/relocate.h"
#include "service/model/ledger.h"
#include "service/model/migrate.h"
#include "service/store/store.h"

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

/* The counts were compared already: this says that the records are the same ones. */
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

static bool move_rows(struct app *app, const char *from, GError **error)
{
    static const struct relocate_report REPORT = {print_table, NULL};
    g_autoptr(Database) old = database_open(from, error);

    return old != NULL && migrate(old, g_get_real_time() / 1000, error) && check_ledger(old, error) &&
           database_relocate(old, app->database, &REPORT, error) && check_ledger(app->database, error);
}

/* --- media ----------------------------------------------------------------------------------------------------- */

struct media {
    struct app *app;
    struct store *from;
    int64_t moved;
    int64_t bytes;
    int64_t there; /* from an earlier run */
    GError *error;
};

/* The store takes a file away when it has it, so it gets another name of the same bytes. */
static bool put_copy(struct media *media, const char *path, const char *key, GError **error)
{
    g_autofree char *copy = g_build_filename(media->app->data, "relocate.part", NULL);

    if ((unlink(copy) != 0 && errno != ENOENT) || link(path, copy) != 0) {
        g_set_error(error, STORE_ERROR, REASON_IO, "%s: %s", copy, g_strerror(errno));
        return false;
    }
    return store_put_file(media->app->store, key, copy, error);
}

static bool move_object(struct media *media, const char *key, GError **error)
{
    g_autofree char *path = store_local_path(media->from, key);
    char sha256[DIGEST_HEX + 1];
    int64_t bytes;
    g_autoptr(GError) absent = NULL;

    if (!digest_file(path, sha256, &bytes, error)) {
        return false;
    }
    if (store_verify(media->app->store, key, bytes, sha256, &absent)) {
        media->there++;
        return true;
    }
    if (!put_copy(media, path, key, error) || !store_verify(media->app->store, key, bytes, sha256, error)) {
        return false;
    }
    media->moved++;
    media->bytes += bytes;
    return true;
}

static bool visit(void *context, const char *key, int64_t size, int64_t modified_ms)
{
    struct media *media = context;

    (void)size;
    (void)modified_ms;
    return move_object(media, key, &media->error);
}

static bool move_media(struct app *app, const char *from, GError **error)
{
    const struct store_config config = {.address = from};
    g_autoptr(Store) old = store_open(&config, error);
    struct media media = {.app = app, .from = old};

    if (old == NULL || !store_check(app->store, error) || !store_each(old, "", visit, &media, error)) {
        return false;
    }
    if (media.error != NULL) {
        g_propagate_error(error, media.error);
        return false;
    }
    printf("media                    %" G_GINT64_FORMAT " objects, %" G_GINT64_FORMAT " bytes; %" G_GINT64_FORMAT
           " were there\n",
           media.moved, media.bytes, media.there);
    return true;
}

bool relocate(struct app *app, const char *from_database, const char *from_store, GError **error)
{
    return (from_store == NULL || move_media(app, from_store, error)) &&
           (from_database == NULL || move_rows(app, from_database, error));
}
