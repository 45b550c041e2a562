/* What a job's offer tells a worker of a work, and what is kept of what a worker found. JSON and text are the caller's. */
#pragma once

#include <jansson.h>

#include "service/app.h"
#include "service/database/database.h"
#include "service/model/submission.h"

/* What the track allows. */
json_t *job_limits_json(const struct app *app, const struct submission *submission);
/* Adds to the facts of every file "rungs": its H.264 ones among `renditions` (struct rendition), best first, and what a
 * master playlist says of them. */
void job_add_rungs(json_t *facts, const struct sql_rows *renditions);
/* Adds to the facts of each clip whose cover was chosen "cover_ms"; `covers` as the revision has them (model/cover.h). */
void job_add_covers(json_t *facts, const char *covers);
/* The flags of a finished prepare, each with a space behind it. */
char *job_flag_words(const json_t *facts);
/* The facts as a row keeps them: without what has tables of its own. */
char *job_facts_text(const json_t *facts);
