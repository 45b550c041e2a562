/* How many jobs this machine takes at a time, from what it has: read once, at the start. */
#pragma once

#include <stdint.h>

#include <glib.h>

/* One job for so many cores: alone on two, a ladder keeps them busy for nine tenths of its time (docs/MEDIA.md). */
#define CAPACITY_CORES 2
/* And for so much memory: what a child took at most, AV1 of 4K in ten bits, was 0.91 GB, with what the worker needs beside it. */
#define CAPACITY_BYTES (1200LL * 1000 * 1000)

/* At least one, whatever is missing. */
int capacity_slots(int cores, int64_t memory_bytes);

/* The memory that this process may take: what /proc/meminfo calls available, or the least limit of its control groups (version 2)
 * where that is less. INT64_MAX where nothing says so. `root` is put in front of all paths: "" but for tests. */
int64_t capacity_memory(const char *root);
