#include "service/model/judging.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/draw.h"
#include "service/model/secret.h"
#include "service/model/tally.h"
#include "service/model/text.h"

enum { NOTE_CHARACTERS = 200 };

static const char TASK_ADD[] = /* selection_task.add */
    "INSERT INTO selection_task (selection, submission, judge, state, is_drawn, changed_ms)"
    " VALUES ($1, $2, $3, 'open', $4, $5)";
static const char NUMBER[] = /* selection_entry.number */
    "UPDATE selection_entry SET number = $3 WHERE selection = $1 AND submission = $2";
static const char DRAWN[] = /* selection.drawn */
    "UPDATE selection SET seed = $2, draw = $3 WHERE id = $1";
static const char ROWS[] = /* selection_task.list */
    "SELECT t.submission AS submission, e.number AS number, t.judge AS judge, s.name AS name, t.state AS state,"
    " t.is_drawn AS is_drawn, t.points AS points, t.note AS note FROM selection_task t"
    " JOIN selection_entry e ON e.selection = t.selection AND e.submission = t.submission"
    " JOIN staff s ON s.id = t.judge WHERE t.selection = $1 ORDER BY e.number, t.judge LIMIT 15000";
#define TASK_FIELDS                                                                                                    \
    "SELECT t.selection AS selection, g.name AS selection_name, t.submission AS submission, p.revision AS revision,"   \
    " g.track AS track, r.title AS title, r.facts AS facts, e.number AS number, t.state AS state, t.points AS points," \
    " t.note AS note FROM selection_task t JOIN selection g ON g.id = t.selection AND g.state = 'judging'"             \
    " JOIN selection_entry e ON e.selection = t.selection AND e.submission = t.submission"                             \
    " JOIN submission s ON s.id = t.submission AND s.state = 'published'"                                              \
    " JOIN publication p ON p.submission = t.submission AND p.content_digest = e.content_digest"                       \
    " JOIN revision r ON r.submission = p.submission AND r.number = p.revision"
static const char TASKS[] = /* selection_task.of_judge */
    TASK_FIELDS " WHERE t.judge = $1 AND t.state <> 'aside' ORDER BY g.created_ms, g.id, e.number LIMIT 500";
static const char TASK[] = /* selection_task.one */
    TASK_FIELDS " WHERE t.judge = $1 AND t.selection = $2 AND e.number = $3 AND t.state <> 'aside'";
static const char OPEN_OF_JUDGE[] = /* selection_task.open_of_judge */
    "SELECT submission FROM selection_task WHERE judge = $2 AND selection = $1 AND state = 'open' LIMIT 1000";
static const char SCORE[] = /* selection_task.score */
    "UPDATE selection_task SET state = 'scored', points = $4, note = $5, changed_ms = $6"
    " WHERE selection = $1 AND submission = $2 AND judge = $3 AND state IN ('open', 'scored')";
static const char ASIDE[] = /* selection_task.aside */
    "UPDATE selection_task SET state = 'aside', points = '[]', note = '', changed_ms = $4"
    " WHERE selection = $1 AND submission = $2 AND judge = $3 AND state <> 'aside'";
static const char RESULT[] = /* selection_entry.result */
    "UPDATE selection_entry SET place = $3, score = $4, is_listed = $5 WHERE selection = $1 AND submission = $2";

static const struct sql_column ROW_COLUMNS[] = {
    SQL_FIELD(struct judging_row, submission), SQL_FIELD(struct judging_row, number),
    SQL_FIELD(struct judging_row, judge),      SQL_FIELD(struct judging_row, name),
    SQL_FIELD(struct judging_row, state),      SQL_FIELD(struct judging_row, is_drawn),
    SQL_FIELD(struct judging_row, points),     SQL_FIELD(struct judging_row, note),
};
static const struct sql_map ROW_MAP = SQL_MAP(struct judging_row, ROW_COLUMNS);
static const struct sql_column TASK_COLUMNS[] = {
    SQL_FIELD(struct judging_task, selection),  SQL_FIELD(struct judging_task, selection_name),
    SQL_FIELD(struct judging_task, submission), SQL_FIELD(struct judging_task, revision),
    SQL_FIELD(struct judging_task, track),      SQL_FIELD(struct judging_task, title),
    SQL_FIELD(struct judging_task, facts),      SQL_FIELD(struct judging_task, number),
    SQL_FIELD(struct judging_task, state),      SQL_FIELD(struct judging_task, points),
    SQL_FIELD(struct judging_task, note),
};
static const struct sql_map TASK_MAP = SQL_MAP(struct judging_task, TASK_COLUMNS);
struct named {
    char *submission;
};
static const struct sql_column NAMED_COLUMNS[] = {SQL_FIELD(struct named, submission)};
static const struct sql_map NAMED_MAP = SQL_MAP(struct named, NAMED_COLUMNS);

