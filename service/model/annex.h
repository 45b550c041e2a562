/* Attachments 3 and 4 of the notice, one form a city: featured activities (at most five, 300 characters each), and how many
 * activities and participations there were. What the installation knows by itself stands beside, to be taken over or not;
 * numbers of offline activities are the city's, with where they come from. */
#pragma once

#include <jansson.h>

#include "service/database/database.h"
#include "service/model/ledger.h"
#include "service/model/rules.h"

enum {
    ANNEX_ACTIVITIES_MOST = 5,
    ANNEX_TEXT_CHARACTERS = 300,
};

/* The numbers of attachment 4, by name, in the order of the printed form. */
extern const char *const ANNEX_NUMBERS[];
enum { ANNEX_NUMBER_COUNT = 11 };

/* number 3: {unit, contact, phone, activities [{name, intro, time, effect}]}; number 4: {contact, phone, source, <the
 * numbers>}. Keeps what the form knows and cleans its texts. REASON_INPUT for the number or region, REASON_ANNEX for what does
 * not fit: a text that is too long, more than five activities, more counties with activities than there are. */
bool annex_put(struct sql *sql, const struct rules *rules, int64_t number, const char *region, const json_t *form,
               const struct actor *actor, int64_t now_ms, GError **error);

/* The printed form with the seal, which lies in the media store. REASON_NOT_FOUND before the form was filled. */
struct annex_scan {
    const char *key;
    int64_t bytes;
    const char *sha256;
};
bool annex_stamp(struct sql *sql, const struct rules *rules, int64_t number, const char *region,
                 const struct annex_scan *scan, const struct actor *actor, int64_t now_ms, GError **error);

struct annex {
    char *region;
    char *form; /* JSON */
    int64_t filled_ms;
    char *scan_key; /* "" while it is not stamped; a form that is changed has to be stamped anew */
    char *scan_sha256;
    int64_t stamped_ms;
};
/* `region`: "" for all; by region. */
struct sql_rows *annex_list(struct sql *sql, const struct rules *rules, int64_t number, const char *region,
                            GError **error);

struct annex_known {
    int64_t works;    /* published in the edition */
    int64_t counties; /* with at least one of them */
};
bool annex_know(struct sql *sql, const struct rules *rules, const char *city, struct annex_known *known,
                GError **error);
