/* The form without script: one multipart post with texts and files. The files become uploads like any other, so that
 * everything behind them is the same; there is no resuming here, and a post that ends early leaves nothing behind. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/fields.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/uploads.h"
#include "service/http/limits.h"
#include "service/http/request_form.h"
#include "service/http/server.h"
#include "service/http/stream.h"
#include "service/model/rules.h"
#include "service/model/secret.h"
#include "service/sniffer.h"
#include "service/store/store.h"

#define FILES_MAX 9
#define TRAP      "website" /* a field that people do not see; programs that fill in everything do */

struct file {
    char *id;
    int fd;
    int64_t bytes;
};

struct simple {
    struct app *app;
    struct request *request; /* owns this through its stream */
    struct request_form *form;
    struct fields *fields;
    struct file files[FILES_MAX];
    size_t count;
    int64_t limit;       /* of one file */
    enum reason failure; /* REASON_COUNT: none */
    bool is_kept;        /* the files belong to rows now */
};

/* --- server thread: what comes --------------------------------------------------------------------------------- */

static bool stop(struct simple *simple, enum reason reason)
{
    simple->failure = reason;
    return false;
}

/* Opening is no waiting: the folder is hot, and nothing is synced here. */
static bool begin_file(struct simple *simple)
{
    struct file *file = &simple->files[simple->count];

    if (simple->count == FILES_MAX) {
        return stop(simple, REASON_TOO_MANY_FILES);
    }
    file->id = secret_id();
    g_autofree char *name = uploads_part_name(file->id);
    file->fd =
        openat(uploads_folder(simple->app->uploads), name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->fd < 0) {
        g_clear_pointer(&file->id, g_free);
        return stop(simple, errno == ENOSPC || errno == EDQUOT ? REASON_FULL : REASON_IO);
    }
    simple->count++;
    return true;
}

static bool take_file(struct simple *simple, const struct form_piece *piece)
{
    const char *from = piece->bytes;
    size_t left = piece->length;

    if (left == 0) {
        return true; /* a chooser that was left empty */
    }
    if (piece->offset == 0 && !begin_file(simple)) {
        return false;
    }
    struct file *file = &simple->files[simple->count - 1];
    if (file->bytes + (int64_t)left > simple->limit) {
        return stop(simple, REASON_UPLOAD_TOO_LARGE);
    }
    while (left > 0) {
        const ssize_t count = pwrite(file->fd, from, left, file->bytes);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return stop(simple, errno == ENOSPC || errno == EDQUOT ? REASON_FULL : REASON_IO);
        }
        from += count;
        left -= (size_t)count;
        file->bytes += count;
    }
    return true;
}

static bool take_piece(void *context, const struct form_piece *piece)
{
    struct simple *simple = context;

    if (piece->filename != NULL) {
        return take_file(simple, piece);
    }
    return fields_take(simple->fields, piece) || stop(simple, REASON_BODY_TOO_LARGE);
}

static bool write_piece(void *context, const void *bytes, size_t length)
{
    struct simple *simple = context;

    if (simple->failure != REASON_COUNT) {
        return false;
    }
    return request_form_feed(simple->form, bytes, length) ||
           stop(simple, simple->failure == REASON_COUNT ? REASON_MALFORMED : simple->failure);
}

/* --- disk thread: what becomes of it --------------------------------------------------------------------------- */

static bool check_file(const struct simple *simple, const struct file *file, GError **error)
{
    const struct app *app = simple->app;
    const int64_t length = MIN(file->bytes, SNIFFER_HEAD_BYTES);
    g_autofree char *head = g_malloc((gsize)length);
    enum reason reason;

    if (app->sniffer != NULL && pread(file->fd, head, (size_t)length, 0) == length &&
        sniffer_refuses(app->sniffer, head, (size_t)length, file->bytes, &reason)) {
        return refuse(error, HTTP_ERROR, reason, "the sniffer refuses a file of the form");
    }
    if (file->bytes > uploads_limit(app, fields_get(simple->fields, "track"))) {
        return refuse(error, HTTP_ERROR, REASON_UPLOAD_TOO_LARGE, "the file is larger than its track allows");
    }
    if (fdatasync(file->fd) != 0) {
        return refuse(error, HTTP_ERROR, errno == ENOSPC || errno == EDQUOT ? REASON_FULL : REASON_IO,
                      "cannot sync the file");
    }
    return true;
}

static bool add_rows(struct sql *sql, void *context, GError **error)
{
    const struct simple *simple = context;
    const int64_t now_ms = request_now_ms(simple->request);
    const int64_t expires_ms = now_ms + simple->app->settings->upload_idle_ms;
    g_autofree char *track = g_strdup(fields_get(simple->fields, "track"));
    char none[] = "";
    bool changed;

    for (size_t i = 0; i < simple->count; i++) {
        const struct upload row = {.id = simple->files[i].id,
                                   .node = simple->app->node,
                                   .length_bytes = simple->files[i].bytes,
                                   .offset_bytes = simple->files[i].bytes,
                                   .metadata = none,
                                   .track = track,
                                   .fingerprint = none,
                                   .concat = none,
                                   .created_ms = now_ms,
                                   .updated_ms = now_ms,
                                   .expires_ms = expires_ms};
        if (!upload_add(sql, &row, error) || !upload_set_offset(sql, &row, &changed, error)) {
            return false;
        }
    }
    return true;
}

