#include "service/model/queue.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/priority.h"
#include "service/model/review.h"
#include "service/model/sample.h"
#include "service/model/search.h"
#include "service/model/secret.h"

#define UNDECIDED " AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.submission = s.id AND d.state = 'pending')"
/* One text for each combination of place and track, because only an equality lets an index deliver the order.
 * queue.page: $1 stage, $2 place, $3 track ($2 = $2: all texts have the same parameters), $4 and $5 the last row before,
 * $6 limit, $7 up to which place. PostgreSQL plans once for all limits, and with more than a literal number in mind it would rather
 * read every revision (measured at 100,000: 580 ms for 30 of them); so it takes the longest page first. */
#define PRESSING_FIRST " ORDER BY s.due_ms, s.id"
#define WAITING(where)                                                                                                 \
    " s.state = 'in_review' AND s.stage = $1" where UNDECIDED                                                          \
    " AND $2 = $2 AND $3 = $3 AND s.due_ms <= $7 AND (s.due_ms, s.id) > ($4, $5)"
#define PAGE(where)                                                                                                    \
    "SELECT " SUBMISSION_COLUMNS " FROM /*pg: (SELECT s.* FROM */ submission s /*pg: WHERE" WAITING(where)             \
        PRESSING_FIRST " LIMIT 100) s */" SUBMISSION_REVISION " WHERE" WAITING(where) PRESSING_FIRST " LIMIT $6"
static const char EVERYWHERE[] = PAGE("");
static const char CITY[] = PAGE(" AND s.city = $2");
static const char COUNTY[] = PAGE(" AND s.region = $2");
static const char TRACK[] = PAGE(" AND s.track = $3");
static const char CITY_TRACK[] = PAGE(" AND s.city = $2 AND s.track = $3");
static const char COUNTY_TRACK[] = PAGE(" AND s.region = $2 AND s.track = $3");

/* queue.sampled: $1 the last work before, $2 place, $3 track, "" for all, $4 limit */
static const char SAMPLED[] =
    "SELECT " SUBMISSION_COLUMNS " FROM sample m JOIN submission s ON s.id = m.submission" SUBMISSION_REVISION
    " WHERE m.state = 'waiting' AND m.record > COALESCE((SELECT MAX(a.record) FROM sample a WHERE a.submission = $1), 0)"
    " AND ($2 = '' OR s.city = $2 OR s.region = $2) AND ($3 = '' OR s.track = $3)" UNDECIDED
    " ORDER BY m.record LIMIT $4";
static const char BY_CODE[] = /* queue.by_code */
    "SELECT " SUBMISSION_FIELDS " WHERE s.code = $1 AND s.state = 'in_review'" UNDECIDED;

#define COUNTS(where)                                                                                                  \
    "SELECT stage, city, track, COUNT(*) AS waiting, MIN(waiting_ms) AS oldest_ms FROM submission"                     \
    " WHERE state = 'in_review'" where " GROUP BY stage, city, track ORDER BY stage, city, track LIMIT 1000"
/* What stands before a work, $3 and $4, at stage $1; no further than $5. */
#define AHEAD(where)                                                                                                   \
    "SELECT COUNT(*) AS waiting FROM (SELECT 1 AS one FROM submission WHERE state = 'in_review' AND stage = $1" where  \
    " AND (due_ms, id) < ($3, $4) ORDER BY due_ms, id LIMIT $5) AS before"
static const char AHEAD_CITY[] = AHEAD(" AND city = $2"); /* queue.ahead */
static const char AHEAD_EVERYWHERE[] = AHEAD(" AND $2 = $2");
static const char COUNT_EVERYWHERE[] = COUNTS(" AND $1 = $1 AND $2 = $2"); /* queue.counts: $1 place, $2 its city */
static const char COUNT_CITY[] = COUNTS(" AND city = $1 AND $2 = $2");
static const char COUNT_COUNTY[] = COUNTS(" AND region = $1 AND city = $2");
static const char TOTAL[] = /* queue.total */
    "SELECT COUNT(*) AS waiting, COALESCE(MIN(waiting_ms), 0) AS oldest_ms FROM submission WHERE state = 'in_review'";