static bool refuse(GError **error, enum reason reason, const char *message)
{
    g_set_error_literal(error, MODEL_ERROR, (int)reason, message);
    return false;
}

void judging_task_clear(struct judging_task *task)
{
    sql_row_clear(&TASK_MAP, task);
}

/* --- the draw ----------------------------------------------------------------------------------------------------- */

/* A draw and the memory it stands on. What went into it is kept as JSON: {works: [id], judges: [id], aside: [[work,
 * judge]]}, because people and works change later. */
struct lots {
    struct draw draw;
    GPtrArray *works; /* ids, owned */
    GPtrArray *judges;
    bool *aside;
    size_t *numbers;
    bool *tasks;
};

static void lots_clear(struct lots *lots)
{
    g_clear_pointer(&lots->works, g_ptr_array_unref);
    g_clear_pointer(&lots->judges, g_ptr_array_unref);
    g_free(lots->aside);
    g_free(lots->numbers);
    g_free(lots->tasks);
}

typedef struct lots Lots;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lots, lots_clear)

static void lots_open(struct lots *lots, const char *seed, int64_t each)
{
    const size_t cells = (size_t)lots->works->len * lots->judges->len + 1; /* at most 1,000 x 100 */

    lots->aside = g_new0(bool, cells);
    lots->tasks = g_new0(bool, cells);
    lots->numbers = g_new0(size_t, lots->works->len + 1);
    lots->draw = (struct draw){.seed = seed,
                               .works = (const char *const *)lots->works->pdata,
                               .work_count = lots->works->len,
                               .judges = (const char *const *)lots->judges->pdata,
                               .judge_count = lots->judges->len,
                               .aside = lots->aside,
                               .each = (size_t)each};
}

static size_t index_of(const GPtrArray *ids, const char *id)
{
    size_t index = 0;

    while (index < ids->len && strcmp(g_ptr_array_index(ids, index), id) != 0) {
        index++;
    }
    return index;
}

/* People leave works of their own city to others, and those of the regions they named. */
static bool stands_aside(const struct rules *rules, const struct staff *judge, const char *region)
{
    const struct region *scope = rules_region_find(rules, judge->scope);
    const bool is_of_all = scope == NULL || strcmp(scope->level, "province") == 0;

    return staff_is_recused(rules, judge, region) ||
           (!is_of_all && rules_region_within(rules, region, rules_city_of(rules, judge->scope)));
}

static json_t *ids_json(const GPtrArray *ids)
{
    json_t *list = json_array();

    for (guint i = 0; i < ids->len; i++) {
        json_array_append_new(list, json_string(g_ptr_array_index(ids, i)));
    }
    return list;
}

static json_t *aside_json(const struct draw *draw)
{
    json_t *list = json_array();

    for (size_t work = 0; work < draw->work_count; work++) {
        for (size_t judge = 0; judge < draw->judge_count; judge++) {
            if (draw->aside[draw_at(draw, work, judge)]) {
                json_array_append_new(list, json_pack("[s,s]", draw->works[work], draw->judges[judge]));
            }
        }
    }
    return list;
}

