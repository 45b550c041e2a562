/* A work that waits for bytes: it fails when their time is over or the file is refused, and not otherwise. */
#include "service/model/unfinished.h"

#include <string.h>

#include "service/model/submission.h"
#include "service/model/upload.h"
#include "tests/unit/support/fixture.h"

struct call {
    struct fixture *fixture;
    const char *upload;
    const char *work;
    struct submission_receipt receipt;
    struct submission submission;
    int64_t count;
    bool changed;
};

static bool make(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const char *const uploads[] = {call->upload, NULL};
    const struct submission_form form = {.track = "family-video", .region = "370102", .title = "读书", .words = "",
                                         .name = "张三", .phone = "13800000001", .licence = true, .scopes = "[\"site\"]",
                                         .uploads = uploads, .device_digest = "device", .peer = "10.0.0.1"};

    return submission_create(sql, call->fixture->rules, call->fixture->secrets, &form, call->fixture->now_ms,
                             &call->receipt, error);
}

static bool get(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return submission_get(sql, call->receipt.id, &call->submission, error);
}

static bool count_due(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autoptr(SqlRows) rows = unfinished_list(sql, call->fixture->now_ms, error);

    call->count = rows == NULL ? -1 : (int64_t)rows->count;
    return rows != NULL;
}

static bool expire(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return unfinished_expire(sql, call->upload, call->fixture->now_ms, &call->changed, error);
}

static bool refuse_work(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return unfinished_refuse(sql, call->upload, REASON_NOT_MEDIA, call->fixture->now_ms, &call->changed, error);
}

static void assert_state(struct call *call, const char *state, const char *failure)
{
    fixture_transact(call->fixture, get, call);
    g_assert_cmpstr(call->submission.state, ==, state);
    g_assert_cmpstr(call->submission.failure, ==, failure);
}

static void call_clear(struct call *call)
{
    submission_clear(&call->submission);
    submission_receipt_clear(&call->receipt);
}

static void test_time_is_over(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture};

    fixture_open(&fixture);
    g_autofree char *id = fixture_upload(&fixture, "open");
    call.upload = id;
    fixture_transact(&fixture, make, &call);
    assert_state(&call, "uploading", NULL);
    const int64_t made_ms = fixture.now_ms;
    fixture.now_ms = 0; /* before any deadline */
    fixture_transact(&fixture, expire, &call);
    g_assert_false(call.changed);
    fixture.now_ms = made_ms;
    assert_state(&call, "uploading", NULL);
    fixture.now_ms = INT64_C(1) << 50;
    fixture_transact(&fixture, count_due, &call);
    g_assert_cmpint(call.count, ==, 1);
    fixture_transact(&fixture, expire, &call);
    g_assert_true(call.changed);
    assert_state(&call, "failed", "upload-expired");
    fixture_transact(&fixture, expire, &call);
    g_assert_false(call.changed);
    call_clear(&call);
    fixture_close(&fixture);
}

static void test_a_refused_file(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture};

    fixture_open(&fixture);
    g_autofree char *id = fixture_upload(&fixture, "open");
    call.upload = id;
    fixture_transact(&fixture, make, &call);
    fixture_transact(&fixture, refuse_work, &call);
    g_assert_true(call.changed);
    assert_state(&call, "failed", "not-media");
    call_clear(&call);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/unfinished/time_is_over", test_time_is_over);
    g_test_add_func("/unfinished/a_refused_file", test_a_refused_file);
    return g_test_run();
}
