#include "service/http/request_form.h"

#include <string.h>

#include <glib.h>
#include <microhttpd.h>

#include "service/http/exchange.h"

#define BUFFER_BYTES 32768 /* also the longest part header */

struct request_form {
    struct MHD_PostProcessor *reader;
    form_visit *visit;
    void *context;
};

static enum MHD_Result on_piece(void *context, enum MHD_ValueKind kind, const char *name, const char *filename,
                                const char *type, const char *encoding, const char *bytes, uint64_t offset, size_t size)
{
    const struct request_form *form = context;
    const struct form_piece piece = {
        .name = name,
        .filename = filename,
        .bytes = bytes,
        .length = size,
        .offset = (int64_t)offset,
    };

    (void)kind;     /* a form's */
    (void)type;     /* said by the sender: believed by nobody */
    (void)encoding; /* browsers send none */
    return name != NULL && form->visit(form->context, &piece) ? MHD_YES : MHD_NO;
}

struct request_form *request_form_open(const struct request *request, form_visit *visit, void *context)
{
    struct request_form *form = g_new0(struct request_form, 1);

    form->visit = visit;
    form->context = context;
    form->reader = MHD_create_post_processor(request->connection, BUFFER_BYTES, on_piece, form);
    if (form->reader == NULL) {
        g_free(form);
        return NULL;
    }
    return form;
}

bool request_form_feed(struct request_form *form, const void *bytes, size_t length)
{
    return MHD_post_process(form->reader, bytes, length) == MHD_YES;
}

bool request_form_close(struct request_form *form)
{
    const bool whole = form != NULL && MHD_destroy_post_processor(form->reader) == MHD_YES;

    g_free(form);
    return whole;
}
