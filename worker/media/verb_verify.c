/* verify: a fresh process looks at what another one made, and trusts nothing of it. The task's outputs are what is looked
 * at; facts are reported for each. Of a clip every packet is read and its time counted, and sound and keyframes are
 * decoded: decoding the pictures between them too took a fourteenth of the ladder, and could find nothing but a mistake of
 * the encoder's (measured). One process looks at all outputs of a job: they come from one process, so that none could be
 * worse than the others, and starting one for each took a twentieth of prepare. */
#include <string.h>
#include <unistd.h>

#include "worker/media/photo.h"
#include "worker/media/probe.h"
#include "worker/media/verb.h"

struct look {
    struct verb_context *verb;
    const char *name;
    int index;
    struct task_limits limits; /* of this output: its own kind alone */
    struct reader reader;
};

static void report(const struct look *look, int permille)
{
    look->verb->progress(look->verb->data, (1000 * look->index + permille) / look->verb->task->outputs);
}

static bool read_all(const struct look *look, struct source *source, GError **error)
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
        report(look, source_permille(source));
    }
}

static json_t *look_at_video(const struct look *look, enum sniff_family family, const struct structure *structure,
                             GError **error)
{
    const struct container_limits limits = {.max_ms = look->limits.max_ms,
                                            .max_pixels = look->limits.max_pixels,
                                            .threads = 2,
                                            .hurry = true,
                                            .keyframes_only = true};
    struct source *source = source_open(&look->reader, family, &limits, error);
    json_t *facts = NULL;

    if (source != NULL && read_all(look, source, error)) {
        facts = probe_facts(source, family, structure, NULL, look->reader.size_bytes);
        json_object_set_new(facts, "open_ms", json_integer(source_measure_of(source).open_ms));
    }
    source_free(source);
    return facts;
}

static json_t *look_at(const struct look *look, GError **error)
{
    struct structure structure;
    enum sniff_family family;

    if (!probe_input(look->verb->sniffer, &look->reader, &look->limits, &family, &structure, error)) {
        return NULL;
    }
    return sniff_row_of(family)->is_photo ? photo_check(look->verb->task, &look->reader, family, &structure, error)
                                          : look_at_video(look, family, &structure, error);
}

bool verb_verify(struct verb_context *context, GError **error)
{
    const struct task *task = context->task;

    for (int i = 0; i < task->outputs; i++) {
        const int fd = TASK_OUTPUT_FD + i;
        struct look look = {.verb = context, .name = task->output[i], .index = i, .limits = task->limits};
        json_t *facts;

        look.limits.video = g_str_has_suffix(look.name, ".mp4");
        look.limits.photo = !look.limits.video;
        look.reader = (struct reader){.fd = fd, .size_bytes = lseek(fd, 0, SEEK_END)};
        facts = look_at(&look, error);
        if (facts == NULL) {
            g_prefix_error(error, "%s: ", look.name);
            return false;
        }
        json_object_set_new(facts, "name", json_string(look.name));
        json_array_append_new(context->outputs, facts);
        report(&look, 1000);
    }
    context->facts = json_object();
    return true;
}
