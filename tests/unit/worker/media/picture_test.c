#include "worker/media/picture.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib.h>

#include "worker/media/photo.h"

static const uint8_t WHITE[3] = {255, 255, 255}, RED[3] = {255, 0, 0}, BLUE[3] = {0, 0, 255};

static const uint8_t *at(const struct picture *picture, int x, int y)
{
    return picture->rgb + (y * picture->width + x) * 3;
}

static void test_shrinking_takes_the_mean_of_blocks(void)
{
    g_autoptr(Picture) picture = picture_new(4, 2, 0);
    g_autoptr(Picture) small = NULL;

    picture_fill(picture, 0, 0, 1, 2, WHITE); /* half of the left block */
    picture_fill(picture, 2, 0, 2, 2, RED);   /* all of the right one */
    small = picture_shrunk(picture, 2, 1);
    g_assert_cmpint(at(small, 0, 0)[0], ==, 128); /* 127.5 */
    g_assert_cmpint(at(small, 0, 0)[2], ==, 128);
    g_assert_cmpmem(at(small, 1, 0), 3, RED, 3);
}

/* Sizes that do not divide: every pixel is in one block, none is empty. */
static void test_shrinking_leaves_nothing_out(void)
{
    g_autoptr(Picture) picture = picture_new(7, 5, 0);
    g_autoptr(Picture) small = NULL;

    picture_fill(picture, 6, 4, 1, 1, WHITE); /* the last pixel alone */
    small = picture_shrunk(picture, 3, 2);
    g_assert_cmpint(at(small, 2, 1)[0], >, 0);
    for (int i = 0; i < 5; i++) {
        g_assert_cmpint(at(small, i % 3, i / 3)[0], ==, 0);
    }
}

static void test_what_is_drawn_outside_is_left_out(void)
{
    g_autoptr(Picture) picture = picture_new(4, 4, 0);
    g_autoptr(Picture) small = picture_new(3, 3, 255);

    picture_draw(picture, small, 2, 3);
    g_assert_cmpmem(at(picture, 2, 3), 3, WHITE, 3);
    g_assert_cmpmem(at(picture, 3, 3), 3, WHITE, 3);
    g_assert_cmpint(at(picture, 1, 3)[0], ==, 0);
    g_assert_cmpint(at(picture, 3, 2)[0], ==, 0);
    picture_draw(picture, small, 9, 9); /* all of it outside */
    picture_fill(picture, -2, -2, 3, 3, BLUE);
    g_assert_cmpmem(at(picture, 0, 0), 3, BLUE, 3);
    g_assert_cmpint(at(picture, 1, 0)[2], ==, 0);
    picture_fill(picture, 3, 0, 100, 1, RED);
    g_assert_cmpmem(at(picture, 3, 0), 3, RED, 3);
    g_assert_cmpint(at(picture, 0, 1)[0], ==, 0);
}

/* A clock is legible: its digits are white dots on dark ground, each another pattern. */
static void test_times_are_drawn(void)
{
    static const char LETTERS[] = "0123456789:.";
    uint8_t seen[sizeof LETTERS - 1][11 * 9];

    for (size_t i = 0; i < sizeof LETTERS - 1; i++) {
        g_autoptr(Picture) picture = picture_new(9, 11, 200);
        const char text[2] = {LETTERS[i], '\0'};
        int dots = 0;

        picture_text(picture, text, 0, 0, 1);
        for (int k = 0; k < 11 * 9; k++) {
            seen[i][k] = picture->rgb[3 * k];
            dots += seen[i][k] == 255;
        }
        g_assert_cmpint(at(picture, 0, 0)[0], ==, 24);
        g_assert_cmpint(dots, >=, 4);
        for (size_t k = 0; k < i; k++) {
            g_assert_cmpint(memcmp(seen[i], seen[k], sizeof seen[i]), !=, 0);
        }
    }
}

