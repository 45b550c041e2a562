#include "worker/media/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include "common/failure.h"

#define NOFILE_MAX 40 /* descriptors 0 to 3, the outputs, the sound */

/* -- Landlock ------------------------------------------------------------------------------------------- */

/* By the system call's own numbers: Debian 12's header knows ABI 2 alone. */
struct ruleset {
    uint64_t files, network, scopes;
};

#define FILES_ABI1 ((1ull << 13) - 1)
#define FILE_REFER (1ull << 13)
#define FILE_TRUNC (1ull << 14)
#define FILE_IOCTL (1ull << 15)
#define NET_ALL    3ull /* bind and connect of TCP */
#define SCOPES_ALL 3ull /* abstract sockets and signals */

/* Denies every right of the ABI found. Returns the ABI, 0 when there is none. */
static int landlock_deny_all(void)
{
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset rules = {.files = FILES_ABI1};
    size_t size = sizeof rules.files;
    long fd;

    if (abi < 1) {
        return 0;
    }
    rules.files |= (abi >= 2 ? FILE_REFER : 0) | (abi >= 3 ? FILE_TRUNC : 0) | (abi >= 5 ? FILE_IOCTL : 0);
    if (abi >= 4) {
        rules.network = NET_ALL;
        size += sizeof rules.network;
    }
    if (abi >= 6) {
        rules.scopes = SCOPES_ALL;
        size += sizeof rules.scopes;
    }
    fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0) {
        return 0;
    }
    const bool ok = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    (void)close((int)fd); /* nothing was written through it */
    return ok ? (int)abi : 0;
}

/* -- seccomp -------------------------------------------------------------------------------------------- */

#define THREAD_FLAGS                                                                                                   \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |                 \
     CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* Allowed as they are. */
static const char *const ALLOWED[] = {
    "futex",
    "read",
    "pread64",
    "lseek",
    "write",
    "pwrite64",
    "ftruncate", /* an output is begun anew */
    "close",
    "fstat",
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "rt_sigprocmask",
    "rt_sigreturn",
    "set_robust_list",
    "rseq",
    "sched_getaffinity",
    "sched_yield",
    "gettid",
    "getpid",
    "clock_gettime",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "restart_syscall",
    "exit",
    "exit_group",
    /* abort() of an assertion, so that it is seen as SIGABRT and not as an attack */
    "tgkill",
};

/* Libraries ask for these as a matter of course and live without them. */
static const char *const PROBED[] = {
    "open",
    "openat",
    "newfstatat",
    "stat",
    "lstat",
    "access",
    "faccessat",
    "faccessat2",
    "statx",
    "readlink",
    "readlinkat",
    "getrandom",
    "sysinfo",
    "prctl",
    "ioctl",
    "fcntl",
    "getrusage",
    "sched_getparam",
    "sched_getscheduler",
    "sched_setscheduler",
    "sched_setaffinity", /* SVT-AV1 wants to choose its processors */
    "sched_setattr",
    "sched_getattr",
    "getcpu",
    "uname",
    "prlimit64",
    "unlink",
    "eventfd2",
    "memfd_create",
    "getuid",
    "geteuid",
};

static bool allow(scmp_filter_ctx filter, const char *name)
{
    const int number = seccomp_syscall_resolve_name(name);

    return number == __NR_SCMP_ERROR || seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0;
}

static bool refuse_softly(scmp_filter_ctx filter, const char *name, int error_number)
{
    const int number = seccomp_syscall_resolve_name(name);

    return number == __NR_SCMP_ERROR ||
           seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error_number), number, 0) == 0;
}

