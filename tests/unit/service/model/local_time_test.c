#include "service/model/local_time.h"

static void test_offset(void)
{
    g_autofree char *whole = local_text(0, "%Y-%m-%dT%H:%M:%S%:z");
    g_autofree char *words = local_text(1787155200000, "%Y年%-m月%-d日 %H:%M");

    g_assert_cmpstr(whole, ==, "1970-01-01T08:00:00+08:00");
    g_assert_cmpstr(words, ==, "2026年8月20日 00:00");
}

/* The day changes eight hours before that of UTC. */
static void test_day(void)
{
    g_autofree char *before = local_day(1787155199999);
    g_autofree char *after = local_day(1787155200000);

    g_assert_cmpstr(before, ==, "2026-08-19");
    g_assert_cmpstr(after, ==, "2026-08-20");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/local_time/offset", test_offset);
    g_test_add_func("/local_time/day", test_day);
    return g_test_run();
}
