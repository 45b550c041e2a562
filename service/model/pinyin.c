#include "service/model/pinyin.h"

#include <stdbool.h>

#include <glib.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

/* Every character with a space before it, so that each is a word of its own; then letters without marks. */
static const char RULES[] = "::NFKC; ([[:Han:]]) > ' ' $1 ' '; ::Null; ::Han-Latin; ::Latin-ASCII; ::Lower;";

struct pinyin {
    GMutex lock; /* an open transliterator is one thread's at a time */
    /* guarded by lock */
    UTransliterator *words; /* NULL: not opened yet, or there is none */
    bool is_opened;
    /* end of guarded fields */
};

struct pinyin *pinyin_new(void)
{
    struct pinyin *pinyin = g_new0(struct pinyin, 1);

    g_mutex_init(&pinyin->lock);
    return pinyin;
}

static void open_words(struct pinyin *pinyin)
{
    UErrorCode status = U_ZERO_ERROR;
    UParseError where;
    UChar rules[sizeof RULES];

    u_charsToUChars(RULES, rules, sizeof RULES);
    pinyin->words =
        utrans_openU(u"xuepai-initials", -1, UTRANS_FORWARD, rules, (int32_t)sizeof RULES - 1, &where, &status);
    pinyin->is_opened = true;
}

void pinyin_free(struct pinyin *pinyin)
{
    if (pinyin == NULL) {
        return;
    }
    if (pinyin->words != NULL) {
        utrans_close(pinyin->words);
    }
    g_mutex_clear(&pinyin->lock);
    g_free(pinyin);
}

/* The text as the rules change it; NULL where there are none, or no room: pronunciations are six letters at most. */
static char *spoken(struct pinyin *pinyin, const char *text)
{
    glong length = 0;
    g_autofree gunichar2 *wide = g_utf8_to_utf16(text, -1, NULL, &length, NULL);
    const int32_t room = (int32_t)MIN(length, 4096) * 10 + 16;
    g_autofree UChar *buffer = g_new0(UChar, (gsize)room);
    UErrorCode status = U_ZERO_ERROR;
    int32_t used = (int32_t)MIN(length, 4096);
    int32_t limit = used;

    if (wide == NULL) {
        return NULL;
    }
    u_memcpy(buffer, wide, used);
    g_mutex_lock(&pinyin->lock);
    if (!pinyin->is_opened) {
        open_words(pinyin);
    }
    const bool is_there = pinyin->words != NULL;
    if (is_there) {
        utrans_transUChars(pinyin->words, buffer, &used, room, 0, &limit, &status);
    }
    g_mutex_unlock(&pinyin->lock);
    return !is_there || U_FAILURE(status) ? NULL : g_utf16_to_utf8(buffer, used, NULL, NULL, NULL);
}

char *pinyin_initials(struct pinyin *pinyin, const char *text)
{
    g_autofree char *words = pinyin == NULL ? NULL : spoken(pinyin, text);
    GString *initials = g_string_new(NULL);
    bool is_inside = false;

    for (const char *at = words; at != NULL && *at != '\0'; at++) {
        const bool is_letter = g_ascii_isalnum(*at);
        if (is_letter && !is_inside) {
            g_string_append_c(initials, *at);
        }
        is_inside = is_letter;
    }
    return g_string_free(initials, FALSE);
}
