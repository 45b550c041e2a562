/* One quick pass over a clip before its pictures are decoded: the sound is decoded and measured, so that its gain is
 * known when the review copy is made, and the packets of the pictures are judged for re-wrapping.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "worker/media/fingerprint.h"
#include "worker/media/loudness.h"
#include "worker/media/rewrap.h"
#include "worker/media/source.h"

struct survey {
    const struct reader *reader;
    enum sniff_family family;
    const struct container_limits *limits;
    const struct source *pictures;
    struct loudness *loudness; /* NULL without sound */
    struct fingerprint *fingerprint; /* NULL: not wanted */
    struct rewrap *rewrap;           /* likewise */
};

/* Fills the three. What cannot be decoded is left out: the pass that decodes the pictures says what is wrong. */
bool survey_run(const struct survey *survey, GError **error);
