/* Decisions: two people, pinned content, undo, voiding; and what the database itself refuses. */
#include "service/model/review.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/publication.h"
#include "tests/unit/support/fixture.h"

static const struct actor ACTOR = {"person", "reviewer", "127.0.0.1"};

struct step {
    struct fixture *fixture;
    const struct staff *staff;
    const char *id; /* work or decision */
    const char *action;
    int64_t undo_ms;
    int64_t version; /* 0: the present one */
    char *decision;
    struct submission submission;
    bool published;
};

static bool decide(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    json_auto_t *reasons = strcmp(step->action, "approve") == 0 ? json_array() : json_pack("[s]", "blurred");

    g_clear_pointer(&step->decision, g_free);
    if (!review_get(sql, step->fixture->rules, step->staff, step->id, &step->submission, error)) {
        return false;
    }
    const struct review_decision decision = {
        .action = step->action,
        .reasons = reasons,
        .note = "",
        .version = step->version == 0 ? step->submission.version : step->version,
    };
    return review_decide(sql, step->fixture->rules, step->staff, &ACTOR, &step->submission, &decision,
                         step->fixture->now_ms, step->undo_ms, &step->decision, error);
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    g_auto(Publication) publication = {0};

    return submission_get(sql, step->id, &step->submission, error) &&
           publication_find(sql, step->id, &publication, &step->published, error);
}

static void expect_state(struct step *step, const char *state, bool published)
{
    fixture_transact(step->fixture, look, step);
    g_assert_cmpstr(step->submission.state, ==, state);
    g_assert_cmpint(step->published, ==, published);
}

static void expect_refusal(struct step *step, database_work *work, enum reason reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(database_transact(step->fixture->database, "test", work, step, &error));
    g_assert_error(error, MODEL_ERROR, (int)reason);
}

/* Two reviewers, a work in review, nothing decided. */
struct desk {
    struct fixture fixture;
    struct staff city;
    struct staff province;
    char *work;
};

static void desk_open(struct desk *desk)
{
    fixture_open(&desk->fixture);
    fixture_staff(&desk->fixture, "jinan", "370100", "first", &desk->city);
    fixture_staff(&desk->fixture, "sheng", "370000", "first final", &desk->province);
    desk->work = fixture_in_review(&desk->fixture, "370102");
}

static void desk_close(struct desk *desk)
{
    sql_row_clear(&staff_map, &desk->city);
    sql_row_clear(&staff_map, &desk->province);
    g_free(desk->work);
    fixture_close(&desk->fixture);
}

static void step_clear(struct step *step)
{
    submission_clear(&step->submission);
    g_clear_pointer(&step->decision, g_free);
}

static void test_two_people_publish(void)
{
    struct desk desk = {0};
    desk_open(&desk);
    struct step step = {.fixture = &desk.fixture, .staff = &desk.city, .id = desk.work, .action = "approve"};

    fixture_transact(&desk.fixture, decide, &step);
    expect_state(&step, "in_review", false);
    g_assert_cmpint(step.submission.stage, ==, 2);
    step.staff = &desk.province;
    fixture_transact(&desk.fixture, decide, &step);
    expect_state(&step, "published", true);
    step_clear(&step);
    desk_close(&desk);
}

static void test_one_person_cannot_do_both_stages(void)
{
    struct desk desk = {0};
    desk_open(&desk);
    struct step step = {.fixture = &desk.fixture, .staff = &desk.province, .id = desk.work, .action = "approve"};

    fixture_transact(&desk.fixture, decide, &step);
    expect_refusal(&step, decide, REASON_SAME_PERSON);
    expect_state(&step, "in_review", false);
    step_clear(&step);
    desk_close(&desk);
}

static void test_another_city_sees_nothing(void)
{
    struct desk desk = {0};
    struct staff other = {0};
    desk_open(&desk);
    fixture_staff(&desk.fixture, "qingdao", "370200", "first", &other);
    struct step step = {.fixture = &desk.fixture, .staff = &other, .id = desk.work, .action = "approve"};

    expect_refusal(&step, decide, REASON_OUT_OF_SCOPE);
    step_clear(&step);
    sql_row_clear(&staff_map, &other);
    desk_close(&desk);
}

static void test_city_cannot_decide_the_final_stage(void)
{
    struct desk desk = {0};
    struct staff second = {0};
    desk_open(&desk);
    fixture_staff(&desk.fixture, "jinan2", "370100", "first final", &second);
    struct step step = {.fixture = &desk.fixture, .staff = &desk.city, .id = desk.work, .action = "approve"};

    fixture_transact(&desk.fixture, decide, &step);
    step.staff = &second;
    expect_refusal(&step, decide, REASON_DENIED);
    step_clear(&step);
    sql_row_clear(&staff_map, &second);
    desk_close(&desk);
}

static void test_old_version_is_refused(void)
{
    struct desk desk = {0};
    desk_open(&desk);
    struct step step = {
        .fixture = &desk.fixture, .staff = &desk.city, .id = desk.work, .action = "approve", .version = 1};

    expect_refusal(&step, decide, REASON_VERSION);
    step_clear(&step);
    desk_close(&desk);
}

static bool undo(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    return review_undo(sql, step->staff, &ACTOR, step->decision, step->fixture->now_ms, error);
}

static bool settle(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    return review_settle(sql, step->fixture->rules, step->decision, step->fixture->now_ms, error);
}

