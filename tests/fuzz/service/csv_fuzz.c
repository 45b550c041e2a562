/* service/handlers/csv.c: a unit's table. */
#include <stdlib.h>
#include <string.h>

#include "service/handlers/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GPtrArray) rows = csv_read(text, 20, NULL);
    int64_t line = 0;

    for (guint i = 0; rows != NULL && i < rows->len; i++) {
        const struct csv_row *row = g_ptr_array_index(rows, i);
        if (row->line <= line || row->fields->len < 1 || rows->len > 21) {
            abort();
        }
        line = row->line;
    }
    return 0;
}
