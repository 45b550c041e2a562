/* service/model/id_token.c: a token and a key set from outside; the first line is the token. Nobody guesses a signature, so
 * none may be taken. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "service/model/id_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    char *keys = strchr(text, '\n');
    const struct id_token_expect expect = {"https://id.example.cn", "xuepai", "nonce", 1790000000000};
    struct id_token claims = {0};

    if (keys != NULL) {
        *keys++ = '\0';
    }
    if (id_token_verify(text, keys == NULL ? "{}" : keys, &expect, &claims, NULL)) {
        abort();
    }
    return 0;
}
