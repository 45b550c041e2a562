/* Bytes of works: to the public while the publication row stands, to staff by signed short-lived addresses. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/stored.h"
#include "service/handlers/work.h"
#include "service/model/publication.h"

struct call {
    struct app *app;
    const struct request *request;
    int64_t revision;
    struct rendition rendition;
    bool found;
};

static struct response *not_found(GError **error)
{
    g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no such media");
    return NULL;
}

static bool read_revision(const struct request *request, int64_t *revision)
{
    gint64 number;

    if (!g_ascii_string_to_signed(request_param(request, "revision"), 10, 1, G_MAXINT32, &number, NULL)) {
        return false;
    }
    *revision = number;
    return true;
}

static struct response *serve(struct app *app, const struct request *request, const struct rendition *rendition,
                              const char *cache, GError **error)
{
    g_autofree char *etag = g_strdup_printf("\"%.32s\"", rendition->sha256);
    struct response *response = stored_answer(app, request, rendition->store_key, rendition->type, etag, error);

    if (response == NULL) {
        return NULL;
    }
    response_profile(response, PROFILE_MEDIA);
    response_header(response, "Cache-Control", cache);
    return response;
}

static bool look_public(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return publication_find_rendition(sql, request_param(call->request, "id"), call->revision,
                                      request_param(call->request, "name"), &call->rendition, &call->found, error);
}

/* What only reviewers see stays with reviewers, published or not. */
static bool is_public_kind(const char *kind)
{
    return strcmp(kind, "sheet") != 0;
}

HANDLER(media_public)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, media_public);
    }
    if (!read_revision(request, &call.revision)) {
        return not_found(error);
    }
    if (!database_read(app->database, "media.public", look_public, &call, error)) {
        return NULL;
    }
    /* private: no shared cache may keep what a withdrawal must end within a second. */
    response = call.found && is_public_kind(call.rendition.kind)
                   ? serve(app, request, &call.rendition, "private, max-age=86400, immutable", error)
                   : not_found(error);
    rendition_clear(&call.rendition);
    return response;
}

HANDLER(media_options)
{
    (void)app;
    (void)request;
    (void)error; /* nothing to fail */
    struct response *response = response_empty(204);
    response_header(response, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
    response_header(response, "Access-Control-Allow-Headers", "Range");
    response_header(response, "Access-Control-Max-Age", "86400");
    response_profile(response, PROFILE_MEDIA);
    return response;
}

static bool look_preview(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_auto(Submission) submission = {0};

    return review_get(sql, call->app->rules, request_staff(call->request), request_param(call->request, "id"),
                      &submission, error) &&
           rendition_find(sql, submission.id, call->revision, request_param(call->request, "name"), &call->rendition,
                          &call->found, error);
}

HANDLER(media_preview)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, media_preview);
    }
    if (!read_revision(request, &call.revision) ||
        !preview_is_signed(app, request_login(request), request_path(request), request_query(request, "until"),
                           request_query(request, "signature"), request_now_ms(request))) {
        return not_found(error);
    }
    if (!database_read(app->database, "media.preview", look_preview, &call, error)) {
        return NULL;
    }
    response = call.found ? serve(app, request, &call.rendition, "private, no-store", error) : not_found(error);
    if (response != NULL) {
        response_header(response, "Referrer-Policy", "no-referrer");
        response_header(response, "X-Robots-Tag", "noindex");
    }
    rendition_clear(&call.rendition);
    return response;
}

static bool look_own(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct submission *submission = request_submission(call->request);
    const char *position = request_param(call->request, "position");
    const bool is_first = strcmp(position, "1") == 0;
    /* Of a photo, of a clip, of one that was prepared when there was no small copy. */
    static const char *const SMALL[] = {"photo-320.jpg", "thumbnail.jpg", "poster.jpg"};

    for (size_t i = 0; i < G_N_ELEMENTS(SMALL) && !call->found; i++) {
        g_autofree char *name = g_strconcat(is_first ? "" : position, is_first ? "" : "-", SMALL[i], NULL);
        if (!rendition_find(sql, submission->id, submission->revision, name, &call->rendition, &call->found, error)) {
            return false;
        }
    }
    return true;
}

static struct response *serve_own(struct app *app, struct request *request, database_work *look, handler *again,
                                  GError **error)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (stored_must_move(app, request)) {
        return request_transfer(request, again);
    }
    if (!database_read(app->database, "media.own", look, &call, error)) {
        return NULL;
    }
    response = call.found ? serve(app, request, &call.rendition, "private, no-store", error) : not_found(error);
    rendition_clear(&call.rendition);
    return response;
}

/* A submitter's own photo, or a clip's picture, small, to be put in order. */
HANDLER(media_own)
{
    return serve_own(app, request, look_own, media_own, error);
}

static bool look_storyboard(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct submission *submission = request_submission(call->request);
    const char *name = request_param(call->request, "name");

    if (!g_str_has_prefix(rendition_plain_name(name), "storyboard.")) {
        return true;
    }
    return rendition_find(sql, submission->id, submission->revision, name, &call->rendition, &call->found, error);
}

/* The moments of a submitter's own clip, to choose its cover from: the sprite and its times. */
HANDLER(media_own_storyboard)
{
    return serve_own(app, request, look_storyboard, media_own_storyboard, error);
}