static void test_undo_inside_the_window_only(void)
{
    struct desk desk = {0};
    desk_open(&desk);
    struct step step = {
        .fixture = &desk.fixture, .staff = &desk.city, .id = desk.work, .action = "approve", .undo_ms = 10000};

    fixture_transact(&desk.fixture, decide, &step);
    fixture_transact(&desk.fixture, undo, &step);
    desk.fixture.now_ms += 20000;
    fixture_transact(&desk.fixture, settle, &step);
    expect_state(&step, "in_review", false);
    g_assert_cmpint(step.submission.stage, ==, 1);

    fixture_transact(&desk.fixture, decide, &step);
    desk.fixture.now_ms += 10000;
    expect_refusal(&step, undo, REASON_UNDO_CLOSED);
    fixture_transact(&desk.fixture, settle, &step);
    expect_state(&step, "in_review", false);
    g_assert_cmpint(step.submission.stage, ==, 2);
    step_clear(&step);
    desk_close(&desk);
}

static bool edit_title(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    const struct doer submitter = {ACTOR_SUBMITTER, {"submitter", "submitter", ""}};
    const struct submission_changes texts = {.title = "和爷爷一起读家书"};

    return submission_get(sql, step->id, &step->submission, error) &&
           submission_edit(sql, step->fixture->rules, &step->submission, &texts, &submitter, step->fixture->now_ms, error);
}

static void test_edit_voids_a_pending_decision(void)
{
    struct desk desk = {0};
    desk_open(&desk);
    struct step step = {
        .fixture = &desk.fixture, .staff = &desk.city, .id = desk.work, .action = "approve", .undo_ms = 10000};

    fixture_transact(&desk.fixture, decide, &step);
    fixture_transact(&desk.fixture, edit_title, &step);
    desk.fixture.now_ms += 20000;
    fixture_transact(&desk.fixture, settle, &step);
    expect_state(&step, "in_review", false);
    g_assert_cmpint(step.submission.stage, ==, 1);
    g_assert_cmpint(step.submission.revision, ==, 2);
    step_clear(&step);
    desk_close(&desk);
}

static void test_edit_after_publication_takes_it_off_the_site(void)
{
    struct desk desk = {0};
    desk_open(&desk);
    struct step step = {.fixture = &desk.fixture, .staff = &desk.city, .id = desk.work, .action = "approve"};

    fixture_transact(&desk.fixture, decide, &step);
    step.staff = &desk.province;
    fixture_transact(&desk.fixture, decide, &step);
    expect_state(&step, "published", true);
    fixture_transact(&desk.fixture, edit_title, &step);
    expect_state(&step, "in_review", false);
    step_clear(&step);
    desk_close(&desk);
}

static bool publish_by_hand(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    return submission_get(sql, step->id, &step->submission, error) &&
           publication_add(sql, step->fixture->rules, &step->submission, step->staff->id, step->fixture->now_ms, error);
}

static void test_database_refuses_a_publication_without_approval(void)
{
    struct desk desk = {0};
    g_autoptr(GError) error = NULL;
    desk_open(&desk);
    struct step step = {.fixture = &desk.fixture, .staff = &desk.city, .id = desk.work, .action = "approve"};

    g_assert_false(database_transact(desk.fixture.database, "test", publish_by_hand, &step, &error));
    g_assert_nonnull(strstr(error->message, "publication without approval"));
    expect_state(&step, "in_review", false);
    step_clear(&step);
    desk_close(&desk);
}

static bool withdraw(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    return submission_get(sql, step->id, &step->submission, error) &&
           submission_withdraw(sql, &step->submission, "", step->fixture->now_ms, error);
}

static void test_withdrawal_wins_over_a_pending_approval(void)
{
    struct desk desk = {0};
    desk_open(&desk);
    struct step step = {.fixture = &desk.fixture, .staff = &desk.city, .id = desk.work, .action = "approve"};

    fixture_transact(&desk.fixture, decide, &step);
    step.staff = &desk.province;
    step.undo_ms = 10000;
    fixture_transact(&desk.fixture, decide, &step);
    fixture_transact(&desk.fixture, withdraw, &step);
    desk.fixture.now_ms += 20000;
    fixture_transact(&desk.fixture, settle, &step);
    expect_state(&step, "withdrawn", false);
    step_clear(&step);
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/review/two_people_publish", test_two_people_publish);
    g_test_add_func("/review/one_person_cannot_do_both_stages", test_one_person_cannot_do_both_stages);
    g_test_add_func("/review/another_city_sees_nothing", test_another_city_sees_nothing);
    g_test_add_func("/review/city_cannot_decide_the_final_stage", test_city_cannot_decide_the_final_stage);
    g_test_add_func("/review/old_version_is_refused", test_old_version_is_refused);
    g_test_add_func("/review/undo_inside_the_window_only", test_undo_inside_the_window_only);
    g_test_add_func("/review/edit_voids_a_pending_decision", test_edit_voids_a_pending_decision);
    g_test_add_func("/review/edit_after_publication_takes_it_off_the_site",
                    test_edit_after_publication_takes_it_off_the_site);
    g_test_add_func("/review/database_refuses_a_publication_without_approval",
                    test_database_refuses_a_publication_without_approval);
    g_test_add_func("/review/withdrawal_wins_over_a_pending_approval", test_withdrawal_wins_over_a_pending_approval);
    return g_test_run();
}
