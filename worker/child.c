#include "worker/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NICE_STEP      10
#define THREADS_MAX    64 /* four rungs, decoders, libheif; inside the user namespace alone */
#define STACK_BYTES    (8 << 20)
#define CHILD_USER     65534
#define KILL_WAIT_MS   200
#define EXIT_UNSPAWNED 127
#define EXIT_REFUSED   3
/* Pictures and an encoder's tables are large: asking for huge pages where the kernel gives them (madvise) halves the page
 * faults of a 1080p ladder (57,800 to 27,300; two percent of its CPU). */
#define HUGE_PAGES     "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"

#define NAMESPACES_MIN (CLONE_NEWUSER | CLONE_NEWNET)
#define NAMESPACES_ALL (NAMESPACES_MIN | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWCGROUP)

/* Everything the forked child needs, made before the fork: after it only system calls are allowed. */
struct launch {
    const char *program;
    int program_fd; /* the child may not be allowed to walk to the program: /root and homes are closed to others */
    const struct child_limits *limits;
    int fds[TASK_OUTPUT_FD + TASK_OUTPUTS_MAX + 1 + TASK_BRANDING_COUNT]; /* index: number in the child */
    int fd_count;
    bool self_test;
};

static bool failed(GError **error, const char *what)
{
    g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "%s: %s", what, g_strerror(errno));
    return false;
}

/* -- in the forked child ----------------------------------------------------------------------------------- */

static void limit(int resource, int64_t soft, int64_t hard)
{
    const struct rlimit value = {(rlim_t)soft, (rlim_t)hard};

    if (setrlimit((__rlimit_resource_t)resource, &value) != 0) {
        _exit(EXIT_UNSPAWNED);
    }
}

static void set_limits(const struct child_limits *limits)
{
#ifndef XUEPAI_SANITIZE /* its shadow memory spans terabytes */
    limit(RLIMIT_AS, limits->memory_bytes, limits->memory_bytes);
    limit(RLIMIT_DATA, limits->memory_bytes, limits->memory_bytes);
#endif
    limit(RLIMIT_CPU, limits->cpu_s, limits->cpu_s + 2);
    limit(RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_STACK, STACK_BYTES, STACK_BYTES);
    limit(RLIMIT_MSGQUEUE, 0, 0);
    (void)setpriority(PRIO_PROCESS, 0, NICE_STEP); /* politeness alone */
}

static void drop_user(void)
{
    if (geteuid() != 0) {
        return;
    }
    if (setgroups(0, NULL) != 0 || setresgid(CHILD_USER, CHILD_USER, CHILD_USER) != 0 ||
        setresuid(CHILD_USER, CHILD_USER, CHILD_USER) != 0) {
        _exit(EXIT_UNSPAWNED);
    }
}

/* Descriptors to their numbers: first out of the way, then down; all others closed but the program's, which comes last
 * and closes itself. */
static void place_descriptors(struct launch *launch)
{
    const int above = 256;

    if (dup3(launch->program_fd, above - 1, O_CLOEXEC) < 0) {
        _exit(EXIT_UNSPAWNED);
    }

    for (int i = 0; i < launch->fd_count; i++) {
        if (dup3(launch->fds[i], above + i, O_CLOEXEC) < 0) {
            _exit(EXIT_UNSPAWNED);
        }
    }
    for (int i = 0; i < launch->fd_count; i++) {
        if (dup2(above + i, i) < 0) {
            _exit(EXIT_UNSPAWNED);
        }
    }
    launch->program_fd = launch->fd_count;
    if (dup3(above - 1, launch->program_fd, O_CLOEXEC) < 0) {
        _exit(EXIT_UNSPAWNED);
    }
    (void)syscall(SYS_close_range, launch->fd_count + 1, ~0u, 0); /* an old kernel: all are O_CLOEXEC anyway */
}

