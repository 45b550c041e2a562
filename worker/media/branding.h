/* What the edition puts into every clip: a clip before it, one behind it, a picture in its corner. They are the organiser's, and
 * opened like anybody's files. What cannot be used is told as infrastructure: no clip is to blame for it, and none goes out
 * without. For one run of a pipeline, which reads the clips to their end.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/media/source.h"
#include "worker/media/verb.h"

struct branding {
    struct source *intro, *outro;        /* NULL: none */
    double intro_gain_db, outro_gain_db; /* to the loudness of everything else */
    AVFrame *watermark;                  /* RGBA, of any size; NULL: none */
};

/* Empty where the task has none. To be cleared in any case. */
bool branding_open(struct branding *branding, const struct verb_context *context, GError **error);
void branding_clear(struct branding *branding);

/* Turns what went wrong with its clips while they were read into the profile's own failure. Takes `cause`; false. */
bool branding_failed(GError *cause, GError **error);
