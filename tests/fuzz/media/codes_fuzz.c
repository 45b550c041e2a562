/* Any bytes as the grey of a picture of 64 columns, where the library looks for codes. */
#include "worker/media/codes.h"

#define COLUMNS 64
#define ROWS    128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int rows = MIN((int)(size / COLUMNS), ROWS);
    struct codes *codes;
    json_t *flags;
    size_t i;
    json_t *flag;

    if (rows < 1) {
        return 0;
    }
    g_autoptr(Picture) picture = picture_new(COLUMNS, rows, 0);
    for (int at = 0; at < rows * COLUMNS; at++) {
        picture->rgb[3 * at] = picture->rgb[3 * at + 1] = picture->rgb[3 * at + 2] = data[at];
    }
    codes = codes_new();
    flags = json_array();
    codes_add(codes, 0, picture);
    codes_append(codes, 0, flags);
    json_array_foreach(flags, i, flag) {
        g_assert(g_utf8_validate(json_string_value(json_object_get(flag, "text")), -1, NULL));
    }
    json_decref(flags);
    codes_free(codes);
    return 0;
}
