/* The log writer. The only mutable file-level state of the programs besides the stop flag: the lowest level shown. */
#include "common/log.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "common/failure.h"

static GLogLevelFlags lowest = G_LOG_LEVEL_INFO; /* set once by main before threads exist */

static const struct {
    GLogLevelFlags level;
    const char *name;
} LEVELS[] = {
    {G_LOG_LEVEL_CRITICAL, "critical"}, {G_LOG_LEVEL_WARNING, "warning"}, {G_LOG_LEVEL_MESSAGE, "message"},
    {G_LOG_LEVEL_INFO, "info"},         {G_LOG_LEVEL_DEBUG, "debug"},
};

static const char *level_name(GLogLevelFlags level)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LEVELS); i++) {
        if (LEVELS[i].level == level) {
            return LEVELS[i].name;
        }
    }
    return "critical";
}

gboolean log_set_level(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LEVELS); i++) {
        if (strcmp(LEVELS[i].name, name) == 0) {
            lowest = LEVELS[i].level;
            return TRUE;
        }
    }
    return FALSE;
}

struct log log_named(const char *area)
{
    return (struct log){.area = area};
}

struct log log_with(const struct log *parent, const char *format, ...)
{
    struct log log = *parent;
    size_t used = strlen(log.fields);
    va_list arguments;

    if (used > 0 && used + 1 < sizeof log.fields) {
        log.fields[used++] = ' ';
    }
    va_start(arguments, format);
    (void)g_vsnprintf(log.fields + used, sizeof log.fields - used, format, arguments); /* cut by contract */
    va_end(arguments);
    return log;
}

/* Control characters must not reach the terminal or forge a line. */
static void append_escaped(GString *line, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        const unsigned char byte = (unsigned char)*at;

        if (byte < 0x20 || byte == 0x7f) {
            g_string_append_printf(line, "\\x%02x", byte);
        } else {
            g_string_append_c(line, *at);
        }
    }
}

void log_write(const struct log *log, GLogLevelFlags level, const char *event, const char *format, ...)
{
    if (level > lowest) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *pairs = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");
    g_autoptr(GString) line = g_string_sized_new(256);

    g_string_append_printf(line, "%s.%03dZ %s %s %s", time, g_date_time_get_microsecond(now) / 1000, level_name(level),
                           log->area, event);
    if (log->fields[0] != '\0') {
        g_string_append_c(line, ' ');
        append_escaped(line, log->fields);
    }
    if (pairs[0] != '\0') {
        g_string_append_c(line, ' ');
        append_escaped(line, pairs);
    }
    g_string_append_c(line, '\n');
    /* A log that cannot be written has nowhere to complain. */
    (void)!write(STDERR_FILENO, line->str, line->len);
}

void log_error(const struct log *log, const char *event, const GError *error)
{
    const struct reason_rule *rule = reason_rule_of(error_reason(error));

    log_write(log, failure_rule_of(rule->failure)->log_level, event, "code=%s message=\"%s\"", rule->code,
              error == NULL ? "" : error->message);
}
