#include "service/model/judging.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/lots.h"
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

void judging_task_clear(struct judging_task *task)
{
    sql_row_clear(&TASK_MAP, task);
}

/* --- the draw ----------------------------------------------------------------------------------------------------- */

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
            return refuse(error, MODEL_ERROR, REASON_SELECTION_JUDGES, "a work without a judge");
        }
    }
    return true;
}

bool judging_begin(struct sql *sql, const struct rules *rules, struct selection *selection, const struct actor *actor,
                   int64_t now_ms, GError **error)
{
    g_autofree char *seed = secret_token();
    g_auto(Lots) lots = {0};

    if (!selection_expect(selection, "recommending", error) || !lots_take(sql, rules, selection, seed, &lots, error)) {
        return false;
    }
    if (lots.works->len == 0) {
        return refuse(error, MODEL_ERROR, REASON_SELECTION_STATE, "no work was recommended");
    }
    draw_run(&lots.draw, lots.numbers, lots.tasks);
    json_auto_t *draw = json_pack("{s:o, s:o, s:o}", "works", lots_ids_json(lots.works), "judges",
                                  lots_ids_json(lots.judges), "aside", lots_aside_json(&lots.draw));
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
           (found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such task"));
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
        return refuse(error, MODEL_ERROR, REASON_INPUT, "points for each criterion");
    }
    json_array_foreach(points, index, one) {
        if (!json_is_integer(one) || json_integer_value(one) < 0 || json_integer_value(one) > POINTS_MOST) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "0 to 100 points");
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
        return refuse(error, MODEL_ERROR, REASON_INPUT, "a note of at most 200 characters");
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
    const size_t work = lots_index(lots.works, submission);
    for (size_t i = 0; i < rows->count; i++) {
        const struct judging_row *row = sql_rows_at(rows, i);
        const size_t judge = lots_index(lots.judges, row->judge);
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
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no open task of this person");
    }
    for (size_t i = 0; i < open->count; i++) {
        if (!set_aside(sql, selection, ((const struct named *)sql_rows_at(open, i))->submission, judge, now_ms,
                       error)) {
            return false;
        }
    }
    return ledger_add(sql, actor, &entry, now_ms, error);
}
