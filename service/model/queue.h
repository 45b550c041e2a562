/* The queue of works that wait for a decision: pages in the order of priority.h, and how many wait where. Every statement runs
 * along an index and reads no more rows than a page has (see the schema), however many works wait. What is looked for by flag,
 * title or age is looked for in QUEUE_PIECE works at once: a page may then have few works or none and still a `next`. */
#pragma once

#include "service/database/database.h"
#include "service/model/rules.h"
#include "service/model/staff.h"
#include "service/model/submission.h"

enum { QUEUE_PRESSING = 5, QUEUE_AHEAD_MOST = 1000, QUEUE_LIMIT_MOST = 100, QUEUE_PIECE = 1000 };

struct queue_query {
    const char *stage;  /* name; NULL for every stage this person may decide */
    const char *region; /* NULL: the person's whole scope */
    const char *track;  /* NULL: all */
    const char *flag;   /* NULL: all */
    const char *words;  /* a receipt code, or a piece of the title; NULL: all */
    const char *after;  /* `next` of the page before */
    bool is_sample;     /* published works that were drawn for the province's sample instead, first drawn first */
    int64_t until_ms;   /* that wait since then or longer; 0: all */
    int64_t limit;      /* 1..QUEUE_LIMIT_MOST */
};

struct queue_page {
    const struct submission *items[QUEUE_LIMIT_MOST]; /* [count], into the rows below */
    size_t count;
    char *next;      /* NULL on the last page */
    GPtrArray *rows; /* of struct sql_rows */
};
void queue_page_clear(struct queue_page *page);
typedef struct queue_page QueuePage;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QueuePage, queue_page_clear)

/* Works in review within the person's scope and stages, the most pressing first; those with a decision in its undo window
 * are left out. A region outside the scope gives an empty page. REASON_DENIED: a
 * sample that is not this person's. */
bool queue_list(struct sql *sql, const struct rules *rules, const struct staff *staff, const struct queue_query *query,
                struct queue_page *page, GError **error);

/* Of the query's page: the first works, QUEUE_PRESSING at most, that nobody holds and that this person may decide. Who takes
 * any of them meets nobody who does the same. */
bool queue_pressing(struct sql *sql, const struct rules *rules, const struct staff *staff,
                    const struct queue_query *query, int64_t now_ms, struct queue_page *page, GError **error);

struct queue_count {
    int64_t stage; /* position */
    char *city;
    char *track;
    int64_t waiting;
    int64_t oldest_ms;
};
/* The same works, counted by stage, city and track; stages that are not this person's are left in. */
struct sql_rows *queue_counts(struct sql *sql, const struct rules *rules, const struct staff *staff, GError **error);

/* How many works stand before this one at its stage: in its city, at the last stage everywhere; QUEUE_AHEAD_MOST for more.
 * -1 when it is not in review. */
bool queue_ahead(struct sql *sql, const struct rules *rules, const struct submission *submission, int64_t *ahead,
                 GError **error);
/* All of the installation: how many wait, and since when the oldest does (0: none). */
bool queue_total(struct sql *sql, int64_t *waiting, int64_t *oldest_ms, GError **error);
