#include "service/model/otp.h"

#include "common/failure.h"
#include "tests/unit/support/fixture.h"

/* RFC 6238 appendix B, SHA-1, the last six of eight digits. */
static void test_vectors(void)
{
    static const struct {
        int64_t seconds;
        const char *code;
    } VECTORS[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(VECTORS); i++) {
        g_autofree char *code = otp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", VECTORS[i].seconds / 30);
        g_assert_cmpstr(code, ==, VECTORS[i].code);
    }
    g_assert_null(otp_code("no base32: 1890", 1));
}

struct call {
    struct fixture *fixture;
    struct staff *staff;
    const char *code;
    char *secret;
    char **codes;
};

static bool begin(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->secret, g_free);
    return otp_begin(sql, call->fixture->secrets, call->staff, &call->secret, error);
}

static bool confirm(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = {call->staff->id, call->staff->role, ""};

    g_clear_pointer(&call->codes, g_strfreev);
    return otp_confirm(sql, call->fixture->secrets, call->staff, call->code, &actor, call->fixture->now_ms,
                       &call->codes, error);
}

static bool spend(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return otp_spend(sql, call->fixture->secrets, call->staff, call->code, call->fixture->now_ms, error);
}

static int reason_of(struct call *call, database_work *work)
{
    g_autoptr(GError) error = NULL;

    return database_transact(call->fixture->database, "test", work, call, &error) ? -1 : error->code;
}

static void test_codes_work_once(void)
{
    struct fixture fixture = {0};
    struct staff staff = {0};

    fixture_open(&fixture);
    fixture_staff(&fixture, "zhang", "370100", "first", &staff);
    struct call call = {.fixture = &fixture, .staff = &staff};
    g_assert_cmpint(reason_of(&call, spend), ==, -1); /* nothing is asked before it is set up */
    fixture_transact(&fixture, begin, &call);
    call.code = "000000";
    g_assert_cmpint(reason_of(&call, confirm), ==, REASON_OTP_WRONG);

    const int64_t step = fixture.now_ms / 30000;
    g_autofree char *early = otp_code(call.secret, step - 1);
    g_autofree char *now = otp_code(call.secret, step);
    g_autofree char *next = otp_code(call.secret, step + 1);
    g_autofree char *far = otp_code(call.secret, step + 2);
    call.code = now;
    fixture_transact(&fixture, confirm, &call);
    g_assert_cmpuint(g_strv_length(call.codes), ==, RECOVERY_CODES);
    g_assert_cmpint(reason_of(&call, begin), ==, REASON_STATE); /* not replaced from within a session */

    call.code = NULL;
    g_assert_cmpint(reason_of(&call, spend), ==, REASON_OTP);
    call.code = now;
    g_assert_cmpint(reason_of(&call, spend), ==, REASON_OTP_WRONG); /* used by confirm */
    call.code = early;
    g_assert_cmpint(reason_of(&call, spend), ==, REASON_OTP_WRONG); /* never backwards */
    call.code = far;
    g_assert_cmpint(reason_of(&call, spend), ==, REASON_OTP_WRONG); /* beyond the drift */
    call.code = next;
    g_assert_cmpint(reason_of(&call, spend), ==, -1);
    g_assert_cmpint(reason_of(&call, spend), ==, REASON_OTP_WRONG);

    call.code = call.codes[3];
    g_assert_cmpint(reason_of(&call, spend), ==, -1);
    g_assert_cmpint(reason_of(&call, spend), ==, REASON_OTP_WRONG);
    g_strfreev(call.codes);
    g_free(call.secret);
    sql_row_clear(&staff_map, &staff);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(otp_init(NULL));
    g_test_add_func("/otp/vectors_of_the_rfc", test_vectors);
    g_test_add_func("/otp/codes_work_once", test_codes_work_once);
    return g_test_run();
}
