#include <string.h>

#include <glib.h>

#include "worker/task.h"

static const struct {
    const char *name;
    const char *lines;
    bool taken;
} LINES[] = {
    {"good", "S level=full\nP 0\nP 500\nP 1000\nR {\"facts\":{},\"outputs\":[]}\n", true},
    {"failure", "E not-media no signature\n", true},
    {"progress_before_lock", "P 1\n", false},
    {"progress_backwards", "S x\nP 500\nP 499\n", false},
    {"progress_too_high", "S x\nP 1001\n", false},
    {"progress_no_number", "S x\nP 1a\n", false},
    {"progress_sign", "S x\nP -1\n", false},
    {"locked_twice", "S x\nS x\n", false},
    {"unknown_letter", "S x\nQ 1\n", false},
    {"unknown_reason", "E nonsense words\n", false},
    {"result_not_json", "S x\nR {\n", false},
    {"result_without_outputs", "S x\nR {\"facts\":{}}\n", false},
    {"duplicate_key", "S x\nR {\"facts\":{},\"facts\":{},\"outputs\":[]}\n", false},
    {"empty_line", "\n", false},
};

static void test_lines(gconstpointer data)
{
    const size_t i = GPOINTER_TO_SIZE(data);
    struct task_parser *parser = task_parser_new();
    bool taken = true;

    for (size_t at = 0; taken && at < strlen(LINES[i].lines); at++) { /* byte by byte: no line may depend on reads */
        taken = task_parser_feed(parser, LINES[i].lines + at, 1, 0, NULL);
    }
    g_assert_cmpint(taken, ==, LINES[i].taken);
    task_parser_free(parser);
}

static void test_limits(void)
{
    struct task_parser *parser = task_parser_new();
    g_autofree char *endless = g_strnfill(300, 'x');
    bool taken = true;

    g_assert_true(task_parser_feed(parser, "S x\n", 4, 0, NULL));
    for (int i = 0; i < 99; i++) {
        g_assert_true(task_parser_feed(parser, "P 1\n", 4, 10, NULL));
    }
    g_assert_false(task_parser_feed(parser, "P 1\n", 4, 20, NULL)); /* the 101st in one second */
    task_parser_free(parser);

    parser = task_parser_new();
    g_assert_true(task_parser_feed(parser, "S ", 2, 0, NULL));
    g_assert_true(task_parser_feed(parser, endless, 300, 0, NULL));
    g_assert_false(task_parser_feed(parser, "\n", 1, 0, NULL)); /* longer than 256 bytes */
    task_parser_free(parser);

    parser = task_parser_new();
    for (int i = 0; taken && i < 1000; i++) {
        taken = task_parser_feed(parser, endless, 300, i * 1000, NULL);
    }
    g_assert_false(taken); /* never ends a line */
    task_parser_free(parser);
}

static void test_reply(void)
{
    struct task_parser *parser = task_parser_new();
    const char *lines = "S level=full\nP 250\nE too-long 4 \x01\xff minutes\n";

    g_assert_true(task_parser_feed(parser, lines, strlen(lines), 0, NULL));
    g_assert_true(task_parser_reply(parser)->failed);
    g_assert_cmpint(task_parser_reply(parser)->reason, ==, REASON_TOO_LONG);
    g_assert_cmpint(task_parser_reply(parser)->permille, ==, 250);
    g_assert_true(g_utf8_validate(task_parser_reply(parser)->words, -1, NULL));
    g_assert_null(strchr(task_parser_reply(parser)->words, '\x01'));
    task_parser_free(parser);
}

