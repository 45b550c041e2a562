/* Signatures over any head, then libmagic's opinion of the same bytes. */
#include "worker/media/sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sniffer *sniffer;
    enum sniff_family family = SNIFF_FAMILY_COUNT;
    g_autoptr(GError) error = NULL;

    if (sniffer == NULL) {
        sniffer = sniffer_open(NULL);
        g_assert(sniffer != NULL);
    }
    if (sniffer_family(sniffer, data, MIN(size, SNIFF_HEAD_BYTES), &family, &error)) {
        g_assert(family < SNIFF_FAMILY_COUNT && error == NULL);
    } else {
        g_assert(error != NULL && error->domain == MEDIA_ERROR);
    }
    return 0;
}
