/* Review policies: what follows which approval, of a city and of all, and what a change does to works under way. */
#include "service/model/policy.h"

#include "common/failure.h"
#include "service/model/publication.h"
#include "service/model/review.h"
#include "tests/unit/support/engine.h"
#include "tests/unit/support/fixture.h"

static const struct actor ACTOR = {"administrator", "administrator", ""};

struct desk {
    struct fixture fixture;
    struct staff people[4]; /* two of the city, two of the province */
    char *work;
    const struct staff *staff;
    const char *action; /* NULL: approve */
    const char *region;
    const struct policy *policy;
    struct submission submission;
};

static void desk_open(struct desk *desk)
{
    fixture_open(&desk->fixture);
    fixture_staff(&desk->fixture, "city1", "370100", "first second", &desk->people[0]);
    fixture_staff(&desk->fixture, "city2", "370100", "first second", &desk->people[1]);
    fixture_staff(&desk->fixture, "sheng1", "370000", "first second final", &desk->people[2]);
    fixture_staff(&desk->fixture, "sheng2", "370000", "first second final", &desk->people[3]);
    desk->work = fixture_in_review(&desk->fixture, "370102");
}

static void desk_close(struct desk *desk)
{
    for (size_t i = 0; i < G_N_ELEMENTS(desk->people); i++) {
        sql_row_clear(&staff_map, &desk->people[i]);
    }
    submission_clear(&desk->submission);
    g_free(desk->work);
    fixture_close(&desk->fixture);
}

static bool set(struct sql *sql, void *context, GError **error)
{
    struct desk *desk = context;

    return policy_set(sql, desk->fixture.rules, desk->region, desk->policy, &ACTOR, desk->fixture.now_ms, error);
}

static void set_policy(struct desk *desk, const char *region, const struct policy *policy)
{
    desk->region = region;
    desk->policy = policy;
    fixture_transact(&desk->fixture, set, desk);
}

static bool approve(struct sql *sql, void *context, GError **error)
{
    struct desk *desk = context;
    g_autofree char *id = NULL;

    if (!review_get(sql, desk->fixture.rules, desk->staff, desk->work, &desk->submission, error)) {
        return false;
    }
    const struct review_decision decision = {.action = desk->action == NULL ? "approve" : desk->action,
                                             .note = "",
                                             .version = desk->submission.version};
    return review_decide(sql, desk->fixture.rules, desk->staff, &ACTOR, &desk->submission, &decision,
                         desk->fixture.now_ms, 0, &id, error);
}

static bool edit(struct sql *sql, void *context, GError **error)
{
    struct desk *desk = context;
    const struct doer submitter = {ACTOR_SUBMITTER, {"submitter", "submitter", ""}};
    const struct submission_changes texts = {.title = "换了名字"};

    return submission_get(sql, desk->work, &desk->submission, error) &&
           submission_edit(sql, desk->fixture.rules, &desk->submission, &texts, &submitter, desk->fixture.now_ms, error);
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct desk *desk = context;

    return submission_get(sql, desk->work, &desk->submission, error);
}

static void expect(struct desk *desk, const char *state, const char *stage)
{
    fixture_transact(&desk->fixture, look, desk);
    g_assert_cmpstr(desk->submission.state, ==, state);
    if (stage != NULL) {
        g_assert_cmpint(desk->submission.stage, ==, rules_stage_find(desk->fixture.rules, stage)->position);
    }
}

static void approve_by(struct desk *desk, int person)
{
    desk->staff = &desk->people[person];
    fixture_transact(&desk->fixture, approve, desk);
}

static void refuse_by(struct desk *desk, int person, enum reason reason)
{
    g_autoptr(GError) error = NULL;

    desk->staff = &desk->people[person];
    g_assert_false(database_transact(desk->fixture.database, "test", approve, desk, &error));
    g_assert_error(error, MODEL_ERROR, (int)reason);
}

static void test_the_city_alone_publishes_under_policy_b(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    set_policy(&desk, "370100", &(struct policy){{1, 0, 0}, 0});
    approve_by(&desk, 0);
    expect(&desk, "published", NULL);
    desk_close(&desk);
}

static void test_another_city_keeps_the_policy_of_all(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    set_policy(&desk, "370200", &(struct policy){{1, 0, 0}, 0});
    approve_by(&desk, 0);
    expect(&desk, "in_review", "final");
    desk_close(&desk);
}

static void test_as_many_different_people_as_it_says(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    set_policy(&desk, "370000", &(struct policy){{2, 0, 2}, 0});
    approve_by(&desk, 0);
    expect(&desk, "in_review", "first");
    refuse_by(&desk, 0, REASON_SAME_PERSON);
    approve_by(&desk, 1);
    expect(&desk, "in_review", "final");
    approve_by(&desk, 2);
    expect(&desk, "in_review", "final");
    refuse_by(&desk, 2, REASON_SAME_PERSON);
    approve_by(&desk, 3);
    expect(&desk, "published", NULL);
    desk_close(&desk);
}

