#include "service/model/outcome.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/judging.h"
#include "service/model/lots.h"
#include "service/model/tally.h"

static const char RESULT[] = /* selection_entry.result */
    "UPDATE selection_entry SET place = $3, score = $4, is_listed = $5 WHERE selection = $1 AND submission = $2";

/* Tally and the memory it stands on. */
struct count_up {
    struct tally tally;
    struct lots lots;
    int64_t weights[CRITERIA_MOST];
    struct tally_score *scores;
    struct tally_result *results;
};

static void count_up_clear(struct count_up *count)
{
    lots_clear(&count->lots);
    g_free(count->scores);
    g_free(count->results);
}

typedef struct count_up CountUp;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CountUp, count_up_clear)

static void take_scores(struct count_up *count, const struct sql_rows *rows)
{
    count->scores = g_new0(struct tally_score, rows->count + 1);
    for (size_t i = 0; i < rows->count; i++) {
        const struct judging_row *row = sql_rows_at(rows, i);
        if (strcmp(row->state, "scored") != 0) {
            continue;
        }
        json_auto_t *points = json_loads(row->points, 0, NULL);
        struct tally_score *score = &count->scores[count->tally.score_count++];
        score->work = lots_index(count->lots.works, row->submission);
        score->judge = lots_index(count->lots.judges, row->judge);
        for (size_t k = 0; k < count->tally.criterion_count; k++) {
            score->points[k] = json_integer_value(json_array_get(points, k));
        }
    }
}

/* Runs draw and tally again, from what is stored of their inputs. */
static bool count_up(struct sql *sql, const struct selection *selection, const struct sql_rows *rows,
                     struct count_up *count, GError **error)
{
    g_autoptr(SqlRows) criteria = selection_criteria(sql, selection->id, error);

    if (criteria == NULL || !lots_read(&count->lots, selection, error)) {
        return false;
    }
    for (size_t i = 0; i < criteria->count; i++) {
        count->weights[i] = ((const struct selection_criterion *)sql_rows_at(criteria, i))->weight;
    }
    count->tally = (struct tally){.seed = selection->seed,
                                  .works = count->lots.draw.works,
                                  .work_count = count->lots.works->len,
                                  .judge_count = count->lots.judges->len,
                                  .weights = count->weights,
                                  .criterion_count = criteria->count,
                                  .is_levelled = selection->is_levelled != 0};
    take_scores(count, rows);
    count->tally.scores = count->scores;
    count->results = g_new0(struct tally_result, count->lots.works->len + 1);
    draw_run(&count->lots.draw, count->lots.numbers, count->lots.tasks);
    tally_run(&count->tally, count->results);
    return true;
}

static const struct selection_entry *entry_of(const struct sql_rows *entries, const char *submission)
{
    for (size_t i = 0; i < entries->count; i++) {
        const struct selection_entry *entry = sql_rows_at(entries, i);
        if (strcmp(entry->submission, submission) == 0) {
            return entry;
        }
    }
    return NULL;
}

static bool store_results(struct sql *sql, const struct selection *selection, const struct count_up *count,
                          const struct sql_rows *entries, GError **error)
{
    int64_t listed = 0;

    for (size_t i = 0; i < count->tally.work_count; i++) {
        const struct tally_result *result = &count->results[i];
        const struct selection_entry *entry = entry_of(entries, count->tally.works[result->work]);
        const bool is_listed = entry != NULL && entry->is_there != 0 && result->rank > 0 && listed < selection->places;
        listed += is_listed;
        if (!sql_run(sql, RESULT,
                     SQL_VALUES(SQL_T(selection->id), SQL_T(count->tally.works[result->work]),
                                SQL_I((int64_t)result->rank), SQL_I(result->score), SQL_I(is_listed)),
                     NULL, error)) {
            return false;
        }
    }
    return true;
}

bool outcome_close(struct sql *sql, struct selection *selection, const struct actor *actor, int64_t now_ms,
                   GError **error)
{
    g_auto(CountUp) count = {0};
    g_autoptr(SqlRows) entries = NULL;
    g_autoptr(SqlRows) rows = NULL;

    if (!selection_expect(selection, "judging", error) ||
        (entries = selection_entries(sql, selection->id, "", error)) == NULL ||
        (rows = judging_rows(sql, selection->id, error)) == NULL) {
        return false;
    }
    for (size_t i = 0; i < entries->count; i++) {
        const struct selection_entry *entry = sql_rows_at(entries, i);
        if (entry->is_there && entry->number > 0 && entry->scored < entry->tasks) {
            return refuse(error, MODEL_ERROR, REASON_SELECTION_SCORES, "a judge has not scored");
        }
    }
    return count_up(sql, selection, rows, &count, error) && store_results(sql, selection, &count, entries, error) &&
           selection_move(sql, selection, "judged", NULL, actor, now_ms, error);
}

