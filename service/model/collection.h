/* Collections (专题): works that people chose, in an order. A work stays in its collections when it is withdrawn and is shown
 * again when it is published again; what is public is decided by the publication row alone. The results of a selection
 * become a collection by these verbs too. Changes drop the site's kept answers. */
#pragma once

#include <jansson.h>

#include "service/model/ledger.h"

#define COLLECTION_WORKS_MOST 500

struct collection {
    char *id;
    char *edition;
    char *title;
    char *words;
    int64_t is_featured; /* the home page shows its first works */
    int64_t is_public;
    int64_t created_ms;
    int64_t works;    /* that are public now */
    char *first_work; /* the first of them; "" none */
};
extern const struct sql_map collection_map;
void collection_clear(struct collection *collection);
typedef struct collection Collection;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Collection, collection_clear)

/* Newest first, at most 200; `all`: also those that are not public. */
struct sql_rows *collection_list(struct sql *sql, const char *edition, bool all, GError **error);
/* REASON_NOT_FOUND; `all` as above. */
bool collection_get(struct sql *sql, const char *id, bool all, struct collection *collection, GError **error);
/* The newest public one that the home page shows. */
bool collection_find_featured(struct sql *sql, const char *edition, struct collection *collection, bool *found,
                              GError **error);

/* `collection->id` NULL: a new one, whose id is then set. Title 1 to 30 characters, words at most 300. */
bool collection_set(struct sql *sql, struct collection *collection, const struct actor *actor, int64_t now_ms,
                    GError **error);
bool collection_remove(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error);

/* Puts a work at the end; one that is there already stays where it is. REASON_NOT_FOUND for no such work. */
bool collection_add(struct sql *sql, const char *id, const char *submission, const struct actor *actor, int64_t now_ms,
                    GError **error);
/* These works in this order and no others. */
bool collection_set_works(struct sql *sql, const char *id, const json_t *submissions, const struct actor *actor,
                          int64_t now_ms, GError **error);
/* Ids of all its works in their order, public or not; rows of struct collection_work. */
struct collection_work {
    char *submission;
    char *title;
    char *state;
};
struct sql_rows *collection_works(struct sql *sql, const char *id, GError **error);
