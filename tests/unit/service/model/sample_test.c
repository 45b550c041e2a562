/* The province's sample: what a hash draws at which share, as an auditor would. */
#include "service/model/sample.h"

static void test_a_hash_draws_by_its_first_eight_digits(void)
{
    static const struct {
        const char *hash;
        int64_t percent;
        bool is_drawn;
    } CASES[] = {
        /* 5 % of 2^32 is 214748364.8, which is 0ccccccc.cc */
        {"0ccccccc0000000000000000", 5, true},   {"0ccccccdffffffffffffffff", 5, false},
        {"00000000ffffffffffffffff", 1, true},   {"00000000ffffffffffffffff", 0, false},
        {"ffffffffffffffffffffffff", 99, false}, {"ffffffffffffffffffffffff", 100, true},
        {"7fffffffffffffffffffffff", 50, true},  {"800000000000000000000000", 50, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_assert_cmpint(sample_is_drawn(CASES[i].hash, CASES[i].percent), ==, CASES[i].is_drawn);
    }
}

static void test_a_share_draws_its_share(void)
{
    enum { WORKS = 20000 };
    int drawn = 0;

    for (int i = 0; i < WORKS; i++) {
        g_autofree char *text = g_strdup_printf("%d", i);
        g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
        drawn += sample_is_drawn(hash, 5);
    }
    g_assert_cmpint(drawn, >, WORKS * 45 / 1000); /* the same numbers every time */
    g_assert_cmpint(drawn, <, WORKS * 55 / 1000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sample/a_hash_draws_by_its_first_eight_digits", test_a_hash_draws_by_its_first_eight_digits);
    g_test_add_func("/sample/a_share_draws_its_share", test_a_share_draws_its_share);
    return g_test_run();
}
