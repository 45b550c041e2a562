/* Recusal: by region, by the own school, by the own telephone; and that two accounts of one number are one person. */
#include "service/model/recusal.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/identity.h"
#include "service/model/staff_phone.h"
#include "tests/unit/support/fixture.h"

#define PHONE "13800001234"
#define OTHER "13900005678"

static const struct actor ACTOR = {"person", "administrator", "127.0.0.1"};

struct desk {
    struct fixture fixture;
    struct staff city;
    struct staff province;
    char *work;
    /* of the next step */
    const struct staff *who;
    const char *text;
    char *decision;
};

static void desk_open(struct desk *desk)
{
    fixture_open(&desk->fixture);
    fixture_staff(&desk->fixture, "jinan", "370100", "first", &desk->city);
    fixture_staff(&desk->fixture, "sheng", "370000", "final", &desk->province);
    desk->work = fixture_in_review(&desk->fixture, "370102");
}

static void desk_close(struct desk *desk)
{
    sql_row_clear(&staff_map, &desk->city);
    sql_row_clear(&staff_map, &desk->province);
    g_free(desk->work);
    g_free(desk->decision);
    fixture_close(&desk->fixture);
}

static bool set_phone(struct sql *sql, void *context, GError **error)
{
    struct desk *desk = context;

    return staff_phone_set(sql, desk->fixture.secrets, desk->who->id, desk->text, &ACTOR, desk->fixture.now_ms, error);
}

static void give_phone(struct desk *desk, const struct staff *who, const char *phone)
{
    desk->who = who;
    desk->text = phone;
    fixture_transact(&desk->fixture, set_phone, desk);
}

static bool approve(struct sql *sql, void *context, GError **error)
{
    struct desk *desk = context;
    json_auto_t *reasons = json_array();
    g_auto(Submission) submission = {0};

    g_clear_pointer(&desk->decision, g_free);
    if (!review_get(sql, desk->fixture.rules, desk->who, desk->work, &submission, error)) {
        return false;
    }
    const struct review_decision decision = {.action = "approve",
                                             .reasons = reasons,
                                             .note = "",
                                             .version = submission.version};
    return review_decide(sql, desk->fixture.rules, desk->who, &ACTOR, &submission, &decision, desk->fixture.now_ms, 0,
                         &desk->decision, error);
}

static void approve_by(struct desk *desk, const struct staff *who)
{
    desk->who = who;
    fixture_transact(&desk->fixture, approve, desk);
}

static void refuse_by(struct desk *desk, const struct staff *who, database_work *work, enum reason reason)
{
    g_autoptr(GError) error = NULL;

    desk->who = who;
    g_assert_false(database_transact(desk->fixture.database, "test", work, desk, &error));
    g_assert_error(error, MODEL_ERROR, (int)reason);
}

static void test_one_number_is_one_person(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    give_phone(&desk, &desk.city, "+86 138 0000 1234");
    give_phone(&desk, &desk.province, PHONE);
    approve_by(&desk, &desk.city);
    refuse_by(&desk, &desk.province, approve, REASON_SAME_PERSON);
    desk_close(&desk);
}

static void test_a_number_set_after_the_first_approval_counts(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    approve_by(&desk, &desk.city);
    give_phone(&desk, &desk.city, PHONE);
    give_phone(&desk, &desk.province, PHONE);
    refuse_by(&desk, &desk.province, approve, REASON_SAME_PERSON);
    desk_close(&desk);
}

static void test_changing_the_number_makes_nobody_another_person(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    give_phone(&desk, &desk.city, PHONE);
    give_phone(&desk, &desk.province, PHONE);
    approve_by(&desk, &desk.city);
    give_phone(&desk, &desk.city, OTHER);
    give_phone(&desk, &desk.province, "");
    refuse_by(&desk, &desk.province, approve, REASON_SAME_PERSON);
    desk_close(&desk);
}

static bool sweep(struct sql *sql, void *context, GError **error)
{
    const struct desk *desk = context;

    return staff_phone_sweep(sql, desk->fixture.now_ms, error);
}

