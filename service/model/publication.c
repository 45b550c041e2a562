#include "service/model/publication.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/pinyin.h"
#include "service/model/search.h"

#define PUBLICATION_COLUMNS "SELECT " PUBLICATION_FIELDS
#define PUBLICATION_TEXTS   PUBLICATION_JOINS

static const char ADD[] = /* publication.add */
    "INSERT INTO publication (submission, revision, content_digest, edition, track, region, city, search, approver,"
    " published_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
static const char REMOVE[] = /* publication.remove */
    "DELETE FROM publication WHERE submission = $1";
static const char FIND[] = /* publication.find */
    PUBLICATION_COLUMNS " FROM publication p" PUBLICATION_TEXTS " WHERE p.submission = $1";
static const char FIND_RENDITION[] = /* publication.find_rendition */
    "SELECT d.submission AS submission, d.revision AS revision, d.name AS name, d.kind AS kind, d.type AS type,"
    " d.bytes AS bytes, d.sha256 AS sha256, d.store_key AS store_key, d.facts AS facts"
    " FROM publication p JOIN submission s ON s.id = p.submission AND s.state = 'published'"
    " JOIN rendition d ON d.submission = p.submission AND d.revision = p.revision"
    " WHERE p.submission = $1 AND p.revision = $2 AND d.name = $3";
/* One text for each combination of place and track, because only an equality lets an index deliver the order.
 * publication.list: $1 place, $2 track ($1 = $1: all texts have the same parameters), $3 edition, $4 and $5 the last row
 * before, $6 limit. PostgreSQL plans once for all limits, and with more than a literal number in mind it would rather
 * join every work (measured at 100,000: 45 ms for 24 of them); so it takes the longest page first. */
#define NEWEST_FIRST " ORDER BY p.published_ms DESC, p.submission DESC"
#define RANGE        " $1 = $1 AND $2 = $2 AND ($3 = '' OR p.edition = $3) AND (p.published_ms, p.submission) < ($4, $5)"
#define PAGE(where)                                                                                                    \
    PUBLICATION_COLUMNS " FROM /*pg: (SELECT p.* FROM */ publication p /*pg: WHERE" RANGE where NEWEST_FIRST           \
                        " LIMIT 100) p */" PUBLICATION_TEXTS " WHERE" RANGE where NEWEST_FIRST " LIMIT $6"
static const char EVERYWHERE[] = PAGE("");
static const char CITY[] = PAGE(" AND p.city = $1");
static const char COUNTY[] = PAGE(" AND p.region = $1");
static const char TRACK[] = PAGE(" AND p.track = $2");
static const char CITY_TRACK[] = PAGE(" AND p.city = $1 AND p.track = $2");
static const char COUNTY_TRACK[] = PAGE(" AND p.region = $1 AND p.track = $2");
#define EXHIBITED                                                                                                      \
    " AND EXISTS (SELECT 1 FROM consent c WHERE c.submission = p.submission AND c.kind = 'licence'"                    \
    " AND c.scopes LIKE '%\"exhibition\"%')"
static const char EVERYWHERE_EXHIBITED[] = PAGE(EXHIBITED);
static const char CITY_EXHIBITED[] = PAGE(" AND p.city = $1" EXHIBITED);
static const char COUNTY_EXHIBITED[] = PAGE(" AND p.region = $1" EXHIBITED);
static const char EDITION[] = PAGE(" AND p.edition = $3");
/* publication.in_collection: $2 is the last work of the page before */
static const char IN_COLLECTION[] = PUBLICATION_COLUMNS
    " FROM collection c JOIN collection_work w ON w.collection = c.id JOIN publication p ON p.submission = w.submission" PUBLICATION_TEXTS
    " WHERE c.id = $1 AND c.is_public = 1 AND w.position > COALESCE((SELECT l.position FROM collection_work l"
    " WHERE l.collection = $1 AND l.submission = $2), 0) ORDER BY w.position LIMIT $3";
