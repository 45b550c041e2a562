/* verify: a fresh process looks at what another one made, and trusts nothing of it. Every packet is read and its time
 * counted; sound and keyframes are decoded. Decoding the pictures between them too took a fourteenth of the ladder, and
 * could find nothing but a mistake of the encoder's (measured). */
#include "worker/media/photo.h"
#include "worker/media/probe.h"
#include "worker/media/verb.h"

static bool read_all(struct verb_context *context, struct source *source, GError **error)
{
    for (;;) {
        enum source_kind kind;
        g_autoptr(AVFrame) frame = NULL;

        if (!source_read(source, &kind, &frame, error)) {
            return false;
        }
        if (kind == SOURCE_END) {
            return true;
        }
        context->progress(context->data, source_permille(source));
    }
}

static bool verify_video(struct verb_context *context, const struct reader *reader, enum sniff_family family,
                         const struct structure *structure, GError **error)
{
    const struct container_limits limits = {.max_ms = context->task->limits.max_ms,
                                            .max_pixels = context->task->limits.max_pixels,
                                            .threads = 1,
                                            .keyframes_only = true};
    struct source *source = source_open(reader, family, &limits, error);
    bool ok;

    if (source == NULL) {
        return false;
    }
    ok = read_all(context, source, error);
    if (ok) {
        context->facts = probe_facts(source, family, structure, NULL, reader->size_bytes);
    }
    source_free(source);
    return ok;
}

bool verb_verify(struct verb_context *context, GError **error)
{
    const struct reader reader = {.fd = TASK_INPUT_FD, .size_bytes = context->task->input_bytes};
    struct structure structure;
    enum sniff_family family;

    if (!probe_input(context->sniffer, &reader, &context->task->limits, &family, &structure, error)) {
        return false;
    }
    if (!sniff_row_of(family)->is_photo) {
        return verify_video(context, &reader, family, &structure, error);
    }
    /* No output is named, so it is decoded and nothing is written. */
    context->facts = photo_make(context->task, &reader, family, &structure, context->outputs, error);
    return context->facts != NULL;
}
