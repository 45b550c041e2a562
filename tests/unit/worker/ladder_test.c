#include <string.h>

#include <glib.h>

#include "worker/ladder.h"

static const struct {
    int width, height;
    int sides[5]; /* 0 ends */
} CASES[] = {
    {1920, 1080, {1080, 720, 480, 360}},
    {3840, 2160, {1080, 720, 480, 360}},
    {1080, 1920, {1080, 720, 480, 360}},
    {1280, 720, {720, 480, 360}},
    {854, 480, {480, 360}},
    {640, 360, {360}},
    {160, 120, {360}},
    {1440, 1080, {1080, 720, 480, 360}},
    {720, 400, {480}},
};

static void test_rungs(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const struct ladder_facts facts = {.width = CASES[i].width,
                                           .height = CASES[i].height,
                                           .fps = 30,
                                           .picture_bps = 10000000};
        struct task_rung rungs[TASK_RUNGS_MAX];
        const int count = ladder_rungs(&facts, &LADDER_DEFAULT, rungs);

        for (int k = 0; k < count; k++) {
            g_assert_cmpint(rungs[k].short_side, ==, CASES[i].sides[k]);
            g_assert_cmpint(rungs[k].width, <=, facts.width + 1);
            g_assert_cmpint(rungs[k].height, <=, facts.height + 1);
            g_assert_cmpint(rungs[k].width % 2 + rungs[k].height % 2, ==, 0);
            g_assert_cmpint(k == 0 || rungs[k].maxrate_bps < rungs[k - 1].maxrate_bps, !=, 0);
        }
        g_assert_cmpint(CASES[i].sides[count], ==, 0);
    }
}

/* How each rung comes about, from what prepare found out: e encoded, c the original itself, m made by prepare. */
static const struct {
    int width, height, copy_bps, peak_bps;
    int review_width, review_height, review_side, review_bps;
    const char *ways;
} WAYS[] = {
    {1920, 1080, 0, 0, 854, 480, 480, 900000, "eeme"},
    {640, 360, 0, 0, 640, 360, 480, 600000, "m"},
    {854, 480, 0, 0, 854, 480, 480, 900000, "me"},
    {854, 480, 0, 0, 854, 480, 480, 490000, "m"}, /* so light that nobody needs 360 */
    /* before there is a copy: may the original be it? */
    {1920, 1080, 5000000, 6000000, 0, 0, 0, 0, "ceee"},  /* fit, and below the cap */
    {1920, 1080, 7000000, 8000000, 0, 0, 0, 0, "eeee"},  /* above the cap */
    {1920, 1080, 5000000, 20000000, 0, 0, 0, 0, "eeee"}, /* too bursty */
    {3840, 2160, 5000000, 6000000, 0, 0, 0, 0, "eeee"},  /* larger than any rung */
    {1080, 1920, 5000000, 6000000, 0, 0, 0, 0, "ceee"},
    {960, 540, 1000000, 1600000, 0, 0, 0, 0, "ce"}, /* 480 would be hardly smaller */
    /* it was: nothing is stored twice */
    {1920, 1080, 0, 0, 1920, 1080, 1080, 5000000, "meee"},
    {1920, 1080, 0, 0, 1920, 1080, 1080, 2900000, "mee"}, /* who can load 720 can load this */
    {1920, 1080, 0, 0, 1920, 1080, 1080, 1300000, "me"},
    {1280, 720, 0, 0, 1280, 720, 720, 1600000, "mee"},
    {1280, 720, 0, 0, 1280, 720, 720, 1400000, "me"},
    {1280, 720, 0, 0, 1280, 720, 720, 400000, "m"},
    {960, 540, 0, 0, 960, 540, 720, 1000000, "me"},
};

static void test_ways(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(WAYS); i++) {
        const struct ladder_facts facts = {.width = WAYS[i].width,
                                           .height = WAYS[i].height,
                                           .fps = 30,
                                           .copy_average_bps = WAYS[i].copy_bps,
                                           .copy_peak_bps = WAYS[i].peak_bps,
                                           .review = {.width = WAYS[i].review_width,
                                                      .height = WAYS[i].review_height,
                                                      .short_side = WAYS[i].review_side,
                                                      .average_bps = WAYS[i].review_bps}};
        struct task_rung rungs[TASK_RUNGS_MAX];
        const int count = ladder_rungs(&facts, &LADDER_DEFAULT, rungs);
        char ways[TASK_RUNGS_MAX + 1] = "";

        for (int k = 0; k < count; k++) {
            ways[k] = "ecm"[rungs[k].way];
            g_assert_cmpint(rungs[k].way == TASK_MADE && rungs[k].short_side != WAYS[i].review_side, ==, 0);
        }
        g_assert_cmpstr(ways, ==, WAYS[i].ways);
    }
}