/* The draw of a round that was drawn, out of its row. */
static bool lots_read(struct lots *lots, const struct selection *selection, GError **error)
{
    json_auto_t *json = json_loads(selection->draw, 0, NULL);
    const json_t *one;
    size_t index;

    lots->works = g_ptr_array_new_with_free_func(g_free);
    lots->judges = g_ptr_array_new_with_free_func(g_free);
    json_array_foreach(json_object_get(json, "works"), index, one) {
        g_ptr_array_add(lots->works, g_strdup(json_string_value(one)));
    }
    json_array_foreach(json_object_get(json, "judges"), index, one) {
        g_ptr_array_add(lots->judges, g_strdup(json_string_value(one)));
    }
    lots_open(lots, selection->seed, selection->judges_each);
    json_array_foreach(json_object_get(json, "aside"), index, one) {
        const size_t work = index_of(lots->works, json_string_value(json_array_get(one, 0)));
        const size_t judge = index_of(lots->judges, json_string_value(json_array_get(one, 1)));
        if (work < lots->works->len && judge < lots->judges->len) {
            lots->aside[draw_at(&lots->draw, work, judge)] = true;
        }
    }
    return json != NULL || refuse(error, REASON_SELECTION_STATE, "not drawn yet");
}

static bool store_draw(struct sql *sql, const struct selection *selection, const struct lots *lots, int64_t now_ms,
                       GError **error)
{
    const struct draw *draw = &lots->draw;

    for (size_t work = 0; work < draw->work_count; work++) {
        size_t count = 0;
        if (!sql_run(sql, NUMBER,
                     SQL_VALUES(SQL_T(selection->id), SQL_T(draw->works[work]), SQL_I((int64_t)lots->numbers[work])),
                     NULL, error)) {
            return false;
        }
        for (size_t judge = 0; judge < draw->judge_count; judge++) {
            if (!lots->tasks[draw_at(draw, work, judge)]) {
                continue;
            }
            count++;
            if (!sql_run(sql, TASK_ADD,
                         SQL_VALUES(SQL_T(selection->id), SQL_T(draw->works[work]), SQL_T(draw->judges[judge]),
                                    SQL_I(1), SQL_I(now_ms)),
                         NULL, error)) {
                return false;
            }
        }
        if (count == 0) {
            return refuse(error, REASON_SELECTION_JUDGES, "a work without a judge");
        }
    }
    return true;
}

static void lots_take(struct lots *lots, const struct rules *rules, const struct sql_rows *entries,
                      const struct sql_rows *judges, const struct selection *selection, const char *seed)
{
    lots->works = g_ptr_array_new_with_free_func(g_free);
    lots->judges = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < judges->count; i++) {
        g_ptr_array_add(lots->judges, g_strdup(((const struct staff *)sql_rows_at(judges, i))->id));
    }
    for (size_t i = 0; i < entries->count; i++) {
        const struct selection_entry *entry = sql_rows_at(entries, i);
        if (entry->is_there) {
            g_ptr_array_add(lots->works, g_strdup(entry->submission));
        }
    }
    lots_open(lots, seed, selection->judges_each);
    for (size_t i = 0, work = 0; i < entries->count; i++) {
        const struct selection_entry *entry = sql_rows_at(entries, i);
        for (size_t k = 0; entry->is_there && k < judges->count; k++) {
            lots->aside[draw_at(&lots->draw, work, k)] = stands_aside(rules, sql_rows_at(judges, k), entry->region);
        }
        work += entry->is_there != 0;
    }
}

bool judging_begin(struct sql *sql, const struct rules *rules, struct selection *selection, const struct actor *actor,
                   int64_t now_ms, GError **error)
{
    g_autoptr(SqlRows) entries = NULL;
    g_autoptr(SqlRows) judges = NULL;
    g_autofree char *seed = secret_token();
    g_auto(Lots) lots = {0};

    if (!selection_expect(selection, "recommending", error) ||
        (entries = selection_entries(sql, selection->id, "", error)) == NULL ||
        (judges = selection_judges(sql, selection->id, error)) == NULL) {
        return false;
    }
    lots_take(&lots, rules, entries, judges, selection, seed);
    if (lots.works->len == 0) {
        return refuse(error, REASON_SELECTION_STATE, "no work was recommended");
    }
    draw_run(&lots.draw, lots.numbers, lots.tasks);
    json_auto_t *draw = json_pack("{s:o, s:o, s:o}", "works", ids_json(lots.works), "judges", ids_json(lots.judges),
                                  "aside", aside_json(&lots.draw));
    g_autofree char *text = json_dumps(draw, JSON_COMPACT);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    json_auto_t *detail = json_pack("{s:s, s:s}", "seed", seed, "draw", digest);
    return store_draw(sql, selection, &lots, now_ms, error) &&
           sql_run(sql, DRAWN, SQL_VALUES(SQL_T(selection->id), SQL_T(seed), SQL_T(text)), NULL, error) &&
           selection_move(sql, selection, "judging", detail, actor, now_ms, error);
}