static void become_media(struct launch *launch)
{
    bool userns, netns;
    char *arguments[5];
    char *const environment[] = {(char *)(uintptr_t)HUGE_PAGES, NULL};
    int count = 0;
    sigset_t none;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    place_descriptors(launch);
    set_limits(launch->limits);
    drop_user();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of user clears it */
    netns = userns = unshare(NAMESPACES_ALL) == 0 || unshare(NAMESPACES_MIN) == 0;
#ifndef XUEPAI_SANITIZE
    if (userns) {
        limit(RLIMIT_NPROC, THREADS_MAX, THREADS_MAX);
    }
#endif
    arguments[count++] = (char *)(uintptr_t) "xuepai-media";
    if (launch->self_test) {
        arguments[count++] = (char *)(uintptr_t) "--self-test";
    }
    if (userns) {
        arguments[count++] = (char *)(uintptr_t) "--userns";
    }
    if (netns) {
        arguments[count++] = (char *)(uintptr_t) "--netns";
    }
    arguments[count] = NULL;
    (void)execveat(launch->program_fd, "", arguments, environment, AT_EMPTY_PATH); /* returns only on failure */
    _exit(EXIT_UNSPAWNED);
}

/* -- in the worker ----------------------------------------------------------------------------------------- */

static int pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* The task's text in memory, read by the child as its fd 0. */
static int task_memory(const struct task *task)
{
    json_auto_t *json = task_to_json(task);
    g_autofree char *text = json_dumps(json, JSON_COMPACT);
    const int fd = memfd_create("task", MFD_CLOEXEC);

    if (fd >= 0 && (write(fd, text, strlen(text)) != (ssize_t)strlen(text) || lseek(fd, 0, SEEK_SET) != 0)) {
        (void)close(fd); /* useless */
        return -1;
    }
    return fd;
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        (void)close(fd); /* read side, or nothing was written through it */
    }
}

/* Forks; returns the pid. `ours` is the reading end of the child's lines. */
static pid_t launch_child(struct launch *launch, int *ours, GError **error)
{
    int lines[2], null_fd;
    pid_t pid;

    launch->program_fd = open(launch->program, O_PATH | O_CLOEXEC); /* missing: the child ends as unspawned */
    if (pipe2(lines, O_CLOEXEC) != 0) {
        close_if_open(launch->program_fd);
        return failed(error, "pipe") ? 0 : -1;
    }
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    launch->fds[STDOUT_FILENO] = lines[1];
    launch->fds[STDERR_FILENO] = null_fd;
    pid = fork();
    if (pid == 0) {
        become_media(launch);
    }
    close_if_open(lines[1]);
    close_if_open(null_fd);
    close_if_open(launch->program_fd);
    if (pid < 0) {
        close_if_open(lines[0]);
        (void)failed(error, "fork");
        return -1;
    }
    *ours = lines[0];
    return pid;
}

static int64_t now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

/* Why the watch ended. */
enum watch_end {
    WATCH_EXITED,
    WATCH_SILENT,
    WATCH_DEADLINE,
    WATCH_STOPPED,  /* the caller said so */
    WATCH_MISSPOKE, /* broke the contract of lines */
};

struct watch {
    int lines_fd, pid_fd;
    pid_t pid;
    struct task_parser *parser;
    int64_t deadline_ms, silence_ms, heard_ms;
    int64_t waited_ms; /* at heard_ms */
    child_progress *progress;
    void *context;
    int said;
};

int64_t child_waited_ms(pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GDir) tasks = g_dir_open(folder, 0, NULL);
    uint64_t waited_ns = 0;

    for (const char *task = tasks == NULL ? NULL : g_dir_read_name(tasks); task != NULL;
         task = g_dir_read_name(tasks)) {
        g_autofree char *file = g_build_filename(folder, task, "schedstat", NULL);
        g_autofree char *text = NULL;
        uint64_t one_ns = 0;

        if (g_file_get_contents(file, &text, NULL, NULL)) {  /* else it has just ended */
            g_auto(GStrv) fields = g_strsplit(text, " ", 3); /* on a processor, waiting for one, times */
            if (fields[0] != NULL && fields[1] != NULL &&
                g_ascii_string_to_unsigned(fields[1], 10, 0, G_MAXUINT64, &one_ns, NULL)) {
                waited_ns += one_ns;
            }
        }
    }
    return (int64_t)(waited_ns / 1000000);
}

static void note_line(struct watch *watch)
{
    watch->heard_ms = now_ms();
    watch->waited_ms = child_waited_ms(watch->pid);
}

/* A child that other programs keep from the processors is not stuck, and its file not at fault. */
static bool is_silent(const struct watch *watch, int64_t now)
{
    return now - watch->heard_ms >= watch->silence_ms &&
           now - watch->heard_ms - (child_waited_ms(watch->pid) - watch->waited_ms) >= watch->silence_ms;
}