/* What is said of a copy; an older one does not say its side. */
static void test_review(void)
{
    json_auto_t *said = json_pack("{s:i, s:i, s:i, s:i, s:i, s:f, s:s}", "short_side", 720, "width", 960, "height", 540,
                                  "bandwidth_bps", 1500000, "average_bps", 1000000, "fps", 30.0, "codecs",
                                  "avc1.64001f,mp4a.40.2");
    struct task_rung rung = {0};

    g_assert_true(ladder_read_review(said, &rung));
    g_assert_cmpint(rung.short_side, ==, 720);
    g_assert_cmpint(rung.way, ==, TASK_MADE);
    g_assert_cmpint(json_object_del(said, "short_side"), ==, 0);
    g_assert_true(ladder_read_review(said, &rung));
    g_assert_cmpint(rung.short_side, ==, LADDER_REVIEW_SIDE);
    g_assert_cmpint(json_object_del(said, "codecs"), ==, 0);
    g_assert_false(ladder_read_review(said, &rung));
}

static void test_av1(void)
{
    const struct {
        int width, height;
        const char *sides; /* of the AV1 rungs */
    } rows[] = {{1920, 1080, "1920x1080 1280x720 "},
                {1080, 1920, "1080x1920 720x1280 "},
                {1280, 720, "1280x720 "},
                {640, 360, "640x360 "},
                {3840, 2160, "1920x1080 1280x720 "}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct ladder_facts facts = {.width = rows[i].width, .height = rows[i].height, .fps = 30};
        struct task_rung rungs[LADDER_AV1_MAX];
        const int count = ladder_av1_rungs(&facts, &LADDER_DEFAULT, rungs);
        g_autoptr(GString) sides = g_string_new(NULL);

        for (int k = 0; k < count; k++) {
            g_assert_cmpint(rungs[k].codec, ==, TASK_AV1);
            g_string_append_printf(sides, "%dx%d ", rungs[k].width, rungs[k].height);
        }
        g_assert_cmpstr(sides->str, ==, rows[i].sides);
    }
}

/* config/ladder.conf and the table in the program are the same. */
static void test_file_is_default(void)
{
    g_autoptr(GError) error = NULL;
    struct ladder_policy policy;

    g_assert_true(ladder_load("config/ladder.conf", &policy, &error));
    g_assert_cmpint(policy.count, ==, LADDER_DEFAULT.count);
    for (int i = 0; i < policy.count; i++) {
        g_assert_cmpint(policy.rung[i].short_side, ==, LADDER_DEFAULT.rung[i].short_side);
        g_assert_cmpfloat(policy.rung[i].crf, ==, LADDER_DEFAULT.rung[i].crf);
        g_assert_cmpint(policy.rung[i].maxrate_bps, ==, LADDER_DEFAULT.rung[i].maxrate_bps);
        g_assert_cmpstr(policy.rung[i].preset, ==, LADDER_DEFAULT.rung[i].preset);
        g_assert_cmpstr(policy.rung[i].options, ==, LADDER_DEFAULT.rung[i].options);
    }
    g_assert_cmpint(policy.av1_count, ==, LADDER_DEFAULT.av1_count);
    for (int i = 0; i < policy.av1_count; i++) {
        g_assert_cmpint(policy.av1[i].short_side, ==, LADDER_DEFAULT.av1[i].short_side);
        g_assert_cmpfloat(policy.av1[i].crf, ==, LADDER_DEFAULT.av1[i].crf);
        g_assert_cmpint(policy.av1[i].maxrate_bps, ==, LADDER_DEFAULT.av1[i].maxrate_bps);
        g_assert_cmpstr(policy.av1[i].preset, ==, LADDER_DEFAULT.av1[i].preset);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ladder/rungs", test_rungs);
    g_test_add_func("/ladder/ways", test_ways);
    g_test_add_func("/ladder/review", test_review);
    g_test_add_func("/ladder/av1", test_av1);
    g_test_add_func("/ladder/file_is_default", test_file_is_default);
    return g_test_run();
}