/* --- judges -------------------------------------------------------------------------------------------------------- */

struct sql_rows *judging_tasks(struct sql *sql, const char *judge, GError **error)
{
    return sql_rows(sql, TASKS, SQL_VALUES(SQL_T(judge)), &TASK_MAP, error);
}

bool judging_find(struct sql *sql, const char *judge, const char *selection, int64_t number, struct judging_task *task,
                  bool *found, GError **error)
{
    return sql_row(sql, TASK, SQL_VALUES(SQL_T(judge), SQL_T(selection), SQL_I(number)), &TASK_MAP, task, found, error);
}

struct sql_rows *judging_rows(struct sql *sql, const char *selection, GError **error)
{
    return sql_rows(sql, ROWS, SQL_VALUES(SQL_T(selection)), &ROW_MAP, error);
}

static bool get_task(struct sql *sql, const char *judge, const char *selection, int64_t number,
                     struct judging_task *task, GError **error)
{
    bool found = false;

    return judging_find(sql, judge, selection, number, task, &found, error) &&
           (found || refuse(error, REASON_NOT_FOUND, "no such task"));
}

static bool check_points(struct sql *sql, const char *selection, const json_t *points, GError **error)
{
    g_autoptr(SqlRows) criteria = selection_criteria(sql, selection, error);
    const json_t *one;
    size_t index;

    if (criteria == NULL) {
        return false;
    }
    if (json_array_size(points) != criteria->count) {
        return refuse(error, REASON_INPUT, "points for each criterion");
    }
    json_array_foreach(points, index, one) {
        if (!json_is_integer(one) || json_integer_value(one) < 0 || json_integer_value(one) > POINTS_MOST) {
            return refuse(error, REASON_INPUT, "0 to 100 points");
        }
    }
    return true;
}

