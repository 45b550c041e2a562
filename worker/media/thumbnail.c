#include "worker/media/thumbnail.h"

#include <math.h>

#define JPEG_QUALITY  82
#define WEBP_QUALITY  75 /* looks alike */
#define LOOK_WIDTH_PX 240
#define CARD_GREY     24

struct thumbnail {
    struct picture *best;
    double best_score;
};

struct thumbnail *thumbnail_new(void)
{
    return g_new0(struct thumbnail, 1);
}

void thumbnail_free(struct thumbnail *thumbnail)
{
    if (thumbnail != NULL) {
        picture_free(thumbnail->best);
        g_free(thumbnail);
    }
}

/* Contrast and sharpness, both with falling returns (a page of text is not the best poster); exposure pulls dark and
 * burnt pictures down; the first half second is where phones still focus and films fade in. */
static double score_of(int64_t at, const struct picture_look *look)
{
    const double exposure = 1 - fabs(look->mean - 118) / 138;

    return sqrt(look->deviation + 1) * sqrt(MIN(look->sharpness, 24) + 0.5) * MAX(exposure, 0.05) *
           (1.05 - look->dark_share) * (at < LIBAV_VIDEO_HZ / 2 ? 0.85 : 1);
}

void thumbnail_add(struct thumbnail *thumbnail, int64_t at, const struct picture *picture)
{
    const int width = MIN(LOOK_WIDTH_PX, picture->width);
    g_autoptr(Picture) small = picture_shrunk(picture, width, MAX(picture->height * width / picture->width, 1));
    const struct picture_look look = picture_look_of(small);
    const double score = score_of(at, &look);

    if (thumbnail->best == NULL || score > thumbnail->best_score) {
        picture_free(thumbnail->best);
        thumbnail->best = picture_copy(picture);
        thumbnail->best_score = score;
    }
}

static bool write_one(const struct task *task, const struct picture *picture, const char *name, const char *label,
                      json_t *outputs, GError **error)
{
    const int fd = task_output_fd(task, name);

    if (g_str_has_suffix(name, ".webp") ? !picture_write_webp(picture, WEBP_QUALITY, label, fd, error)
                                        : !picture_write_jpeg(picture, JPEG_QUALITY, label, fd, error)) {
        return false;
    }
    json_array_append_new(outputs, json_pack("{s:s, s:i, s:i}", "name", name, "width", picture->width, "height",
                                             picture->height));
    return true;
}

bool thumbnail_write(const struct thumbnail *thumbnail, const struct task *task, const char *label, json_t *outputs,
                     GError **error)
{
    g_autoptr(Picture) card = NULL, small = NULL;

    if (thumbnail->best == NULL) {
        g_set_error(error, MEDIA_ERROR, REASON_NO_PICTURE, "no picture for the poster");
        return false;
    }
    card = picture_padded(thumbnail->best, THUMBNAIL_CARD_WIDTH_PX, THUMBNAIL_CARD_HEIGHT_PX, CARD_GREY, error);
    small = card == NULL ? NULL : picture_reduced(thumbnail->best, THUMBNAIL_SMALL_LONG_PX, error);
    return small != NULL && write_one(task, thumbnail->best, "poster.jpg", label, outputs, error) &&
           write_one(task, card, "share-card.jpg", label, outputs, error) &&
           write_one(task, small, "thumbnail.jpg", label, outputs, error) &&
           write_one(task, small, "thumbnail.webp", label, outputs, error);
}
