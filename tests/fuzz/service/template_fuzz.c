/* libFuzzer: any bytes as a template that is also its own partial "p", rendered with data of every
 * kind. */
#include "service/site/template.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *source = g_strndup((const char *)data, size);
    g_autoptr(TemplateSet) set = template_set_new();
    g_autoptr(GString) out = g_string_new(NULL);
    json_auto_t *values = json_pack("{s:[{s:i},s,f],s:{s:{s:b}},s:n}", "a", "b", 1, "<&>", 1.5, "b", "c", "d", 1, "e");

    if (template_set_add(set, "p", source, NULL)) {
        (void)template_set_render(set, "p", values, 65536, out, NULL); /* both outcomes are fine */
    }
    return 0;
}
