#include "service/model/words.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/text.h"

enum {
    WORDS_MOST = 500,
    CHARACTERS_MOST = 100,
};

static const char LIST[] = /* word.list */
    "SELECT text, why FROM word WHERE edition = $1 ORDER BY position LIMIT 500";
static const char CLEAR[] = /* word.clear */
    "DELETE FROM word WHERE edition = $1";
static const char ADD[] = /* word.add */
    "INSERT INTO word (edition, position, text, why) VALUES ($1, $2, $3, $4)";

struct row {
    char *text;
    char *why;
};
static const struct sql_column COLUMNS[] = {SQL_FIELD(struct row, text), SQL_FIELD(struct row, why)};
static const struct sql_map MAP = SQL_MAP(struct row, COLUMNS);

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

static struct words *words_new(void)
{
    struct words *words = g_new0(struct words, 1);

    words->list = g_ptr_array_new_with_free_func(word_free);
    return words;
}

static void add_word(struct words *words, const char *text, const char *why)
{
    struct word *word = g_new0(struct word, 1);

    word->shown = g_strdup(text);
    word->folded = fold(text);
    word->why = g_strdup(why);
    g_ptr_array_add(words->list, word);
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
    add_word(words, parts[0], parts[1]);
    return true;
}

struct words *words_load(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "words.tsv", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    struct words *words = words_new();

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

struct words *words_read(struct sql *sql, const char *edition, GError **error)
{
    g_autoptr(SqlRows) rows = sql_rows(sql, LIST, SQL_VALUES(SQL_T(edition)), &MAP, error);
    struct words *words = rows == NULL ? NULL : words_new();

    for (size_t i = 0; words != NULL && i < rows->count; i++) {
        const struct row *row = sql_rows_at(rows, i);
        add_word(words, row->text, row->why);
    }
    return words;
}

json_t *words_list_json(const struct words *words)
{
    json_t *items = json_array();

    for (guint i = 0; i < words->list->len; i++) {
        const struct word *word = g_ptr_array_index(words->list, i);
        json_array_append_new(items, json_pack("{s:s, s:s}", "word", word->shown, "why", word->why));
    }
    return items;
}

static bool add_item(struct sql *sql, const char *edition, int64_t position, const json_t *item, GError **error)
{
    const char *word = "";
    const char *reason = "";

    (void)json_unpack((json_t *)(uintptr_t)item, "{s:s, s:s}", "word", &word, "why", &reason); /* what lacks is empty */
    g_autofree char *text = text_clean(word);
    g_autofree char *why = text_clean(reason);
    if (text == NULL || why == NULL || text[0] == '\0' || why[0] == '\0' || g_utf8_strlen(text, -1) > CHARACTERS_MOST ||
        g_utf8_strlen(why, -1) > CHARACTERS_MOST) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "word %" G_GINT64_FORMAT, position);
        return false;
    }
    return sql_run(sql, ADD, SQL_VALUES(SQL_T(edition), SQL_I(position), SQL_T(text), SQL_T(why)), NULL, error);
}

bool words_set(struct sql *sql, const char *edition, const json_t *items, const struct actor *actor, int64_t now_ms,
               GError **error)
{
    json_auto_t *detail = json_pack("{s:s, s:O}", "edition", edition, "items", items);
    const struct ledger_entry entry = {.action = "words.changed", .object = edition, .detail = detail};

    if (!json_is_array(items) || json_array_size(items) > WORDS_MOST) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "at most %d words", WORDS_MOST);
        return false;
    }
    if (!sql_run(sql, CLEAR, SQL_VALUES(SQL_T(edition)), NULL, error)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        if (!add_item(sql, edition, (int64_t)i + 1, json_array_get(items, i), error)) {
            return false;
        }
    }
    return ledger_add(sql, actor, &entry, now_ms, error);
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
