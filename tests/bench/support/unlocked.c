/* Linked into a second xuepai-media in front of libseccomp: no filter is put on, and all else is the same program. Only
 * tests/bench/sandbox.mjs builds it, to see what the lock costs; it runs nothing but clips that the bench made itself. */
#include <seccomp.h>

int seccomp_load(const scmp_filter_ctx filter)
{
    (void)filter;
    return -1;
}
