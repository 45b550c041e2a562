#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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
    g_assert_true(child_run("/nonexistent/xuepai-media", &task, &(struct child_files){0}, &limits, NULL, NULL, &result, NULL));
    g_assert_false(result.ok);
    g_assert_cmpint(result.reason, ==, REASON_INFRASTRUCTURE);
    g_assert_cmpint(result.next, ==, CHILD_RETRY);
    child_result_clear(&result);
}

/* The program that says nothing and does nothing is this one: see main. */
static void test_silence_is_ended(void)
{
    g_autofree char *path = g_file_read_link("/proc/self/exe", NULL);
    struct task task = {.verb = TASK_VERIFY};
    const struct child_limits limits = {
        .deadline_ms = 60000, .silence_ms = 300, .cpu_s = 10, .memory_bytes = 1 << 30, .file_bytes = 1 << 20};
    struct child_result result;

    task_limits_init(&task.limits);
    g_assert_true(child_run(path, &task, &(struct child_files){0}, &limits, NULL, NULL, &result, NULL));
    g_assert_false(result.ok);
    g_assert_cmpint(result.reason, ==, REASON_NO_PROGRESS);
    child_result_clear(&result);
}

/* A process on one processor that works until it is killed, or sleeps. */
static pid_t start_process(bool works)
{
    const pid_t pid = fork();
    cpu_set_t first;

    if (pid == 0) {
        CPU_ZERO(&first);
        CPU_SET(0, &first);
        (void)sched_setaffinity(0, sizeof first, &first); /* where it cannot be, the machine's other work will do */
        while (works) {
        }
        pause();
        _exit(0);
    }
    g_assert_cmpint(pid, >, 0);
    return pid;
}

/* On a machine with other work, jobs whose child did not come to speak ended with "no-progress", and the clip was refused. */
static void test_kept_from_the_processor_is_not_silent(void)
{
    const pid_t sleeper = start_process(false), one = start_process(true), other = start_process(true);

    while (child_waited_ms(one) < 100 || child_waited_ms(other) < 100) { /* neither has the processor for itself */
        g_usleep(10000);
    }
    g_assert_cmpint(child_waited_ms(sleeper), <, child_waited_ms(one) + child_waited_ms(other));
    const int64_t waited_ms = child_waited_ms(sleeper);
    g_usleep(100000);
    g_assert_cmpint(child_waited_ms(sleeper), ==, waited_ms); /* who does not want one does not wait */
    for (size_t i = 0; i < 3; i++) {
        const pid_t pid = ((const pid_t[]){sleeper, one, other})[i];
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    }
    g_assert_cmpint(child_waited_ms(one), ==, 0); /* nobody */
}

int main(int argc, char **argv)
{
    if (strcmp(argv[0], "xuepai-media") == 0) { /* started in its place */
        return pause();
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/child/self_test", test_self_test);
    g_test_add_func("/child/missing_program", test_missing_program);
    g_test_add_func("/child/silence_is_ended", test_silence_is_ended);
    g_test_add_func("/child/kept_from_the_processor_is_not_silent", test_kept_from_the_processor_is_not_silent);
    return g_test_run();
}
