/* The copy that reviewers see, which is a rung of the ladder: 480 lines, or the original's own packets where the ladder would
 * show those as they are (design M11). Then nothing is encoded while a reviewer waits, and not worse, later.
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "worker/media/encoder.h"
#include "worker/media/format.h"
#include "worker/media/rewrap.h"
#include "worker/media/sink.h"
#include "worker/task.h"

/* Of the encoder, whatever the machine has: what is made must not depend on it. */
#define REVIEW_THREADS 2

/* Stays where it is, with the task, until the run is over: the pipeline borrows from both. */
struct review {
    bool wraps;                  /* the original's packets */
    int short_side;              /* in pixels; it is named by that */
    struct encoder_video video;  /* its size; where it is encoded, how */
    char name[32], playlist[32]; /* of the outputs */
    char address[40];            /* how the playlist calls the file */
};

/* Decides once all packets were seen, for the rows of `task`; cannot fail. `may_wrap` is false where decoding has shown that the original
 * will not do. */
void review_plan(struct review *review, const struct task *task, const struct source_format *format,
                 const struct rewrap *rewrap, bool may_wrap);

/* The rungs of the ladder around this copy, as the job `ladder` will find them (worker/ladder.h), into `rungs`, TASK_RUNGS_MAX of
 * them; how many. `made` is what was said of the copy once it was made, borrowed; NULL before. */
int review_ladder(const struct review *review, const struct task *task, const struct source_format *format,
                  const struct rewrap *rewrap, json_t *made, struct task_rung *rungs);

/* Its two outputs, borrowed as descriptors of the task are. */
struct sink_target review_target(const struct review *review, const struct task *task);

/* After the run: the rest of what is said of the copy, into `facts`, where the sink has said its part. */
void review_describe(const struct review *review, const struct source_measure *measure, json_t *facts);
