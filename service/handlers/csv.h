/* A table of comma separated values (RFC 4180), as spreadsheets write it: a byte order mark, quotes, CR LF or LF. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

struct csv_row {
    int64_t line;      /* where it begins, from 1 */
    GPtrArray *fields; /* of char *, without blanks around them */
};

/* Rows that are not blank, of struct csv_row *, at most `most` + 1 of them (more are left out); for g_ptr_array_unref.
 * NULL with REASON_BATCH_CSV: a quote without its other. `text` is valid UTF-8. */
GPtrArray *csv_read(const char *text, guint most, GError **error);
