/* The self-test: each forbidden thing is tried in an own locked child, which must fail or die of it. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/media/sandbox.h"

#define THREADS_TRIED 512
#define EXIT_REFUSED  0
#define EXIT_DONE     1 /* the forbidden thing was possible */
#define EXIT_UNLOCKED 2

/* Each returns true when the forbidden thing could be done. */
typedef bool attempt(void);

static bool open_file(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool stat_file(void)
{
    struct stat status;

    return stat("/etc/shadow", &status) == 0;
}

static bool connect_tcp(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 || errno == ECONNREFUSED);
}

static bool send_udp(void)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(9),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && sendto(fd, "x", 1, 0, (const struct sockaddr *)&address, sizeof address) == 1;
}

static bool open_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool do_fork(void)
{
    const pid_t child = fork();

    if (child == 0) {
        _exit(0);
    }
    return child > 0;
}

static bool do_exec(void)
{
    char program[] = "/bin/true";
    char *const arguments[] = {program, NULL}, *const environment[] = {NULL};

    (void)execve(program, arguments, environment); /* returns only when refused */
    return false;
}

static bool trace_parent(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool kill_parent(void)
{
    return kill(getppid(), SIGWINCH) == 0;
}

static bool write_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool do_unshare(void)
{
    return unshare(CLONE_NEWUSER) == 0;
}

static bool open_uring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != ENOSYS;
}

static void *wait_forever(void *data)
{
    (void)data;
    for (;;) {
        (void)usleep(1000000);
    }
    return NULL;
}

/* RLIMIT_NPROC stands only inside a user namespace (S35); without one the worker's cgroup has to. */
static bool bomb_threads(void)
{
    for (int i = 0; i < THREADS_TRIED; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, wait_forever, NULL) != 0) {
            return false;
        }
    }
    return true;
}

/* What a build with sanitizers cannot deny: its runtime needs it (see sandbox.c). */
#ifdef XUEPAI_SANITIZE
#define WITH_SANITIZERS true
#else
#define WITH_SANITIZERS false
#endif

static const struct {
    const char *name;
    attempt *attempt;
    bool needs_userns, left_out;
} PROBES[] = {
    {"open", open_file, false, false},
    {"stat", stat_file, false, WITH_SANITIZERS},
    {"tcp", connect_tcp, false, false},
    {"udp", send_udp, false, false},
    {"unix", open_unix_socket, false, false},
    {"fork", do_fork, false, WITH_SANITIZERS},
    {"exec", do_exec, false, false},
    {"ptrace", trace_parent, false, false},
    {"kill", kill_parent, false, false},
    {"wx", write_code, false, WITH_SANITIZERS},
    {"unshare", do_unshare, false, false},
    {"io_uring", open_uring, false, false},
    {"threads", bomb_threads, true, WITH_SANITIZERS},
};

static bool is_refused(attempt *try_it, const struct sandbox *sandbox)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct sandbox own = *sandbox;
        if (!sandbox_lock(&own, false, NULL)) {
            _exit(EXIT_UNLOCKED);
        }
        _exit(try_it() ? EXIT_DONE : EXIT_REFUSED);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return false;
    }
    return (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) ||
           (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_REFUSED);
}

int sandbox_self_test(struct sandbox *sandbox)
{
    g_autoptr(GString) failed = g_string_new(NULL);
    g_autofree char *line = NULL;
    int refused = 0, tried = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(PROBES); i++) {
        if (PROBES[i].left_out || (PROBES[i].needs_userns && !sandbox->has_userns)) {
            continue;
        }
        tried++;
        if (is_refused(PROBES[i].attempt, sandbox)) {
            refused++;
        } else {
            g_string_append_printf(failed, "%s%s", failed->len > 0 ? "," : "", PROBES[i].name);
        }
    }
    (void)sandbox_lock(sandbox, true, NULL); /* the level is in the line */
    line = sandbox_line(sandbox);
    printf("sandbox: %s uid=%ld probes=%d/%d%s%s\n", line, (long)sandbox->uid, refused, tried,
           failed->len > 0 ? " failed=" : "", failed->str);
    (void)fflush(stdout); /* the exit code says the same */
    return refused == tried && sandbox->level > SANDBOX_NONE ? 0 : 1;
}