static void test_round_trip(void)
{
    struct task task = {.verb = TASK_LADDER,
                        .input_bytes = 5000000000,
                        .sound_bytes = 6000000000,
                        .threads = 2,
                        .gain_db = -2.5,
                        .prefix = "9-",
                        .rungs = 1,
                        .encodes = true,
                        .source_keyframes = true,
                        .rung = {{.way = TASK_MADE,
                                  .short_side = 720,
                                  .width = 1280,
                                  .height = 720,
                                  .crf = 23.5,
                                  .maxrate_bps = 3000000,
                                  .preset = "veryfast",
                                  .options = "subme=1",
                                  .bandwidth_bps = 900000,
                                  .average_bps = 800000,
                                  .fps = 29.97,
                                  .codecs = "avc1.64001f,mp4a.40.2"}},
                        .outputs = 2,
                        .output = {"720p.mp4", "master.m3u8"}};
    struct task again;
    g_autoptr(GError) error = NULL;
    json_auto_t *json = NULL;

    task_limits_init(&task.limits);
    task.limits.photo = false;
    json = task_to_json(&task);
    g_assert_true(task_from_json(json, &again, &error));
    g_assert_cmpint(again.verb, ==, TASK_LADDER);
    g_assert_cmpint(again.input_bytes, ==, 5000000000);
    g_assert_cmpint(again.sound_bytes, ==, 6000000000);
    g_assert_cmpfloat(again.gain_db, ==, -2.5);
    g_assert_cmpfloat(again.rung[0].crf, ==, 23.5);
    g_assert_cmpstr(again.rung[0].preset, ==, "veryfast");
    g_assert_cmpstr(again.rung[0].options, ==, "subme=1");
    g_assert_cmpstr(again.rung[0].codecs, ==, "avc1.64001f,mp4a.40.2");
    g_assert_cmpint(again.rung[0].way, ==, TASK_MADE);
    g_assert_cmpint(again.rung[0].bandwidth_bps + again.rung[0].average_bps, ==, 1700000);
    g_assert_cmpfloat(again.rung[0].fps, ==, 29.97);
    g_assert_true(again.encodes);
    g_assert_true(again.source_keyframes);
    g_assert_cmpstr(again.prefix, ==, "9-");
    g_assert_true(again.limits.video && !again.limits.photo);
    g_assert_cmpint(task_output_fd(&again, "master.m3u8"), ==, TASK_OUTPUT_FD + 1);
    g_assert_cmpint(task_output_fd(&again, "none"), ==, -1);
    g_assert_cmpint(task_sound_fd(&again), ==, TASK_OUTPUT_FD + 2); /* behind the outputs */
}

static void test_fit(void)
{
    static const struct {
        int width, height, side, fitted_width, fitted_height;
    } ROWS[] = {
        {1920, 1080, 1080, 1920, 1080}, {1920, 1080, 480, 854, 480}, {1080, 1920, 720, 720, 1280},
        {640, 360, 1080, 640, 360},     {161, 121, 480, 162, 122},   {2, 2, 480, 2, 2},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        int width, height;
        task_fit(ROWS[i].width, ROWS[i].height, ROWS[i].side, &width, &height);
        g_assert_cmpint(width, ==, ROWS[i].fitted_width);
        g_assert_cmpint(height, ==, ROWS[i].fitted_height);
    }
}

static void test_gain(void)
{
    g_assert_cmpfloat_with_epsilon(task_gain_db(-26, -20), 10, 0.01); /* to -16 */
    g_assert_cmpfloat_with_epsilon(task_gain_db(-26, -6), 4.5, 0.01); /* as far as the peak allows */
    g_assert_cmpfloat_with_epsilon(task_gain_db(-10, 0), -6, 0.01);
    g_assert_cmpfloat(task_gain_db(-70, -70), ==, 0); /* silence stays silence */
}

static const struct {
    int maxrate_bps;
    double source_bps;
    const char *codec;
    double share;
    int cap_bps;
} CAPS[] = {
    {1500000, 0, "h264", 0.2, 1500000},         /* not known */
    {1500000, 15000000, "h264", 0.2, 1500000},  /* plenty */
    {1500000, 800000, "h264", 1, 1200000},      /* the same size */
    {1500000, 800000, "h264", 1.2, 1200000},    /* rounding up makes no bits */
    {1500000, 1000000, "h264", 0.0625, 200000}, /* a quarter of each side: an eighth of the bits, but at least this */
    {1500000, 1000000, "hevc", 0.25, 848528},   {1500000, 1000000, NULL, 0.25, 530330},
    {150000, 10000, "h264", 1, 150000},
};

static void test_content_cap(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CAPS); i++) {
        const int cap_bps = task_content_cap(CAPS[i].maxrate_bps, CAPS[i].source_bps, CAPS[i].codec, CAPS[i].share);
        g_assert_cmpint(ABS(cap_bps - CAPS[i].cap_bps), <=, 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++) {
        g_autofree char *path = g_strconcat("/task/lines/", LINES[i].name, NULL);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_lines);
    }
    g_test_add_func("/task/limits", test_limits);
    g_test_add_func("/task/reply", test_reply);
    g_test_add_func("/task/round_trip", test_round_trip);
    g_test_add_func("/task/fit", test_fit);
    g_test_add_func("/task/gain", test_gain);
    g_test_add_func("/task/content_cap", test_content_cap);
    return g_test_run();
}