/* The same with words, $7 to $9 their patterns. */
#define NARROWED                                                                                                       \
    " AND ($1 = '' OR p.city = $1 OR p.region = $1) AND ($2 = '' OR p.track = $2)"                                     \
    " AND ($7 = '%' OR p.search LIKE $7 ESCAPE '!') AND ($8 = '%' OR p.search LIKE $8 ESCAPE '!')"                     \
    " AND ($9 = '%' OR p.search LIKE $9 ESCAPE '!')"
/* publication.walk: words of one character each; nearly every work has them */
static const char WALK[] = PAGE(NARROWED);
/* publication.found: by two pairs of characters, $10 and $11; a pair's works lie newest first. CROSS JOIN keeps SQLite to this
 * order: it would rather read each work of the first pair than look for it in the second (measured for two pairs that many
 * works have: 1.4 ms for 0.5). OFFSET keeps PostgreSQL to it, which would rather read all works (20,000: a second). */
static const char FOUND[] = PUBLICATION_COLUMNS
    " FROM publication_term a CROSS JOIN publication_term b CROSS JOIN"
    " /*pg: LATERAL (SELECT p.* FROM */ publication p /*pg: WHERE p.submission = a.submission OFFSET 0) p */" PUBLICATION_TEXTS
    " WHERE a.term = $10 AND b.term = $11 AND b.published_ms = a.published_ms AND b.submission = a.submission"
    " AND p.submission = a.submission AND ($3 = '' OR p.edition = $3)" NARROWED
    " AND (a.published_ms, a.submission) < ($4, $5) ORDER BY a.published_ms DESC, a.submission DESC LIMIT $6";

/* publication.similar: $1 to $4 rare pairs, each in less than a thousand works */
static const char SIMILAR[] = PUBLICATION_COLUMNS
    " FROM (SELECT x.submission AS submission, COUNT(*) AS pairs FROM publication_term x WHERE x.term IN ($1, $2, $3, $4)"
    " GROUP BY x.submission ORDER BY pairs DESC, x.submission LIMIT 6) near"
    " JOIN publication p ON p.submission = near.submission" PUBLICATION_TEXTS " ORDER BY near.pairs DESC, p.submission";

/* By the code of the place: 370000 the province, 370100 a city, 370102 a county (GB/T 2260). */
static const struct {
    const char *suffix;
    const char *page;
    const char *page_of_track;
    const char *page_exhibited;
} LEVELS[] = {
    {"0000", EVERYWHERE, TRACK, EVERYWHERE_EXHIBITED},
    {"00", CITY, CITY_TRACK, CITY_EXHIBITED},
    {"", COUNTY, COUNTY_TRACK, COUNTY_EXHIBITED},
};

static const char NTH[] = /* publication.nth: the one behind the $1 newest */
    "SELECT published_ms, submission FROM publication ORDER BY published_ms DESC, submission DESC LIMIT 1 OFFSET $1";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct publication, submission), SQL_FIELD(struct publication, revision),
    SQL_FIELD(struct publication, track),      SQL_FIELD(struct publication, region),
    SQL_FIELD(struct publication, city),       SQL_FIELD(struct publication, title),
    SQL_FIELD(struct publication, words),      SQL_FIELD(struct publication, captions),
    SQL_FIELD(struct publication, facts),      SQL_FIELD(struct publication, ai),
    SQL_FIELD(struct publication, embeddable), SQL_FIELD(struct publication, published_ms),
    SQL_FIELD(struct publication, selected),   SQL_FIELD(struct publication, selected_name),
    SQL_FIELD(struct publication, views),      SQL_FIELD(struct publication, renditions),
};
const struct sql_map publication_map = SQL_MAP(struct publication, COLUMNS);

struct place {
    int64_t published_ms;
    char *submission;
};
static const struct sql_column PLACE_COLUMNS[] = {SQL_FIELD(struct place, published_ms),
                                                  SQL_FIELD(struct place, submission)};
static const struct sql_map PLACE_MAP = SQL_MAP(struct place, PLACE_COLUMNS);

