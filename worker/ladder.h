/* Which rungs a clip gets: a pure function of its facts and the policy in config/ladder.conf. */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/task.h"

struct ladder_rung {
    int short_side;
    double crf;
    int maxrate_bps; /* for 16:9 at 30 pictures a second */
    char preset[16];
};

struct ladder_policy {
    int count;
    struct ladder_rung rung[TASK_RUNGS_MAX]; /* largest first */
};

struct ladder_facts {
    int width, height; /* upright, square pixels */
    double fps;
    int64_t bit_rate_bps; /* of the original */
};

/* What config/ladder.conf says as well. */
extern const struct ladder_policy LADDER_DEFAULT;

bool ladder_load(const char *path, struct ladder_policy *policy, GError **error);

/* Fills `rungs` (TASK_RUNGS_MAX of them) and returns how many: at least one. */
int ladder_rungs(const struct ladder_facts *facts, const struct ladder_policy *policy, struct task_rung *rungs);
