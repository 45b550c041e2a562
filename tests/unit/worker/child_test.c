#include <string.h>

#include <glib.h>

#include "worker/child.h"

static char *program(void)
{
    const char *build = g_getenv("XUEPAI_BUILD");

    return g_build_filename(build == NULL ? "build" : build, "xuepai-media", NULL);
}

static void test_self_test(void)
{
    g_autofree char *path = program();
    g_autofree char *line = NULL;
    g_autoptr(GError) error = NULL;

    if (!child_self_test(path, &line, &error)) {
        g_test_message("%s", error->message);
        g_test_fail();
        return;
    }
    g_assert_true(g_str_has_prefix(line, "sandbox: level="));
    g_assert_nonnull(strstr(line, "seccomp=on"));
}

static void test_missing_program(void)
{
    struct task task = {.verb = TASK_VERIFY};
    const struct child_limits limits = {
        .deadline_ms = 1000, .silence_ms = 1000, .cpu_s = 10, .memory_bytes = 1 << 30, .file_bytes = 1 << 20};
    struct child_result result;

    task_limits_init(&task.limits);
    g_assert_true(child_run("/nonexistent/xuepai-media", &task, 0, NULL, &limits, NULL, NULL, &result, NULL));
    g_assert_false(result.ok);
    g_assert_cmpint(result.reason, ==, REASON_INFRASTRUCTURE);
    g_assert_cmpint(result.next, ==, CHILD_RETRY);
    child_result_clear(&result);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/child/self_test", test_self_test);
    g_test_add_func("/child/missing_program", test_missing_program);
    return g_test_run();
}