static void test_a_number_that_was_left_long_ago_is_forgotten(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    give_phone(&desk, &desk.city, PHONE);
    give_phone(&desk, &desk.province, PHONE);
    give_phone(&desk, &desk.province, OTHER);
    approve_by(&desk, &desk.city);
    desk.fixture.now_ms += IDENTITY_MS - 1;
    fixture_transact(&desk.fixture, sweep, &desk);
    refuse_by(&desk, &desk.province, approve, REASON_SAME_PERSON);
    desk.fixture.now_ms += 1;
    fixture_transact(&desk.fixture, sweep, &desk);
    approve_by(&desk, &desk.province);
    desk_close(&desk);
}

static void test_two_numbers_are_two_people(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    give_phone(&desk, &desk.city, PHONE);
    give_phone(&desk, &desk.province, OTHER);
    approve_by(&desk, &desk.city);
    approve_by(&desk, &desk.province);
    desk_close(&desk);
}

static bool bind_work(struct sql *sql, void *context, GError **error)
{
    const struct desk *desk = context;
    g_autofree char *identity = identity_of(desk->fixture.secrets, IDENTITY_PHONE, PHONE);

    return identity_bind_work(sql, identity, desk->work, desk->fixture.now_ms, error);
}

static void test_nobody_decides_on_a_work_of_the_own_number(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    fixture_transact(&desk.fixture, bind_work, &desk);
    give_phone(&desk, &desk.city, PHONE);
    refuse_by(&desk, &desk.city, approve, REASON_OWN_WORK);
    desk_close(&desk);
}

static void test_what_is_no_number_is_refused(void)
{
    struct desk desk = {0};
    desk_open(&desk);

    desk.text = "0531-8888";
    refuse_by(&desk, &desk.city, set_phone, REASON_PHONE_INVALID);
    desk_close(&desk);
}

static void test_by_place_and_by_unit(void)
{
    static const struct {
        const char *role;
        const char *recusals;
        const char *unit; /* of the person */
        const char *region;
        const char *of; /* the work's */
        bool is_due;
    } CASES[] = {
        {"reviewer", " ", "", "370102", "", false},
        {"reviewer", " 370102 ", "", "370102", "", true},
        {"reviewer", " 370100 ", "", "370102", "", true},
        {"reviewer", " 370103 ", "", "370102", "", false},
        {"reviewer", " ", "历下区文化小学", "370102", "历下区文化小学", true},
        {"reviewer", " ", "历下区 文化小学", "370102", "历下区文化小学", true},
        {"reviewer", " ", "ＡＢＣ 学校", "370102", "abc学校", true},
        {"reviewer", " ", "历下区文化小学", "370102", "文化小学", false},
        {"reviewer", " ", "历下区文化小学", "370102", "", false},
        {"unit", " ", "", "370102", "文化小学", true}, /* the account is named so */
        {"unit", " ", "别的学校", "370102", "文化小学", false},
        {"reviewer", " ", "", "370102", "文化小学", false},
    };
    struct desk desk = {0};
    desk_open(&desk);

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct staff person = {0};
        person.role = g_strdup(CASES[i].role);
        person.name = g_strdup("文化小学");
        person.recusals = g_strdup(CASES[i].recusals);
        person.unit = g_strdup(CASES[i].unit);
        g_test_message("case %zu", i);
        g_assert_cmpint(recusal_is_due(desk.fixture.rules, &person, CASES[i].region, CASES[i].of), ==, CASES[i].is_due);
        sql_row_clear(&staff_map, &person);
    }
    desk_close(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recusal/one_number_is_one_person", test_one_number_is_one_person);
    g_test_add_func("/recusal/a_number_set_after_the_first_approval_counts",
                    test_a_number_set_after_the_first_approval_counts);
    g_test_add_func("/recusal/changing_the_number_makes_nobody_another_person",
                    test_changing_the_number_makes_nobody_another_person);
    g_test_add_func("/recusal/a_number_that_was_left_long_ago_is_forgotten",
                    test_a_number_that_was_left_long_ago_is_forgotten);
    g_test_add_func("/recusal/two_numbers_are_two_people", test_two_numbers_are_two_people);
    g_test_add_func("/recusal/nobody_decides_on_a_work_of_the_own_number",
                    test_nobody_decides_on_a_work_of_the_own_number);
    g_test_add_func("/recusal/what_is_no_number_is_refused", test_what_is_no_number_is_refused);
    g_test_add_func("/recusal/by_place_and_by_unit", test_by_place_and_by_unit);
    return g_test_run();
}