static void test_what_a_judge_of_stills_sees(void)
{
    g_autoptr(Picture) black = picture_new(16, 16, 0);
    g_autoptr(Picture) grey = picture_new(16, 16, 128);
    g_autoptr(Picture) stripes = picture_new(16, 16, 0);
    struct picture_look look = picture_look_of(black);

    g_assert_cmpfloat_with_epsilon(look.mean, 0, 0.5);
    g_assert_cmpfloat_with_epsilon(look.dark_share, 1, 0.001);
    look = picture_look_of(grey);
    g_assert_cmpfloat_with_epsilon(look.mean, 128, 1);
    g_assert_cmpfloat_with_epsilon(look.deviation, 0, 0.5);
    g_assert_cmpfloat_with_epsilon(look.sharpness, 0, 0.5);
    g_assert_cmpfloat_with_epsilon(look.dark_share, 0, 0.001);
    for (int x = 0; x < 16; x += 2) {
        picture_fill(stripes, x, 0, 1, 16, WHITE);
    }
    look = picture_look_of(stripes);
    g_assert_cmpfloat_with_epsilon(look.mean, 127.5, 1);
    g_assert_cmpfloat_with_epsilon(look.deviation, 127.5, 1);
    g_assert_cmpfloat(look.sharpness, >, 100);
    g_assert_cmpfloat_with_epsilon(look.dark_share, 0.5, 0.001);
    g_assert_cmpfloat_with_epsilon(picture_distance(black, grey), 128, 1);
    g_assert_cmpfloat(picture_distance(stripes, stripes), ==, 0);
}

static struct picture *noise(int width, int height)
{
    struct picture *picture = picture_new(width, height, 0);
    GRand *random = g_rand_new_with_seed(5);

    for (int i = 0; i < width * height * 3; i++) {
        picture->rgb[i] = (uint8_t)g_rand_int_range(random, 0, 256);
    }
    g_rand_free(random);
    return picture;
}

static off_t written(const struct picture *picture, size_t most_bytes)
{
    g_autoptr(GError) error = NULL;
    const int fd = memfd_create("picture", MFD_CLOEXEC);
    off_t size;

    g_assert_true(picture_write_jpeg_within(picture, 90, NULL, most_bytes, fd, &error));
    g_assert_no_error(error);
    size = lseek(fd, 0, SEEK_END);
    g_assert_cmpint(close(fd), ==, 0);
    return size;
}

/* Noise is what a JPEG takes most for. */
static void test_a_jpeg_keeps_within_its_bytes(void)
{
    g_autoptr(Picture) picture = noise(256, 256);
    const off_t free_size = written(picture, SIZE_MAX);

    g_assert_cmpint(free_size, >, 60000);
    g_assert_cmpint(written(picture, 40000), <=, 40000);
    g_assert_cmpint(written(picture, 1000), <, free_size / 3); /* as small as it can be, and still a picture */
}

static void test_sizes_of_what_is_scaled(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Picture) picture = noise(300, 200);
    g_autoptr(Picture) reduced = picture_reduced(picture, 150, &error);
    g_autoptr(Picture) same = picture_reduced(picture, 900, &error);
    g_autoptr(Picture) padded = picture_padded(picture, 1200, 630, 17, &error);

    g_assert_no_error(error);
    g_assert_cmpint(reduced->width, ==, 150);
    g_assert_cmpint(reduced->height, ==, 100);
    g_assert_cmpint(same->width, ==, 300); /* never larger */
    g_assert_cmpint(padded->width, ==, 1200);
    g_assert_cmpint(padded->height, ==, 630);
    g_assert_cmpint(at(padded, 299, 315)[0], ==, 17); /* doubled at most: 600 x 400 in the middle */
    g_assert_cmpint(at(padded, 600, 114)[0], ==, 17);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!photo_prepare_library(false, NULL)) {
        return 1;
    }
    g_test_add_func("/picture/shrinking_takes_the_mean_of_blocks", test_shrinking_takes_the_mean_of_blocks);
    g_test_add_func("/picture/shrinking_leaves_nothing_out", test_shrinking_leaves_nothing_out);
    g_test_add_func("/picture/what_is_drawn_outside_is_left_out", test_what_is_drawn_outside_is_left_out);
    g_test_add_func("/picture/times_are_drawn", test_times_are_drawn);
    g_test_add_func("/picture/what_a_judge_of_stills_sees", test_what_a_judge_of_stills_sees);
    g_test_add_func("/picture/a_jpeg_keeps_within_its_bytes", test_a_jpeg_keeps_within_its_bytes);
    g_test_add_func("/picture/sizes_of_what_is_scaled", test_sizes_of_what_is_scaled);
    return g_test_run();
}