enum level { LEVEL_PROVINCE, LEVEL_CITY, LEVEL_COUNTY, LEVEL_COUNT };
static const struct {
    const char *level;
    const char *page;
    const char *page_of_track;
    const char *counts;
} LEVELS[LEVEL_COUNT] = {
    [LEVEL_PROVINCE] = {"province", EVERYWHERE, TRACK, COUNT_EVERYWHERE},
    [LEVEL_CITY] = {"city", CITY, CITY_TRACK, COUNT_CITY},
    [LEVEL_COUNTY] = {"county", COUNTY, COUNTY_TRACK, COUNT_COUNTY},
};

static const struct sql_column COUNT_COLUMNS[] = {
    SQL_FIELD(struct queue_count, stage),     SQL_FIELD(struct queue_count, city),
    SQL_FIELD(struct queue_count, track),     SQL_FIELD(struct queue_count, waiting),
    SQL_FIELD(struct queue_count, oldest_ms),
};
static const struct sql_map COUNT_MAP = SQL_MAP(struct queue_count, COUNT_COLUMNS);

struct total {
    int64_t waiting;
    int64_t oldest_ms;
};
static const struct sql_column TOTAL_COLUMNS[] = {SQL_FIELD(struct total, waiting), SQL_FIELD(struct total, oldest_ms)};
static const struct sql_map TOTAL_MAP = SQL_MAP(struct total, TOTAL_COLUMNS);

static enum level level_of(const struct region *region)
{
    enum level level = LEVEL_PROVINCE;

    while (level + 1 < LEVEL_COUNT && strcmp(LEVELS[level].level, region->level) != 0) {
        level++;
    }
    return level;
}

void queue_page_clear(struct queue_page *page)
{
    g_clear_pointer(&page->rows, g_ptr_array_unref);
    g_clear_pointer(&page->next, g_free);
    page->count = 0;
}

/* The last row of the page before, as "due_ms.id". */
struct after {
    int64_t due_ms;
    const char *id;
};

static bool parse_after(const char *text, struct after *after, GError **error)
{
    gint64 number = -1;

    after->id = "";
    if (text != NULL && text[0] != '\0') {
        const char *dot = strchr(text, '.');
        g_autofree char *head = dot == NULL ? NULL : g_strndup(text, (gsize)(dot - text));
        if (head == NULL || !g_ascii_string_to_signed(head, 10, 0, G_MAXINT64, &number, NULL)) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "after");
        }
        after->id = dot + 1;
    }
    after->due_ms = number;
    return true;
}

static int by_pressing(const void *one, const void *other)
{
    const struct submission *const *a = one;
    const struct submission *const *b = other;

    if ((*a)->due_ms != (*b)->due_ms) {
        return (*a)->due_ms < (*b)->due_ms ? -1 : 1;
    }
    return strcmp((*a)->id, (*b)->id);
}

/* The narrower of the person's scope and the region asked for; NULL when neither lies in the other. */
static const char *place_of(const struct rules *rules, const char *scope, const char *asked)
{
    if (asked == NULL || asked[0] == '\0' || rules_region_within(rules, scope, asked)) {
        return scope;
    }
    return rules_region_within(rules, asked, scope) ? asked : NULL;
}

/* A query as it is carried out. */
struct reading {
    const struct rules *rules;
    const struct staff *staff;
    const struct queue_query *query;
    const char *place;
    enum level level;
    char *flag;  /* " duplicate "; "" for all */
    char *title; /* folded; "" for all */
    struct after after;
    size_t limit; /* of the works read at once */
};

static void reading_clear(struct reading *reading)
{
    g_free(reading->flag);
    g_free(reading->title);
}
typedef struct reading Reading;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Of the edition's stages: one that this person decides and that is asked for. */
static bool reads_stage(const struct reading *reading, const struct stage *stage)
{
    const char *asked = reading->query->stage;

    return (!is_given(asked) || strcmp(asked, stage->name) == 0) && staff_may_stage(reading->staff, stage->name);
}

static bool fits(const struct reading *reading, const struct submission *work)
{
    g_autofree char *title = reading->title[0] == '\0' ? NULL : search_fold(work->title);

    return (reading->query->until_ms == 0 || work->waiting_ms <= reading->query->until_ms) &&
           (reading->flag[0] == '\0' || strstr(work->flags, reading->flag) != NULL) &&
           (title == NULL || strstr(title, reading->title) != NULL);
}

