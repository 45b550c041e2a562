/* What the edition puts into every clip: a clip before it, one behind it, a picture in its corner. They are the organiser's, and
 * opened like anybody's files. What cannot be used is told as infrastructure: no clip is to blame for it, and none goes out
 * without. One thread at a time.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/media/source.h"
#include "worker/media/verb.h"

/* A clip of the organiser's. It is open only while it is read: a decoder holds a hundred megabytes. */
struct bumper {
    struct reader reader;
    enum sniff_family family;
    bool is_there, has_audio;
    double gain_db; /* to the loudness of everything else */
};

struct source *bumper_open(const struct bumper *bumper, GError **error);

/* Turns what went wrong while one was read into the profile's own failure. Takes `cause`; false. */
bool bumper_failed(GError *cause, GError **error);

struct branding {
    struct bumper intro, outro;
    AVFrame *watermark; /* RGBA, of any size; NULL: none */
};

/* Empty where the task has none. To be cleared in any case. */
bool branding_open(struct branding *branding, const struct verb_context *context, GError **error);
void branding_clear(struct branding *branding);
