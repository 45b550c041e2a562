/* Captions of a photo set: one text a photo, in the photos' order. Kept as a JSON array; "[]" when no photo has one. */
#pragma once

#include <stdbool.h>

#include <glib.h>
#include <jansson.h>

/* Cleans and checks what a phone sent for `files` photos: REASON_JSON, REASON_CAPTION_TOO_LONG. `array` NULL: none. The
 * caller's; NULL with *error. */
char *captions_take(const json_t *array, size_t files, GError **error);
