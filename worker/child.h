/* One run of xuepai-media: spawned with limits and namespaces, watched, and its end translated. The child sees the
 * descriptors named in worker/task.h and nothing else of the machine. Not reentrant in one thread; any thread may use
 * it, several at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <glib.h>

#include "worker/task.h"

#define CHILD_SILENCE_MS 15000 /* without a line for so long it is killed; waiting for a processor does not count */
#define CHILD_PATIENCE_MS                                                                                              \
    120000 /* the same, of an encoder that looks forty pictures ahead and runs when others do not */

/* What to do with the file after a failure. */
enum child_next {
    CHILD_RETRY,
    CHILD_REFUSE,
    CHILD_QUARANTINE,
};

struct child_limits {
    int64_t deadline_ms;
    int64_t silence_ms; /* without a line for so long it is killed; waiting for a processor does not count */
    int64_t cpu_s;
    int64_t memory_bytes; /* address space */
    int64_t file_bytes;   /* largest output */
};

struct child_result {
    bool ok;
    json_t *result;     /* {"facts", "outputs"} when ok */
    enum reason reason; /* when not ok */
    enum child_next next;
    char *words;   /* for the log */
    char *sandbox; /* the lock's line, NULL when it never locked */
    struct rusage usage;
};

typedef bool child_progress(void *context, int permille); /* false: stop, the lease is lost */

/* The descriptors that the child gets: borrowed. */
struct child_files {
    int input;
    const int *outputs; /* as many as the task has */
    int sound;          /* if the task has sound_bytes */
    const int *branding; /* those of which the task has bytes, by enum task_branding; NULL: none */
};

/* False with `error` only when no child could be run at all. */
bool child_run(const char *program, const struct task *task, const struct child_files *files,
               const struct child_limits *limits, child_progress *progress, void *context, struct child_result *result,
               GError **error);
void child_result_clear(struct child_result *result);

/* For how long all threads of a process together have waited for a processor so far (the kernel's schedstat, which adds a
 * wait when it is over); 0 where it cannot be told. */
int64_t child_waited_ms(pid_t pid);

/* Runs the program's self-test in the same surroundings; its line is printed by the child. True when it passed. */
bool child_self_test(const char *program, char **line, GError **error);
