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

/* The characters above, and those below a blank that markup cannot hold. */
#define STOPS                                                                                                          \
    "&<>\"'\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"

void markup_escape(GString *out, const char *text)
{
    while (*text != '\0') {
        const size_t plain = strcspn(text, STOPS);

        g_string_append_len(out, text, (gssize)plain);
        text += plain;
        if (*text != '\0') {
            const char *escape = escape_of(*text++);
            g_string_append(out, escape == NULL ? "" : escape);
        }
    }
}

void markup_element(GString *out, const char *name, const char *text)
{
    if (text == NULL) {
        return;
    }
    g_string_append_c(out, '<');
    g_string_append(out, name);
    g_string_append_c(out, '>');
    markup_escape(out, text);
    g_string_append(out, "</");
    g_string_append(out, name);
    g_string_append(out, ">\n");
}

void markup_json(GString *out, const json_t *value)
{
    g_autofree char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    for (const char *at = text == NULL ? "" : text; *at != '\0';) {
        const size_t plain = strcspn(at, "<>&\xe2");

        g_string_append_len(out, at, (gssize)plain);
        at += plain;
        if (g_str_has_prefix(at, "\xe2\x80\xa8") || g_str_has_prefix(at, "\xe2\x80\xa9")) {
            g_string_append(out, at[2] == '\xa8' ? "\\u2028" : "\\u2029");
            at += 3;
        } else if (*at == '\xe2') {
            g_string_append_c(out, *at++);
        } else if (*at != '\0') {
            g_string_append_printf(out, "\\u%04x", (unsigned)*at++);
        }
    }
}

const char *markup_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

char *markup_absolute(const char *base_url, const char *url)
{
    g_autofree char *scheme = url == NULL ? NULL : g_uri_parse_scheme(url);

    if (url == NULL || scheme != NULL) {
        return g_strdup(url);
    }
    return g_strconcat(base_url, url, NULL);
}