static void add_rows(struct queue_page *page, GPtrArray *works, struct sql_rows *rows)
{
    g_ptr_array_add(page->rows, rows);
    for (size_t i = 0; i < rows->count; i++) {
        g_ptr_array_add(works, (gpointer)(uintptr_t)sql_rows_at(rows, i));
    }
}

static bool read_sample(struct sql *sql, const struct reading *reading, GPtrArray *works, struct queue_page *page,
                        GError **error)
{
    const char *track = is_given(reading->query->track) ? reading->query->track : "";
    const char *place = reading->level == LEVEL_PROVINCE ? "" : reading->place;
    struct sql_rows *rows =
        sql_rows(sql, SAMPLED,
                 SQL_VALUES(SQL_T(reading->after.id), SQL_T(place), SQL_T(track), SQL_I((int64_t)reading->limit)),
                 &submission_map, error);

    g_ptr_array_set_size(works, 0);
    if (rows != NULL) {
        add_rows(page, works, rows);
    }
    return rows != NULL;
}

/* The next works of every stage, in one order: `works` points into rows that the page keeps. */
static bool read_on(struct sql *sql, const struct reading *reading, GPtrArray *works, struct queue_page *page,
                    GError **error)
{
    const struct queue_query *query = reading->query;
    const bool of_track = is_given(query->track);
    const GArray *stages = reading->rules->stages;

    g_ptr_array_set_size(works, 0);
    for (guint i = 0; i < stages->len; i++) {
        const struct stage *stage = &g_array_index(stages, struct stage, i);
        if (!reads_stage(reading, stage)) {
            continue;
        }
        struct sql_rows *rows =
            sql_rows(sql, of_track ? LEVELS[reading->level].page_of_track : LEVELS[reading->level].page,
                     SQL_VALUES(SQL_I(stage->position), SQL_T(reading->place), SQL_T(of_track ? query->track : ""),
                                SQL_I(reading->after.due_ms), SQL_T(reading->after.id), SQL_I((int64_t)reading->limit),
                                SQL_I(query->until_ms == 0 ? G_MAXINT64 : query->until_ms + PRIORITY_LATEST_MS)),
                     &submission_map, error);
        if (rows == NULL) {
            return false;
        }
        add_rows(page, works, rows);
    }
    g_ptr_array_sort(works, by_pressing);
    g_ptr_array_set_size(works, (gint)MIN(works->len, reading->limit));
    return true;
}

/* Works that fit, until the page is full, there are no more, or QUEUE_PIECE were looked at. */
static bool read_page(struct sql *sql, struct reading *reading, size_t limit, struct queue_page *page, GError **error)
{
    const bool is_search = reading->flag[0] != '\0' || reading->title[0] != '\0' || reading->query->until_ms != 0;
    g_autoptr(GPtrArray) works = g_ptr_array_new();
    bool has_more = true;

    reading->limit = is_search ? QUEUE_LIMIT_MOST : limit;
    for (size_t looked = 0; has_more && page->count < limit && looked < QUEUE_PIECE; looked += works->len) {
        if (!(reading->query->is_sample ? read_sample : read_on)(sql, reading, works, page, error)) {
            return false;
        }
        has_more = works->len == reading->limit;
        for (guint i = 0; i < works->len && page->count < limit; i++) {
            const struct submission *work = works->pdata[i];
            reading->after = (struct after){work->due_ms, work->id};
            if (fits(reading, work)) {
                page->items[page->count++] = work;
            }
        }
    }
    if (has_more || page->count == limit) {
        page->next = g_strdup_printf("%" G_GINT64_FORMAT ".%s", reading->after.due_ms, reading->after.id);
    }
    return true;
}

