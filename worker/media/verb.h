/* What xuepai-media can do with one input: a verb of the task each. The lock is on when they run. */
#pragma once

#include <jansson.h>

#include "worker/media/sniff.h"
#include "worker/task.h"

struct verb_context {
    const struct task *task;
    struct sniffer *sniffer;
    void (*progress)(void *data, int permille);
    void *data;
    json_t *facts;   /* set by the verb */
    json_t *outputs; /* filled by the verb */
};

typedef bool verb_run(struct verb_context *context, GError **error);

verb_run verb_prepare, verb_ladder, verb_cover, verb_verify;
