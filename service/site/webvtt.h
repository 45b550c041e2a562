/* Subtitles that people upload, WebVTT or SubRip: read into times and plain text, and written anew. Nothing of the input's
 * markup, styles, positions, comments and headers survives. Pure. */
#pragma once

#include <stddef.h>

#include <glib.h>

#define WEBVTT_BYTES_MOST ((size_t)64 << 10) /* an hour of talk; also what a JSON body may hold */

enum {
    WEBVTT_CUES_MOST = 5000,
    WEBVTT_CUE_CHARACTERS = 500,
};

/* The same cues in their order, as a WebVTT file; the caller owns it. NULL with REASON_SUBTITLES when there is no cue, or the
 * text is no UTF-8, too long, or its times make no sense. */
GString *webvtt_clean(const char *text, size_t length, GError **error);
