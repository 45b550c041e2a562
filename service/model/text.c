#include "service/model/text.h"

#include <string.h>

static gboolean is_dropped(gunichar c)
{
    return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff0 && c <= 0xffff) || c == 0xad || c == 0x61c || c == 0x180e || (c >= 0xe0000 && c <= 0xe0fff);
}

/* Unicode calls these letters and symbols; nothing of them is seen. */
static gboolean is_blank(gunichar c)
{
    return g_unichar_isspace(c) || c == 0x115f || c == 0x1160 || c == 0x2800 || c == 0x3164 || c == 0xffa0;
}

char *text_clean(const char *text)
{
    if (text == NULL || !g_utf8_validate(text, -1, NULL)) {
        return NULL;
    }
    g_autofree char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
    g_autoptr(GString) clean = g_string_new(NULL);
    gboolean blank = FALSE;

    for (const char *at = composed; *at != '\0'; at = g_utf8_next_char(at)) {
        const gunichar c = g_utf8_get_char(at);
        if (is_dropped(c) || (clean->len == 0 && g_unichar_ismark(c))) { /* a mark of nothing */
            continue;
        }
        if (is_blank(c)) {
            blank = TRUE;
            continue;
        }
        if (blank && clean->len > 0) {
            g_string_append_c(clean, ' ');
        }
        blank = FALSE;
        g_string_append_unichar(clean, c);
    }
    return g_strdup(clean->str);
}

char *text_phone(const char *phone)
{
    g_autoptr(GString) digits = g_string_new(NULL);

    if (phone == NULL) {
        return NULL;
    }
    for (const char *at = g_str_has_prefix(phone, "+86") ? phone + 3 : phone; *at != '\0'; at++) {
        if (g_ascii_isdigit(*at)) {
            g_string_append_c(digits, *at);
        } else if (*at != ' ' && *at != '-') {
            return NULL;
        }
    }
    if (digits->len != 11 || digits->str[0] != '1' || digits->str[1] < '3') {
        return NULL;
    }
    return g_strdup(digits->str);
}

char *text_phone_masked(const char *phone)
{
    return strlen(phone) == 11 ? g_strdup_printf("%.3s****%s", phone, phone + 7) : g_strdup("****");
}

char *text_name_masked(const char *name)
{
    const glong length = g_utf8_strlen(name, -1);
    g_autofree char *first = g_utf8_substring(name, 0, MIN(length, 1));

    if (length < 3) {
        return g_strdup_printf("%s*", first);
    }
    g_autofree char *last = g_utf8_substring(name, length - 1, length);
    return g_strdup_printf("%s*%s", first, last);
}
