/* Sending a work: rules, idempotency, uploads still on their way, PIN. */
#include "service/model/submission.h"

#include "common/failure.h"
#include "service/model/pin.h"
#include "tests/unit/support/fixture.h"

struct call {
    struct fixture *fixture;
    struct submission_form form;
    struct submission_receipt receipt;
    const char *upload;
    const char *pin;
    bool right;
    struct submission submission;
};

static bool create(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return submission_create(sql, call->fixture->rules, call->fixture->secrets, &call->form, call->fixture->now_ms,
                             &call->receipt, error);
}

static struct submission_form good_form(const char *const *uploads)
{
    return (struct submission_form){
        .track = "family-video",
        .region = "370102",
        .title = "和奶奶一起读家书",
        .words = "",
        .name = "李小梅",
        .phone = "13800001234",
        .licence = true,
        .scopes = "[]",
        .uploads = uploads,
        .device_digest = "device",
        .peer = "127.0.0.1",
    };
}

static void test_every_rule_has_its_reason(void)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    g_autofree char *upload = fixture_upload(&fixture, "complete");
    const char *const uploads[] = {upload, NULL};
    const char *const two[] = {upload, "other", NULL};
    const char *const unknown[] = {"nosuchupload", NULL};
    const struct submission_form good = good_form(uploads);
    struct {
        struct submission_form form;
        enum reason reason;
    } cases[13];
    size_t count = 0;
#define CASE(field, value, expected)                                                                                   \
    cases[count].form = good, cases[count].form.field = (value), cases[count++].reason = (expected)
    CASE(track, "no-such", REASON_TRACK_UNKNOWN);
    CASE(region, "110000", REASON_REGION_UNKNOWN);
    CASE(title, "  ", REASON_TITLE_MISSING);
    CASE(title, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一", REASON_TITLE_TOO_LONG);
    CASE(name, "", REASON_NAME_MISSING);
    CASE(phone, "123", REASON_PHONE_INVALID);
    CASE(licence, false, REASON_CONSENT_LICENCE);
    CASE(children, true, REASON_CONSENT_GUARDIAN);
    CASE(uploads, two, REASON_TOO_MANY_FILES);
    CASE(uploads, unknown, REASON_UPLOAD_UNFINISHED);
#undef CASE
    for (size_t i = 0; i < count; i++) {
        struct call call = {.fixture = &fixture, .form = cases[i].form};
        g_autoptr(GError) error = NULL;
        g_assert_false(database_transact(fixture.database, "test", create, &call, &error));
        g_assert_error(error, MODEL_ERROR, (int)cases[i].reason);
    }
    fixture_close(&fixture);
}

static void test_closed_track(void)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    g_autofree char *upload = fixture_upload(&fixture, "complete");
    const char *const uploads[] = {upload, NULL};
    struct call call = {.fixture = &fixture, .form = good_form(uploads)};
    g_autoptr(GError) error = NULL;

    fixture.now_ms = 1900000000000; /* 2030 */
    g_assert_false(database_transact(fixture.database, "test", create, &call, &error));
    g_assert_error(error, MODEL_ERROR, REASON_TRACK_CLOSED);
    fixture_close(&fixture);
}

static void test_same_key_same_answer(void)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    g_autofree char *upload = fixture_upload(&fixture, "complete");
    const char *const uploads[] = {upload, NULL};
    struct call first = {.fixture = &fixture, .form = good_form(uploads)};
    first.form.idempotency = "key";
    struct call second = first;

    fixture_transact(&fixture, create, &first);
    fixture_transact(&fixture, create, &second);
    g_assert_cmpstr(first.receipt.code, ==, second.receipt.code);
    g_assert_cmpstr(first.receipt.pin, ==, second.receipt.pin);
    submission_receipt_clear(&first.receipt);
    submission_receipt_clear(&second.receipt);
    fixture_close(&fixture);
}

static void test_an_upload_belongs_to_one_work(void)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    g_autofree char *upload = fixture_upload(&fixture, "complete");
    const char *const uploads[] = {upload, NULL};
    struct call first = {.fixture = &fixture, .form = good_form(uploads)};
    struct call second = first;
    g_autoptr(GError) error = NULL;

    fixture_transact(&fixture, create, &first);
    g_assert_false(database_transact(fixture.database, "test", create, &second, &error));
    g_assert_error(error, MODEL_ERROR, REASON_UPLOAD_UNFINISHED);
    submission_receipt_clear(&first.receipt);
    fixture_close(&fixture);
}

static bool complete(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return sql_run(sql, "UPDATE upload SET state = 'complete' WHERE id = $1", SQL_VALUES(SQL_T(call->upload)), NULL,
                   error) &&
           submission_upload_completed(sql, call->upload, call->fixture->now_ms, error) &&
           submission_get(sql, call->receipt.id, &call->submission, error);
}

static void test_submitted_before_the_last_byte(void)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    g_autofree char *upload = fixture_upload(&fixture, "open");
    const char *const uploads[] = {upload, NULL};
    struct call call = {.fixture = &fixture, .form = good_form(uploads), .upload = upload};

    fixture_transact(&fixture, create, &call);
    g_assert_cmpstr(call.receipt.state, ==, "uploading");
    fixture_transact(&fixture, complete, &call);
    g_assert_cmpstr(call.submission.state, ==, "received");
    submission_clear(&call.submission);
    submission_receipt_clear(&call.receipt);
    fixture_close(&fixture);
}

static bool check_pin(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return submission_get(sql, call->receipt.id, &call->submission, error) &&
           pin_check(sql, call->fixture->secrets, &call->submission, call->pin, call->fixture->now_ms, &call->right,
                     error);
}

static void test_pin_and_its_slowing(void)
{
    struct fixture fixture = {0};
    fixture_open(&fixture);
    g_autofree char *upload = fixture_upload(&fixture, "complete");
    const char *const uploads[] = {upload, NULL};
    struct call call = {.fixture = &fixture, .form = good_form(uploads)};
    g_autoptr(GError) error = NULL;

    fixture_transact(&fixture, create, &call);
    call.pin = call.receipt.pin;
    fixture_transact(&fixture, check_pin, &call);
    g_assert_true(call.right);
    call.pin = "wrong!";
    for (int i = 0; i < 5; i++) {
        fixture_transact(&fixture, check_pin, &call);
        g_assert_false(call.right);
    }
    call.pin = call.receipt.pin;
    g_assert_false(database_transact(fixture.database, "test", check_pin, &call, &error));
    g_assert_error(error, MODEL_ERROR, REASON_LOGIN_SLOWED);
    fixture.now_ms += 60000;
    fixture_transact(&fixture, check_pin, &call);
    g_assert_true(call.right);
    submission_clear(&call.submission);
    submission_receipt_clear(&call.receipt);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/submission/every_rule_has_its_reason", test_every_rule_has_its_reason);
    g_test_add_func("/submission/closed_track", test_closed_track);
    g_test_add_func("/submission/same_key_same_answer", test_same_key_same_answer);
    g_test_add_func("/submission/an_upload_belongs_to_one_work", test_an_upload_belongs_to_one_work);
    g_test_add_func("/submission/submitted_before_the_last_byte", test_submitted_before_the_last_byte);
    g_test_add_func("/submission/pin_and_its_slowing", test_pin_and_its_slowing);
    return g_test_run();
}
