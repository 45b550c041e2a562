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
        const struct ladder_facts facts = {CASES[i].width, CASES[i].height, 30, 10000000};
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
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ladder/rungs", test_rungs);
    g_test_add_func("/ladder/file_is_default", test_file_is_default);
    return g_test_run();
}