static bool keep_files(struct simple *simple, GError **error)
{
    for (size_t i = 0; i < simple->count; i++) {
        if (!check_file(simple, &simple->files[i], error)) {
            return false;
        }
    }
    if (!database_transact(simple->app->database, "upload.add_simple", add_rows, simple, error)) {
        return false;
    }
    simple->is_kept = true;
    for (size_t i = 0; i < simple->count; i++) {
        if (!uploads_complete(simple->app->uploads, simple->files[i].id, simple->files[i].bytes,
                              request_now_ms(simple->request), error)) {
            return false;
        }
    }
    return true;
}

/* "embed,media" -> ["site","embed","media"]; the caller's. */
static json_t *scopes_of(const char *text)
{
    json_t *scopes = json_pack("[s]", "site");
    g_auto(GStrv) names = g_strsplit(text, ",", -1);

    for (char **name = names; *name != NULL; name++) {
        if (**name != '\0') {
            json_array_append_new(scopes, json_string(*name));
        }
    }
    return scopes;
}

/* The same object that a page with script sends. */
static json_t *form_json(struct simple *simple)
{
    struct fields *fields = simple->fields;
    json_t *uploads = json_array();

    for (size_t i = 0; i < simple->count; i++) {
        json_array_append_new(uploads, json_string(simple->files[i].id));
    }
    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:{s:b, s:b, s:o}, s:s, s:s}", "uploads", uploads,
                     "track", fields_get(fields, "track"), "title", fields_get(fields, "title"), "words",
                     fields_get(fields, "words"), "region", fields_get(fields, "region"), "name",
                     fields_get(fields, "name"), "phone", fields_get(fields, "phone"), "ai",
                     (int)fields_is_set(fields, "ai"), "children", (int)fields_is_set(fields, "children"), "consents",
                     "licence", (int)fields_is_set(fields, "licence"), "guardian",
                     (int)fields_is_set(fields, "guardian"), "scopes", scopes_of(fields_get(fields, "scope")), "link",
                     fields_get(fields, "link"), "phone_code", fields_get(fields, "phone_code"));
}

static struct response *conclude(struct simple *simple, GError **error)
{
    struct app *app = simple->app;
    const bool whole = request_form_close(g_steal_pointer(&simple->form));

    if (simple->failure != REASON_COUNT || !whole) {
        refuse(error, HTTP_ERROR, simple->failure != REASON_COUNT ? simple->failure : REASON_MALFORMED,
               "the form was not taken");
        return NULL;
    }
    if (fields_get(simple->fields, TRAP)[0] != '\0') {
        refuse(error, HTTP_ERROR, REASON_RATE, "a program filled in the form");
        return NULL;
    }
    if (simple->count == 0) {
        refuse(error, HTTP_ERROR, REASON_UPLOAD_NONE, "no file in the form");
        return NULL;
    }
    /* The texts first: a parent who forgot a tick should not wait for the files to be stored. */
    json_auto_t *json = form_json(simple);
    if (!submission_check_json(app, simple->request, json, error) || !keep_files(simple, error)) {
        return NULL;
    }
    return submission_take_json(app, simple->request, json, fields_get(simple->fields, "key"), error);
}

static void drop_files(struct simple *simple)
{
    for (size_t i = 0; !simple->is_kept && i < simple->count; i++) {
        g_autofree char *name = uploads_part_name(simple->files[i].id);
        (void)unlinkat(uploads_folder(simple->app->uploads), name, 0); /* gone already, or swept as a stray */
    }
}

static struct response *finish(void *context, struct request *request, GError **error)
{
    struct response *response = conclude(context, error);

    (void)request;       /* simple's own */
    drop_files(context); /* before the refusal is heard */
    return response;
}

static void abort_simple(void *context)
{
    (void)context; /* what came goes with simple_free */
}

static void simple_free(void *context)
{
    struct simple *simple = context;

    (void)request_form_close(simple->form); /* of no use by now */
    drop_files(simple);
    for (size_t i = 0; i < simple->count; i++) {
        (void)close(simple->files[i].fd); /* what counts was synced */
        g_free(simple->files[i].id);
    }
    fields_free(simple->fields);
    g_free(simple);
}

HANDLER(submission_post_simple)
{
    const int64_t length = request_content_length(request);
    struct simple *simple;

    if (!limits_check(server_limits(request_server(request)), LIMIT_SUBMISSIONS, request, NULL, error) ||
        !uploads_has_space(app, MAX(length, 0), error)) {
        return NULL;
    }
    simple = g_new0(struct simple, 1);
    simple->app = app;
    simple->request = request;
    simple->failure = REASON_COUNT;
    simple->limit = uploads_limit(app, "");
    simple->fields = fields_new();
    simple->form = request_form_open(request, take_piece, simple);
    if (simple->form == NULL) {
        simple_free(simple);
        refuse(error, HTTP_ERROR, REASON_UNSUPPORTED, "no form");
        return NULL;
    }
    const struct stream stream = {
        .write = write_piece,
        .finish = finish,
        .finish_transfers = store_is_remote(app->store),
        .abort = abort_simple,
        .free = simple_free,
        .context = simple,
    };
    request_attach_stream(request, &stream);
    return NULL;
}
