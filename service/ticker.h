/* A thread that does something, waits, and does it again until it is stopped: what happens by the clock beside requests. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ticker;

/* On the ticker's thread. After how many ms it wants to run again. */
typedef int64_t ticker_task(void *context);

/* The first run is at once. `context` must outlive the ticker; the name is the thread's. */
struct ticker *ticker_start(const char *name, ticker_task *task, void *context);
/* It runs now, or once more when it is running. Any thread. */
void ticker_wake(struct ticker *ticker);
/* Ends after the running task. NULL is fine. */
void ticker_stop(struct ticker *ticker);
