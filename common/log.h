/* Structured log lines: time, level, area, event, key=value pairs; one line each on standard error.
 *
 * Bytes below 0x20 and DEL are written as \xNN, so nothing from outside can forge a line; still, secrets and raw
 * outside text are never passed here. Any thread may log; a line is one write(2).
 */
#pragma once

#include <glib.h>

/* A name and fields that stand in every line of this object, e.g. "http", "rid=4f2a". Transparent; lives on the
 * caller's stack or inside its object. */
struct log {
    const char *area;
    char fields[96]; /* already key=value; may be empty */
};

struct log log_named(const char *area);
/* The same area with further fields; what does not fit is cut. */
struct log log_with(const struct log *parent, const char *format, ...) G_GNUC_PRINTF(2, 3);

void log_write(const struct log *log, GLogLevelFlags level, const char *event, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
#define log_debug(log, event, ...)    log_write(log, G_LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define log_info(log, event, ...)     log_write(log, G_LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_message(log, event, ...)  log_write(log, G_LOG_LEVEL_MESSAGE, event, __VA_ARGS__)
#define log_warning(log, event, ...)  log_write(log, G_LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_critical(log, event, ...) log_write(log, G_LOG_LEVEL_CRITICAL, event, __VA_ARGS__)

/* One line for an error: event, its reason's code and its English message; the level is the failure class's own. */
void log_error(const struct log *log, const char *event, const GError *error);

/* Lines below this level are dropped; one of "debug info message warning". False for another word. */
gboolean log_set_level(const char *name);
