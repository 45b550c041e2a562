/* The input's bytes by offset: the one way anything in this program reads the untrusted file. It reads by pread on an
 * inherited descriptor. A file may still be growing: `size_bytes` is then what is
 * promised, and a read waits for bytes that are not there yet. Nobody else in the program knows.
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
    int patience_ms; /* a growing file: how long without a new byte until it is taken as cut off; 0: it is whole */
};

/* Reads up to `length` bytes at `offset`. Returns how many, 0 at the end, or -errno. */
int64_t reader_read(const struct reader *reader, int64_t offset, void *to, size_t length);

/* All `length` bytes or false. */
bool reader_read_exactly(const struct reader *reader, int64_t offset, void *to, size_t length);
