/* Chooses the poster: the candidate that shows most, and is neither black nor blurred. One thread. */
#pragma once

#include <jansson.h>

#include "worker/media/picture.h"
#include "worker/task.h"

#define THUMBNAIL_EVERY_S 1.0
#define THUMBNAIL_LONG_PX 1280

struct thumbnail;

struct thumbnail *thumbnail_new(void);
void thumbnail_free(struct thumbnail *thumbnail);

/* Takes a candidate; it stays the caller's. */
void thumbnail_add(struct thumbnail *thumbnail, int64_t at, const struct picture *picture);

/* As links to it are shown elsewhere: all of it, padded to that size. */
#define THUMBNAIL_CARD_WIDTH_PX  1200
#define THUMBNAIL_CARD_HEIGHT_PX 630
/* As lists show it: one lying, or two or three upright beside each other fill a phone of two or three pixels to one of CSS. */
#define THUMBNAIL_SMALL_LONG_PX 720

/* Writes poster, card and small copies, each with the clip's label (media/label.h, or NULL), and appends {name, width, height} of
 * each to `outputs`. */
bool thumbnail_write(const struct thumbnail *thumbnail, const struct task *task, const char *label, json_t *outputs,
                     GError **error);
