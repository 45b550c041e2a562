/* Whose a work is: what a device has shown, and for how long that counts. */
#include "service/model/identity.h"

#include "service/model/submission.h"
#include "tests/unit/support/fixture.h"

struct call {
    struct fixture *fixture;
    const char *device;
    const char *identity;
    enum identity_kind kind;
    const char *work;
    bool may;
    int64_t count;
};

static bool bind_device(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    return identity_bind_device(sql, call->device, call->kind, call->identity, call->fixture->now_ms, error);
}

static bool bind_work(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    return identity_bind_work(sql, call->identity, call->work, call->fixture->now_ms, error);
}

static bool bind_wechat(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    return identity_bind_work_wechat(sql, call->device, call->work, call->fixture->now_ms, error);
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autoptr(SqlRows) rows = identity_list_works(sql, call->device, call->fixture->now_ms, error);

    call->count = rows == NULL ? -1 : (int64_t)rows->count;
    return rows != NULL && identity_may(sql, call->device, call->work, call->fixture->now_ms, &call->may, error);
}

static void assert_sees(struct call *call, const char *device, bool sees)
{
    call->device = device;
    fixture_transact(call->fixture, look, call);
    g_assert_true(call->may == sees);
    g_assert_cmpint(call->count, ==, sees);
}

static void test_a_number_and_its_time(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture, .kind = IDENTITY_PHONE};

    fixture_open(&fixture);
    g_autofree char *work = fixture_received(&fixture, "370102");
    g_autofree char *identity = identity_of(fixture.secrets, IDENTITY_PHONE, "13800000001");
    g_autofree char *same_digits = identity_of(fixture.secrets, IDENTITY_WECHAT, "13800000001");
    g_assert_cmpstr(identity, !=, same_digits);
    call.work = work;
    call.identity = identity;
    fixture_transact(&fixture, bind_work, &call);
    fixture_transact(&fixture, bind_work, &call); /* once more is no more */
    assert_sees(&call, "other", false);
    call.device = "mine";
    fixture_transact(&fixture, bind_device, &call);
    assert_sees(&call, "mine", true);
    fixture.now_ms += IDENTITY_MS + 1;
    assert_sees(&call, "mine", false);
    fixture_transact(&fixture, bind_device, &call);
    assert_sees(&call, "mine", true);
    fixture_close(&fixture);
}

/* A device writes the numbers of many, but is one WeChat account's. */
static void test_a_work_is_of_the_devices_wechat_alone(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture, .device = "mine"};

    fixture_open(&fixture);
    g_autofree char *work = fixture_received(&fixture, "370102");
    call.work = work;
    for (int i = 0; i < 2; i++) {
        call.kind = i == 0 ? IDENTITY_PHONE : IDENTITY_WECHAT;
        call.identity = i == 0 ? "number" : "account";
        fixture_transact(&fixture, bind_device, &call);
    }
    fixture_transact(&fixture, bind_wechat, &call);
    call.device = "of the number";
    call.kind = IDENTITY_PHONE;
    call.identity = "number";
    fixture_transact(&fixture, bind_device, &call);
    assert_sees(&call, "of the number", false);
    call.device = "of the account";
    call.kind = IDENTITY_WECHAT;
    call.identity = "account";
    fixture_transact(&fixture, bind_device, &call);
    assert_sees(&call, "of the account", true);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/identity/a_number_and_its_time", test_a_number_and_its_time);
    g_test_add_func("/identity/a_work_is_of_the_devices_wechat_alone", test_a_work_is_of_the_devices_wechat_alone);
    return g_test_run();
}
