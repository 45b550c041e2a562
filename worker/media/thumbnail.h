/* Chooses the poster: the candidate that shows most, and is neither black nor blurred. One thread. */
#pragma once

#include "worker/media/picture.h"

#define THUMBNAIL_EVERY_S 1.0
#define THUMBNAIL_LONG_PX 1280

struct thumbnail;

struct thumbnail *thumbnail_new(void);
void thumbnail_free(struct thumbnail *thumbnail);

/* Takes a candidate; it stays the caller's. */
void thumbnail_add(struct thumbnail *thumbnail, int64_t at, const struct picture *picture);

/* The poster as links to it are shown elsewhere: all of it, padded to that size. After thumbnail_write. */
#define THUMBNAIL_CARD_WIDTH_PX  1200
#define THUMBNAIL_CARD_HEIGHT_PX 630
bool thumbnail_write_card(const struct thumbnail *thumbnail, int fd, GError **error);

bool thumbnail_write(const struct thumbnail *thumbnail, int fd, GError **error);
