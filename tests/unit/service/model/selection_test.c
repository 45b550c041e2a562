/* A round from the first recommendation to the mark, on the engine of the run: quotas, what is not there any more, who may
 * judge, replacements, the list, objections. */
#include "service/model/selection.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/identity.h"
#include "service/model/judging.h"
#include "service/model/notice.h"
#include "service/model/outcome.h"
#include "service/model/publication.h"
#include "service/model/staff_phone.h"
#include "service/model/tally.h"
#include "tests/unit/support/fixture.h"

enum { WORKS = 4, JUDGES = 3 };

struct round {
    struct fixture fixture;
    struct staff city;     /* first stage */
    struct staff province; /* last stage, and the one who recommends */
    struct staff judges[JUDGES];
    char *works[WORKS];
    char *id;
    struct actor actor; /* the province's organiser */
    /* of the call */
    const char *work;
    bool (*step)(struct sql *sql, struct round *round, struct selection *selection, GError **error);
};

static bool approve_both(struct sql *sql, void *context, GError **error)
{
    struct round *round = context;
    const struct staff *people[] = {&round->city, &round->province};

    for (size_t i = 0; i < G_N_ELEMENTS(people); i++) {
        const struct actor actor = {people[i]->id, "reviewer", ""};
        g_auto(Submission) submission = {0};
        g_autofree char *id = NULL;
        if (!submission_get(sql, round->work, &submission, error)) {
            return false;
        }
        const struct review_decision decision = {.action = "approve", .note = "", .version = submission.version};
        if (!review_decide(sql, round->fixture.rules, people[i], &actor, &submission, &decision, round->fixture.now_ms,
                           0, &id, error)) {
            return false;
        }
    }
    return true;
}

static bool add_round(struct sql *sql, void *context, GError **error)
{
    struct round *round = context;
    json_auto_t *criteria =
        json_pack("[{s:s, s:i}, {s:s, s:i}]", "name", "主题", "weight", 60, "name", "画面", "weight", 40);
    json_auto_t *judges = json_pack("[s, s, s]", round->judges[0].id, round->judges[1].id, round->judges[2].id);
    json_auto_t *quotas = json_pack("{s:i}", "370100", 3);
    const struct selection_form form = {.name = "择优",
                                        .track = "family-video",
                                        .region = "370000",
                                        .quota = 0,
                                        .judges_each = 2,
                                        .places = 2,
                                        .criteria = criteria,
                                        .quotas = quotas,
                                        .judges = judges};

    g_clear_pointer(&round->id, g_free);
    return selection_add(sql, round->fixture.rules, &form, &round->actor, round->fixture.now_ms, &round->id, error);
}

static bool run_step(struct sql *sql, void *context, GError **error)
{
    struct round *round = context;
    g_auto(Selection) selection = {0};

    return selection_get_held(sql, round->id, &selection, error) && round->step(sql, round, &selection, error);
}

/* Runs a step; `refusal` is what it has to end with, REASON_COUNT for success. */
static void step(struct round *round, bool (*what)(struct sql *, struct round *, struct selection *, GError **),
                 enum reason refusal)
{
    g_autoptr(GError) error = NULL;

    round->step = what;
    const bool done = database_transact(round->fixture.database, "test", run_step, round, &error);
    if (refusal == REASON_COUNT) {
        g_assert_no_error(error);
        g_assert_true(done);
    } else {
        g_assert_false(done);
        g_assert_cmpint(error->code, ==, refusal);
    }
}

static bool recommend(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    return selection_recommend(sql, round->fixture.rules, selection, &round->province, round->work, &round->actor,
                               round->fixture.now_ms, error);
}

static bool begin(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    return judging_begin(sql, round->fixture.rules, selection, &round->actor, round->fixture.now_ms, error);
}

static bool close_round(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    return outcome_close(sql, selection, &round->actor, round->fixture.now_ms, error);
}

static bool announce(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    return notice_begin(sql, selection, 5, &round->actor, round->fixture.now_ms, error);
}

static bool settle(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    return notice_settle(sql, selection, &round->actor, round->fixture.now_ms, error);
}

static bool object(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    return objection_add(sql, round->fixture.secrets, selection, "", "有异议", "", round->fixture.now_ms, error);
}

static bool answer(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    g_autoptr(SqlRows) rows = objection_list(sql, selection->id, error);

    return rows != NULL && objection_answer(sql, selection, ((const struct objection *)sql_rows_at(rows, 0))->id,
                                            "已核实", false, &round->actor, round->fixture.now_ms, error);
}

