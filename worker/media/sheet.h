/* The contact sheet: the clip at a glance, frames with their times over the wave of its sound. */
#pragma once

#include "worker/media/loudness.h"
#include "worker/media/storyboard.h"

/* `loudness` may be NULL: no sound, no wave. `before` stands before the clip in what is played, 1/90000 s. `label` as in media/label.h, or NULL. */
bool sheet_write(const struct storyboard *storyboard, const struct loudness *loudness, int64_t before, int64_t end,
                 const char *label, int fd, GError **error);
