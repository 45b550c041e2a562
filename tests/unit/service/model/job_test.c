/* The queue: one claim each, fencing tokens, leases, retries, fairness. */
#include "service/model/job.h"

#include "common/failure.h"
#include "tests/unit/support/fixture.h"

struct call {
    struct fixture *fixture;
    struct job job;
    bool found;
    int64_t boot_ms;
    int64_t token; /* 0: the job's own */
    bool counts;
    int64_t changed;
};

static struct job_lease lease_of(const struct call *call)
{
    return (struct job_lease){call->job.id, call->token == 0 ? call->job.token : call->token};
}

static bool take(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct job_claim claim = {"w", "full", call->fixture->now_ms, call->boot_ms, 30000};

    return job_take(sql, &claim, &call->job, &call->found, error);
}

static bool finish(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct job_lease lease = lease_of(call);

    return job_finish(sql, &lease, call->fixture->now_ms, error);
}

static bool void_leases(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return job_void_leases(sql, call->boot_ms, &call->changed, error);
}

static bool requeue(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct job_lease lease = lease_of(call);

    return job_requeue(sql, &lease, "broken-file", call->counts, call->fixture->now_ms + 5000, error);
}

static void test_a_job_is_claimed_once(void)
{
    struct fixture fixture = {0};
    struct call first = {.fixture = &fixture, .boot_ms = 1000};
    struct call second = {.fixture = &fixture, .boot_ms = 1000};

    fixture_open(&fixture);
    g_autofree char *work = fixture_received(&fixture, "370102");
    fixture_transact(&fixture, take, &first);
    g_assert_true(first.found);
    g_assert_cmpstr(first.job.submission, ==, work);
    fixture_transact(&fixture, take, &second);
    g_assert_false(second.found);
    job_clear(&first.job);
    fixture_close(&fixture);
}

static void test_one_who_sends_many_keeps_nobody_waiting(void)
{
    struct fixture fixture = {0};
    char *works[6];

    fixture_open(&fixture);
    for (size_t i = 0; i < 5; i++) {
        fixture.phone = "greedy";
        works[i] = fixture_received(&fixture, "370102");
        fixture.now_ms += 1000;
    }
    fixture.phone = "patient";
    works[5] = fixture_received(&fixture, "370102");
    static const size_t ORDER[] = {0, 5, 1, 2, 3, 4}; /* the last to come is second */
    for (size_t i = 0; i < G_N_ELEMENTS(ORDER); i++) {
        struct call call = {.fixture = &fixture, .boot_ms = 1000};
        fixture_transact(&fixture, take, &call);
        g_assert_true(call.found);
        g_assert_cmpstr(call.job.submission, ==, works[ORDER[i]]);
        job_clear(&call.job);
    }
    for (size_t i = 0; i < 6; i++) {
        g_free(works[i]);
    }
    fixture_close(&fixture);
}

static bool add_av1(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return job_add(sql, "av1", call->job.submission, 1, call->fixture->now_ms, error);
}

static bool give_way(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct job_lease lease = lease_of(call);

    return job_give_way(sql, &lease, call->fixture->now_ms, &call->counts, error);
}

static bool none_waits(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return job_none_waits(sql, call->fixture->now_ms, &call->found, error);
}

/* Neither what is taken, nor what is for idle times, nor what is not due yet waits. */
static void test_who_waits(void)
{
    struct fixture fixture = {0};
    struct call one = {.fixture = &fixture, .boot_ms = 1000};
    struct call look = {.fixture = &fixture};

    fixture_open(&fixture);
    fixture_transact(&fixture, none_waits, &look);
    g_assert_true(look.found);
    g_autofree char *work = fixture_received(&fixture, "370102");
    fixture_transact(&fixture, none_waits, &look);
    g_assert_false(look.found);
    fixture_transact(&fixture, take, &one);
    fixture_transact(&fixture, none_waits, &look);
    g_assert_true(look.found);
    fixture_transact(&fixture, add_av1, &one);
    fixture_transact(&fixture, none_waits, &look);
    g_assert_true(look.found);
    fixture_transact(&fixture, requeue, &one);
    fixture_transact(&fixture, none_waits, &look);
    g_assert_true(look.found); /* five seconds from now */
    fixture.now_ms += 6000;
    fixture_transact(&fixture, none_waits, &look);
    g_assert_false(look.found);
    job_clear(&one.job);
    fixture_close(&fixture);
}

