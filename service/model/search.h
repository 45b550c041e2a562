/* Finding published works by their words. A work is found by title, words, place names and track; each word of the query
 * must occur. The index holds every pair of neighbouring characters (table publication_term), so a word of two characters
 * is found as well as a longer one. A single character has no pair: the list then walks the works themselves.
 *
 * A query is answered by walking its two rarest pairs, newest work first, and looking at the whole text of what both
 * name. Limits: three words; a query whose pairs are all common and never come together walks the rarest one's list to
 * its end.
 *
 * A title's pinyin initials stand in the same text (pinyin.h). Where nothing is found, search_hints() names the pairs by which
 * works that are nearly it are found: publication_list_similar().
 */
#pragma once

#include "service/database/database.h"

enum {
    SEARCH_WORDS = 3,
};

/* Lower case, compatibility forms as one, every run of white space as one space. The caller's. */
char *search_fold(const char *text);

/* Both inside the transaction that writes or removes the publication's row; it is there. */
bool search_add(struct sql *sql, const char *submission, GError **error);
bool search_remove(struct sql *sql, const char *submission, GError **error);

/* A mistyped query: its pairs that few works have, the rarest first, "" for want of more. */
enum {
    SEARCH_HINTS = 4,
};
struct search_hints {
    char *terms[SEARCH_HINTS];
};
bool search_hints(struct sql *sql, const char *words, struct search_hints *hints, GError **error);
void search_hints_clear(struct search_hints *hints);

struct search {
    char *patterns[SEARCH_WORDS]; /* for LIKE … ESCAPE '!'; "%" where there is no word */
    char *terms[2];               /* its two rarest pairs, the same one twice when it has one; NULL: no pair in it */
};
/* NULL or empty `words` are no search: all patterns "%". */
bool search_begin(struct sql *sql, const char *words, struct search *search, GError **error);
void search_clear(struct search *search);
typedef struct search Search;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)