bool publication_is_ai(const struct publication *publication)
{
    json_auto_t *facts = publication->facts == NULL ? NULL : json_loads(publication->facts, 0, NULL);

    return publication->ai != 0 || json_is_true(json_object_get(facts, "ai_label"));
}

void publication_clear(struct publication *publication)
{
    sql_row_clear(&publication_map, publication);
}

/* What a search looks in: texts, the title's initials, and place names. The caller's. */
static char *search_text(const struct rules *rules, const struct submission *submission)
{
    const struct region *region = rules_region_find(rules, submission->region);
    const struct region *city = rules_region_find(rules, submission->city);
    const struct track *track = rules_track_find(rules, submission->track);
    g_autofree char *initials = pinyin_initials(rules->pinyin, submission->title);
    g_autofree char *text =
        g_strjoin("\n", submission->title, initials, submission->words, region == NULL ? "" : region->name,
                  city == NULL ? "" : city->name, track == NULL ? "" : track->name, NULL);

    return search_fold(text);
}

bool publication_add(struct sql *sql, const struct rules *rules, const struct submission *submission,
                     const char *approver, int64_t now_ms, GError **error)
{
    g_autofree char *search = search_text(rules, submission);

    return sql_run(sql, ADD,
                   SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision), SQL_T(submission->content_digest),
                              SQL_T(submission->edition), SQL_T(submission->track), SQL_T(submission->region),
                              SQL_T(submission->city), SQL_T(search), SQL_T(approver), SQL_I(now_ms)),
                   NULL, error) &&
           search_add(sql, submission->id, error);
}

bool publication_remove(struct sql *sql, const char *submission, GError **error)
{
    return search_remove(sql, submission, error) && sql_run(sql, REMOVE, SQL_VALUES(SQL_T(submission)), NULL, error);
}

bool publication_find(struct sql *sql, const char *submission, struct publication *publication, bool *found,
                      GError **error)
{
    return sql_row(sql, FIND, SQL_VALUES(SQL_T(submission)), &publication_map, publication, found, error);
}

bool publication_find_rendition(struct sql *sql, const char *submission, int64_t revision, const char *name,
                                struct rendition *rendition, bool *found, GError **error)
{
    return sql_row(sql, FIND_RENDITION, SQL_VALUES(SQL_T(submission), SQL_I(revision), SQL_T(name)), &rendition_map,
                   rendition, found, error);
}

/* "1780000000000.abcd…": published_ms and id of the last row seen. */
static char *after_text(int64_t published_ms, const char *submission)
{
    return g_strdup_printf("%" G_GINT64_FORMAT ".%s", published_ms, submission);
}

static bool parse_after(const char *after, int64_t *published_ms, const char **id, GError **error)
{
    gint64 number = G_MAXINT64;

    *id = "";
    if (after != NULL && after[0] != '\0') {
        const char *dot = strchr(after, '.');
        g_autofree char *head = dot == NULL ? NULL : g_strndup(after, (gsize)(dot - after));
        if (head == NULL || !g_ascii_string_to_signed(head, 10, 0, G_MAXINT64, &number, NULL)) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "after");
        }
        *id = dot + 1;
    }
    *published_ms = number;
    return true;
}

