/* Times as people of the province read them: all of China is at UTC+8, without summer time. */
#pragma once

#include <glib.h>

/* The caller's. */
GTimeZone *local_zone(void);
/* `ms` since 1970 in g_date_time_format's words; the caller's. */
char *local_text(gint64 ms, const char *format);
/* "2026-08-19"; the caller's. */
char *local_day(gint64 ms);
