/* Which rungs a clip gets: a pure function of its facts and the policy in config/ladder.conf. The worker asks it of facts that
 * prepare gave; xuepai-media, where it makes the ladder along with them, of what it knows before it decodes. */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/task.h"

struct ladder_rung {
    enum task_codec codec;
    int short_side;
    double crf;
    int maxrate_bps; /* for 16:9 at 30 pictures a second */
    char preset[16];
    char options[128]; /* of the encoder beyond the preset */
};

#define LADDER_REVIEW_SIDE 480 /* of the copy that reviewers see, where it has to be encoded; it becomes a rung as it is */
#define LADDER_AV1_MAX  3
#define LADDER_ROWS_MAX (TASK_RUNGS_MAX - LADDER_AV1_MAX) /* the master playlist names both kinds */

struct ladder_policy {
    int count;
    struct ladder_rung rung[LADDER_ROWS_MAX]; /* H.264, largest first */
    int av1_count;
    struct ladder_rung av1[LADDER_AV1_MAX]; /* likewise */
};

struct ladder_facts {
    int width, height; /* upright, square pixels */
    double fps;
    double picture_bps; /* of the original's pictures; 0: not known */
    const char *codec;  /* of them: "h264" */
    /* The original's pictures may be shown as they are: their rates; 0 where they may not (media/rewrap.h). */
    int copy_average_bps, copy_peak_bps;
    /* What prepare made for reviewers, a rung already; width 0 where it is none. */
    struct task_rung review;
};

/* What config/ladder.conf says as well. */
extern const struct ladder_policy LADDER_DEFAULT;

bool ladder_load(const char *path, struct ladder_policy *policy, GError **error);

/* The row that a review copy of 480 lines is made by. */
const struct ladder_rung *ladder_review_row(const struct ladder_policy *policy);

/* What is said of the review copy once it is made, as facts have it under "review", as a rung; false where it is none. */
bool ladder_read_review(json_t *review, struct task_rung *rung);

/* Fills `rungs` (TASK_RUNGS_MAX of them) and returns how many: at least one. */
int ladder_rungs(const struct ladder_facts *facts, const struct ladder_policy *policy, struct task_rung *rungs);

/* The AV1 rungs likewise, LADDER_AV1_MAX of them; may be none. */
int ladder_av1_rungs(const struct ladder_facts *facts, const struct ladder_policy *policy, struct task_rung *rungs);
