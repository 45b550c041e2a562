/* Results by points that are known by heart: what is left out, levelling, and each step of the tie-break. */
#include "service/model/tally.h"

#include <glib.h>

static const char *const WORKS[] = {"a", "b", "c"};
static const int64_t WEIGHTS[] = {60, 40};

static struct tally tally_of(const struct tally_score *scores, size_t count)
{
    return (struct tally){.seed = "seed",
                          .works = WORKS,
                          .work_count = G_N_ELEMENTS(WORKS),
                          .judge_count = 4,
                          .weights = WEIGHTS,
                          .criterion_count = 2,
                          .scores = scores,
                          .score_count = count};
}

static void test_highest_and_lowest_left_out(void)
{
    static const struct tally_score SCORES[] = {
        {0, 0, {100, 100}}, {0, 1, {80, 85}}, {0, 2, {81, 80}}, {0, 3, {10, 10}}, /* 100, 82, 80.6, 10: mean of two */
        {1, 0, {90, 80}},   {1, 1, {70, 90}},                                     /* 86, 78: nothing is left out */
    };
    const struct tally tally = tally_of(SCORES, G_N_ELEMENTS(SCORES));
    struct tally_result results[3];

    tally_run(&tally, results);
    g_assert_cmpuint(results[0].work, ==, 1);
    g_assert_cmpint(results[0].score, ==, 8200000);
    g_assert_cmpuint(results[1].work, ==, 0);
    g_assert_cmpint(results[1].score, ==, 8130000);
    g_assert_cmpint(results[1].mean, ==, 6815000);
    g_assert_cmpuint(results[1].rank, ==, 2);
    g_assert_cmpuint(results[2].work, ==, 2); /* without points */
    g_assert_cmpuint(results[2].rank, ==, 0);
}

static void test_rounded_half_up(void)
{
    static const struct tally_score SCORES[] = {
        {0, 0, {100, 100}}, {0, 1, {1, 0}}, {0, 2, {1, 0}}, {0, 3, {0, 1}}, {0, 0, {0, 0}}, /* 0.6, 0.6, 0.4 stay */
    };
    const struct tally tally = tally_of(SCORES, G_N_ELEMENTS(SCORES));
    struct tally_result results[3];

    tally_run(&tally, results);
    g_assert_cmpint(results[0].score, ==, 53333);
}

/* The strict judge saw the better work only: without levelling it loses. */
static void test_levelled(void)
{
    static const struct tally_score SCORES[] = {
        {0, 0, {60, 60}},
        {1, 1, {80, 80}},
        {2, 0, {40, 40}},
        {2, 1, {70, 70}},
    };
    struct tally tally = tally_of(SCORES, G_N_ELEMENTS(SCORES));
    struct tally_result results[3];

    tally_run(&tally, results);
    g_assert_cmpuint(results[0].work, ==, 1);
    tally.is_levelled = true;
    tally_run(&tally, results);
    g_assert_cmpuint(results[0].work, ==, 0);
    g_assert_cmpint(results[0].score, ==, 7250000); /* 60 - 50 + 62.5 */
    g_assert_cmpuint(results[1].work, ==, 1);
    g_assert_cmpint(results[1].score, ==, 6750000); /* 80 - 75 + 62.5 */
}

static void test_ties(void)
{
    static const struct tally_score BY_MEAN[] = {
        {0, 0, {90, 90}}, {0, 1, {80, 80}}, {0, 2, {70, 70}}, {1, 0, {95, 95}}, {1, 1, {80, 80}}, {1, 2, {70, 70}},
    };
    static const struct tally_score BY_CRITERION[] = {{0, 0, {80, 80}}, {1, 0, {82, 77}}, {2, 0, {78, 83}}};
    static const struct tally_score BY_LOT[] = {{0, 0, {80, 80}}, {1, 0, {80, 80}}, {2, 0, {80, 80}}};
    struct tally tally = tally_of(BY_MEAN, G_N_ELEMENTS(BY_MEAN));
    struct tally_result results[3];
    size_t first[2];

    tally_run(&tally, results);
    g_assert_cmpuint(results[0].work, ==, 1);
    g_assert_cmpint(results[0].score, ==, results[1].score);
    tally = tally_of(BY_CRITERION, G_N_ELEMENTS(BY_CRITERION));
    tally_run(&tally, results);
    g_assert_true(results[0].work == 1 && results[1].work == 0 && results[2].work == 2);
    g_assert_cmpint(results[0].score, ==, results[2].score);
    tally = tally_of(BY_LOT, G_N_ELEMENTS(BY_LOT));
    for (size_t i = 0; i < 2; i++) {
        tally_run(&tally, results);
        first[i] = results[0].work;
    }
    g_assert_cmpuint(first[0], ==, first[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tally/highest_and_lowest_left_out", test_highest_and_lowest_left_out);
    g_test_add_func("/tally/rounded_half_up", test_rounded_half_up);
    g_test_add_func("/tally/levelled", test_levelled);
    g_test_add_func("/tally/ties", test_ties);
    return g_test_run();
}
