/* Files made from an original, and the originals themselves: rows only; bytes lie in the store. */
#pragma once

#include "service/database/database.h"
#include "service/model/submission.h"

struct rendition {
    char *submission;
    int64_t revision;
    char *name; /* 480p.mp4 */
    char *kind; /* poster, share-card, thumbnail, preview, storyboard, storyboard-vtt, sheet, review-mp4, rung, playlist, master, photo */
    char *type; /* media type */
    int64_t bytes;
    char *sha256;
    char *store_key;
    char *facts; /* JSON: width, height, codecs, bandwidth_bps */
};
extern const struct sql_map rendition_map;
void rendition_clear(struct rendition *rendition);
typedef struct rendition Rendition;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rendition, rendition_clear)

/* Of the work's file that it was made from: "2-480p.mp4" is of the second, what has no number of the first. 0: of none. */
size_t rendition_position(const char *name);
/* Without that number: "480p.mp4". */
const char *rendition_plain_name(const char *name);
/* True for a name that may stand in a URL and a store key: [a-z0-9][a-z0-9._-]*, at most 64. */
bool rendition_name_is_good(const char *name);

bool rendition_add(struct sql *sql, const struct rendition *rendition, int64_t now_ms, GError **error);
/* All of one revision, by name. */
struct sql_rows *rendition_list(struct sql *sql, const char *submission, int64_t revision, GError **error);
bool rendition_find(struct sql *sql, const char *submission, int64_t revision, const char *name,
                    struct rendition *rendition, bool *found, GError **error);
/* The rows of `revision` again for revision + 1, over the same bytes. */
bool rendition_copy(struct sql *sql, const char *submission, int64_t revision, GError **error);

struct original {
    int64_t position;
    char *store_key;
    int64_t bytes;
    char *sha256; /* NULL until prepare computed it */
};
extern const struct sql_map original_map;
struct sql_rows *original_list(struct sql *sql, const char *submission, int64_t revision, GError **error);
bool original_set_digest(struct sql *sql, const struct submission *submission, int64_t position, const char *sha256,
                         GError **error);

/* Digest of the current revision's files, texts, covers and consents; the caller's. */
bool rendition_content_digest(struct sql *sql, const struct submission *submission, char **digest, GError **error);
struct stored_object {
    char *store_key;
    int64_t bytes;
    char *sha256; /* NULL until prepare computed it */
};
/* What the store has to have: originals and renditions by key, after `after` ("" at first), at most 1000. */
struct sql_rows *rendition_list_objects(struct sql *sql, const char *after, GError **error);
/* Is the key named by any row? The sweep asks before it removes. */
bool rendition_key_is_used(struct sql *sql, const char *store_key, bool *used, GError **error);
