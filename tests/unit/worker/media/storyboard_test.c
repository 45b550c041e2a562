#include "worker/media/storyboard.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib.h>

#include "worker/media/photo.h"

static struct storyboard *storyboard_of(int stills)
{
    struct storyboard *storyboard = storyboard_new();
    g_autoptr(Picture) picture = picture_new(320, 180, 90);

    for (int i = 0; i < stills; i++) {
        storyboard_add(storyboard, i * (int64_t)(STORYBOARD_EVERY_S * LIBAV_VIDEO_HZ), picture);
    }
    return storyboard;
}

/* Whatever the length: so many that all of it is seen, in even steps, and no more than memory has room for. */
static void test_stills_are_even_and_bounded(void)
{
    const int lengths[] = {1, 2, 60, 127, 128, 129, 1000, 2400, 14400};

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        struct storyboard *storyboard = storyboard_of(lengths[i]);
        const GArray *stills = storyboard_stills(storyboard);
        const int64_t last = (lengths[i] - 1) * (int64_t)(STORYBOARD_EVERY_S * LIBAV_VIDEO_HZ);
        const int64_t step = stills->len < 2 ? 0 : g_array_index(stills, struct still, 1).at;

        g_assert_cmpuint(stills->len, <=, 128);
        g_assert_cmpuint(stills->len, >=, (unsigned)MIN(lengths[i], 60));
        for (unsigned k = 0; k < stills->len; k++) {
            g_assert_cmpint(g_array_index(stills, struct still, k).at, ==, k * step);
        }
        g_assert_cmpint(last - g_array_index(stills, struct still, stills->len - 1).at, <=, step);
        storyboard_free(storyboard);
    }
}

static char *text_of(int fd)
{
    const off_t length = lseek(fd, 0, SEEK_END);
    char *text = g_malloc0((size_t)length + 1);

    g_assert_cmpint(pread(fd, text, (size_t)length, 0), ==, length);
    return text;
}

/* Each cue begins where the one before ends, the first where the clip begins and the last where it ends; the tiles lie inside the
 * sprite, each elsewhere. */
static void test_cues_join(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) error = NULL;
    struct storyboard *storyboard = storyboard_of(41); /* 10.25 s */
    const struct storyboard_target target = {memfd_create("sprite", MFD_CLOEXEC), memfd_create("cues", MFD_CLOEXEC),
                                             "sprite.jpg", NULL, 2 * LIBAV_VIDEO_HZ};
    g_autoptr(GHashTable) places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *until = g_strdup("00:00:02.000");
    int count = 0;

    g_assert_true(storyboard_write(storyboard, 10 * LIBAV_VIDEO_HZ + 22500, &target, &error));
    g_assert_no_error(error);
    text = text_of(target.cues_fd);
    g_assert_true(g_str_has_prefix(text, "WEBVTT\n\n"));
    lines = g_strsplit(text, "\n", -1);
    for (int i = 2; lines[i] != NULL && lines[i + 1] != NULL; i += 3, count++) {
        g_auto(GStrv) times = g_strsplit(lines[i], " --> ", 2);

        g_assert_cmpstr(times[0], ==, until);
        g_assert_cmpint(strcmp(times[1], times[0]), >, 0);
        g_free(until);
        until = g_strdup(times[1]);
        g_assert_true(g_str_has_prefix(lines[i + 1], "sprite.jpg#xywh="));
        g_assert_true(g_str_has_suffix(lines[i + 1], ",160,90"));
        g_assert_true(g_hash_table_add(places, g_strdup(lines[i + 1])));
    }
    g_assert_cmpint(count, ==, 41);
    g_assert_cmpstr(until, ==, "00:00:12.250");
    g_assert_cmpint(close(target.sprite_fd), ==, 0);
    g_assert_cmpint(close(target.cues_fd), ==, 0);
    storyboard_free(storyboard);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!photo_prepare_library(false, NULL)) {
        return 1;
    }
    g_test_add_func("/storyboard/stills_are_even_and_bounded", test_stills_are_even_and_bounded);
    g_test_add_func("/storyboard/cues_join", test_cues_join);
    return g_test_run();
}
