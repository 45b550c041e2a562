/* The stamped scan of a printed attachment: a PDF that the city gives back and people of the notice fetch. It is kept and
 * handed out as it came, never opened here. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/annexes.h"
#include "service/handlers/body_file.h"
#include "service/handlers/handlers.h"
#include "service/handlers/stored.h"
#include "service/handlers/uploads.h"
#include "service/model/annex.h"
#include "service/model/permission.h"
#include "service/model/secret.h"
#include "service/store/store.h"

#define SCAN_BYTES_MOST (INT64_C(20) << 20)
static const char PDF[] = "%PDF-";

/* A scan on its way: in the folder of uploads until the store has it. */
struct scan {
    struct app *app;
    const struct request *request; /* owns this by its stream */
    int64_t number;
    int fd;
    char *id;
    char *key;
    char sha256[DIGEST_HEX + 1];
    int64_t bytes;
};

static bool stamp(struct sql *sql, void *context, GError **error)
{
    const struct scan *scan = context;
    const struct actor actor = request_actor(scan->request);
    const struct annex_scan kept = {scan->key, scan->bytes, scan->sha256};

    return annex_stamp(sql, scan->app->rules, scan->number, request_param(scan->request, "region"), &kept, &actor,
                       request_now_ms(scan->request), error);
}

static bool is_pdf(int fd)
{
    char head[sizeof PDF - 1];

    return pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head && memcmp(head, PDF, sizeof head) == 0;
}

/* The object lies there before its row says so; without the row it is an orphan that the store watch removes. */
static struct response *finish(void *context, struct request *request, int64_t bytes, GError **error)
{
    struct scan *scan = context;
    g_autofree char *path = uploads_part_path(scan->app->uploads, scan->id);

    (void)request; /* the scan's own */
    scan->bytes = bytes;
    if (!is_pdf(scan->fd)) {
        refuse(error, HTTP_ERROR, REASON_ANNEX_SCAN, "no PDF");
        return NULL;
    }
    if (!digest_descriptor(scan->fd, scan->sha256, error) ||
        !store_put_file(scan->app->store, scan->key, path, error)) {
        return NULL;
    }
    return database_transact(scan->app->database, "annex.stamp", stamp, scan, error) ? response_empty(204) : NULL;
}

static void scan_free(void *context)
{
    struct scan *scan = context;
    g_autofree char *name = uploads_part_name(scan->id);

    (void)unlinkat(uploads_folder(scan->app->uploads), name, 0); /* in the store by now, or swept as a stray */
    g_free(scan->id);
    g_free(scan->key);
    g_free(scan);
}

static struct scan *scan_open(struct app *app, const struct request *request, int64_t number, GError **error)
{
    struct scan *scan = g_new0(struct scan, 1);

    scan->app = app;
    scan->request = request;
    scan->number = number;
    scan->id = secret_id();
    scan->key = g_strconcat("annex/", scan->id, NULL);
    g_autofree char *name = uploads_part_name(scan->id);
    scan->fd = openat(uploads_folder(app->uploads), name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (scan->fd < 0) {
        refuse(error, HTTP_ERROR, REASON_IO, "no file for a scan");
        g_clear_pointer(&scan, scan_free);
    }
    return scan;
}

HANDLER(annex_put_scan)
{
    const int64_t length = request_content_length(request);
    int64_t number;

    if (!annexes_read_number(request, &number, error) ||
        !may(app->rules, request_staff(request), PERMISSION_ANNEX, request_param(request, "region"), error)) {
        return NULL;
    }
    if (length > SCAN_BYTES_MOST) {
        refuse(error, HTTP_ERROR, REASON_ANNEX_SCAN, "a large file");
        return NULL;
    }
    struct scan *scan = uploads_has_space(app, MAX(length, 0), error) ? scan_open(app, request, number, error) : NULL;
    if (scan == NULL) {
        return NULL;
    }
    const struct body_file body = {
        .fd = scan->fd,
        .most_bytes = SCAN_BYTES_MOST,
        .finish = finish,
        .finish_transfers = store_is_remote(app->store),
        .free = scan_free,
        .context = scan,
    };
    body_file_attach(request, &body);
    return NULL;
}

struct look {
    const struct app *app;
    int64_t number;
    const char *region;
    char *key;
    char *etag;
};

static bool look(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;
    g_autoptr(SqlRows) rows = annex_list(sql, look->app->rules, look->number, look->region, error);

    g_clear_pointer(&look->key, g_free);
    g_clear_pointer(&look->etag, g_free);
    if (rows != NULL && rows->count == 1) {
        const struct annex *row = sql_rows_at(rows, 0);
        look->key = g_strdup(row->scan_key);
        look->etag = g_strdup_printf("\"%.32s\"", row->scan_sha256);
    }
    return rows != NULL;
}

HANDLER(annex_show_scan)
{
    const char *own = annexes_region_of(app, request);
    struct look asked = {.app = app, .region = request_param(request, "region")};
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, annex_show_scan);
    }
    if (!annexes_read_number(request, &asked.number, error)) {
        return NULL;
    }
    if (rules_region_find(app->rules, asked.region) == NULL || (own[0] != '\0' && strcmp(own, asked.region) != 0)) {
        refuse(error, HTTP_ERROR, REASON_NOT_FOUND, "not this person's region");
        return NULL;
    }
    if (database_read(app->database, "annex.scan", look, &asked, error)) {
        if (asked.key == NULL || asked.key[0] == '\0') {
            refuse(error, HTTP_ERROR, REASON_NOT_FOUND, "not stamped");
        } else {
            response = stored_answer(app, request, asked.key, "application/pdf", asked.etag, error);
        }
    }
    if (response != NULL) {
        response_profile(response, PROFILE_MEDIA);
        response_header(response, "Cache-Control", "private, no-store");
        response_headerf(response, "Content-Disposition", "attachment; filename=\"annex%" G_GINT64_FORMAT "-%s.pdf\"",
                         asked.number, asked.region);
    }
    g_free(asked.key);
    g_free(asked.etag);
    return response;
}
