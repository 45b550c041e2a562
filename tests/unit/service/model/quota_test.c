/* Quotas: each source has its own count, in its own window; what goes beyond leaves no trace. */
#include "service/model/quota.h"

#include "common/failure.h"
#include "tests/unit/support/fixture.h"

struct call {
    struct fixture *fixture;
    struct quota_source source;
    int64_t percent;
};

static bool take(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    return quota_take(sql, call->fixture->secrets, &call->source, call->percent, call->fixture->now_ms, error);
}

/* How many of `tries` are let through. */
static int taken(struct call *call, int tries)
{
    int good = 0;

    for (int i = 0; i < tries; i++) {
        g_autoptr(GError) error = NULL;
        if (database_transact(call->fixture->database, "quota", take, call, &error)) {
            good++;
        } else {
            g_assert_error(error, MODEL_ERROR, REASON_QUOTA);
        }
    }
    return good;
}

static void test_a_flood_from_one_source_stops_no_other(void)
{
    struct fixture fixture = {0};

    fixture_open(&fixture);
    fixture.now_ms = INT64_C(1767225600000); /* the start of an hour and of a day */
    struct call flood = {&fixture, {.device = "d1", .phone = "13800000001", .block = "10.0.0.0", .link = "a"}, 5};
    struct call other = {&fixture, {.device = "d2", .phone = "13800000002", .block = "10.0.0.0", .link = "a"}, 5};
    g_assert_cmpint(taken(&flood, 9), ==, 3); /* 60 an hour, of that 5 % */
    g_assert_cmpint(taken(&other, 2), ==, 2);
    fixture.now_ms += 3600000;
    g_assert_cmpint(taken(&flood, 9), ==, 3);
    fixture_close(&fixture);
}

static void test_a_telephone_counts_over_all_devices(void)
{
    struct fixture fixture = {0};
    struct call call = {&fixture, {.phone = "13800000001"}, 1};
    struct call none = {&fixture, {.device = "", .link = NULL}, 1};
    struct call off = {&fixture, {.phone = "13800000001"}, 0};

    fixture_open(&fixture);
    g_assert_cmpint(taken(&call, 8), ==, 5);
    g_assert_cmpint(taken(&none, 8), ==, 8);
    g_assert_cmpint(taken(&off, 8), ==, 8);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quota/a_flood_from_one_source_stops_no_other", test_a_flood_from_one_source_stops_no_other);
    g_test_add_func("/quota/a_telephone_counts_over_all_devices", test_a_telephone_counts_over_all_devices);
    return g_test_run();
}
