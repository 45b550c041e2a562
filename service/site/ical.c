#include "service/site/ical.h"

#include <string.h>

#define LINE_OCTETS 75 /* RFC 5545 §3.1, without the line break */

/* A content line, folded between characters. Takes `line` over. */
static void add_line(GString *out, GString *line)
{
    size_t room = LINE_OCTETS;
    const char *at = line->str;

    while (strlen(at) > room) {
        size_t take = room;
        while (take > 1 && (at[take] & 0xC0) == 0x80) {
            take--; /* not inside a character */
        }
        g_string_append_len(out, at, (gssize)take);
        g_string_append(out, "\r\n ");
        at += take;
        room = LINE_OCTETS - 1;
    }
    g_string_append_printf(out, "%s\r\n", at);
    g_string_free(line, TRUE);
}

static void add_plain(GString *out, const char *name, const char *value)
{
    GString *line = g_string_new(name);

    g_string_append_printf(line, ":%s", value);
    add_line(out, line);
}

/* TEXT, RFC 5545 §3.3.11. */
static void add_text(GString *out, const char *name, const char *value)
{
    GString *line = g_string_new(name);

    g_string_append_c(line, ':');
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\\' || *at == ';' || *at == ',') {
            g_string_append_printf(line, "\\%c", *at);
        } else if (*at == '\n') {
            g_string_append(line, "\\n");
        } else if (*at != '\r') {
            g_string_append_c(line, *at);
        }
    }
    add_line(out, line);
}

/* "2026-08-19" and `days` later as "20260819". The caller's. */
static char *date_text(const char *day, int days)
{
    g_autofree char *noon = g_strconcat(day, "T12:00:00Z", NULL);
    g_autoptr(GDateTime) at = g_date_time_new_from_iso8601(noon, NULL);
    g_autoptr(GDateTime) later = at == NULL ? NULL : g_date_time_add_days(at, days);

    return later == NULL ? g_strdup("19700101") : g_date_time_format(later, "%Y%m%d");
}

static void add_moment(GString *out, const char *name, const char *day, const char *hour)
{
    g_autofree char *date = date_text(day, 0);
    g_autofree char *field = g_strconcat(name, ";TZID=Asia/Shanghai", NULL);
    g_autofree char *value = g_strdup_printf("%sT%.2s%.2s00", date, hour, hour + 3);

    add_plain(out, field, value);
}

static void add_times(GString *out, const struct ical_event *event)
{
    if (event->starts[0] != '\0') {
        add_moment(out, "DTSTART", event->first_day, event->starts);
        if (event->ends[0] != '\0') {
            add_moment(out, "DTEND", event->first_day, event->ends);
        }
        return;
    }
    g_autofree char *first = date_text(event->first_day, 0);
    g_autofree char *after = date_text(event->last_day, 1);
    add_plain(out, "DTSTART;VALUE=DATE", first);
    add_plain(out, "DTEND;VALUE=DATE", after);
}

GString *ical_begin(const char *name)
{
    GString *out = g_string_new("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Xuepai//" XUEPAI_VERSION "//ZH\r\n"
                                "CALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n");

    add_text(out, "X-WR-CALNAME", name);
    g_string_append(out, "BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
                         "TZOFFSETFROM:+0800\r\nTZOFFSETTO:+0800\r\nTZNAME:CST\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n");
    return out;
}

void ical_add(GString *out, const struct ical_event *event)
{
    g_autoptr(GDateTime) changed = g_date_time_new_from_unix_utc(event->changed_ms / 1000);
    g_autofree char *stamp = g_date_time_format(changed, "%Y%m%dT%H%M%SZ");
    g_autofree char *id = g_strdup_printf("%s@%s", event->id, event->host);
    g_autofree char *sequence = g_strdup_printf("%" G_GINT64_FORMAT, event->version - 1);

    g_string_append(out, "BEGIN:VEVENT\r\n");
    add_text(out, "UID", id);
    add_plain(out, "DTSTAMP", stamp);
    add_plain(out, "SEQUENCE", sequence);
    add_times(out, event);
    add_text(out, "SUMMARY", event->title);
    if (event->place[0] != '\0') {
        add_text(out, "LOCATION", event->place);
    }
    if (event->words[0] != '\0') {
        add_text(out, "DESCRIPTION", event->words);
    }
    add_plain(out, "URL", event->url);
    g_string_append(out, "END:VEVENT\r\n");
}

void ical_end(GString *out)
{
    g_string_append(out, "END:VCALENDAR\r\n");
}
