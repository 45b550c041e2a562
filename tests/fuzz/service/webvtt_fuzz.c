/* libFuzzer: any bytes as subtitles; what is written must be read again as it stands. */
#include "service/site/webvtt.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GString *once = webvtt_clean((const char *)data, size, NULL);
    GString *twice = once == NULL || once->len > WEBVTT_BYTES_MOST ? NULL : webvtt_clean(once->str, once->len, NULL);

    g_assert(twice == NULL || g_string_equal(once, twice));
    if (once != NULL) {
        g_string_free(once, TRUE);
    }
    if (twice != NULL) {
        g_string_free(twice, TRUE);
    }
    return 0;
}
