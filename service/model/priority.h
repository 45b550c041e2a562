/* What comes first in the queue. A work's place is the moment since when it waits, moved by what presses: its city's week,
 * a submitter who mended it, open reports on it; what goes up to seniors may wait a little. All of it is a number of hours,
 * so age wins in the end: what has waited for PRIORITY_EARLIEST_MS longer than a work comes before it, whatever that is.
 * The place is kept (submission.due_ms), not computed when the queue is read: only so can an index deliver the order. */
#pragma once

#include "service/model/submission.h"

enum {
    PRIORITY_HOUR_MS = 3600 * 1000,
    PRIORITY_EARLIEST_MS = 96 * PRIORITY_HOUR_MS, /* the most that all of it together takes off */
    PRIORITY_LATEST_MS = 12 * PRIORITY_HOUR_MS,   /* the most that is added */
    PRIORITY_PIECE = 1000,
};

struct priority {
    int64_t due_ms;
    int64_t week_ms; /* of that: for its city's week */
};

/* Where a work stands that comes to a stage by this event and waits since `waiting_ms`. */
bool priority_of(struct sql *sql, const struct submission *submission, enum event event, int64_t waiting_ms,
                 int64_t now_ms, struct priority *priority, GError **error);
/* Works that waited already when their city's week began move up, PRIORITY_PIECE at this stage at most; *moved how many. */
bool priority_begin_weeks(struct sql *sql, const struct rules *rules, int64_t stage, int64_t now_ms, int64_t *moved,
                          GError **error);
