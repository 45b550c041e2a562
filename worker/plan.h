/* What a job asks of xuepai-media: its kind, the facts of the clip and config/ladder.conf give a task, with the names of all
 * that may come of it. The verb, the input and the limits are the recipe's.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/recipe.h"
#include "worker/task.h"

typedef bool plan_task(const struct recipe_job *job, struct task *task, GError **error);

plan_task plan_prepare, plan_whole, plan_ladder, plan_av1, plan_cover;

/* One more output of the task. */
void plan_output(struct task *task, const char *name);