static void test_three_stages_in_their_order(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    set_policy(&desk, "370000", &(struct policy){{1, 1, 1}, 0});
    approve_by(&desk, 0);
    expect(&desk, "in_review", "second");
    approve_by(&desk, 1);
    expect(&desk, "in_review", "final");
    refuse_by(&desk, 1, REASON_DENIED);
    approve_by(&desk, 3);
    expect(&desk, "published", NULL);
    desk_close(&desk);
}

static void test_an_edit_goes_back_to_the_first_stage_of_the_policy(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    set_policy(&desk, "370000", &(struct policy){{2, 0, 1}, 0});
    approve_by(&desk, 0);
    approve_by(&desk, 1);
    expect(&desk, "in_review", "final");
    fixture_transact(&desk.fixture, edit, &desk);
    expect(&desk, "in_review", "first");
    approve_by(&desk, 0); /* the new revision has no approval yet, so the same person may */
    expect(&desk, "in_review", "first");
    set_policy(&desk, "370100", &(struct policy){{0, 1, 1}, 0});
    fixture_transact(&desk.fixture, edit, &desk);
    expect(&desk, "in_review", "second");
    desk_close(&desk);
}

static void test_a_work_at_a_stage_left_out_is_still_decided_there(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    approve_by(&desk, 0);
    expect(&desk, "in_review", "final");
    set_policy(&desk, "370000", &(struct policy){{1, 0, 0}, 0});
    refuse_by(&desk, 1, REASON_DENIED);
    approve_by(&desk, 2);
    expect(&desk, "published", NULL);
    desk_close(&desk);
}

static void test_an_escalated_work_is_published_by_the_last_stage_alone(void)
{
    struct desk desk = {.action = "escalate"};
    desk_open(&desk);

    approve_by(&desk, 0);
    desk.action = NULL;
    expect(&desk, "in_review", "final");
    approve_by(&desk, 2);
    expect(&desk, "published", NULL);
    desk_close(&desk);
}

static void test_a_stricter_policy_asks_for_who_is_missing(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    approve_by(&desk, 0);
    set_policy(&desk, "370000", &(struct policy){{2, 0, 1}, 0});
    approve_by(&desk, 2);
    expect(&desk, "in_review", "first");
    approve_by(&desk, 1);
    expect(&desk, "published", NULL);
    desk_close(&desk);
}

static void test_what_is_taken_away_falls_back(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    set_policy(&desk, "370100", &(struct policy){{1, 0, 0}, 0});
    set_policy(&desk, "370000", &(struct policy){{1, 1, 1}, 0});
    set_policy(&desk, "370100", NULL);
    approve_by(&desk, 0);
    expect(&desk, "in_review", "second");
    set_policy(&desk, "370000", NULL);
    approve_by(&desk, 1);
    expect(&desk, "in_review", "final");
    desk_close(&desk);
}

static void test_unsound_ones_are_refused(void)
{
    static const struct {
        const char *region;
        struct policy policy;
        enum reason reason;
    } CASES[] = {
        {"370000", {{0, 0, 0}, 0}, REASON_INPUT},      {"370000", {{-1, 0, 2}, 0}, REASON_INPUT},
        {"370000", {{6, 0, 0}, 0}, REASON_INPUT},      {"370102", {{1, 0, 1}, 0}, REASON_NOT_FOUND},
        {"nowhere", {{1, 0, 1}, 0}, REASON_NOT_FOUND}, {"370000", {{1, 0, 0}, 101}, REASON_INPUT},
        {"370000", {{1, 0, 0}, -1}, REASON_INPUT},
    };
    struct desk desk = {0};
    desk_open(&desk);

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GError) error = NULL;
        desk.region = CASES[i].region;
        desk.policy = &CASES[i].policy;
        g_assert_false(database_transact(desk.fixture.database, "test", set, &desk, &error));
        g_assert_error(error, MODEL_ERROR, (int)CASES[i].reason);
    }
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/the_city_alone_publishes_under_policy_b", test_the_city_alone_publishes_under_policy_b);
    g_test_add_func("/policy/another_city_keeps_the_policy_of_all", test_another_city_keeps_the_policy_of_all);
    g_test_add_func("/policy/as_many_different_people_as_it_says", test_as_many_different_people_as_it_says);
    g_test_add_func("/policy/three_stages_in_their_order", test_three_stages_in_their_order);
    g_test_add_func("/policy/an_edit_goes_back_to_the_first_stage_of_the_policy",
                    test_an_edit_goes_back_to_the_first_stage_of_the_policy);
    g_test_add_func("/policy/a_work_at_a_stage_left_out_is_still_decided_there",
                    test_a_work_at_a_stage_left_out_is_still_decided_there);
    g_test_add_func("/policy/an_escalated_work_is_published_by_the_last_stage_alone",
                    test_an_escalated_work_is_published_by_the_last_stage_alone);
    g_test_add_func("/policy/a_stricter_policy_asks_for_who_is_missing",
                    test_a_stricter_policy_asks_for_who_is_missing);
    g_test_add_func("/policy/what_is_taken_away_falls_back", test_what_is_taken_away_falls_back);
    g_test_add_func("/policy/unsound_ones_are_refused", test_unsound_ones_are_refused);
    return g_test_run();
}