/* Reads what is there. False ends the watch with *end. */
static bool read_lines(struct watch *watch, bool *open, enum watch_end *end, GError **error)
{
    char block[4096];
    const ssize_t got = read(watch->lines_fd, block, sizeof block);
    const struct task_reply *reply;

    if (got <= 0) {
        *open = got < 0 && errno == EINTR;
        return true;
    }
    note_line(watch);
    if (!task_parser_feed(watch->parser, block, (size_t)got, watch->heard_ms, error)) {
        *end = WATCH_MISSPOKE;
        return false;
    }
    reply = task_parser_reply(watch->parser);
    if (watch->progress != NULL && reply->locked && !watch->progress(watch->context, reply->permille)) {
        *end = WATCH_STOPPED;
        return false;
    }
    return true;
}

static enum watch_end watch_child(struct watch *watch, GError **error)
{
    enum watch_end end = WATCH_EXITED;
    bool open = true, exited = false;

    while (open || !exited) {
        struct pollfd polled[2] = {{open ? watch->lines_fd : -1, POLLIN, 0}, {exited ? -1 : watch->pid_fd, POLLIN, 0}};
        const int64_t now = now_ms();

        if (now >= watch->deadline_ms) {
            return WATCH_DEADLINE;
        }
        if (is_silent(watch, now)) {
            return WATCH_SILENT;
        }
        /* The timeout does what a timerfd would: whichever limit is nearer, looked at again after the poll. */
        if (poll(polled, 2, (int)MIN(watch->deadline_ms - now, 1000)) < 0 && errno != EINTR) {
            return WATCH_STOPPED;
        }
        exited = exited || polled[1].revents != 0;
        if (open && polled[0].revents != 0 && !read_lines(watch, &open, &end, error)) {
            return end;
        }
        if (exited && polled[0].revents == 0) {
            open = false; /* nobody else holds the writing end */
        }
    }
    return WATCH_EXITED;
}

struct cause {
    enum reason reason;
    enum child_next next;
};

/* S52: how a child ended by a signal of its own. */
static struct cause cause_of_signal(int signal)
{
    switch (signal) {
    case SIGSYS:
        return (struct cause){REASON_SANDBOX_VIOLATION, CHILD_QUARANTINE};
    case SIGXCPU:
    case SIGXFSZ:
        return (struct cause){REASON_RESOURCE_LIMIT, CHILD_REFUSE};
    case SIGKILL: /* not by us: memory ran out on this machine */
    case SIGTERM:
    case SIGINT:
        return (struct cause){REASON_INFRASTRUCTURE, CHILD_RETRY};
    default:
        return (struct cause){REASON_CRASHED, CHILD_QUARANTINE};
    }
}

static struct cause cause_of_reason(enum reason reason)
{
    return (struct cause){reason,
                          reason == REASON_INFRASTRUCTURE || reason == REASON_INTERNAL ? CHILD_RETRY : CHILD_REFUSE};
}

static struct cause cause_of(enum watch_end end, int status, const struct task_reply *reply)
{
    switch (end) {
    case WATCH_SILENT:
        return (struct cause){REASON_NO_PROGRESS, CHILD_REFUSE};
    case WATCH_DEADLINE:
        return (struct cause){REASON_RESOURCE_LIMIT, CHILD_REFUSE};
    case WATCH_STOPPED:
        return (struct cause){REASON_INFRASTRUCTURE, CHILD_RETRY};
    case WATCH_MISSPOKE:
        return (struct cause){REASON_CRASHED, CHILD_QUARANTINE};
    case WATCH_EXITED:
        break;
    }
    if (WIFSIGNALED(status)) {
        return cause_of_signal(WTERMSIG(status));
    }
    if (reply->failed) {
        return cause_of_reason(reply->reason);
    }
    return (struct cause){REASON_INFRASTRUCTURE, CHILD_RETRY};
}

static void conclude(struct child_result *result, enum watch_end end, int status, struct task_parser *parser,
                     const GError *misspoke)
{
    const struct task_reply *reply = task_parser_reply(parser);
    struct cause cause;

    result->sandbox = g_strdup(reply->sandbox);
    if (end == WATCH_EXITED && WIFEXITED(status) && WEXITSTATUS(status) == 0 && reply->locked &&
        reply->result != NULL && !reply->failed) {
        result->ok = true;
        result->result = json_incref(reply->result);
        return;
    }
    cause = cause_of(end, status, reply);
    result->reason = cause.reason;
    result->next = cause.next;
    if (reply->words != NULL) {
        result->words = g_strdup(reply->words);
    } else if (misspoke != NULL) {
        result->words = g_strdup(misspoke->message);
    } else {
        result->words = g_strdup_printf("wait status 0x%x, watch %d", (unsigned)status, (int)end);
    }
}

