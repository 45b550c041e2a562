/* iCalendar (RFC 5545) of activity weeks and activities. Pure. Times carry the province's zone (Asia/Shanghai, without
 * daylight saving); days are whole-day events, whose DTEND is the day after. */
#pragma once

#include <stdint.h>

#include <glib.h>

struct ical_event {
    const char *id;        /* unique in the site */
    const char *host;      /* of the site: makes it unique in the world */
    const char *first_day; /* 2026-08-19 */
    const char *last_day;  /* the same for one day */
    const char *starts;    /* 09:30; "" for whole days */
    const char *ends;      /* "" when open */
    const char *title;
    const char *place; /* "" none */
    const char *words; /* "" none */
    const char *url;
    int64_t version; /* 1 and up */
    int64_t changed_ms;
};

/* ical_begin, any number of ical_add, ical_end. The caller owns the text. */
GString *ical_begin(const char *name);
void ical_add(GString *out, const struct ical_event *event);
void ical_end(GString *out);
