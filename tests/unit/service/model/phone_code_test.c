/* Codes: paces of one number and of a block, five minutes, five tries, one person. */
#include "service/model/phone_code.h"

#include "common/failure.h"
#include "tests/unit/support/fixture.h"

struct call {
    struct fixture *fixture;
    const char *phone;
    const char *block;
    const char *shown;
    const char *by;
    char *id;
    char *code;
    bool right;
};

static void call_clear(struct call *call)
{
    g_clear_pointer(&call->id, g_free);
    g_clear_pointer(&call->code, g_free);
}

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct phone_asking asking = {call->phone, call->block, call->fixture->now_ms};

    return phone_code_add(sql, call->fixture->secrets, &asking, &call->id, &call->code, error);
}

static bool show(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct phone_showing showing = {call->phone, call->shown, call->by, call->fixture->now_ms};

    return phone_code_show(sql, call->fixture->secrets, &showing, &call->right, error);
}

static enum reason asked(struct call *call)
{
    g_autoptr(GError) error = NULL;

    return database_transact(call->fixture->database, "add", add, call, &error) ? REASON_COUNT : error_reason(error);
}

static bool shows(struct call *call, const char *code, const char *by)
{
    g_autoptr(GError) error = NULL;

    call->shown = code;
    call->by = by;
    g_assert_true(database_transact(call->fixture->database, "show", show, call, &error));
    return call->right;
}

static void test_paces_of_a_number(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture, .phone = "13800000001", .block = "10.0.0.0"};

    fixture_open(&fixture);
    for (int i = 0; i < 5; i++) {
        g_assert_cmpint(asked(&call), ==, REASON_COUNT);
        g_assert_cmpint(asked(&call), ==, REASON_PHONE_CODE_SOON);
        fixture.now_ms += 60000;
    }
    g_assert_cmpint(asked(&call), ==, REASON_PHONE_CODE_MANY); /* the sixth within an hour */
    for (int i = 0; i < 5; i++) {
        fixture.now_ms += 3600000;
        g_assert_cmpint(asked(&call), ==, REASON_COUNT);
    }
    fixture.now_ms += 3600000;
    g_assert_cmpint(asked(&call), ==, REASON_PHONE_CODE_MANY); /* the eleventh within a day */
    fixture.now_ms += 86400000;
    g_assert_cmpint(asked(&call), ==, REASON_COUNT);
    call_clear(&call);
    fixture_close(&fixture);
}

static void test_a_block_and_its_neighbour(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture, .block = "10.0.0.0"};

    fixture_open(&fixture);
    for (int i = 0; i < 200; i++) {
        g_autofree char *phone = g_strdup_printf("139%08d", i);
        call.phone = phone;
        g_assert_cmpint(asked(&call), ==, REASON_COUNT);
    }
    call.phone = "13700000000";
    g_assert_cmpint(asked(&call), ==, REASON_PHONE_CODE_MANY);
    call.block = "10.1.0.0";
    g_assert_cmpint(asked(&call), ==, REASON_COUNT);
    call_clear(&call);
    fixture_close(&fixture);
}

static void test_a_code_is_of_one_person_and_of_five_minutes(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture, .phone = "13800000001", .block = "10.0.0.0"};

    fixture_open(&fixture);
    g_assert_cmpint(asked(&call), ==, REASON_COUNT);
    g_autofree char *code = g_strdup(call.code);
    g_assert_false(shows(&call, "x", "one"));
    g_assert_true(shows(&call, code, "one"));
    g_assert_true(shows(&call, code, "one")); /* the answer was lost */
    g_assert_false(shows(&call, code, "another"));
    fixture.now_ms += 5 * 60000 + 1;
    g_assert_false(shows(&call, code, "one"));
    g_assert_cmpint(asked(&call), ==, REASON_COUNT);
    if (g_strcmp0(code, call.code) != 0) { /* once in a million */
        g_assert_false(shows(&call, code, "one"));
    }
    call_clear(&call);
    fixture_close(&fixture);
}

static void test_five_tries(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture, .phone = "13800000001", .block = "10.0.0.0"};

    fixture_open(&fixture);
    g_assert_cmpint(asked(&call), ==, REASON_COUNT);
    for (int i = 0; i < 5; i++) {
        g_assert_false(shows(&call, "x", "one"));
    }
    g_assert_false(shows(&call, call.code, "one"));
    call_clear(&call);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/phone_code/paces_of_a_number", test_paces_of_a_number);
    g_test_add_func("/phone_code/a_block_and_its_neighbour", test_a_block_and_its_neighbour);
    g_test_add_func("/phone_code/a_code_is_of_one_person_and_of_five_minutes",
                    test_a_code_is_of_one_person_and_of_five_minutes);
    g_test_add_func("/phone_code/five_tries", test_five_tries);
    return g_test_run();
}
