/* The facts of a work of several files, out of those of each: pure functions over JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* `each` is what prepare found of every file, in their order. One file: its facts. Several: those of the first clip, or
 * of the first photo where there is none, with the number of files, every flag, a fingerprint of all, and "each" as it
 * is without fingerprints. The caller's. */
json_t *set_facts(json_t *each);

/* Of file `index`, out of what set_facts made; NULL without facts. Borrowed. */
json_t *set_facts_of(json_t *facts, size_t index);
/* Is it the job that looks at what was sent, with or without the ladder? */
bool set_is_prepare(const char *kind);
/* Has a job of this kind something to do for a file of these facts? A photo has nothing but what prepare made; covers are made of
 * the clips whose facts name a moment, "cover_ms". */
bool set_is_wanted(const json_t *facts, const char *kind);
/* Is the file a photo? */
bool set_is_photo(const json_t *facts);
