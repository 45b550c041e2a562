/* A photo, and only a photo: decoded by libvips from memory, upright, sRGB, without metadata but its label (media/label.h),
 * in JPEG and WebP at three sizes. Loaders by allow-list. A motion photo is its photo. One thread.
 */
#pragma once

#include <jansson.h>

#include "worker/media/libav.h"
#include "worker/media/reader.h"
#include "worker/media/structure.h"
#include "worker/task.h"

struct _VipsImage; /* libvips' */

/* Starts libvips, leaves four loaders, and loads what they load lazily: before the lock. profiles: what converts colours
 * too, for photos that carry a profile; pictures of clips and what we made carry none. */
bool photo_prepare_library(bool profiles, GError **error);

/* The WebP saver of libvips 8.14 writes an EXIF block of its own. Drops it, in place, and its flag in the VP8X header. */
void photo_drop_webp_exif(uint8_t *bytes, size_t *length);

/* Sets what the image, once it is saved as WebP, says of having been generated (media/label.h). */
void photo_set_label(struct _VipsImage *image, const char *label);

/* Writes photo-SIZE.jpg and .webp to the task's outputs; a size above the photo's own is left out, but one is always
 * made. `outputs` gets {"name", "width", "height"} for each. Returns the facts. */
json_t *photo_make(const struct task *task, const struct reader *reader, enum sniff_family family,
                   const struct structure *structure, json_t *outputs, GError **error);

/* The picture upright, with what it lets through, as RGBA of at most 1920 px; NULL with an error. The caller's. */
AVFrame *photo_read_rgba(const struct task *task, const struct reader *reader, const struct structure *structure,
                         GError **error);

/* Decodes it to its end and reports the same facts; nothing is written. */
json_t *photo_check(const struct task *task, const struct reader *reader, enum sniff_family family,
                    const struct structure *structure, GError **error);
