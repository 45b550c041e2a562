/* The rungs of a ladder as outputs of a pipeline, and what is said of them afterwards: playlists, facts.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

#include "worker/media/pipeline.h"
#include "worker/task.h"

struct rungs {
    const struct task *task;
    int count;
    struct task_rung rung[TASK_RUNGS_MAX];
    int output[TASK_RUNGS_MAX]; /* of the pipeline; -1: prepare made it */
    struct encoder_video video[TASK_RUNGS_MAX];
    char name[TASK_RUNGS_MAX][32], playlist[TASK_RUNGS_MAX][32]; /* of the outputs */
    char address[TASK_RUNGS_MAX][40];                            /* what the playlist calls the file */
};

/* Adds those of `rungs->rung` that are to be encoded to the pipeline, each scaled from the one before. Where the
 * pipeline has outputs already, the rungs obey the first one. `rungs` stays where it is until the run is over. */
bool rungs_add(struct rungs *rungs, struct pipeline *pipeline, GError **error);

/* After the run: `rung`, a part of those that were added, is the ladder; the others will not be named. */
void rungs_keep(struct rungs *rungs, const struct task_rung *rung, int count);

/* After the run, whose `measure` is all zero where nothing had to be read: writes the master playlist, and appends what was
 * made to `list`. */
bool rungs_write(const struct rungs *rungs, const struct pipeline *pipeline, const struct source_measure *measure,
                 json_t *list, GError **error);