static bool stand_aside(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    g_autoptr(SqlRows) tasks = judging_tasks(sql, round->judges[0].id, error);
    const struct actor judge = {round->judges[0].id, "reviewer", ""};

    return tasks != NULL &&
           judging_stand_aside(sql, selection->id, ((const struct judging_task *)sql_rows_at(tasks, 0))->number, &judge,
                               round->fixture.now_ms, error);
}

/* Everybody gives a work as many points as its number says: the highest numbers win. */
static bool score_all(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    for (size_t i = 0; i < JUDGES; i++) {
        const struct actor judge = {round->judges[i].id, "reviewer", ""};
        g_autoptr(SqlRows) tasks = judging_tasks(sql, judge.id, error);
        for (size_t k = 0; tasks != NULL && k < tasks->count; k++) {
            const struct judging_task *task = sql_rows_at(tasks, k);
            json_auto_t *points = json_pack("[I, I]", (json_int_t)task->number * 10, (json_int_t)task->number * 10);
            if (!judging_score(sql, selection->id, task->number, points, "", &judge, round->fixture.now_ms, error)) {
                return false;
            }
        }
        if (tasks == NULL) {
            return false;
        }
    }
    return true;
}

static bool withdraw(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    g_auto(Submission) submission = {0};

    (void)selection;
    return submission_get(sql, round->work, &submission, error) &&
           submission_withdraw(sql, &submission, "", round->fixture.now_ms, error);
}

static bool check_listed(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    g_autoptr(SqlRows) entries = selection_entries(sql, selection->id, "", error);
    g_autoptr(SqlRows) shown = notice_works(sql, selection->id, error);
    json_auto_t *sheet = outcome_sheet(sql, selection, error);

    (void)round;
    g_assert_cmpuint(entries->count, ==, 3);
    for (size_t i = 0; i < entries->count; i++) {
        const struct selection_entry *entry = sql_rows_at(entries, i);
        g_assert_cmpint(entry->place, ==, (int64_t)i + 1);
        g_assert_cmpint(entry->number, ==, 3 - (int64_t)i);
        g_assert_cmpint(entry->score, ==, (3 - (int64_t)i) * 10 * TALLY_UNITS);
        g_assert_cmpint(entry->is_listed, ==, i < 2);
    }
    g_assert_cmpuint(shown->count, ==, 2);
    g_assert_true(json_is_true(json_object_get(sheet, "is_reproduced")));
    return true;
}

static bool check_mark(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    g_autoptr(SqlRows) shown = notice_works(sql, selection->id, error);

    (void)round;
    g_assert_cmpuint(shown->count, ==, 1); /* the other one was withdrawn */
    g_assert_cmpstr(((const struct publication *)sql_rows_at(shown, 0))->selected, ==, selection->id);
    return true;
}

static bool check_first_listed(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    g_autoptr(SqlRows) entries = selection_entries(sql, selection->id, "", error);
    const struct selection_entry *first = sql_rows_at(entries, 0);

    for (size_t i = 0; i < WORKS; i++) {
        if (strcmp(round->works[i], first->submission) == 0) {
            round->work = round->works[i];
        }
    }
    return true;
}

static void round_open(struct round *round)
{
    fixture_open(&round->fixture);
    fixture_staff(&round->fixture, "city", "370100", "first", &round->city);
    fixture_staff(&round->fixture, "province", "370000", "first final", &round->province);
    fixture_staff(&round->fixture, "judge.a", "370000", "", &round->judges[0]);
    fixture_staff(&round->fixture, "judge.b", "370000", "", &round->judges[1]);
    fixture_staff(&round->fixture, "judge.c", "370200", "", &round->judges[2]);
    round->actor = (struct actor){round->province.id, "organiser", ""};
    for (size_t i = 0; i < WORKS; i++) {
        round->works[i] = fixture_in_review(&round->fixture, "370102");
        round->work = round->works[i];
        fixture_transact(&round->fixture, approve_both, round);
    }
    fixture_transact(&round->fixture, add_round, round);
}

static void round_close(struct round *round)
{
    sql_row_clear(&staff_map, &round->city);
    sql_row_clear(&staff_map, &round->province);
    for (size_t i = 0; i < JUDGES; i++) {
        sql_row_clear(&staff_map, &round->judges[i]);
    }
    for (size_t i = 0; i < WORKS; i++) {
        g_free(round->works[i]);
    }
    g_free(round->id);
    fixture_close(&round->fixture);
}