/* Memory without PROT_EXEC and not from files; threads and nothing else; signal handlers for glibc's own two. */
static bool allow_with_arguments(scmp_filter_ctx filter)
{
    const int on = SCMP_ACT_ALLOW;

    return seccomp_rule_add(filter, on, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                            SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)) == 0 &&
           seccomp_rule_add(filter, on, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
           seccomp_rule_add(filter, on, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_EQ, THREAD_FLAGS)) == 0 &&
           seccomp_rule_add(filter, on, SCMP_SYS(rt_sigaction), 1, SCMP_A0(SCMP_CMP_EQ, 32)) == 0 &&
           seccomp_rule_add(filter, on, SCMP_SYS(rt_sigaction), 1, SCMP_A0(SCMP_CMP_EQ, 33)) == 0 &&
           /* abort() puts SIGABRT back to its default */
           seccomp_rule_add(filter, on, SCMP_SYS(rt_sigaction), 1, SCMP_A0(SCMP_CMP_EQ, SIGABRT)) == 0;
}

#ifdef XUEPAI_SANITIZE
/* The sanitizers' runtime reads /proc, maps files and forks; here only what an attack needs is denied. */
static const char *const FORBIDDEN[] = {
    "socket", "connect", "execve", "execveat", "ptrace", "kill", "unshare", "io_uring_setup", "bpf", "fork", "vfork",
};

static bool seccomp_lock(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool ok = filter != NULL;

    for (size_t i = 0; ok && i < G_N_ELEMENTS(FORBIDDEN); i++) {
        const int number = seccomp_syscall_resolve_name(FORBIDDEN[i]);
        ok = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, number, 0) == 0;
    }
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    (void)allow, (void)refuse_softly, (void)allow_with_arguments, (void)ALLOWED, (void)PROBED;
    return ok;
}
#else
static bool seccomp_lock(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool ok = filter != NULL;

    for (size_t i = 0; ok && i < G_N_ELEMENTS(ALLOWED); i++) {
        ok = allow(filter, ALLOWED[i]);
    }
    for (size_t i = 0; ok && i < G_N_ELEMENTS(PROBED); i++) {
        ok = refuse_softly(filter, PROBED[i], EPERM);
    }
    /* Its flags lie behind a pointer; glibc falls back to clone. */
    ok = ok && refuse_softly(filter, "clone3", ENOSYS) && allow_with_arguments(filter) &&
         seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}
#endif

/* -- the lock ------------------------------------------------------------------------------------------- */

bool sandbox_lock(struct sandbox *sandbox, bool unsafe, GError **error)
{
    const int64_t began = g_get_monotonic_time();
    const struct rlimit files = {NOFILE_MAX, NOFILE_MAX};
    int isolations;

    (void)prctl(PR_SET_DUMPABLE, 0); /* a weaker process then, and the level says nothing of it */
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        sandbox->landlock_abi = landlock_deny_all();
        sandbox->has_seccomp = seccomp_lock();
    }
    isolations = (sandbox->landlock_abi > 0) + sandbox->has_netns;
    sandbox->level = sandbox->has_seccomp ? (enum sandbox_level)(SANDBOX_BASIC + isolations) : SANDBOX_NONE;
    sandbox->lock_ms = (double)(g_get_monotonic_time() - began) / 1000;
    if (sandbox->level == SANDBOX_NONE && !unsafe) {
        g_set_error(error, MEDIA_ERROR, REASON_INFRASTRUCTURE, "no sandbox can be had here");
        return false;
    }
    return true;
}

static const char *const LEVELS[] = {
    [SANDBOX_NONE] = "none",
    [SANDBOX_BASIC] = "basic",
    [SANDBOX_STRONG] = "strong",
    [SANDBOX_FULL] = "full",
};

static const char *on_off(bool on)
{
    return on ? "on" : "off";
}

char *sandbox_line(const struct sandbox *sandbox)
{
    g_autofree char *landlock =
        sandbox->landlock_abi > 0 ? g_strdup_printf("abi%d", sandbox->landlock_abi) : g_strdup("off");

    return g_strdup_printf("level=%s seccomp=%s landlock=%s userns=%s netns=%s lock=%.2fms", LEVELS[sandbox->level],
                           on_off(sandbox->has_seccomp), landlock, on_off(sandbox->has_userns),
                           on_off(sandbox->has_netns), sandbox->lock_ms);
}
