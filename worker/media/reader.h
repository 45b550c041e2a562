/* The input's bytes by offset: the one way anything in this program reads the untrusted file. It reads by pread on an
 * inherited descriptor and never moves a file position. A file that is still growing needs a change here alone: `size`
 * becomes what is promised, and reader_read waits for the bytes that are not there yet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

struct reader {
    int fd;             /* borrowed; -1 reads `memory` instead (tests, fuzzing) */
    const void *memory; /* borrowed */
    int64_t size_bytes;
};

/* Reads up to `length` bytes at `offset`. Returns how many, 0 at the end, or -errno. */
int64_t reader_read(const struct reader *reader, int64_t offset, void *to, size_t length);

/* All `length` bytes or false. */
bool reader_read_exactly(const struct reader *reader, int64_t offset, void *to, size_t length);
