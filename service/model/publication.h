/* Publication rows: THE thing that makes a work public. Every path of a work asks here at every request. */
#pragma once

#include "service/database/database.h"
#include "service/model/rendition.h"
#include "service/model/rules.h"

struct publication {
    char *submission;
    int64_t revision;
    char *track;
    char *region;
    char *city;
    char *title;
    char *words;
    char *captions;   /* JSON array */
    char *facts;      /* JSON: what of prepare's is shown (model/facts.h), or all of it */
    char *renditions; /* lines of kind, name, type, bytes, facts (JSON): schema/0035 */
    int64_t ai;
    int64_t embeddable; /* 1: the submitter lets other sites show it */
    int64_t published_ms;
    char *selected;      /* the latest selection that chose it; NULL: none */
    char *selected_name; /* of that selection */
    int64_t views;
};
extern const struct sql_map publication_map;
/* For SELECTs of struct publication, FROM … publication p. */
#define SELECTED_BY(column)                                                                                            \
    "(SELECT g." column " FROM selection_entry e JOIN selection g ON g.id = e.selection AND g.state = 'selected'"      \
    " WHERE e.submission = p.submission AND e.content_digest = p.content_digest AND e.is_selected = 1"                 \
    " ORDER BY g.created_ms DESC, g.id LIMIT 1)"
#define PUBLICATION_FIELDS                                                                                             \
    "p.submission AS submission, p.revision AS revision, p.track AS track, p.region AS region, p.city AS city,"        \
    " r.title AS title, r.words AS words, r.captions AS captions,"                                                \
    " CASE r.shown WHEN '' THEN r.facts ELSE r.shown END AS facts, s.ai AS ai,"                                        \
    " r.renditions AS renditions, p.published_ms AS published_ms,"                                                     \
    " CASE WHEN (SELECT COUNT(*) FROM consent c WHERE c.submission = p.submission AND c.kind = 'licence'"              \
    " AND c.scopes LIKE '%\"embed\"%') > 0 THEN 1 ELSE 0 END AS embeddable,"                                           \
    " COALESCE((SELECT v.views FROM view_total v WHERE v.submission = p.submission), 0) AS views, " SELECTED_BY(       \
        "id") " AS selected, " SELECTED_BY("name") " AS selected_name"
#define PUBLICATION_JOINS                                                                                              \
    " JOIN submission s ON s.id = p.submission AND s.state = 'published'"                                              \
    " JOIN revision r ON r.submission = p.submission AND r.number = p.revision"
void publication_clear(struct publication *publication);
/* Generated, by its submitter's word or by what its files say (GB 45438-2025): shown wherever the work is. */
bool publication_is_ai(const struct publication *publication);
typedef struct publication Publication;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Publication, publication_clear)

/* Only for state approved: the database refuses it otherwise. */
bool publication_add(struct sql *sql, const struct rules *rules, const struct submission *submission,
                     const char *approver, int64_t now_ms, GError **error);
bool publication_remove(struct sql *sql, const char *submission, GError **error);

bool publication_find(struct sql *sql, const char *submission, struct publication *publication, bool *found,
                      GError **error);
/* A rendition of a published work's published revision; *found false for everything else. */
bool publication_find_rendition(struct sql *sql, const char *submission, int64_t revision, const char *name,
                                struct rendition *rendition, bool *found, GError **error);

/* Newest first. Empty texts do not filter. `after` is the `next` of the page before, NULL for the first. */
struct publication_query {
    const char *region; /* province, city or county code */
    const char *track;
    const char *edition;
    const char *words;      /* search.h */
    const char *collection; /* its works in their order; without place, track, edition and words */
    const char *after;
    int64_t limit;     /* 1..100 */
    bool is_exhibited; /* only what its submitter lets be shown on screens in halls; without track and words */
};
/* *next is NULL on the last page; the caller's. */
struct sql_rows *publication_list(struct sql *sql, const struct publication_query *query, char **next, GError **error);
/* Works that have the most rare pairs of `words`, for a query that found nothing; at most six, next NULL. */
struct sql_rows *publication_list_similar(struct sql *sql, const char *words, GError **error);
/* `after` of the list behind the `count` newest works; NULL for 0; the caller's. REASON_NOT_FOUND when there are fewer. */
bool publication_after_newest(struct sql *sql, int64_t count, char **after, GError **error);
