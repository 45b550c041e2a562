#include "service/handlers/csv.h"

#include <stdbool.h>
#include <string.h>

#include "common/failure.h"

enum { QUOTE = 0x22 };

static void row_free(gpointer data)
{
    struct csv_row *row = data;

    g_ptr_array_unref(row->fields);
    g_free(row);
}

struct reader {
    const char *at;
    int64_t line;
};

/* One field up to, not with, the comma or line end behind it; NULL: an open quote. The caller's. */
static char *read_field(struct reader *reader)
{
    g_autoptr(GString) field = g_string_new(NULL);
    bool quoted = false;

    for (; *reader->at != '\0'; reader->at++) {
        const char byte = *reader->at;
        if (byte == QUOTE && quoted && reader->at[1] == QUOTE) {
            reader->at++;
        } else if (byte == QUOTE && (quoted || field->len == 0)) {
            quoted = !quoted;
            continue;
        } else if (!quoted && (byte == ',' || byte == '\n')) {
            break;
        }
        reader->line += byte == '\n';
        g_string_append_c(field, byte);
    }
    return quoted ? NULL : g_strstrip(g_strdup(field->str));
}

static bool is_blank(const struct csv_row *row)
{
    for (guint i = 0; i < row->fields->len; i++) {
        if (((const char *)g_ptr_array_index(row->fields, i))[0] != '\0') {
            return false;
        }
    }
    return true;
}

/* NULL: an open quote. */
static struct csv_row *read_row(struct reader *reader)
{
    struct csv_row *row = g_new0(struct csv_row, 1);

    row->line = reader->line;
    row->fields = g_ptr_array_new_with_free_func(g_free);
    for (;;) {
        char *field = read_field(reader);
        if (field == NULL) {
            row_free(row);
            return NULL;
        }
        g_ptr_array_add(row->fields, field);
        const char end = *reader->at;
        reader->at += end != '\0';
        if (end != ',') {
            reader->line++;
            return row;
        }
    }
}

GPtrArray *csv_read(const char *text, guint most, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free);
    struct reader reader = {.at = g_str_has_prefix(text, "\ufeff") ? text + strlen("\ufeff") : text, .line = 1};

    while (*reader.at != '\0' && rows->len <= most) {
        struct csv_row *row = read_row(&reader);
        if (row == NULL) {
            g_set_error_literal(error, HTTP_ERROR, REASON_BATCH_CSV, "a quote is open");
            return NULL;
        }
        if (is_blank(row)) {
            row_free(row);
        } else {
            g_ptr_array_add(rows, row);
        }
    }
    return g_steal_pointer(&rows);
}
