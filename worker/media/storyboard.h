/* Stills in even steps over a clip whose length nobody knows beforehand: they are taken four a second, and every
 * second one is dropped whenever there are too many. The sprite (storyboard.jpg) and its WebVTT come from them; the
 * contact sheet and the checks look at the same stills. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "worker/media/picture.h"

#define STORYBOARD_EVERY_S 0.25
#define STORYBOARD_NAME    "storyboard.jpg"

struct still {
    int64_t at; /* 1/90000 s */
    struct picture *picture;
};

struct storyboard;

struct storyboard *storyboard_new(void);
void storyboard_free(struct storyboard *storyboard);

/* Takes a still of at most 320 px on the long side. */
void storyboard_add(struct storyboard *storyboard, int64_t at, const struct picture *picture);

/* struct still, in order; lives as long as the storyboard. */
const GArray *storyboard_stills(const struct storyboard *storyboard);

struct storyboard_target {
    int sprite_fd, cues_fd;
    const char *sprite; /* what the cues call the sprite */
    const char *label;  /* the clip's (media/label.h), or NULL */
    int64_t before;     /* what stands before the clip in what is played, 1/90000 s: the cues begin there */
};

/* Sprite and cues; `end` closes the last cue. */
bool storyboard_write(const struct storyboard *storyboard, int64_t end, const struct storyboard_target *target,
                      GError **error);