bool judging_score(struct sql *sql, const char *id, int64_t number, const json_t *points, const char *note,
                   const struct actor *actor, int64_t now_ms, GError **error)
{
    g_auto(Selection) selection = {0};
    g_auto(JudgingTask) task = {0};
    g_autofree char *text = text_clean(note);
    g_autofree char *given = json_dumps(points, JSON_COMPACT);

    if (text == NULL || g_utf8_strlen(text, -1) > NOTE_CHARACTERS) {
        return refuse(error, REASON_INPUT, "a note of at most 200 characters");
    }
    if (!selection_get_held(sql, id, &selection, error) || !get_task(sql, actor->id, id, number, &task, error) ||
        !check_points(sql, id, points, error)) {
        return false;
    }
    json_auto_t *detail = json_pack("{s:I, s:O}", "number", (json_int_t)number, "points", points);
    const struct ledger_entry entry = {.action = "selection.scored", .object = id, .detail = detail};
    return sql_run(sql, SCORE,
                   SQL_VALUES(SQL_T(id), SQL_T(task.submission), SQL_T(actor->id), SQL_T(given), SQL_T(text),
                              SQL_I(now_ms)),
                   NULL, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}

/* Whoever ever had the work is not asked again. Nobody left is no error: the work then has fewer judges. */
static bool replace(struct sql *sql, const struct selection *selection, const char *submission, int64_t now_ms,
                    GError **error)
{
    g_auto(Lots) lots = {0};
    g_autoptr(SqlRows) rows = judging_rows(sql, selection->id, error);

    if (rows == NULL || !lots_read(&lots, selection, error)) {
        return false;
    }
    const size_t work = index_of(lots.works, submission);
    for (size_t i = 0; i < rows->count; i++) {
        const struct judging_row *row = sql_rows_at(rows, i);
        const size_t judge = index_of(lots.judges, row->judge);
        if (strcmp(row->submission, submission) == 0 && judge < lots.judges->len) {
            lots.tasks[draw_at(&lots.draw, work, judge)] = true;
        }
    }
    const size_t next = draw_replacement(&lots.draw, lots.tasks, work);
    return next == lots.judges->len || sql_run(sql, TASK_ADD,
                                               SQL_VALUES(SQL_T(selection->id), SQL_T(submission),
                                                          SQL_T(lots.draw.judges[next]), SQL_I(0), SQL_I(now_ms)),
                                               NULL, error);
}

static bool set_aside(struct sql *sql, const struct selection *selection, const char *submission, const char *judge,
                      int64_t now_ms, GError **error)
{
    return sql_run(sql, ASIDE, SQL_VALUES(SQL_T(selection->id), SQL_T(submission), SQL_T(judge), SQL_I(now_ms)), NULL,
                   error) &&
           replace(sql, selection, submission, now_ms, error);
}

bool judging_stand_aside(struct sql *sql, const char *id, int64_t number, const struct actor *actor, int64_t now_ms,
                         GError **error)
{
    g_auto(Selection) selection = {0};
    g_auto(JudgingTask) task = {0};
    json_auto_t *detail = json_pack("{s:I}", "number", (json_int_t)number);
    const struct ledger_entry entry = {.action = "selection.stood_aside", .object = id, .detail = detail};

    return selection_get_held(sql, id, &selection, error) && get_task(sql, actor->id, id, number, &task, error) &&
           set_aside(sql, &selection, task.submission, actor->id, now_ms, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}

bool judging_release(struct sql *sql, const struct selection *selection, const char *judge, const struct actor *actor,
                     int64_t now_ms, GError **error)
{
    json_auto_t *detail = json_pack("{s:s}", "judge", judge);
    const struct ledger_entry entry = {.action = "selection.judge_released", .object = selection->id, .detail = detail};

    if (!selection_expect(selection, "judging", error)) {
        return false;
    }
    g_autoptr(SqlRows) open =
        sql_rows(sql, OPEN_OF_JUDGE, SQL_VALUES(SQL_T(selection->id), SQL_T(judge)), &NAMED_MAP, error);
    if (open == NULL) {
        return false;
    }
    if (open->count == 0) {
        return refuse(error, REASON_NOT_FOUND, "no open task of this person");
    }
    for (size_t i = 0; i < open->count; i++) {
        if (!set_aside(sql, selection, ((const struct named *)sql_rows_at(open, i))->submission, judge, now_ms,
                       error)) {
            return false;
        }
    }
    return ledger_add(sql, actor, &entry, now_ms, error);
}

/* --- the result ---------------------------------------------------------------------------------------------------- */

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
        score->work = index_of(count->lots.works, row->submission);
        score->judge = index_of(count->lots.judges, row->judge);
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

bool judging_close(struct sql *sql, struct selection *selection, const struct actor *actor, int64_t now_ms,
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
            return refuse(error, REASON_SELECTION_SCORES, "a judge has not scored");
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
        const size_t work = index_of(count->lots.works, row->submission);
        const size_t judge = index_of(count->lots.judges, row->judge);
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

static json_t *criteria_json(const struct sql_rows *rows)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct selection_criterion *row = sql_rows_at(rows, i);
        json_array_append_new(list, json_pack("{s:s, s:I}", "name", row->name, "weight", (json_int_t)row->weight));
    }
    return list;
}

json_t *judging_sheet(struct sql *sql, const struct selection *selection, GError **error)
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
                     (int)selection->is_levelled, "criteria", criteria_json(criteria), "works", works_json(entries),
                     "judges", ids_json(count.lots.judges), "aside", aside_json(&count.lots.draw), "tasks",
                     tasks_json(rows), "is_reproduced", (int)is_reproduced(selection, &count, entries, rows));
}
