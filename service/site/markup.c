/* Escaping for HTML, XML and JSON inside HTML. No threads, no state. */
#include "service/site/markup.h"

#include <string.h>

static const struct {
    char letter;
    const char *escape;
} ESCAPES[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

static const char *escape_of(char letter)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ESCAPES); i++) {
        if (ESCAPES[i].letter == letter) {
            return ESCAPES[i].escape;
        }
    }
    return NULL;
}

void markup_escape(GString *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        const char *escape = escape_of(*text);

        if (escape != NULL) {
            g_string_append(out, escape);
        } else if (byte >= 0x20 || byte == '\t' || byte == '\n' || byte == '\r') {
            g_string_append_c(out, *text);
        }
    }
}

void markup_element(GString *out, const char *name, const char *text)
{
    if (text == NULL) {
        return;
    }
    g_string_append_printf(out, "<%s>", name);
    markup_escape(out, text);
    g_string_append_printf(out, "</%s>\n", name);
}

void markup_json(GString *out, const json_t *value)
{
    g_autofree char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        if (strchr("<>&", *at) != NULL) {
            g_string_append_printf(out, "\\u%04x", (unsigned)*at);
        } else if (g_str_has_prefix(at, "\xe2\x80\xa8") || g_str_has_prefix(at, "\xe2\x80\xa9")) {
            g_string_append(out, at[2] == '\xa8' ? "\\u2028" : "\\u2029");
            at += 2;
        } else {
            g_string_append_c(out, *at);
        }
    }
}

char *markup_absolute(const char *base_url, const char *url)
{
    g_autofree char *scheme = url == NULL ? NULL : g_uri_parse_scheme(url);

    if (url == NULL || scheme != NULL) {
        return g_strdup(url);
    }
    return g_strconcat(base_url, url, NULL);
}
