/* The structure walk over any bytes, as each family in turn. First byte: the family. */
#include "worker/media/structure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct structure structure;
    g_autoptr(GError) error = NULL;

    if (size < 1) {
        return 0;
    }
    const struct reader reader = {.fd = -1, .memory = data + 1, .size_bytes = (int64_t)size - 1};
    const enum sniff_family family = data[0] % SNIFF_FAMILY_COUNT;
    const bool ok = structure_check(&reader, family, &structure, &error);

    g_assert(ok == (error == NULL));
    g_assert(structure.width >= 0 && structure.height >= 0);
    return 0;
}