static void test_a_round(void)
{
    struct round round = {0};

    round_open(&round);
    step(&round, begin, REASON_SELECTION_STATE); /* nothing was recommended */
    for (size_t i = 0; i < WORKS; i++) {
        round.work = round.works[i];
        step(&round, recommend, i < 3 ? REASON_COUNT : REASON_SELECTION_QUOTA);
    }
    step(&round, close_round, REASON_SELECTION_STATE);
    step(&round, begin, REASON_COUNT);
    step(&round, recommend, REASON_SELECTION_STATE);
    step(&round, stand_aside, REASON_COUNT);
    step(&round, close_round, REASON_SELECTION_SCORES);
    step(&round, score_all, REASON_COUNT);
    step(&round, close_round, REASON_COUNT);
    step(&round, check_listed, REASON_COUNT);
    step(&round, announce, REASON_COUNT);
    step(&round, object, REASON_COUNT);
    step(&round, settle, REASON_SELECTION_NOTICE);
    round.fixture.now_ms += INT64_C(5) * 86400000;
    step(&round, object, REASON_SELECTION_STATE);
    step(&round, settle, REASON_SELECTION_OBJECTIONS);
    step(&round, answer, REASON_COUNT);
    step(&round, check_first_listed, REASON_COUNT);
    step(&round, withdraw, REASON_COUNT);
    step(&round, settle, REASON_COUNT);
    step(&round, check_mark, REASON_COUNT);
    round_close(&round);
}

/* A withdrawn work makes room in the quota, and takes no part in the draw. */
static void test_what_is_gone_takes_no_part(void)
{
    struct round round = {0};

    round_open(&round);
    for (size_t i = 0; i < 3; i++) {
        round.work = round.works[i];
        step(&round, recommend, REASON_COUNT);
    }
    round.work = round.works[0];
    step(&round, withdraw, REASON_COUNT);
    step(&round, recommend, REASON_OUT_OF_SCOPE);
    round.work = round.works[3];
    step(&round, recommend, REASON_COUNT);
    step(&round, begin, REASON_COUNT);
    round_close(&round);
}

/* Work 0 is of the school of judge 0; work 1 came from the telephone of judge 1. */
static bool set_ties(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    static const char UNIT[] = "UPDATE submission SET unit = $2 WHERE id = $1";
    const struct staff_change change = {.unit = "解放路第一小学"};
    g_autofree char *identity = identity_of(round->fixture.secrets, IDENTITY_PHONE, "13900000001");
    const int64_t now_ms = round->fixture.now_ms;

    (void)selection;
    return sql_run(sql, UNIT, SQL_VALUES(SQL_T(round->works[0]), SQL_T(change.unit)), NULL, error) &&
           staff_change(sql, round->fixture.rules, round->judges[0].id, &change, &round->actor, now_ms, error) &&
           identity_bind_work(sql, identity, round->works[1], now_ms, error) &&
           staff_phone_set(sql, round->fixture.secrets, round->judges[1].id, "13900000001", &round->actor, now_ms,
                           error);
}

static bool check_aside(struct sql *sql, struct round *round, struct selection *selection, GError **error)
{
    json_auto_t *sheet = outcome_sheet(sql, selection, error);
    const json_t *task;
    size_t index;
    bool is_aside[2] = {false, false};

    json_array_foreach(json_object_get(sheet, "aside"), index, task) {
        for (size_t i = 0; i < G_N_ELEMENTS(is_aside); i++) {
            is_aside[i] |= strcmp(json_string_value(json_array_get(task, 0)), round->works[i]) == 0 &&
                           strcmp(json_string_value(json_array_get(task, 1)), round->judges[i].id) == 0;
        }
    }
    g_assert_cmpuint(json_array_size(json_object_get(sheet, "aside")), ==, 2);
    g_assert_true(is_aside[0] && is_aside[1]);
    json_array_foreach(json_object_get(sheet, "tasks"), index, task) {
        for (size_t i = 0; i < G_N_ELEMENTS(is_aside); i++) {
            g_assert_false(strcmp(json_string_value(json_object_get(task, "work")), round->works[i]) == 0 &&
                           strcmp(json_string_value(json_object_get(task, "judge")), round->judges[i].id) == 0);
        }
    }
    return sheet != NULL;
}

static void test_nobody_judges_the_own_school_or_the_own_telephone(void)
{
    struct round round = {0};

    round_open(&round);
    for (size_t i = 0; i < 3; i++) {
        round.work = round.works[i];
        step(&round, recommend, REASON_COUNT);
    }
    step(&round, set_ties, REASON_COUNT);
    step(&round, begin, REASON_COUNT);
    step(&round, check_aside, REASON_COUNT);
    round_close(&round);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/selection/a_round", test_a_round);
    g_test_add_func("/selection/what_is_gone_takes_no_part", test_what_is_gone_takes_no_part);
    g_test_add_func("/selection/nobody_judges_the_own_school_or_the_own_telephone",
                    test_nobody_judges_the_own_school_or_the_own_telephone);
    return g_test_run();
}