/* The one work of a receipt code, where it is this person's to decide. */
static bool read_code(struct sql *sql, const struct reading *reading, const char *code, struct queue_page *page,
                      GError **error)
{
    struct sql_rows *rows = sql_rows(sql, BY_CODE, SQL_VALUES(SQL_T(code)), &submission_map, error);

    if (rows == NULL) {
        return false;
    }
    g_ptr_array_add(page->rows, rows);
    const struct submission *only = rows->count == 0 ? NULL : sql_rows_at(rows, 0);
    const struct stage *stage = only == NULL ? NULL : rules_stage_at(reading->rules, only->stage);
    if (stage != NULL && reads_stage(reading, stage) &&
        rules_region_within(reading->rules, only->region, reading->place)) {
        page->items[page->count++] = only;
    }
    return true;
}

bool queue_list(struct sql *sql, const struct rules *rules, const struct staff *staff, const struct queue_query *query,
                struct queue_page *page, GError **error)
{
    const char *place = place_of(rules, staff->scope, query->region);
    const struct region *region = rules_region_find(rules, place == NULL ? "" : place);
    g_autofree char *words = g_strstrip(g_strdup(is_given(query->words) ? query->words : ""));
    g_autofree char *code = secret_receipt_normalize(words);
    g_auto(Reading) reading = {
        .rules = rules,
        .staff = staff,
        .query = query,
        .place = place,
        .flag = is_given(query->flag) ? g_strdup_printf(" %s ", query->flag) : g_strdup(""),
        .title = search_fold(words),
    };

    page->rows = g_ptr_array_new_with_free_func((GDestroyNotify)sql_rows_free);
    if (!parse_after(query->after, &reading.after, error) ||
        (query->is_sample && !sample_may(rules, staff, NULL, error))) {
        return false;
    }
    if (region == NULL) {
        return true;
    }
    reading.level = level_of(region);
    return code != NULL && !query->is_sample
               ? read_code(sql, &reading, code, page, error)
               : read_page(sql, &reading, (size_t)CLAMP(query->limit, 1, QUEUE_LIMIT_MOST), page, error);
}

bool queue_pressing(struct sql *sql, const struct rules *rules, const struct staff *staff,
                    const struct queue_query *query, int64_t now_ms, struct queue_page *page, GError **error)
{
    g_autoptr(SqlRows) holders = review_holders(sql, now_ms, error);
    size_t free_count = 0;

    if (holders == NULL || !queue_list(sql, rules, staff, query, page, error)) {
        return false;
    }
    for (size_t i = 0; i < page->count && free_count < QUEUE_PRESSING; i++) {
        const struct submission *work = page->items[i];
        if (review_holder_among(holders, work->id) == NULL && review_may_decide(sql, rules, staff, work, NULL)) {
            page->items[free_count++] = work;
        }
    }
    page->count = free_count;
    return true;
}

struct sql_rows *queue_counts(struct sql *sql, const struct rules *rules, const struct staff *staff, GError **error)
{
    const struct region *scope = rules_region_find(rules, staff->scope);

    if (scope == NULL) {
        g_set_error_literal(error, MODEL_ERROR, REASON_DENIED, "the person's scope is no region of this edition");
        return NULL;
    }
    return sql_rows(sql, LEVELS[level_of(scope)].counts,
                    SQL_VALUES(SQL_T(scope->code), SQL_T(rules_city_of(rules, scope->code))), &COUNT_MAP, error);
}

bool queue_ahead(struct sql *sql, const struct rules *rules, const struct submission *submission, int64_t *ahead,
                 GError **error)
{
    const bool is_last = submission->stage >= (int64_t)rules->stages->len;

    *ahead = -1;
    if (strcmp(submission->state, "in_review") != 0) {
        return true;
    }
    return sql_number(sql, is_last ? AHEAD_EVERYWHERE : AHEAD_CITY,
                      SQL_VALUES(SQL_I(submission->stage), SQL_T(submission->city), SQL_I(submission->due_ms),
                                 SQL_T(submission->id), SQL_I(QUEUE_AHEAD_MOST)),
                      ahead, error);
}

bool queue_total(struct sql *sql, int64_t *waiting, int64_t *oldest_ms, GError **error)
{
    struct total row = {0};
    bool found = false;

    if (!sql_row(sql, TOTAL, SQL_NO_VALUES, &TOTAL_MAP, &row, &found, error)) {
        return false;
    }
    *waiting = row.waiting;
    *oldest_ms = row.oldest_ms;
    return true;
}
