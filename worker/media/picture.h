/* A small RGB picture in memory, and what is drawn with it: posters, storyboards, sheets. Written as JPEG or animated
 * WebP by libvips. Any thread; no state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "worker/media/libav.h"

struct picture {
    int width, height;
    uint8_t *rgb; /* rows of 3 * width bytes */
};

struct picture *picture_new(int width, int height, uint8_t grey);
struct picture *picture_copy(const struct picture *picture); /* the caller's, as every picture that is returned */
struct picture *picture_of_frame(const AVFrame *frame); /* rgb24 */
void picture_free(struct picture *picture);

/* Mean of blocks; `width` and `height` are at most those of `picture`. */
struct picture *picture_shrunk(const struct picture *picture, int width, int height);

/* Draws `small` with its corner at x, y; parts outside are left out. */
void picture_draw(struct picture *picture, const struct picture *small, int x, int y);
void picture_fill(struct picture *picture, int x, int y, int width, int height, const uint8_t rgb[3]);

/* Digits, colon, point and space, white on a dark field; `scale` pixels a dot. */
void picture_text(struct picture *picture, const char *text, int x, int y, int scale);

/* JPEG without metadata but the label (media/label.h; NULL: none). Writes to the descriptor's start. */
bool picture_write_jpeg(const struct picture *picture, int quality, const char *label, int fd, GError **error);
/* The same, at a lower quality where it would be larger than `most_bytes` (a bound that noise may still pass a little). */
bool picture_write_jpeg_within(const struct picture *picture, int quality, const char *label, size_t most_bytes, int fd,
                               GError **error);

/* WebP likewise. */
bool picture_write_webp(const struct picture *picture, int quality, const char *label, int fd, GError **error);

/* The same picture, its longer side `long_px` at most; NULL with an error. */
struct picture *picture_reduced(const struct picture *picture, int long_px, GError **error);

/* The whole picture in the middle of a larger one of grey, as large as it fits but at most doubled; NULL with an error. */
struct picture *picture_padded(const struct picture *picture, int width, int height, uint8_t grey, GError **error);

/* A WebP, likewise, that shows `count` pictures of the same size in turn, for ever; `strip` has them below each
 * other. `animation` NULL: it is one picture. */
struct picture_animation {
    int count;
    int shown_ms; /* each */
};
GBytes *picture_to_webp(const struct picture *strip, const struct picture_animation *animation, int quality,
                        const char *label, GError **error);

/* What a judge of stills looks at; luma is 0 … 255. */
struct picture_look {
    double mean, deviation;
    double sharpness;  /* mean absolute Laplacian */
    double dark_share; /* of pixels below 24 */
};
struct picture_look picture_look_of(const struct picture *picture);

/* Mean absolute difference of luma of two pictures of the same size. */
double picture_distance(const struct picture *a, const struct picture *b);

typedef struct picture Picture; /* for g_autoptr alone */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Picture, picture_free)
