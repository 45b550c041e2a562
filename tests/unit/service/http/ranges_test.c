#include "service/http/ranges.h"

#include <glib.h>

#define ETAG "\"abc\""

/* The cases of nginx' range tests (range.t, range_if_range.t) and of h2o's 40file-range, for a file of 100 bytes. */
static const struct {
    const char *range;
    int64_t size;
    enum range_answer answer;
    int64_t first;
    int64_t length;
} CASES[] = {
    {NULL, 100, RANGE_WHOLE, 0, 100},
    {"bytes=0-8", 100, RANGE_PART, 0, 9},
    {"bytes=0-0", 100, RANGE_PART, 0, 1},
    {"bytes=99-99", 100, RANGE_PART, 99, 1},
    {"bytes=90-", 100, RANGE_PART, 90, 10},
    {"bytes=0-", 100, RANGE_PART, 0, 100},
    {"bytes=-10", 100, RANGE_PART, 90, 10},
    {"bytes=-100", 100, RANGE_PART, 0, 100},
    {"bytes=-1000", 100, RANGE_PART, 0, 100},
    {"bytes=90-1000", 100, RANGE_PART, 90, 10},
    {"bytes=0-99999999999999999999999", 100, RANGE_PART, 0, 100},
    {"BYTES=1-2", 100, RANGE_PART, 1, 2},
    {"bytes= 1 - 2 ", 100, RANGE_PART, 1, 2},
    {"bytes=100-", 100, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=100-200", 100, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=99999999999999999999-", 100, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=-0", 100, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=0-0", 0, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=-5", 0, RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=", 100, RANGE_WHOLE, 0, 100},
    {"bytes=-", 100, RANGE_WHOLE, 0, 100},
    {"bytes=a-b", 100, RANGE_WHOLE, 0, 100},
    {"bytes=1-x", 100, RANGE_WHOLE, 0, 100},
    {"bytes=5-2", 100, RANGE_WHOLE, 0, 100},
    {"bytes=0-1,3-4", 100, RANGE_WHOLE, 0, 100},
    {"bytes=--1", 100, RANGE_WHOLE, 0, 100},
    {"bytes 0-1", 100, RANGE_WHOLE, 0, 100},
    {"items=0-1", 100, RANGE_WHOLE, 0, 100},
    {"", 100, RANGE_WHOLE, 0, 100},
};

static void test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const struct range_query query = {.range = CASES[i].range};
        struct range part;
        const enum range_answer answer = ranges_answer(&query, CASES[i].size, ETAG, &part);

        g_test_message("%s", CASES[i].range);
        g_assert_cmpint(answer, ==, CASES[i].answer);
        if (answer == RANGE_PART || answer == RANGE_WHOLE) {
            g_assert_cmpint(part.first, ==, CASES[i].first);
            g_assert_cmpint(part.length, ==, CASES[i].length);
        }
    }
}

static const struct {
    struct range_query query;
    const char *etag;
    enum range_answer answer;
} CONDITIONS[] = {
    {{.range = "bytes=0-1", .if_range = ETAG}, ETAG, RANGE_PART},
    {{.range = "bytes=0-1", .if_range = "\"other\""}, ETAG, RANGE_WHOLE},
    {{.range = "bytes=0-1", .if_range = "W/\"abc\""}, ETAG, RANGE_WHOLE},
    {{.range = "bytes=0-1", .if_range = "W/\"abc\""}, "W/\"abc\"", RANGE_WHOLE},
    {{.range = "bytes=0-1", .if_range = "Sun, 06 Nov 1994 08:49:37 GMT"}, ETAG, RANGE_WHOLE},
    {{.range = "bytes=999-", .if_range = "\"other\""}, ETAG, RANGE_WHOLE},
    {{.if_none_match = ETAG}, ETAG, RANGE_UNCHANGED},
    {{.if_none_match = "W/\"abc\""}, ETAG, RANGE_UNCHANGED},
    {{.if_none_match = "*"}, ETAG, RANGE_UNCHANGED},
    {{.if_none_match = "\"x\", \"abc\" , \"y\""}, ETAG, RANGE_UNCHANGED},
    {{.if_none_match = "\"x\",\"y\""}, ETAG, RANGE_WHOLE},
    {{.if_none_match = "abc"}, ETAG, RANGE_WHOLE},
    {{.if_none_match = "\"abc"}, ETAG, RANGE_WHOLE},
    {{.if_none_match = "\"ab\""}, ETAG, RANGE_WHOLE},
    {{.if_none_match = ETAG, .range = "bytes=0-1"}, ETAG, RANGE_UNCHANGED},
    {{.if_match = ETAG}, ETAG, RANGE_WHOLE},
    {{.if_match = "*"}, ETAG, RANGE_WHOLE},
    {{.if_match = "\"x\""}, ETAG, RANGE_PRECONDITION},
    {{.if_match = "W/\"abc\""}, ETAG, RANGE_PRECONDITION},
};

static void test_conditions(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CONDITIONS); i++) {
        struct range part;

        g_test_message("case %zu", i);
        g_assert_cmpint(ranges_answer(&CONDITIONS[i].query, 100, CONDITIONS[i].etag, &part), ==, CONDITIONS[i].answer);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/ranges/cases", test_cases);
    g_test_add_func("/http/ranges/conditions", test_conditions);
    return g_test_run();
}
