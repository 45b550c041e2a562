/* The animated preview: the whole clip in three seconds, as a WebP of at most 300 kB that loops. Its pictures are the
 * storyboard's, so it costs no decoding.
 */
#pragma once

#include "worker/media/storyboard.h"

#define PREVIEW_NAME "preview.webp"

/* `label` as in media/label.h, or NULL. */
bool preview_write(const struct storyboard *storyboard, const char *label, int fd, GError **error);
