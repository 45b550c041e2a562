#include "common/failure.h"

#include <string.h>

static void test_every_row_is_filled(void)
{
    for (int i = 0; i < FAILURE_COUNT; i++) {
        g_assert_nonnull(failure_rule_of(i)->name);
        g_assert_cmpint(failure_rule_of(i)->http_status, >=, 400);
    }
    for (int i = 0; i < REASON_COUNT; i++) {
        const struct reason_rule *rule = reason_rule_of(i);
        enum reason found;
        g_assert_nonnull(rule->code);
        g_assert_true(g_utf8_validate(rule->detail, -1, NULL));
        g_assert_true(g_str_has_suffix(rule->detail, "。"));
        g_assert_true(reason_find(rule->code, &found));
        g_assert_cmpint(found, ==, i); /* codes are unique */
    }
}

/* After any other 4xx to HEAD a tus client forgets the upload and begins at byte 0. */
static void test_an_upload_taken_over_is_locked(void)
{
    const struct failure_rule *rule = failure_rule_of(reason_rule_of(REASON_UPLOAD_TAKEN_OVER)->failure);

    g_assert_cmpint(rule->http_status, ==, 423);
    g_assert_cmpint(rule->retry, ==, RETRY_LATER);
}

static void test_foreign_errors_are_internal(void)
{
    g_autoptr(GError) foreign = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");
    g_autoptr(GError) ours = g_error_new(MODEL_ERROR, REASON_STATE, "x");

    g_assert_cmpint(error_reason(foreign), ==, REASON_INTERNAL);
    g_assert_cmpint(error_reason(ours), ==, REASON_STATE);
    g_assert_cmpint(error_reason(NULL), ==, REASON_INTERNAL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/failure/every_row_is_filled", test_every_row_is_filled);
    g_test_add_func("/failure/an_upload_taken_over_is_locked", test_an_upload_taken_over_is_locked);
    g_test_add_func("/failure/foreign_errors_are_internal", test_foreign_errors_are_internal);
    return g_test_run();
}
