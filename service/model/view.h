/* How often and how long works are watched. Numbers of works, never of people. */
#pragma once

#include "service/database/database.h"

enum { VIEW_PARTS = 20 }; /* a clip in twentieths */

struct view_tally {
    int64_t views;
    int64_t seconds;
    int64_t parts[VIEW_PARTS]; /* views that reached each twentieth */
};
/* Adds to the day and to the totals; a work that is gone counts no more. */
bool view_add(struct sql *sql, const char *submission, const char *day, const struct view_tally *tally, GError **error);

struct view_work {
    char *id;
    char *title;
    char *city;
    int64_t views;
    int64_t seconds;
};
extern const struct sql_map view_work_map;
/* The 100 public works that were watched most; `city` "" for all. */
struct sql_rows *view_list(struct sql *sql, const char *city, GError **error);

struct view_day {
    char *day;
    int64_t views;
    int64_t seconds;
};
/* Of one work, newest first, at most 400 days. */
struct sql_rows *view_days(struct sql *sql, const char *submission, GError **error);
/* How many views reached each twentieth. */
bool view_parts(struct sql *sql, const char *submission, int64_t parts[VIEW_PARTS], GError **error);
