/* Where the bytes of a job lie, and their way to and from workers that do not share this disk. Strings are the caller's. */
#pragma once

#include "common/message.h"
#include "service/app.h"
#include "service/database/database.h"
#include "service/model/job.h"

/* Fills the offer's inputs: the originals, and for ladders the review copies beside them. */
void job_set_inputs(const struct app *app, const struct job *job, const struct sql_rows *originals,
                    const struct sql_rows *renditions, bool shared, struct offer_message *offer);

/* Fills what is put into the clip, where the offer's limits take clips: for prepare the edition's, for a ladder what prepare has
 * put in, which stands in its facts; for other jobs nothing. */
void job_set_branding(const struct app *app, const struct job *job, const json_t *facts, bool shared,
                      struct offer_message *offer);

/* Results of this attempt alone, since what a worker writes that lost its lease is nobody's: on this disk, in the store. */
char *job_folder(const struct app *app, const struct job *job);
bool job_make_folder(const char *folder, GError **error);
char *job_output_key(const struct job *job, const char *name);
