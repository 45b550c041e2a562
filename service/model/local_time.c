#include "service/model/local_time.h"

#define OFFSET_S (8 * 3600)

GTimeZone *local_zone(void)
{
    return g_time_zone_new_offset(OFFSET_S);
}

char *local_text(gint64 ms, const char *format)
{
    g_autoptr(GTimeZone) zone = local_zone();
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(ms / 1000);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);

    return g_date_time_format(local, format);
}

char *local_day(gint64 ms)
{
    return local_text(ms, "%Y-%m-%d");
}
