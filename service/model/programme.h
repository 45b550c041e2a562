/* The activity weeks of an edition (一市一周) and what happens on each day. Days are texts "2026-08-19" and hours "09:30", of
 * the province's time: they sort as they stand. Changes drop the site's kept answers. */
#pragma once

#include <jansson.h>

#include "service/model/ledger.h"
#include "service/model/rules.h"

#define ACTIVITIES_MOST 1000 /* of one city and edition */

struct week {
    char *city;
    char *first_day;
    char *last_day;
    char *words;
    char *contact;
};
extern const struct sql_map week_map;

struct activity {
    char *id;
    char *city;
    char *day;
    char *starts; /* "": all day */
    char *ends;   /* "": open */
    char *title;
    char *place;
    char *words;
    int64_t is_highlight;
    int64_t version;
    int64_t changed_ms;
};
extern const struct sql_map activity_map;
void activity_clear(struct activity *activity);
typedef struct activity Activity;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Activity, activity_clear)

/* By first day. */
struct sql_rows *week_list(struct sql *sql, const char *edition, GError **error);
/* A new one or in the place of the old; texts as typed. REASON_INPUT, REASON_DAYS. */
bool week_set(struct sql *sql, const char *edition, const struct week *week, const struct actor *actor, int64_t now_ms,
              GError **error);

/* Of one city, by day and hour. */
struct sql_rows *activity_list(struct sql *sql, const char *edition, const char *city, GError **error);
/* Of all cities on one day, at most 200. */
struct sql_rows *activity_list_day(struct sql *sql, const char *edition, const char *day, GError **error);
bool activity_get(struct sql *sql, const char *id, struct activity *activity, GError **error); /* REASON_NOT_FOUND */
/* `activity->id` NULL: a new one, whose id is then set; otherwise the row of that id. REASON_INPUT, REASON_DAYS. */
bool activity_set(struct sql *sql, const char *edition, struct activity *activity, const struct actor *actor,
                  int64_t now_ms, GError **error);
bool activity_remove(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error);

/* Is this a day of the calendar, written "2026-08-19"? */
bool programme_is_day(const char *text);
