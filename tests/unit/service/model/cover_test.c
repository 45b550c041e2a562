/* Which moments of which clip may be a cover, and how those chosen before are kept beside it. */
#include "service/model/cover.h"

#include <glib.h>

#include "common/failure.h"

#define ONE   "{\"kind\":\"video\",\"duration_ms\":6000}"
#define PHOTO "{\"kind\":\"photo\",\"files\":1}"
#define SET                                                                                                            \
    "{\"kind\":\"video\",\"duration_ms\":6000,\"each\":[{\"kind\":\"photo\"},{\"kind\":\"video\",\"duration_ms\":3000}]}"

static void test_moments(void)
{
    static const struct {
        const char *facts;
        const char *covers;
        struct cover cover;
        const char *moments; /* NULL: refused */
    } CASES[] = {
        {ONE, "{}", {1, 0}, "{\"1\":0}"}, {ONE, "{\"1\":5}", {1, 6000}, "{\"1\":6000}"},
        {ONE, "{}", {1, 6001}, NULL},     {ONE, "{}", {1, -1}, NULL},
        {ONE, "{}", {0, 0}, NULL},        {ONE, "{}", {2, 0}, NULL},
        {PHOTO, "{}", {1, 0}, NULL},      {SET, "{\"3\":1}", {2, 3000}, "{\"2\":3000,\"3\":1}"},
        {SET, "{}", {1, 0}, NULL},        {SET, "{}", {2, 3001}, NULL},
        {SET, "{}", {-1, 0}, NULL},       {NULL, "{}", {1, 0}, NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const struct submission submission = {.facts = (char *)(uintptr_t)CASES[i].facts,
                                              .covers = (char *)(uintptr_t)CASES[i].covers};
        g_autoptr(GError) error = NULL;
        g_autofree char *moments = cover_moments(&submission, &CASES[i].cover, &error);
        g_assert_cmpstr(moments, ==, CASES[i].moments);
        g_assert_true(moments != NULL || error_reason(error) == REASON_COVER);
    }
}

static void test_pending(void)
{
    static const struct {
        const char *state;
        const char *digest;
        bool is_pending;
    } CASES[] = {{"in_review", NULL, true}, {"in_review", "ab", false}, {"processing", NULL, false}};

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const struct submission submission = {.state = (char *)(uintptr_t)CASES[i].state,
                                              .content_digest = (char *)(uintptr_t)CASES[i].digest};
        g_assert_true(cover_is_pending(&submission) == CASES[i].is_pending);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cover/moments", test_moments);
    g_test_add_func("/cover/pending", test_pending);
    return g_test_run();
}
