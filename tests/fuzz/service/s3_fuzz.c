/* What an object store answers, and the address that names it: first byte 0 reads an address, else a listing. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

#include "service/store/s3_address.h"
#include "service/store/s3_xml.h"

static void fuzz_address(const char *text)
{
    struct s3_address address;

    if (s3_address_read(text, &address, NULL)) {
        g_assert(address.endpoint_count > 0 && address.endpoints[0].host[0] != '\0');
        s3_address_clear(&address);
    }
}

static void fuzz_listing(const GString *answer)
{
    struct s3_page page;
    char *code = s3_xml_find(answer, "Error", "Code");

    g_free(code);
    if (!s3_page_read(answer, &page, NULL)) {
        return;
    }
    for (guint i = 0; i < page.entries->len; i++) {
        const struct s3_entry *entry = g_ptr_array_index(page.entries, i);
        g_assert(entry->key != NULL && entry->modified_ms >= 0 && entry->size >= 0);
    }
    s3_page_clear(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    GString *text = g_string_new_len((const char *)data + 1, (gssize)size - 1);
    if (data[0] == 0) {
        fuzz_address(text->str);
    } else {
        fuzz_listing(text);
    }
    g_string_free(text, TRUE);
    return 0;
}