static bool watch_and_reap(struct launch *launch, struct watch *watch, struct child_result *result, GError **error)
{
    g_autoptr(GError) misspoke = NULL;
    enum watch_end end;
    int status = 0;
    const pid_t pid = launch_child(launch, &watch->lines_fd, error);

    if (pid < 0) {
        return false;
    }
    watch->pid = pid;
    watch->pid_fd = pidfd_open(pid);
    note_line(watch);
    watch->deadline_ms = watch->heard_ms + launch->limits->deadline_ms;
    watch->silence_ms = launch->limits->silence_ms;
    watch->parser = task_parser_new();
    end = watch->pid_fd < 0 ? WATCH_STOPPED : watch_child(watch, &misspoke);
    if (end != WATCH_EXITED) {
        (void)kill(pid, SIGKILL); /* it is ours and not reaped yet: the pid is right */
    }
    while (wait4(pid, &status, 0, &result->usage) < 0 && errno == EINTR) {
    }
    conclude(result, end, status, watch->parser, misspoke);
    task_parser_free(watch->parser);
    close_if_open(watch->lines_fd);
    close_if_open(watch->pid_fd);
    return true;
}

bool child_run(const char *program, const struct task *task, const struct child_files *files,
               const struct child_limits *limits, child_progress *progress, void *context, struct child_result *result,
               GError **error)
{
    struct launch launch = {.program = program, .limits = limits, .fd_count = TASK_OUTPUT_FD + task->outputs};
    struct watch watch = {.lines_fd = -1, .progress = progress, .context = context};
    bool ok;

    *result = (struct child_result){.reason = REASON_INFRASTRUCTURE, .next = CHILD_RETRY};
    launch.fds[STDIN_FILENO] = task_memory(task);
    if (launch.fds[STDIN_FILENO] < 0) {
        return failed(error, "task");
    }
    launch.fds[TASK_INPUT_FD] = files->input;
    for (int i = 0; i < task->outputs; i++) {
        launch.fds[TASK_OUTPUT_FD + i] = files->outputs[i];
    }
    if (task->sound_bytes > 0) {
        launch.fds[launch.fd_count++] = files->sound;
    }
    for (int i = 0; i < TASK_BRANDING_COUNT; i++) {
        if (task->branding_bytes[i] > 0) {
            launch.fds[launch.fd_count++] = files->branding[i];
        }
    }
    ok = watch_and_reap(&launch, &watch, result, error);
    close_if_open(launch.fds[STDIN_FILENO]);
    return ok;
}

void child_result_clear(struct child_result *result)
{
    json_decref(result->result);
    g_free(result->words);
    g_free(result->sandbox);
    *result = (struct child_result){0};
}

/* -- self-test --------------------------------------------------------------------------------------------- */

#define SELF_TEST_LINE_MAX 1024

bool child_self_test(const char *program, char **line, GError **error)
{
    static const struct child_limits LIMITS = {.deadline_ms = 10000,
                                               .silence_ms = CHILD_SILENCE_MS,
                                               .cpu_s = 10,
                                               .memory_bytes = 1536LL << 20,
                                               .file_bytes = 1 << 20};
    struct launch launch = {.program = program, .limits = &LIMITS, .fd_count = 3, .self_test = true};
    g_autoptr(GString) text = g_string_new(NULL);
    char block[256];
    int lines_fd = -1, status = 0;
    ssize_t got;
    pid_t pid;

    launch.fds[STDIN_FILENO] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid = launch_child(&launch, &lines_fd, error);
    close_if_open(launch.fds[STDIN_FILENO]);
    if (pid < 0) {
        return false;
    }
    while (text->len < SELF_TEST_LINE_MAX &&
           ((got = read(lines_fd, block, sizeof block)) > 0 || (got < 0 && errno == EINTR))) {
        g_string_append_len(text, block, MAX(got, 0));
    }
    close_if_open(lines_fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    *line = g_strstrip(g_string_free(g_steal_pointer(&text), FALSE));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        g_set_error(error, WORKER_ERROR, REASON_INFRASTRUCTURE, "self-test failed: %s", *line);
        return false;
    }
    return true;
}
