#include "service/model/ledger.h"

#include <string.h>

#include "common/failure.h"
#include "tests/unit/support/fixture.h"

enum { RECORDS = 60 };

static const struct actor ACTOR = {"zhang", "reviewer", "127.0.0.1"};

struct call {
    struct ledger_anchors anchors;
    struct ledger_verdict verdict;
    struct ledger_anchor head;
    const char *statement; /* what a tamperer with a tool of his own runs */
    int64_t now_ms;
};

static bool fill(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    for (int i = 0; i < RECORDS; i++) {
        g_autofree char *object = g_strdup_printf("work %d", i % 7);
        json_auto_t *detail = json_pack("{s:i}", "number", i);
        const struct ledger_entry entry = {"test.made", object, "in_review", "approved", detail};
        if (!ledger_add(sql, &ACTOR, &entry, call->now_ms + i, error)) {
            return false;
        }
    }
    return true;
}

static bool verify(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return ledger_verify(sql, &call->anchors, &call->verdict, error) && ledger_head(sql, &call->head, error);
}

static bool tamper(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    return sql_script(sql, "DROP TRIGGER IF EXISTS ledger_is_not_changed /*pg: ON ledger */", error) &&
           sql_script(sql, "DROP TRIGGER IF EXISTS ledger_is_not_deleted /*pg: ON ledger */", error) &&
           sql_script(sql, "DROP TRIGGER IF EXISTS ledger_has_no_gap /*pg: ON ledger */", error) &&
           sql_script(sql, call->statement, error);
}

/* Verifies after one tampering, which is taken back. */
static bool tamper_and_verify(struct sql *sql, void *context, GError **error)
{
    if (!tamper(sql, context, error) || !verify(sql, context, error)) {
        return false;
    }
    g_set_error(error, MODEL_ERROR, REASON_RATE, "taken back");
    return false;
}

/* `statement` with SEQ as a number. */
static void try_one(struct fixture *fixture, struct call *call, const char *statement, int64_t seq)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, seq);
    g_auto(GStrv) parts = g_strsplit(statement, "SEQ", -1);
    g_autofree char *text = g_strjoinv(number, parts);

    call->statement = text;
    g_assert_false(database_transact(fixture->database, "test", tamper_and_verify, call, &error));
    g_assert_cmpint(error->code, ==, REASON_RATE);
}

static void expect(const struct call *call, enum ledger_fault fault, int64_t bad)
{
    g_assert_cmpstr(ledger_fault_name(call->verdict.fault), ==, ledger_fault_name(fault));
    g_assert_cmpint(call->verdict.bad, ==, bad);
}

/* clang-format off */
static const struct {
    const char *statement;
    enum ledger_fault fault;
    int64_t bad; /* relative to SEQ */
} TAMPERINGS[] = {
    {"UPDATE ledger SET at_ms = at_ms + 1 WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET actor = 'nobody' WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET role = 'organiser' WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET peer = '10.0.0.1' WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET action = 'test.other' WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET object = 'work 99' WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET before = '' WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET after = 'declined' WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET detail = '{}' WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET hash = previous WHERE seq = SEQ", LEDGER_CONTENT, 0},
    {"UPDATE ledger SET previous = hash WHERE seq = SEQ", LEDGER_CHAIN, 0},
    {"DELETE FROM ledger WHERE seq = SEQ", LEDGER_GAP, 0},
    {"DELETE FROM ledger WHERE seq = SEQ; UPDATE ledger SET seq = -seq WHERE seq > SEQ;"
     " UPDATE ledger SET seq = -seq - 1 WHERE seq < 0", LEDGER_CHAIN, 0},
    {"UPDATE ledger SET seq = 0 WHERE seq = SEQ; UPDATE ledger SET seq = SEQ WHERE seq = SEQ + 1;"
     " UPDATE ledger SET seq = SEQ + 1 WHERE seq = 0", LEDGER_CHAIN, 0},
    {"DELETE FROM ledger WHERE seq > SEQ", LEDGER_CUT, 1},
};
/* clang-format on */

