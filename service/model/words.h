/* The word lists of an edition: words in title, description or name that a reviewer should look at twice, each with why.
 * One comes with the configuration (config/words.tsv), one is the administrator's. Advice only. */
#pragma once

#include <jansson.h>

#include "service/database/database.h"
#include "service/model/ledger.h"

struct words;

/* Reads <folder>/words.tsv; without the file the list is empty. At most 500 words of 100 characters. */
struct words *words_load(const char *folder, GError **error);
/* The administrator's list of an edition. */
struct words *words_read(struct sql *sql, const char *edition, GError **error);
/* Makes `items`, [{word, why}], the administrator's list; into the ledger. REASON_INPUT: empty, long, too many. */
bool words_set(struct sql *sql, const char *edition, const json_t *items, const struct actor *actor, int64_t now_ms,
               GError **error);
/* [{word, why}] */
json_t *words_list_json(const struct words *words);
void words_free(struct words *words);
typedef struct words Words;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Words, words_free)
/* Appends {word, where, why} to `hits` for each word in `text`; `where` is told to the reviewer. */
void words_find(const struct words *words, const char *where, const char *text, json_t *hits);
