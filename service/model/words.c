#include "service/model/words.h"

#include <stdbool.h>
#include <string.h>

#include "common/failure.h"

enum {
    WORDS_MOST = 500,
    CHARACTERS_MOST = 100,
};

struct word {
    char *shown;
    char *folded;
    char *why;
};

struct words {
    GPtrArray *list; /* struct word * */
};

static void word_free(gpointer data)
{
    struct word *word = data;

    g_free(word->shown);
    g_free(word->folded);
    g_free(word->why);
    g_free(word);
}

/* Full-width letters become plain ones, capitals small, white space goes: "加 Ｗ Ｘ" is found as "加wx". */
static char *fold(const char *text)
{
    g_autofree char *plain = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
    g_autofree char *small = g_utf8_casefold(plain == NULL ? "" : plain, -1);
    g_autoptr(GString) folded = g_string_new(NULL);

    for (const char *at = small; *at != '\0'; at = g_utf8_next_char(at)) {
        const gunichar letter = g_utf8_get_char(at);
        if (!g_unichar_isspace(letter)) {
            g_string_append_unichar(folded, letter);
        }
    }
    return g_strdup(folded->str);
}

static bool add_line(struct words *words, const char *line, int number, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(line, "\t", -1);

    if (line[0] == '\0' || line[0] == '#') {
        return true;
    }
    if (g_strv_length(parts) != 2 || parts[0][0] == '\0' || parts[1][0] == '\0' ||
        g_utf8_strlen(parts[0], -1) > CHARACTERS_MOST || words->list->len >= WORDS_MOST) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "words.tsv, line %d: word, TAB, why; at most %d words", number,
                    WORDS_MOST);
        return false;
    }
    struct word *word = g_new0(struct word, 1);
    word->shown = g_strdup(parts[0]);
    word->folded = fold(parts[0]);
    word->why = g_strdup(parts[1]);
    g_ptr_array_add(words->list, word);
    return true;
}

struct words *words_load(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "words.tsv", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    struct words *words = g_new0(struct words, 1);

    words->list = g_ptr_array_new_with_free_func(word_free);
    if (!g_file_get_contents(path, &text, NULL, &cause)) {
        if (!g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
            g_set_error(error, MODEL_ERROR, REASON_INPUT, "%s", cause->message);
            g_clear_pointer(&words, words_free);
        }
        return words;
    }
    if (!g_utf8_validate(text, -1, NULL)) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "%s is not UTF-8", path);
        words_free(words);
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i] != NULL; i++) {
        if (!add_line(words, g_strchomp(lines[i]), i + 1, error)) {
            words_free(words);
            return NULL;
        }
    }
    return words;
}

void words_free(struct words *words)
{
    if (words != NULL) {
        g_clear_pointer(&words->list, g_ptr_array_unref);
        g_free(words);
    }
}

void words_find(const struct words *words, const char *where, const char *text, json_t *hits)
{
    g_autofree char *folded = fold(text == NULL ? "" : text);

    for (guint i = 0; i < words->list->len; i++) {
        const struct word *word = g_ptr_array_index(words->list, i);
        if (strstr(folded, word->folded) != NULL) {
            json_array_append_new(hits,
                                  json_pack("{s:s, s:s, s:s}", "word", word->shown, "where", where, "why", word->why));
        }
    }
}
