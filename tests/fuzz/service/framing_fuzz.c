/* service/http/framing.c and the target's decoding: a raw head as the server library would hand it out. What passes must
 * hold what the validator promises. */
#include <stdlib.h>
#include <string.h>

#include "service/http/exchange.h"
#include "service/http/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines: method, address, then "name:value". */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 20);
    struct field fields[20];
    struct framing framing = {0};
    size_t count = 0;

    if (g_strv_length(lines) < 2) {
        return 0;
    }
    for (char **line = lines + 2; *line != NULL; line++) {
        char *colon = strchr(*line, ':');
        if (colon != NULL) {
            *colon = '\0';
            fields[count++] = (struct field){*line, colon + 1};
        }
    }
    const struct framing_input input = {lines[0], "HTTP/1.1", lines[1], fields, count};
    if (framing_check(&input, &framing, NULL)) {
        if (strstr(lines[1], "/../") != NULL || strstr(lines[1], "%00") != NULL || framing.content_length < -1 ||
            (framing.is_chunked && framing.content_length >= 0)) {
            abort();
        }
        struct request *request = request_new(lines[1]);
        if (request_set_target(request) && (!g_utf8_validate(request->path, -1, NULL) || request->path[0] != '/')) {
            abort();
        }
        request_unref(request);
    }
    return 0;
}
