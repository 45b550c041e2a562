/* service/http/ranges.c: whatever is asked, what is sent lies inside the file. */
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "service/http/ranges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t file_size = 0;
    struct range part;

    if (size < sizeof file_size) {
        return 0;
    }
    memcpy(&file_size, data, sizeof file_size);
    g_autofree char *text = g_strndup((const char *)data + sizeof file_size, size - sizeof file_size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 4);
    const guint count = g_strv_length(lines);
    const struct range_query query = {
        .range = count > 0 ? lines[0] : NULL,
        .if_range = count > 1 ? lines[1] : NULL,
        .if_none_match = count > 2 ? lines[2] : NULL,
        .if_match = count > 3 ? lines[3] : NULL,
    };
    const enum range_answer answer = ranges_answer(&query, file_size, "\"abc\"", &part);
    if (answer == RANGE_PART && (part.first < 0 || part.length <= 0 || part.first > (int64_t)file_size - part.length)) {
        abort();
    }
    if (answer == RANGE_WHOLE && (part.first != 0 || part.length != (int64_t)file_size)) {
        abort();
    }
    return 0;
}