/* What nobody waits for is done by a worker that has nothing else in its hands, and comes behind all the rest. */
static void test_av1_waits_until_a_worker_is_idle(void)
{
    struct fixture fixture = {0};
    struct call other = {.fixture = &fixture, .boot_ms = 1000};
    struct call idle = {.fixture = &fixture, .boot_ms = 1000};

    fixture_open(&fixture);
    g_autofree char *early = fixture_received(&fixture, "370102");
    idle.job.submission = g_strdup(early);
    fixture_transact(&fixture, add_av1, &idle);
    job_clear(&idle.job);
    fixture_transact(&fixture, take, &other);
    g_assert_true(other.found);
    g_assert_cmpstr(other.job.kind, ==, "prepare");
    fixture_transact(&fixture, take, &idle);
    g_assert_false(idle.found);
    fixture_transact(&fixture, finish, &other);
    fixture_transact(&fixture, take, &idle);
    g_assert_true(idle.found);
    g_assert_cmpstr(idle.job.kind, ==, "av1");
    fixture_transact(&fixture, give_way, &idle);
    g_assert_false(idle.counts);
    g_autofree char *late = fixture_received(&fixture, "370102");
    fixture_transact(&fixture, give_way, &idle);
    g_assert_false(idle.counts); /* somebody may take it in a moment */
    fixture.now_ms += 3000;
    fixture_transact(&fixture, give_way, &idle);
    g_assert_true(idle.counts);
    job_clear(&idle.job);
    fixture_transact(&fixture, take, &idle);
    g_assert_cmpstr(idle.job.submission, ==, late);
    job_clear(&idle.job);
    job_clear(&other.job);
    fixture_close(&fixture);
}

static void test_a_stale_token_changes_nothing(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture, .boot_ms = 1000};
    g_autoptr(GError) error = NULL;

    fixture_open(&fixture);
    g_autofree char *work = fixture_received(&fixture, "370102");
    fixture_transact(&fixture, take, &call);
    call.boot_ms = 31001; /* the lease ended at 31000 */
    fixture_transact(&fixture, void_leases, &call);
    g_assert_cmpint(call.changed, ==, 1);
    const int64_t old = call.job.token;
    fixture_transact(&fixture, take, &call);
    g_assert_true(call.found);
    g_assert_cmpint(call.job.token, ==, old + 1);
    call.token = old;
    g_assert_false(database_transact(fixture.database, "test", finish, &call, &error));
    g_assert_error(error, MODEL_ERROR, REASON_STALE_TOKEN);
    call.token = 0;
    fixture_transact(&fixture, finish, &call);
    job_clear(&call.job);
    fixture_close(&fixture);
}

static void test_a_lost_worker_does_not_count_against_the_file(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture, .boot_ms = 1000};

    fixture_open(&fixture);
    g_autofree char *work = fixture_received(&fixture, "370102");
    for (int i = 0; i < 5; i++) {
        fixture_transact(&fixture, take, &call);
        g_assert_true(call.found);
        g_assert_cmpint(call.job.attempt, ==, 1);
        call.boot_ms += 60000;
        fixture_transact(&fixture, void_leases, &call);
    }
    job_clear(&call.job);
    fixture_close(&fixture);
}

static void test_a_retry_waits_and_counts(void)
{
    struct fixture fixture = {0};
    struct call call = {.fixture = &fixture, .boot_ms = 1000, .counts = true};

    fixture_open(&fixture);
    g_autofree char *work = fixture_received(&fixture, "370102");
    fixture_transact(&fixture, take, &call);
    fixture_transact(&fixture, requeue, &call);
    fixture_transact(&fixture, take, &call);
    g_assert_false(call.found);
    fixture.now_ms += 5000;
    fixture_transact(&fixture, take, &call);
    g_assert_true(call.found);
    g_assert_cmpint(call.job.attempt, ==, 2);
    job_clear(&call.job);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/job/a_job_is_claimed_once", test_a_job_is_claimed_once);
    g_test_add_func("/job/one_who_sends_many_keeps_nobody_waiting", test_one_who_sends_many_keeps_nobody_waiting);
    g_test_add_func("/job/av1_waits_until_a_worker_is_idle", test_av1_waits_until_a_worker_is_idle);
    g_test_add_func("/job/who_waits", test_who_waits);
    g_test_add_func("/job/a_stale_token_changes_nothing", test_a_stale_token_changes_nothing);
    g_test_add_func("/job/a_lost_worker_does_not_count_against_the_file",
                    test_a_lost_worker_does_not_count_against_the_file);
    g_test_add_func("/job/a_retry_waits_and_counts", test_a_retry_waits_and_counts);
    return g_test_run();
}
