/* Works that may be copies of each other, across places and editions: the same file (SHA-256), the same pictures
 * (re-encoded, scaled, cropped, trimmed), the same sound. Advice for the reviewer, never a refusal. Fingerprints come
 * from the media program (worker/media/fingerprint.h); an index of parts of their hashes names the few works that are
 * then compared. Measured figures: docs/DUPLICATES.md.
 */
#pragma once

#include <jansson.h>

#include "service/database/database.h"

/* Keeps a work's fingerprint ({"pictures": …, "sound": …}) and replaces an earlier one; NULL or malformed: nothing is
 * kept and true is answered, since the media program's word is advice. */
bool duplicate_keep(struct sql *sql, const char *submission, const json_t *fingerprint, GError **error);

struct duplicate {
    char *submission;
    char *code;       /* receipt code */
    const char *kind; /* "exact", "near", "sound": the strongest that holds */
    int score;        /* percent: share of the shorter clip's frames that the other one has, or likeness of the sound */
};

/* struct duplicate * by kind and score, at most DUPLICATES_MOST, without the work itself; NULL with an error. */
#define DUPLICATES_MOST 20
GPtrArray *duplicate_list(struct sql *sql, const char *submission, int64_t revision, GError **error);

/* [{code, score, kind}] */
json_t *duplicate_json(const GPtrArray *duplicates);

/* -- comparison alone, for tests ------------------------------------------------------------------------ */

/* Percent of likeness of two fingerprints' texts; 0 when they are too short to tell or not alike. */
int duplicate_compare_pictures(const char *a, const char *b);
int duplicate_compare_sound(const char *a, const char *b);
