/* The pack of an exhibition as one zip file, for organisers. It is put together in a file without a name, then sent by
 * range like a clip, so a browser shows how far it is and may go on after a pause. */
#include "service/exhibition.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/http/transfer.h"
#include "service/model/ledger.h"
#include "service/model/permission.h"

/* What a stick with FAT holds in one file; more is made as a folder, by the command. */
#define ZIP_BYTES_MAX (INT64_C(4) * 1000 * 1000 * 1000)

struct call {
    const struct app *app;
    const struct request *request;
    struct exhibition_choice choice;
    size_t works;
};

/* One of the three, the region within the person's own. */
static bool read_choice(const struct app *app, const struct request *request, struct exhibition_choice *choice,
                        GError **error)
{
    *choice = (struct exhibition_choice){
        .region = request_query(request, "region"),
        .collection = request_query(request, "collection"),
        .selection = request_query(request, "selection"),
    };
    if ((choice->region != NULL) + (choice->collection != NULL) + (choice->selection != NULL) != 1) {
        return refuse(error, HTTP_ERROR, REASON_INPUT, "region, collection or selection");
    }
    return choice->region == NULL ||
           may(app->rules, request_staff(request), PERMISSION_PROGRAMME, choice->region, error);
}

/* Who took copies of what is known afterwards: they are out of our hands. */
static bool record(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct exhibition_choice *choice = &call->choice;
    const struct actor actor = request_actor(call->request);
    json_auto_t *detail = json_pack("{s:I}", "works", (json_int_t)call->works);
    const struct ledger_entry entry = {.action = "exhibition.packed",
                                       .object = choice->region != NULL       ? choice->region
                                                 : choice->collection != NULL ? choice->collection
                                                                              : choice->selection,
                                       .before = "",
                                       .after = "",
                                       .detail = detail};

    return ledger_add(sql, &actor, &entry, request_now_ms(call->request), error);
}

static int64_t room_of(const struct app *app, int fd)
{
    struct statvfs status;

    return fstatvfs(fd, &status) != 0
               ? 0
               : (int64_t)status.f_bavail * (int64_t)status.f_frsize - app->settings->reserve_bytes;
}

static bool write_zip(struct app *app, struct call *call, int fd, GError **error)
{
    g_autoptr(Pack) pack = pack_zip(fd, error);

    return pack != NULL &&
           exhibition_write(app, &call->choice, pack, MIN(ZIP_BYTES_MAX, room_of(app, fd)), &call->works, error) &&
           database_transact(app->database, "exhibition.record", record, call, error);
}

HANDLER(exhibition_show)
{
    struct call call = {.app = app, .request = request};
    struct stat status;

    if (!request_is_transferring(request)) {
        return request_transfer(request, exhibition_show); /* gigabytes may have to be copied */
    }
    if (!read_choice(app, request, &call.choice, error)) {
        return NULL;
    }
    const int fd = open(app->settings->data, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || !write_zip(app, &call, fd, error) || fstat(fd, &status) != 0) {
        if (fd >= 0) {
            (void)close(fd); /* it had no name: nothing is left */
        }
        if (*error == NULL) {
            g_set_error_literal(error, STORE_ERROR, REASON_IO, "the data folder takes no file");
        }
        return NULL;
    }
    g_autofree char *etag = g_strdup_printf("\"%" G_GINT64_FORMAT "\"", request_now_ms(request));
    struct response *response = response_file(request, fd, status.st_size, "application/zip", etag);
    response_header(response, "Content-Disposition", "attachment; filename=\"exhibition.zip\"");
    response_header(response, "Cache-Control", "no-store");
    return response;
}
