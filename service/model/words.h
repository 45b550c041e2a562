/* The word list of an edition (config/words.tsv): words in title, description or name that a reviewer should look at
 * twice, each with why. Advice only. */
#pragma once

#include <glib.h>
#include <jansson.h>

struct words;

/* Reads <folder>/words.tsv; without the file the list is empty. At most 500 words of 100 characters. */
struct words *words_load(const char *folder, GError **error);
void words_free(struct words *words);
/* Appends {word, where, why} to `hits` for each word in `text`; `where` is told to the reviewer. */
void words_find(const struct words *words, const char *where, const char *text, json_t *hits);