/* Edits of every column, deletions, swaps, insertions, cut tails: all named. */
static void test_tamperings_are_named(void)
{
    struct fixture fixture = {0};
    struct call call = {0};
    int tried = 0;

    fixture_open(&fixture);
    call.now_ms = fixture.now_ms;
    fixture_transact(&fixture, fill, &call);
    fixture_transact(&fixture, verify, &call);
    g_assert_cmpint(call.verdict.fault, ==, LEDGER_WHOLE);
    g_assert_cmpint(call.verdict.records, ==, call.head.seq);
    g_assert_cmpstr(call.verdict.hash, ==, call.head.hash);
    const struct ledger_anchor anchor = call.head;
    call.anchors = (struct ledger_anchors){&anchor, 1};

    for (int64_t seq = 2; seq < RECORDS - 1; seq += 8) {
        for (size_t i = 0; i < G_N_ELEMENTS(TAMPERINGS); i++, tried++) {
            try_one(&fixture, &call, TAMPERINGS[i].statement, seq);
            expect(&call, TAMPERINGS[i].fault, seq + TAMPERINGS[i].bad);
        }
    }
    try_one(&fixture, &call,
            "INSERT INTO ledger SELECT -5, at_ms, actor, role, peer, action, object, before, after, detail, previous,"
            " hash FROM ledger WHERE seq = SEQ",
            1);
    expect(&call, LEDGER_GAP, 1);
    g_assert_cmpint(tried, >=, 100);
    fixture_close(&fixture);
}

/* Whoever can rewrite everything can also compute the hashes anew; the anchor knows the old ones. */
static void test_a_chain_computed_anew_differs_from_the_anchor(void)
{
    struct fixture fixture = {0};
    struct fixture forged = {0};
    struct call call = {0};

    fixture_open(&fixture);
    fixture_open(&forged);
    call.now_ms = fixture.now_ms;
    fixture_transact(&fixture, fill, &call);
    fixture_transact(&fixture, verify, &call);
    const struct ledger_anchor anchor = call.head;
    call.now_ms += 1;
    call.anchors = (struct ledger_anchors){NULL, 0};
    fixture_transact(&forged, fill, &call);
    fixture_transact(&forged, verify, &call);
    g_assert_cmpint(call.verdict.fault, ==, LEDGER_WHOLE);
    call.anchors = (struct ledger_anchors){&anchor, 1};
    fixture_transact(&forged, verify, &call);
    g_assert_cmpint(call.verdict.fault, ==, LEDGER_ANCHOR);
    g_assert_cmpint(call.verdict.bad, ==, anchor.seq);
    fixture_close(&fixture);
    fixture_close(&forged);
}

static bool tamper_guarded(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    return sql_script(sql, call->statement, error);
}

static void test_the_database_refuses_by_itself(void)
{
    static const char *const STATEMENTS[] = {"UPDATE ledger SET actor = 'nobody' WHERE seq = 2",
                                             "DELETE FROM ledger WHERE seq = 2"};
    struct fixture fixture = {0};
    struct call call = {0};

    fixture_open(&fixture);
    call.now_ms = fixture.now_ms;
    fixture_transact(&fixture, fill, &call);
    for (size_t i = 0; i < G_N_ELEMENTS(STATEMENTS); i++) {
        g_autoptr(GError) error = NULL;
        call.statement = STATEMENTS[i];
        g_assert_false(database_transact(fixture.database, "test", tamper_guarded, &call, &error));
    }
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ledger/tamperings_are_named", test_tamperings_are_named);
    g_test_add_func("/ledger/a_chain_computed_anew_differs_from_the_anchor",
                    test_a_chain_computed_anew_differs_from_the_anchor);
    g_test_add_func("/ledger/the_database_refuses_by_itself", test_the_database_refuses_by_itself);
    return g_test_run();
}
