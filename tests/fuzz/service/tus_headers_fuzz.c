/* service/handlers/tus.c: metadata, checksum and numbers from outside. */
#include <stdlib.h>
#include <string.h>

#include "service/handlers/tus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    struct tus_checksum checksum;
    int64_t number = 0;

    if (tus_metadata_check(text, NULL)) {
        g_autofree char *value = tus_metadata_find(text, "track");
        if (value != NULL && !g_utf8_validate(value, -1, NULL)) {
            abort();
        }
    }
    if (tus_checksum(text, &checksum, NULL) && checksum.length > sizeof checksum.digest) {
        abort();
    }
    g_auto(GStrv) parts = NULL;
    if (tus_concat(text, &parts, NULL) && parts != NULL && g_strv_length(parts) > TUS_PARTS_MAX) {
        abort();
    }
    (void)tus_checksum_is_announced(text); /* must only not crash */
    if (tus_number(text, &number) && number != INT64_MAX && (number < 0 || number > INT64_C(1) << 53)) {
        abort();
    }
    return 0;
}
