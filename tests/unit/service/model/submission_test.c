/* Sending a work: rules, idempotency, uploads still on their way, PIN. */
#include "service/model/submission.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/ledger.h"
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

/* A decision is pinned to all of it: whichever part is another one, so is the digest; texts do not run into each other. */
static void test_every_part_is_in_the_content_digest(void)
{
    static const struct {
        const char *file;
        const char *title;
        const char *words;
        const char *captions;
        const char *cover;
        const char *consents;
    } CASES[] = {
        {"f1", "ab", "cd", "[]", "c1", "[1]"},      {"f2", "ab", "cd", "[]", "c1", "[1]"},
        {"f1", "ab,", "cd", "[]", "c1", "[1]"},     {"f1", "ab", "cd,", "[]", "c1", "[1]"},
        {"f1", "ab", "cd", "[\"x\"]", "c1", "[1]"}, {"f1", "ab", "cd", "[]", "c2", "[1]"},
        {"f1", "ab", "cd", "[]", "c1", "[2]"},      {"f1", "abc", "d", "[]", "c1", "[1]"},
    };
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const char *const files[] = {CASES[i].file, NULL};
        const struct submission work = {
            .title = (char *)(uintptr_t)CASES[i].title,
            .words = (char *)(uintptr_t)CASES[i].words,
            .captions = (char *)(uintptr_t)CASES[i].captions,
        };
        char *digest = submission_content_digest(files, &work, CASES[i].cover, CASES[i].consents);
        g_autofree char *again = submission_content_digest(files, &work, CASES[i].cover, CASES[i].consents);
        g_assert_cmpuint(strlen(digest), ==, 64);
        g_assert_cmpstr(digest, ==, again);
        g_assert_true(g_hash_table_add(seen, digest));
    }
}

struct walk {
    struct fixture *fixture;
    const char *id;
    enum state from;
    struct move move;
    struct doer doer;
    bool fails; /* afterwards, in the same transaction */
    int64_t records;
    struct submission submission;
};

static bool count_records(struct sql *sql, void *context, GError **error)
{
    struct walk *walk = context;
    struct ledger_anchor head = {0};

    submission_clear(&walk->submission);
    if (!ledger_head(sql, &head, error) || !submission_get(sql, walk->id, &walk->submission, error)) {
        return false;
    }
    walk->records = head.seq;
    return true;
}

static bool put_state(struct sql *sql, void *context, GError **error)
{
    const struct walk *walk = context;

    return sql_run(sql, "UPDATE submission SET state = $2 WHERE id = $1",
                   SQL_VALUES(SQL_T(walk->id), SQL_T(state_name(walk->from))), NULL, error);
}

static bool take_step(struct sql *sql, void *context, GError **error)
{
    struct walk *walk = context;

    return submission_get(sql, walk->id, &walk->submission, error) &&
           submission_move(sql, &walk->submission, &walk->doer, &walk->move, walk->fixture->now_ms, error) &&
           (!walk->fails || refuse(error, MODEL_ERROR, REASON_STATE, "after the step"));
}

static int64_t records_now(struct walk *walk)
{
    fixture_transact(walk->fixture, count_records, walk);
    return walk->records;
}

/* The step leaves a record, and one that is taken back by what comes after it leaves none. */
static void expect_one_record(struct walk *walk, enum state to)
{
    g_autoptr(GError) error = NULL;

    fixture_transact(walk->fixture, put_state, walk);
    const int64_t before = records_now(walk);
    walk->fails = true;
    submission_clear(&walk->submission);
    g_assert_false(database_transact(walk->fixture->database, "test", take_step, walk, &error));
    g_assert_cmpint(records_now(walk), ==, before);
    g_assert_cmpstr(walk->submission.state, ==, state_name(walk->from));
    walk->fails = false;
    submission_clear(&walk->submission);
    fixture_transact(walk->fixture, take_step, walk);
    g_assert_cmpint(records_now(walk), ==, before + 1);
    g_assert_cmpstr(walk->submission.state, ==, state_name(to));
}

static void test_every_step_is_one_record(void)
{
    struct fixture fixture = {0};
    int steps = 0;

    fixture_open(&fixture);
    g_autofree char *id = fixture_in_review(&fixture, "370102");
    struct walk walk = {.fixture = &fixture, .id = id};
    for (int i = 0; i < STATE_COUNT * EVENT_COUNT * ACTOR_COUNT; i++) {
        enum state to;
        walk.from = (enum state)(i % STATE_COUNT);
        walk.move.event = (enum event)(i / STATE_COUNT % EVENT_COUNT);
        walk.doer = (struct doer){(enum actor_kind)(i / STATE_COUNT / EVENT_COUNT), {"person", "role", "127.0.0.1"}};
        if (submission_next_state(walk.from, walk.move.event, walk.doer.kind, &to)) {
            expect_one_record(&walk, to);
            steps++;
        }
    }
    g_assert_cmpint(steps, >=, 35);
    submission_clear(&walk.submission);
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
    g_test_add_func("/submission/every_part_is_in_the_content_digest", test_every_part_is_in_the_content_digest);
    g_test_add_func("/submission/every_step_is_one_record", test_every_step_is_one_record);
    return g_test_run();
}
