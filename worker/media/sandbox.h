/* The lock that xuepai-media puts on itself before it reads its first untrusted byte: not dumpable, no new
 * privileges, Landlock with no right at all, NOFILE, and a seccomp allow-list. The worker's side of the sandbox
 * (limits, namespaces, user, descriptors) is worker/child.c.
 *
 * Measured list: design S29; repeated with strace for GLib, libvips with libheif, and zscale, see sandbox.c.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

enum sandbox_level {
    SANDBOX_NONE,
    SANDBOX_BASIC,  /* seccomp alone */
    SANDBOX_STRONG, /* and Landlock or an own network */
    SANDBOX_FULL,   /* and both */
};

struct sandbox {
    bool has_userns, has_netns; /* said by the worker on the command line */
    bool has_seccomp;
    int landlock_abi; /* 0: none */
    enum sandbox_level level;
    double lock_ms;
    unsigned uid; /* for the line alone */
};

/* Locks the calling process for good; there must be one thread. Fails at level none unless `unsafe`. */
bool sandbox_lock(struct sandbox *sandbox, bool unsafe, GError **error);

/* "level=full seccomp=on landlock=abi7 userns=on netns=on uid=65534 lock=0.36ms" */
char *sandbox_line(const struct sandbox *sandbox);

/* Tries each forbidden thing in an own locked child and prints the line of S37. Returns the exit code. */
int sandbox_self_test(struct sandbox *sandbox);
