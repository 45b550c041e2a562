/* Events get dense numbers in the transaction of the change, are owed to who wants them, and are taken by one service at a
 * time. The signature is that of an example computed elsewhere. */
#include "service/model/receiver.h"

#include "service/model/submission.h"
#include "tests/unit/support/fixture.h"

struct step {
    struct fixture *fixture;
    const char *url;
    const char *kinds; /* JSON; NULL: all */
    struct receiver receiver;
    char *shown;
    enum outbox_kind kind;
    int64_t last;
    bool fails;
    struct delivery delivery;
    bool found;
    int64_t now_ms;
    size_t count;
};

static bool add_receiver(struct sql *sql, void *context, GError **error)
{
    static const struct actor ADMIN = {"admin", "administrator", ""};
    struct step *step = context;
    json_auto_t *kinds = step->kinds == NULL ? NULL : json_loads(step->kinds, 0, NULL);
    const struct receiver_new new = {.name = "name", .url = step->url, .kinds = kinds};

    return receiver_add(sql, step->fixture->secrets, &new, &ADMIN, step->fixture->now_ms, &step->receiver,
                        &step->shown, error);
}

static bool tell(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    const struct submission work = {.id = (char *)(uintptr_t)"work",
                                    .revision = 1,
                                    .edition = (char *)(uintptr_t)"2026",
                                    .track = (char *)(uintptr_t)"family-video",
                                    .region = (char *)(uintptr_t)"370102",
                                    .city = (char *)(uintptr_t)"370100"};

    if (!outbox_add(sql, step->kind, &work, step->fixture->now_ms, error) || !outbox_last(sql, &step->last, error)) {
        return false;
    }
    if (step->fails) {
        g_set_error_literal(error, g_quark_from_static_string("test"), 1, "what it tells of does not happen");
    }
    return !step->fails;
}

static bool take(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    return delivery_take(sql, step->receiver.id, step->now_ms, step->now_ms + 60000, &step->delivery, &step->found,
                         error);
}

static bool settle(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    return delivery_settle(sql, &step->delivery, "ok", 0, error);
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    g_autoptr(SqlRows) rows = outbox_list(sql, step->receiver.kinds, 0, 100, error);

    step->count = rows == NULL ? 0 : rows->count;
    return rows != NULL;
}

static void step_clear(struct step *step)
{
    receiver_clear(&step->receiver);
    delivery_clear(&step->delivery);
    g_free(step->shown);
}

static void test_numbers_are_dense(void)
{
    struct fixture fixture = {0};
    g_autoptr(GError) error = NULL;

    fixture_open(&fixture);
    struct step step = {.fixture = &fixture, .kind = OUTBOX_PUBLISHED};
    for (int64_t seq = 1; seq <= 3; seq++) {
        fixture_transact(&fixture, tell, &step);
        g_assert_cmpint(step.last, ==, seq);
        step.fails = true;
        g_assert_false(database_transact(fixture.database, "test", tell, &step, &error));
        g_clear_error(&error);
        step.fails = false;
    }
    step_clear(&step);
    fixture_close(&fixture);
}

static void test_owed_once_to_who_wants_it(void)
{
    struct fixture fixture = {0};

    fixture_open(&fixture);
    struct step called = {.fixture = &fixture, .url = "https://a.example.cn/", .kinds = "[\"work.withdrawn\"]"};
    struct step asking = {.fixture = &fixture, .kinds = "[\"work.published\", \"work.published\"]"};
    fixture_transact(&fixture, add_receiver, &called);
    fixture_transact(&fixture, add_receiver, &asking);
    g_assert_cmpstr(asking.receiver.kinds, ==, " work.published ");
    called.kind = OUTBOX_PUBLISHED;
    fixture_transact(&fixture, tell, &called);
    called.now_ms = fixture.now_ms;
    fixture_transact(&fixture, take, &called);
    g_assert_false(called.found); /* not of its kinds */
    called.kind = OUTBOX_WITHDRAWN;
    fixture_transact(&fixture, tell, &called);
    fixture_transact(&fixture, take, &called);
    g_assert_true(called.found);
    g_assert_cmpint(called.delivery.seq, ==, 2);
    struct step other = {.fixture = &fixture, .now_ms = fixture.now_ms};
    other.receiver.id = g_strdup(called.receiver.id);
    fixture_transact(&fixture, take, &other);
    g_assert_false(other.found); /* somebody has it */
    other.now_ms += 61000;       /* who died with it */
    fixture_transact(&fixture, take, &other);
    g_assert_true(other.found);
    g_assert_cmpint(other.delivery.attempts, ==, 1);
    fixture_transact(&fixture, settle, &called); /* it comes late: not its own any more */
    other.now_ms += 61000;
    fixture_transact(&fixture, take, &other);
    g_assert_true(other.found);
    fixture_transact(&fixture, settle, &other);
    other.now_ms += 61000;
    fixture_transact(&fixture, take, &other);
    g_assert_false(other.found);
    fixture_transact(&fixture, list, &asking);
    g_assert_cmpint(asking.count, ==, 1);
    step_clear(&called);
    step_clear(&asking);
    step_clear(&other);
    fixture_close(&fixture);
}

/* printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key */
static void test_signature(void)
{
    g_autofree char *signature = receiver_signature("key", 1700000000999, "{\"a\":1}");

    g_assert_cmpstr(signature, ==, "t=1700000000,v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/receiver/numbers_are_dense", test_numbers_are_dense);
    g_test_add_func("/receiver/owed_once_to_who_wants_it", test_owed_once_to_who_wants_it);
    g_test_add_func("/receiver/signature", test_signature);
    return g_test_run();
}
