#include "worker/media/picture_types.h"

#include <string.h>

#include <glib.h>

/* A packet as libx264's wrapper hands it out: the picture's type stands in its statistics. */
static void see(struct picture_types *types, int64_t pts, enum AVPictureType type)
{
    AVPacket *packet = av_packet_alloc();
    uint8_t *stats = av_packet_new_side_data(packet, AV_PKT_DATA_QUALITY_STATS, 8);

    memset(stats, 0, 8);
    stats[4] = (uint8_t)type;
    packet->pts = pts;
    picture_types_see(types, packet);
    av_packet_free(&packet);
}

/* `shown` by its letters, handed over in coding order: an anchor before the B pictures that it follows when shown. */
static char *text_of(const char *shown)
{
    struct picture_types *types = picture_types_new();
    int64_t run = 0;

    for (int64_t i = 0; shown[i] != '\0'; i++) {
        if (shown[i] == 'B') {
            run++;
            continue;
        }
        see(types, i * 3000, shown[i] == 'I' ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_P);
        for (; run > 0; run--) {
            see(types, (i - run) * 3000, AV_PICTURE_TYPE_B);
        }
    }
    char *text = picture_types_text(types);
    picture_types_free(types);
    return text;
}

static void test_what_was_decided_is_obeyed(void)
{
    const char *shown = "IBBBPBBPPIBPBBBPPPPBBBPI"; /* 12 that are no B pictures: whole letters */
    g_autofree char *text = text_of(shown);
    struct picture_types *types = picture_types_parse(text);

    g_assert_cmpuint(strlen(text), ==, 4);
    for (size_t i = 0; shown[i] != '\0'; i++) {
        g_assert_cmpint(picture_types_at(types, i), ==, shown[i] == 'B' ? AV_PICTURE_TYPE_B : AV_PICTURE_TYPE_P);
    }
    g_assert_cmpint(picture_types_at(types, strlen(shown)), ==, AV_PICTURE_TYPE_NONE);
    picture_types_free(types);
}

/* Up to the last picture, also where these do not fill the last letter. */
static void test_the_last_pictures_are_decided(void)
{
    static const char *const ROWS[] = {"I", "IPPP", "IPPBP", "IPPBBBPBP", "IBBPPPBBP"};

    for (size_t k = 0; k < G_N_ELEMENTS(ROWS); k++) {
        g_autofree char *text = text_of(ROWS[k]);
        struct picture_types *types = picture_types_parse(text);

        for (size_t i = 0; ROWS[k][i] != '\0'; i++) {
            g_assert_cmpint(picture_types_at(types, i), ==,
                            ROWS[k][i] == 'B' ? AV_PICTURE_TYPE_B : AV_PICTURE_TYPE_P);
        }
        picture_types_free(types);
    }
}

static void test_runs_beyond_the_text(void)
{
    g_assert_null(text_of("IBBBBP"));
}

static void test_texts_of_others(void)
{
    g_autofree char *long_text = g_strnfill(PICTURE_TYPES_TEXT_MAX + 1, '/');
    const char *const rows[] = {NULL, "", "A*", "\xff", long_text};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct picture_types *types = picture_types_parse(rows[i]);
        g_assert_cmpint(picture_types_at(types, 0), ==, AV_PICTURE_TYPE_NONE);
        picture_types_free(types);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/picture_types/what_was_decided_is_obeyed", test_what_was_decided_is_obeyed);
    g_test_add_func("/picture_types/the_last_pictures_are_decided", test_the_last_pictures_are_decided);
    g_test_add_func("/picture_types/runs_beyond_the_text", test_runs_beyond_the_text);
    g_test_add_func("/picture_types/texts_of_others", test_texts_of_others);
    return g_test_run();
}
