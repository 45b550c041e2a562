#include "service/model/search.h"

#include <string.h>

/* The pairs of the text that the statement `text` delivers. */
#define TERMS(text)                                                                                                    \
    "WITH RECURSIVE whole(text) AS (" text "),"                                                                        \
    " place(n) AS (SELECT 1 UNION ALL SELECT place.n + 1 FROM place, whole WHERE place.n + 1 < length(whole.text)),"   \
    " part(term) AS (SELECT DISTINCT substr(whole.text, place.n, 2) FROM place, whole)"                                \
    " SELECT term FROM part WHERE length(term) = 2 AND term NOT LIKE '% %'"

static const char ADD[] = /* publication_term.add */
    "INSERT INTO publication_term (term, published_ms, submission)"
    " SELECT t.term, p.published_ms, p.submission FROM publication p,"
    " (" TERMS("SELECT search FROM publication WHERE submission = $1") ") t WHERE p.submission = $1";
static const char REMOVE[] = /* publication_term.remove */
    "DELETE FROM publication_term WHERE submission = $1"
    " AND published_ms = (SELECT published_ms FROM publication WHERE submission = $1)"
    " AND term IN (" TERMS("SELECT search FROM publication WHERE submission = $1") ")";
/* A pair in more works than this is common; how much more does not matter. */
static const char RAREST[] = /* publication_term.rarest */
    "SELECT t.term AS term, (SELECT COUNT(*) FROM (SELECT 1 FROM publication_term x WHERE x.term = t.term LIMIT 1000) y)"
    " AS works FROM (" TERMS("SELECT CAST($1 AS TEXT)") ") t ORDER BY works, term LIMIT 2";

/* Pairs that are in some works, and not in so many that they say nothing. */
static const char HINTS[] = /* publication_term.hints */
    "SELECT k.term AS term, k.works AS works FROM (SELECT t.term AS term,"
    " (SELECT COUNT(*) FROM (SELECT 1 FROM publication_term x WHERE x.term = t.term LIMIT 1000) y) AS works"
    " FROM (" TERMS("SELECT CAST($1 AS TEXT)") ") t) k WHERE k.works BETWEEN 1 AND 999 ORDER BY works, term LIMIT 4";

struct rare {
    char *term;
    int64_t works;
};
static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct rare, term),
    SQL_FIELD(struct rare, works),
};
static const struct sql_map MAP = SQL_MAP(struct rare, COLUMNS);

char *search_fold(const char *text)
{
    g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
    g_autofree char *folded = g_utf8_casefold(normal == NULL ? "" : normal, -1);
    g_autoptr(GString) plain = g_string_new(NULL);

    for (const char *at = folded; *at != '\0'; at = g_utf8_next_char(at)) {
        const gunichar character = g_utf8_get_char(at);
        if (!g_unichar_isspace(character)) {
            g_string_append_unichar(plain, character);
        } else if (plain->len > 0 && plain->str[plain->len - 1] != ' ') {
            g_string_append_c(plain, ' ');
        }
    }
    return g_strdup(g_strchomp(plain->str));
}

bool search_add(struct sql *sql, const char *submission, GError **error)
{
    return sql_run(sql, ADD, SQL_VALUES(SQL_T(submission)), NULL, error);
}

bool search_remove(struct sql *sql, const char *submission, GError **error)
{
    return sql_run(sql, REMOVE, SQL_VALUES(SQL_T(submission)), NULL, error);
}

/* "%word%" with LIKE's own characters escaped by '!'. */
static char *like_pattern(const char *word)
{
    g_autoptr(GString) pattern = g_string_new("%");

    for (const char *at = word; *at != '\0'; at++) {
        if (strchr("%_!", *at) != NULL) {
            g_string_append_c(pattern, '!');
        }
        g_string_append_c(pattern, *at);
    }
    g_string_append_c(pattern, '%');
    return g_strdup(pattern->str);
}

bool search_begin(struct sql *sql, const char *words, struct search *search, GError **error)
{
    g_autofree char *folded = search_fold(words == NULL ? "" : words);
    g_auto(GStrv) list = g_strsplit(folded, " ", SEARCH_WORDS);

    for (size_t i = 0, count = g_strv_length(list); i < SEARCH_WORDS; i++) {
        search->patterns[i] = i < count ? like_pattern(list[i]) : g_strdup("%");
    }
    if (folded[0] == '\0') {
        return true;
    }
    g_autoptr(SqlRows) rows = sql_rows(sql, RAREST, SQL_VALUES(SQL_T(folded)), &MAP, error);
    if (rows == NULL) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(search->terms) && rows->count > 0; i++) {
        search->terms[i] = g_strdup(((const struct rare *)sql_rows_at(rows, MIN(i, rows->count - 1)))->term);
    }
    return true;
}

bool search_hints(struct sql *sql, const char *words, struct search_hints *hints, GError **error)
{
    g_autofree char *folded = search_fold(words);
    g_autoptr(SqlRows) rows = sql_rows(sql, HINTS, SQL_VALUES(SQL_T(folded)), &MAP, error);

    for (size_t i = 0; rows != NULL && i < SEARCH_HINTS; i++) {
        hints->terms[i] = g_strdup(i < rows->count ? ((const struct rare *)sql_rows_at(rows, i))->term : "");
    }
    return rows != NULL;
}

void search_hints_clear(struct search_hints *hints)
{
    for (size_t i = 0; i < SEARCH_HINTS; i++) {
        g_clear_pointer(&hints->terms[i], g_free);
    }
}

void search_clear(struct search *search)
{
    for (size_t i = 0; i < SEARCH_WORDS; i++) {
        g_clear_pointer(&search->patterns[i], g_free);
    }
    g_clear_pointer(&search->terms[0], g_free);
    g_clear_pointer(&search->terms[1], g_free);
}
