/* One thread that looks at every connection a few times a second and ends the hopeless ones.
 *
 * libmicrohttpd's own time-out is an idle time-out: one byte a second holds a connection for ever. Here the head must
 * be complete in time and a body must keep a minimal rate. A connection is only ever shut down, never closed, and only
 * under the lock that its removal takes, so a number that was given to another connection is never hit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watchdog;
struct watched;

struct watchdog_limits {
    int64_t head_ms;           /* from the first byte of a connection, or from the last answer plus idle_ms */
    int64_t idle_ms;           /* between two requests */
    int64_t body_window_ms;    /* in each such window … */
    int64_t body_window_bytes; /* … a body brings at least this */
    int64_t linger_ms;         /* how long a refused body may still come */
};

/* `ended`: connections ended so far. */
typedef void watchdog_tick(void *context, int64_t now_ms, int64_t ended);

/* `tick` (may be NULL) is called at each round, about five times a second, with the wall clock. */
struct watchdog *watchdog_start(const struct watchdog_limits *limits, watchdog_tick *tick, void *context);
/* No tick comes after this; what is watched may still be removed. */
void watchdog_halt(struct watchdog *watchdog);
/* After watchdog_halt, and when nothing is watched any more. */
void watchdog_free(struct watchdog *watchdog);

struct watched *watchdog_add(struct watchdog *watchdog, int fd);
/* Before the descriptor is closed. */
void watched_remove(struct watched *watched);

/* The states of a connection. */
void watched_expect_head(struct watched *watched);
void watched_expect_body(struct watched *watched);
void watched_expect_nothing(struct watched *watched); /* we work, or answer */
void watched_linger(struct watched *watched);
/* Without a lock: called for each piece of a body. */
void watched_count(struct watched *watched, size_t bytes);

/* Ends the reading of a connection at once. */
void watched_interrupt(struct watched *watched);
void watchdog_interrupt_all(struct watchdog *watchdog);
