/* QR codes seen in pictures, with what they say and when: an advertisement, a way to pay, or the page of the activity. For
 * the reviewer alone; nothing follows a code. Owner of libzbar. One thread.
 */
#pragma once

#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "worker/media/picture.h"

#define CODES_MOST      8   /* different ones of a clip; more are not noted */
#define CODES_TEXT_MOST 200 /* bytes */

struct codes;

struct codes *codes_new(void);
void codes_free(struct codes *codes);

/* Takes the pictures in order; `at` in 1/90000 s. A code is found from about 60 pixels wide on. */
void codes_add(struct codes *codes, int64_t at, const struct picture *picture);

/* Appends {"flag": "qr-code", "from_ms", "to_ms", "text"} for each code; `step` is the distance of the pictures. */
void codes_append(const struct codes *codes, int64_t step, json_t *flags);
