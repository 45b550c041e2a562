#include "worker/media/checks.h"

#include <glib.h>

#define STEP (LIBAV_VIDEO_HZ / 4) /* of the stills */

/* Stills of one grey each, four a second; a line of noise tells them apart where they move. */
static void add(struct checks *checks, int from, int count, uint8_t grey, bool moves)
{
    for (int i = from; i < from + count; i++) {
        g_autoptr(Picture) picture = picture_new(32, 18, grey);
        const uint8_t rgb[3] = {255, 255, (uint8_t)i};

        if (moves) {
            picture_fill(picture, i % 30, 0, 2, 18, rgb);
        }
        checks_add(checks, i * STEP, picture);
    }
}

/* The flags as "name from-to" with times in ms, without what is said of the sound: there is none. */
static char *flags_of(struct checks *checks, int64_t end)
{
    g_autoptr(GString) text = g_string_new(NULL);
    json_t *flags = checks_flags(checks, NULL, end), *flag;
    size_t i;

    json_array_foreach(flags, i, flag) {
        const char *name;
        json_int_t from, to;

        g_assert_cmpint(json_unpack(flag, "{s:s, s:I, s:I}", "flag", &name, "from_ms", &from, "to_ms", &to), ==, 0);
        if (g_strcmp0(name, "silent") != 0) {
            g_string_append_printf(text, "%s%s %d-%d", text->len == 0 ? "" : ", ", name, (int)from, (int)to);
        }
    }
    json_decref(flags);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void test_a_clip_that_moves_has_no_flags(void)
{
    struct checks *checks = checks_new();
    g_autofree char *flags = NULL;

    add(checks, 0, 40, 128, true);
    flags = flags_of(checks, 40 * STEP);
    g_assert_cmpstr(flags, ==, "");
    checks_free(checks);
}

static void test_black_from_a_second_on(void)
{
    struct checks *checks = checks_new();
    g_autofree char *flags = NULL;

    add(checks, 0, 8, 128, true);
    add(checks, 8, 3, 0, false); /* 0.75 s: a cut */
    add(checks, 11, 8, 128, true);
    add(checks, 19, 4, 0, false);
    add(checks, 23, 40, 128, true);
    flags = flags_of(checks, 63 * STEP);
    g_assert_cmpstr(flags, ==, "black 4750-5750");
    checks_free(checks);
}

/* Counted from the first of the pictures that are the same. Black ones are black, not frozen. */
static void test_frozen_from_three_seconds_on(void)
{
    struct checks *checks = checks_new();
    g_autofree char *flags = NULL;

    add(checks, 0, 8, 128, true);
    add(checks, 8, 12, 90, false); /* 3 s, from 2.0 to 5.0 */
    add(checks, 20, 8, 128, true);
    add(checks, 28, 11, 90, false);
    add(checks, 39, 8, 128, true);
    add(checks, 47, 20, 0, false);
    flags = flags_of(checks, 67 * STEP);
    g_assert_cmpstr(flags, ==, "frozen 2000-5000, black 11750-16750");
    checks_free(checks);
}

static void test_what_lasts_to_the_end_ends_there(void)
{
    struct checks *checks = checks_new();
    g_autofree char *flags = NULL;

    add(checks, 0, 40, 0, false);
    flags = flags_of(checks, 40 * STEP + 900);
    g_assert_cmpstr(flags, ==, "black 0-10010, very-dark 0-10010");
    checks_free(checks);
}

/* A clip that blinks gets a list that ends, not one as long as the clip. */
static void test_flags_are_bounded(void)
{
    struct checks *checks = checks_new();
    json_t *flags;

    for (int i = 0; i < 400; i += 8) {
        add(checks, i, 4, 128, true);
        add(checks, i + 4, 4, 0, false);
    }
    flags = checks_flags(checks, NULL, 400 * STEP);
    g_assert_cmpint(json_array_size(flags), ==, 20);
    json_decref(flags);
    checks_free(checks);
}

static void test_no_sound_is_silence(void)
{
    struct checks *checks = checks_new();
    json_t *flags, *flag;

    add(checks, 0, 8, 128, true);
    flags = checks_flags(checks, NULL, 8 * STEP);
    flag = json_array_get(flags, 0);
    g_assert_cmpint(json_array_size(flags), ==, 1);
    g_assert_cmpstr(json_string_value(json_object_get(flag, "flag")), ==, "silent");
    g_assert_cmpint(json_integer_value(json_object_get(flag, "to_ms")), ==, 2000);
    json_decref(flags);
    checks_free(checks);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/checks/a_clip_that_moves_has_no_flags", test_a_clip_that_moves_has_no_flags);
    g_test_add_func("/checks/black_from_a_second_on", test_black_from_a_second_on);
    g_test_add_func("/checks/frozen_from_three_seconds_on", test_frozen_from_three_seconds_on);
    g_test_add_func("/checks/what_lasts_to_the_end_ends_there", test_what_lasts_to_the_end_ends_there);
    g_test_add_func("/checks/flags_are_bounded", test_flags_are_bounded);
    g_test_add_func("/checks/no_sound_is_silence", test_no_sound_is_silence);
    return g_test_run();
}
