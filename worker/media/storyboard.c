#include "worker/media/storyboard.h"

#include <math.h>

#include "worker/media/sink.h"

#define STILLS_MAX   128 /* kept while the clip runs: 22 MB */
#define TILES_MAX    64  /* in the sprite */
#define TILE_LONG_PX 160
#define QUALITY      70

struct storyboard {
    GArray *stills;
    int64_t step; /* least distance of two stills, 1/90000 s */
};

static void still_clear(gpointer data)
{
    picture_free(((struct still *)data)->picture);
}

struct storyboard *storyboard_new(void)
{
    struct storyboard *storyboard = g_new0(struct storyboard, 1);

    storyboard->stills = g_array_new(FALSE, FALSE, sizeof(struct still));
    g_array_set_clear_func(storyboard->stills, still_clear);
    return storyboard;
}

void storyboard_free(struct storyboard *storyboard)
{
    if (storyboard != NULL) {
        g_array_unref(storyboard->stills);
        g_free(storyboard);
    }
}

/* Drops every second still and doubles the step. */
static void thin(struct storyboard *storyboard)
{
    for (unsigned i = storyboard->stills->len; i-- > 0;) {
        if (i % 2 == 1) {
            g_array_remove_index(storyboard->stills, i);
        }
    }
    storyboard->step = MAX(storyboard->step, (int64_t)(STORYBOARD_EVERY_S * LIBAV_VIDEO_HZ)) * 2;
}

void storyboard_add(struct storyboard *storyboard, int64_t at, const struct picture *picture)
{
    const GArray *stills = storyboard->stills;
    struct still still = {.at = at};

    if (stills->len > 0 && at < g_array_index(stills, struct still, stills->len - 1).at + storyboard->step) {
        return;
    }
    still.picture = picture_copy(picture);
    g_array_append_val(storyboard->stills, still);
    if (stills->len >= STILLS_MAX) {
        thin(storyboard);
    }
}

const GArray *storyboard_stills(const struct storyboard *storyboard)
{
    return storyboard->stills;
}

static void append_time(GString *text, int64_t at)
{
    const int64_t ms = at / (LIBAV_VIDEO_HZ / 1000);

    g_string_append_printf(text, "%02d:%02d:%02d.%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
                           (int)(ms / 1000 % 60), (int)(ms % 1000));
}

bool storyboard_write(const struct storyboard *storyboard, int64_t end, const struct storyboard_target *target,
                      GError **error)
{
    const GArray *stills = storyboard->stills;
    const struct picture *first = g_array_index(stills, struct still, 0).picture;
    const double shrink = MIN(1.0, (double)TILE_LONG_PX / MAX(first->width, first->height));
    const int width = MAX((int)lround(first->width * shrink), 1);
    const int height = MAX((int)lround(first->height * shrink), 1);
    const unsigned every = (stills->len + TILES_MAX - 1) / TILES_MAX;
    const int count = (int)((stills->len + every - 1) / every);
    const int columns = (int)ceil(sqrt((double)count * height / width));
    g_autoptr(Picture) sprite = picture_new(MIN(columns, count) * width, (count + columns - 1) / columns * height, 0);
    g_autoptr(GString) cues = g_string_new("WEBVTT\n");

    for (int i = 0; i < count; i++) {
        const struct still *still = &g_array_index(stills, struct still, (unsigned)i * every);
        const int64_t next = i + 1 < count ? g_array_index(stills, struct still, (unsigned)(i + 1) * every).at
                                           : MAX(end, still->at + LIBAV_VIDEO_HZ / 1000);
        g_autoptr(Picture) tile = picture_shrunk(still->picture, width, height);
        const int x = i % columns * width, y = i / columns * height;

        picture_draw(sprite, tile, x, y);
        g_string_append_c(cues, '\n');
        append_time(cues, target->before + still->at);
        g_string_append(cues, " --> ");
        append_time(cues, target->before + next);
        g_string_append_printf(cues, "\n%s#xywh=%d,%d,%d,%d\n", target->sprite, x, y, width, height);
    }
    return picture_write_jpeg(sprite, QUALITY, target->label, target->sprite_fd, error) &&
           sink_write_all(target->cues_fd, cues->str, cues->len, error);
}