/* --- the sheet ----------------------------------------------------------------------------------------------------- */

/* Who was drawn is who the draw draws; the places are those of the tally. */
static bool is_reproduced(const struct selection *selection, const struct count_up *count,
                          const struct sql_rows *entries, const struct sql_rows *rows)
{
    const bool is_counted = strcmp(selection->state, "judging") != 0 && strcmp(selection->state, "cancelled") != 0;
    const struct draw *draw = &count->lots.draw;
    size_t drawn = 0;
    bool same = true;

    for (size_t i = 0; i < draw->work_count * draw->judge_count; i++) {
        drawn += count->lots.tasks[i];
    }
    for (size_t i = 0; i < rows->count; i++) {
        const struct judging_row *row = sql_rows_at(rows, i);
        const size_t work = lots_index(count->lots.works, row->submission);
        const size_t judge = lots_index(count->lots.judges, row->judge);
        same = same && work < draw->work_count && judge < draw->judge_count &&
               (row->is_drawn == 0 || count->lots.tasks[draw_at(draw, work, judge)]);
        drawn -= row->is_drawn != 0 ? 1 : 0;
    }
    for (size_t i = 0; i < draw->work_count; i++) {
        const struct selection_entry *entry = entry_of(entries, draw->works[i]);
        same = same && entry != NULL && entry->number == (int64_t)count->lots.numbers[i];
    }
    for (size_t i = 0; is_counted && same && i < draw->work_count; i++) {
        const struct tally_result *result = &count->results[i];
        const struct selection_entry *entry = entry_of(entries, draw->works[result->work]);
        same = entry != NULL && entry->place == (int64_t)result->rank && entry->score == result->score;
    }
    return same && drawn == 0;
}

static json_t *works_json(const struct sql_rows *entries)
{
    json_t *list = json_array();

    for (size_t i = 0; i < entries->count; i++) {
        const struct selection_entry *entry = sql_rows_at(entries, i);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:b, s:b}", "id",
                                              entry->submission, "source", entry->source, "region", entry->region,
                                              "title", entry->title, "number", (json_int_t)entry->number, "place",
                                              (json_int_t)entry->place, "score", (json_int_t)entry->score, "judges",
                                              (json_int_t)entry->scored, "is_there", (int)entry->is_there, "is_listed",
                                              (int)entry->is_listed, "is_selected", (int)entry->is_selected));
    }
    return list;
}

static json_t *tasks_json(const struct sql_rows *rows)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct judging_row *row = sql_rows_at(rows, i);
        json_t *points = json_loads(row->points, 0, NULL);
        json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:s, s:s, s:b, s:o, s:s}", "work", row->submission,
                                              "number", (json_int_t)row->number, "judge", row->judge, "name", row->name,
                                              "state", row->state, "is_drawn", (int)row->is_drawn, "points",
                                              points == NULL ? json_array() : points, "note", row->note));
    }
    return list;
}

json_t *outcome_sheet(struct sql *sql, const struct selection *selection, GError **error)
{
    g_auto(CountUp) count = {0};
    g_autoptr(SqlRows) entries = selection_entries(sql, selection->id, "", error);
    g_autoptr(SqlRows) rows = entries == NULL ? NULL : judging_rows(sql, selection->id, error);
    g_autoptr(SqlRows) criteria = rows == NULL ? NULL : selection_criteria(sql, selection->id, error);

    if (criteria == NULL || !count_up(sql, selection, rows, &count, error)) {
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:b}", "id", selection->id, "name",
                     selection->name, "state", selection->state, "seed", selection->seed, "judges_each",
                     (json_int_t)selection->judges_each, "places", (json_int_t)selection->places, "is_levelled",
                     (int)selection->is_levelled, "criteria", selection_criteria_json(criteria), "works",
                     works_json(entries), "judges", lots_ids_json(count.lots.judges), "aside",
                     lots_aside_json(&count.lots.draw), "tasks", tasks_json(rows), "is_reproduced",
                     (int)is_reproduced(selection, &count, entries, rows));
}