static struct sql_rows *run_list(struct sql *sql, const struct publication_query *query, const struct search *search,
                                 int64_t before_ms, const char *before, GError **error)
{
    const char *place = query->region == NULL || g_str_has_suffix(query->region, "0000") ? "" : query->region;
    const char *track = query->track == NULL ? "" : query->track;
    const char *edition = query->edition == NULL ? "" : query->edition;
    size_t level = 0;

    if (search->terms[0] != NULL) {
        return sql_rows(sql, FOUND,
                        SQL_VALUES(SQL_T(place), SQL_T(track), SQL_T(edition), SQL_I(before_ms), SQL_T(before),
                                   SQL_I(query->limit), SQL_T(search->patterns[0]), SQL_T(search->patterns[1]),
                                   SQL_T(search->patterns[2]), SQL_T(search->terms[0]), SQL_T(search->terms[1])),
                        &publication_map, error);
    }
    if (strcmp(search->patterns[0], "%") != 0) {
        return sql_rows(sql, WALK,
                        SQL_VALUES(SQL_T(place), SQL_T(track), SQL_T(edition), SQL_I(before_ms), SQL_T(before),
                                   SQL_I(query->limit), SQL_T(search->patterns[0]), SQL_T(search->patterns[1]),
                                   SQL_T(search->patterns[2])),
                        &publication_map, error);
    }
    while (place[0] != '\0' && !g_str_has_suffix(place, LEVELS[level].suffix)) {
        level++;
    }
    const bool is_edition = edition[0] != '\0' && place[0] == '\0' && track[0] == '\0';
    const char *page = query->is_exhibited ? LEVELS[level].page_exhibited
                       : is_edition        ? EDITION
                       : track[0] == '\0'  ? LEVELS[level].page
                                           : LEVELS[level].page_of_track;
    return sql_rows(sql, page,
                    SQL_VALUES(SQL_T(place), SQL_T(track), SQL_T(edition), SQL_I(before_ms), SQL_T(before),
                               SQL_I(query->limit)),
                    &publication_map, error);
}

/* `after` is the last work's id. */
static struct sql_rows *list_collection(struct sql *sql, const struct publication_query *query, char **next,
                                        GError **error)
{
    const char *after = query->after == NULL ? "" : query->after;
    g_autoptr(SqlRows) rows =
        sql_rows(sql, IN_COLLECTION, SQL_VALUES(SQL_T(query->collection), SQL_T(after), SQL_I(query->limit)),
                 &publication_map, error);

    if (rows == NULL) {
        return NULL;
    }
    *next = NULL;
    if ((int64_t)rows->count == query->limit) {
        const struct publication *last = sql_rows_at(rows, rows->count - 1);
        *next = g_strdup(last->submission);
    }
    return g_steal_pointer(&rows);
}

struct sql_rows *publication_list(struct sql *sql, const struct publication_query *query, char **next, GError **error)
{
    g_auto(Search) search = {0};
    int64_t before_ms;
    const char *before;

    if (query->collection != NULL) {
        return list_collection(sql, query, next, error);
    }
    if (!parse_after(query->after, &before_ms, &before, error) || !search_begin(sql, query->words, &search, error)) {
        return NULL;
    }
    g_autoptr(SqlRows) rows = run_list(sql, query, &search, before_ms, before, error);
    if (rows == NULL) {
        return NULL;
    }
    *next = NULL;
    if ((int64_t)rows->count == query->limit) {
        const struct publication *last = sql_rows_at(rows, rows->count - 1);
        *next = after_text(last->published_ms, last->submission);
    }
    return g_steal_pointer(&rows);
}

struct sql_rows *publication_list_similar(struct sql *sql, const char *words, GError **error)
{
    struct search_hints hints = {0};
    struct sql_rows *rows = NULL;

    if (search_hints(sql, words, &hints, error)) {
        rows = sql_rows(sql, SIMILAR,
                        SQL_VALUES(SQL_T(hints.terms[0]), SQL_T(hints.terms[1]), SQL_T(hints.terms[2]),
                                   SQL_T(hints.terms[3])),
                        &publication_map, error);
    }
    search_hints_clear(&hints);
    return rows;
}

bool publication_after_newest(struct sql *sql, int64_t count, char **after, GError **error)
{
    struct place last = {0};
    bool found = false;

    *after = NULL;
    if (count > 0 && !sql_row(sql, NTH, SQL_VALUES(SQL_I(count - 1)), &PLACE_MAP, &last, &found, error)) {
        return false;
    }
    if (found) {
        *after = after_text(last.published_ms, last.submission);
        sql_row_clear(&PLACE_MAP, &last);
    }
    return count == 0 || found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "not so many works");
}
