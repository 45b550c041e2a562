/* A table of texts as a file: XLSX for spreadsheets, PDF (A4, landscape, heads on every page) for paper and seals. Rows are
 * written as they come, so a table may be long. Any thread, one at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

enum table_kind { TABLE_XLSX, TABLE_PDF };

struct table_column {
    const char *name;
    double width;   /* Chinese characters */
    bool is_number; /* a spreadsheet may add it up */
};

struct table_head {
    const char *title;
    const char *const *lines; /* below the title, NULL-ended; NULL: none */
    const struct table_column *columns;
    size_t column_count; /* 1 to 16 */
    const char *foot;    /* on every page of a PDF, last line of a spreadsheet */
};
enum { TABLE_COLUMNS_MOST = 16 };

struct table;
/* `head` and its texts stay the caller's until table_close. */
struct table *table_open(enum table_kind kind, const struct table_head *head, GError **error);
/* cells[column_count]; NULL is an empty one. */
void table_row(struct table *table, const char *const *cells);
/* Frees it. NULL with REASON_INTERNAL, or REASON_IO where no room was left. */
GBytes *table_close(struct table *table, GError **error);
/* "application/pdf" and its like. */
const char *table_type(enum table_kind kind);
