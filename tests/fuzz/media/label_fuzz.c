/* Any bytes as metadata; what is found is a label by every promise of label.h, and is found again in what is written of it. */
#include <string.h>

#include "worker/media/label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *label = label_find(data, size);

    if (label != NULL) {
        size_t length = 10;
        void *jpeg = g_memdup2("\xff\xd8\xff\xdb\0\4ab\xff\xd9", length);

        g_assert(label_is_named(data, size));
        g_assert(label[0] != '\0' && strlen(label) <= LABEL_BYTES_MAX && g_utf8_validate(label, -1, NULL));
        label_into_jpeg(&jpeg, &length, label);
        g_autofree char *again = label_find(jpeg, length);
        g_assert(again != NULL && (strcmp(again, label) == 0 || label_is_named(label, strlen(label)))); /* one within one */
        g_free(jpeg);
    }
    return 0;
}
