#include "service/http/limits.h"

#include <glib.h>

static void test_burst_and_refill(void)
{
    struct limits *limits = limits_new();
    int64_t now_ms = 1000000;
    int64_t retry_ms = 0;
    int taken = 0;

    while (limits_take(limits, LIMIT_LOGIN_PEER, "192.0.2.0", now_ms, &retry_ms)) {
        taken++;
    }
    g_assert_cmpint(taken, ==, 300);
    g_assert_cmpint(retry_ms, >, 300);
    g_assert_cmpint(retry_ms, <=, 335);
    g_assert_true(limits_take(limits, LIMIT_LOGIN_PEER, "198.51.100.0", now_ms, &retry_ms));
    g_assert_true(limits_take(limits, LIMIT_SEARCH, "192.0.2.0", now_ms, &retry_ms));
    g_assert_false(limits_take(limits, LIMIT_LOGIN_PEER, "192.0.2.0", now_ms + 300, &retry_ms));
    g_assert_true(limits_take(limits, LIMIT_LOGIN_PEER, "192.0.2.0", now_ms + 335, &retry_ms));
    g_assert_false(limits_take(limits, LIMIT_LOGIN_PEER, "192.0.2.0", now_ms + 335, &retry_ms));
    limits_free(limits);
}

static void test_a_clock_that_goes_back(void)
{
    struct limits *limits = limits_new();
    int64_t retry_ms = 0;

    g_assert_true(limits_take(limits, LIMIT_LOGIN_PEER, "192.0.2.0", 1000000, &retry_ms));
    g_assert_true(limits_take(limits, LIMIT_LOGIN_PEER, "192.0.2.0", 0, &retry_ms));
    limits_free(limits);
}

static void test_a_flood_of_keys(void)
{
    struct limits *limits = limits_new();
    int64_t retry_ms = 0;
    int taken = 0;

    for (int i = 0; i < 100100; i++) {
        g_autofree char *key = g_strdup_printf("%d", i);
        taken += limits_take(limits, LIMIT_SEARCH, key, 1000, &retry_ms) ? 1 : 0;
    }
    g_assert_cmpint(taken, ==, 100000);
    /* A second later all of them are full again and make room. */
    g_assert_true(limits_take(limits, LIMIT_SEARCH, "new", 3000, &retry_ms));
    limits_free(limits);
}

static void test_blocks(void)
{
    static const char *const CASES[][2] = {
        {"192.0.2.77", "192.0.2.0"},
        {"2001:db8:1:2ff:3::4", "2001:db8:1:200::"},
        {"not an address", "not an address"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *block = limits_block_of(CASES[i][0]);
        g_assert_cmpstr(block, ==, CASES[i][1]);
    }
}

static void test_several_services_give_their_part(void)
{
    struct limits *limits = limits_new();
    int64_t retry_ms = 0;
    int taken[2] = {0};

    for (int services = 1; services <= 2; services++) {
        g_autofree char *key = g_strdup_printf("192.0.2.%d", services);
        limits_share(limits, services);
        while (limits_take(limits, LIMIT_LOGIN_PEER, key, 1000, &retry_ms)) {
            taken[services - 1]++;
        }
    }
    g_assert_cmpint(taken[1], ==, taken[0] / 2);
    limits_free(limits);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/limits/burst_and_refill", test_burst_and_refill);
    g_test_add_func("/http/limits/a_clock_that_goes_back", test_a_clock_that_goes_back);
    g_test_add_func("/http/limits/a_flood_of_keys", test_a_flood_of_keys);
    g_test_add_func("/http/limits/blocks", test_blocks);
    g_test_add_func("/limits/several_services_give_their_part", test_several_services_give_their_part);
    return g_test_run();
}
