#include "service/handlers/posted.h"

#include "common/failure.h"
#include "service/http/request_form.h"
#include "service/http/stream.h"

struct posted {
    struct app *app;
    posted_answer *answer;
    struct request_form *form;
    struct fields *fields;
};

static bool take_piece(void *context, const struct form_piece *piece)
{
    struct posted *posted = context;

    return fields_take(posted->fields, piece);
}

static bool write_piece(void *context, const void *bytes, size_t length)
{
    struct posted *posted = context;

    return request_form_feed(posted->form, bytes, length);
}

static struct response *finish(void *context, struct request *request, GError **error)
{
    struct posted *posted = context;

    return posted->answer(posted->app, request, posted->fields, error);
}

static void abort_posted(void *context)
{
    (void)context; /* nothing is kept */
}

static void free_posted(void *context)
{
    struct posted *posted = context;

    (void)request_form_close(posted->form); /* of no use by now */
    fields_free(posted->fields);
    g_free(posted);
}

struct response *posted_read(struct app *app, struct request *request, posted_answer *answer, GError **error)
{
    struct posted *posted = g_new0(struct posted, 1);
    const struct stream stream = {
        .write = write_piece,
        .finish = finish,
        .finish_transfers = true,
        .abort = abort_posted,
        .free = free_posted,
        .context = posted,
    };

    posted->app = app;
    posted->answer = answer;
    posted->fields = fields_new();
    posted->form = request_form_open(request, take_piece, posted);
    if (posted->form == NULL) {
        free_posted(posted);
        g_set_error_literal(error, HTTP_ERROR, REASON_UNSUPPORTED, "no form");
        return NULL;
    }
    request_attach_stream(request, &stream);
    return NULL;
}
