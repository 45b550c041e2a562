/* Range, If-Range, If-None-Match, If-Match (RFC 9110 §13, §14) as pure functions.
 *
 * One range only: several are answered with the whole, as is everything that is no valid byte range. Files have strong
 * ETags and no dates, so a date in If-Range never matches and If-Modified-Since is ignored.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct range_query {
    /* header values; NULL when absent */
    const char *range;
    const char *if_range;
    const char *if_none_match;
    const char *if_match;
};

struct range {
    int64_t first;
    int64_t length;
};

enum range_answer {
    RANGE_WHOLE,         /* 200 */
    RANGE_PART,          /* 206 */
    RANGE_UNCHANGED,     /* 304 */
    RANGE_PRECONDITION,  /* 412 */
    RANGE_UNSATISFIABLE, /* 416 */
    RANGE_ANSWER_COUNT
};

/* *part is what to send for 200 and 206. */
enum range_answer ranges_answer(const struct range_query *query, int64_t size, const char *etag, struct range *part);
/* True when the comma list (or "*") names `etag`. A weak comparison ignores W/ on both sides. */
bool etag_list_has(const char *list, const char *etag, bool is_weak_allowed);
