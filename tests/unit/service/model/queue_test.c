/* The queue: order over stages, paging, filters and scope; and that every statement runs along an index. The texts are
 * private to queue.c, so it is compiled into this program. */
#include "service/model/queue.c"

#include <string.h>

#include "service/model/review.h"
#include "tests/unit/support/engine.h"
#include "tests/unit/support/fixture.h"

struct step {
    struct fixture *fixture;
    const struct staff *staff;
    struct queue_query query;
    struct queue_page page;
    struct sql_rows *counts;
    const char *text;
    GString *plan;
};

static bool list(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    queue_page_clear(&step->page);
    return queue_list(sql, step->fixture->rules, step->staff, &step->query, &step->page, error);
}

static bool count(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    step->counts = queue_counts(sql, step->fixture->rules, step->staff, error);
    return step->counts != NULL;
}

static size_t listed(struct step *step, struct queue_query query)
{
    step->query = query;
    step->query.limit = query.limit == 0 ? 30 : query.limit;
    fixture_transact(step->fixture, list, step);
    return step->page.count;
}

static bool approve(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    static const struct actor ACTOR = {"person", "reviewer", ""};
    g_auto(Submission) submission = {0};
    g_autofree char *id = NULL;
    struct review_decision decision = {.action = "approve", .note = ""};

    if (!submission_get(sql, step->text, &submission, error)) {
        return false;
    }
    decision.version = submission.version;
    return review_decide(sql, step->fixture->rules, step->staff, &ACTOR, &submission, &decision, step->fixture->now_ms,
                         0, &id, error);
}

static void test_order_and_scope(void)
{
    struct fixture fixture = {0};
    struct staff city = {0};
    struct staff county = {0};
    struct staff province = {0};

    fixture_open(&fixture);
    fixture_staff(&fixture, "city", "370100", "first", &city);
    fixture_staff(&fixture, "county", "370102", "first", &county);
    fixture_staff(&fixture, "province", "370000", "first final", &province);
    g_autofree char *oldest = fixture_in_review(&fixture, "370103");
    fixture.now_ms += 1000;
    g_autofree char *middle = fixture_in_review(&fixture, "370102");
    fixture.now_ms += 1000;
    g_autofree char *other = fixture_in_review(&fixture, "370202");
    struct step step = {.fixture = &fixture, .staff = &city, .text = oldest};

    g_assert_cmpuint(listed(&step, (struct queue_query){0}), ==, 2);
    g_assert_cmpstr(step.page.items[0]->id, ==, oldest);
    g_assert_cmpuint(listed(&step, (struct queue_query){.region = "370102"}), ==, 1);
    g_assert_cmpuint(listed(&step, (struct queue_query){.region = "370200"}), ==, 0); /* not in the scope */
    g_assert_cmpuint(listed(&step, (struct queue_query){.track = "life-photo"}), ==, 0);
    g_assert_cmpuint(listed(&step, (struct queue_query){.track = "family-video"}), ==, 2);
    g_assert_cmpuint(listed(&step, (struct queue_query){.flag = "portrait"}), ==, 2);
    g_assert_cmpuint(listed(&step, (struct queue_query){.flag = "portra"}), ==, 0);
    g_assert_cmpuint(listed(&step, (struct queue_query){.stage = "final"}), ==, 0); /* not this person's */

    fixture.now_ms += 1000;
    fixture_transact(&fixture, approve, &step); /* the oldest now waits for the last stage, as the youngest */
    step.staff = &county;
    g_assert_cmpuint(listed(&step, (struct queue_query){0}), ==, 1);
    step.staff = &province;
    g_assert_cmpuint(listed(&step, (struct queue_query){.limit = 2}), ==, 2);
    g_assert_cmpstr(step.page.items[0]->id, ==, middle);
    g_assert_cmpstr(step.page.items[1]->id, ==, other);
    g_autofree char *next = g_strdup(step.page.next);
    g_assert_cmpuint(listed(&step, (struct queue_query){.limit = 2, .after = next}), ==, 1);
    g_assert_cmpstr(step.page.items[0]->id, ==, oldest);
    g_assert_null(step.page.next);

    fixture_transact(&fixture, count, &step);
    g_assert_cmpuint(step.counts->count, ==, 3); /* first in two cities, final in one */
    sql_rows_free(step.counts);
    queue_page_clear(&step.page);
    sql_row_clear(&staff_map, &city);
    sql_row_clear(&staff_map, &county);
    sql_row_clear(&staff_map, &province);
    fixture_close(&fixture);
}

struct plan_row {
    char *detail;
};
static const struct sql_column PLAN_COLUMNS[] = {SQL_FIELD(struct plan_row, detail)};
static const struct sql_map PLAN_MAP = SQL_MAP(struct plan_row, PLAN_COLUMNS);

static bool explain(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    g_autofree char *text = g_strconcat("EXPLAIN QUERY PLAN ", step->text, NULL);
    const bool is_page = strstr(step->text, "$7") != NULL;
    const bool is_total = strstr(step->text, "$1") == NULL;
    g_autoptr(SqlRows) rows =
        is_page
            ? sql_rows(sql, text,
                       SQL_VALUES(SQL_I(1), SQL_T("370100"), SQL_T("case"), SQL_T(""), SQL_I(0), SQL_T(""), SQL_I(30)),
                       &PLAN_MAP, error)
        : is_total ? sql_rows(sql, text, SQL_NO_VALUES, &PLAN_MAP, error)
                   : sql_rows(sql, text, SQL_VALUES(SQL_T("370102"), SQL_T("370100")), &PLAN_MAP, error);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        g_string_append_printf(step->plan, "%s\n", ((const struct plan_row *)sql_rows_at(rows, i))->detail);
    }
    return rows != NULL;
}

/* Every statement finds its rows by an index; the pages come out of it in order, without a sort. */
static void test_every_plan_uses_an_index(void)
{
    static const char *const STATEMENTS[] = {EVERYWHERE,   CITY,         COUNTY,           TRACK,
                                             CITY_TRACK,   COUNTY_TRACK, COUNT_EVERYWHERE, COUNT_CITY,
                                             COUNT_COUNTY, TOTAL};
    struct fixture fixture = {0};

    if (engine_server() != NULL) {
        g_test_skip("the plans of SQLite; those of PostgreSQL depend on how many rows there are");
        return;
    }
    fixture_open(&fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(STATEMENTS); i++) {
        g_autoptr(GString) plan = g_string_new(NULL);
        struct step step = {.fixture = &fixture, .text = STATEMENTS[i], .plan = plan};

        fixture_transact(&fixture, explain, &step);
        g_test_message("%s", plan->str);
        for (const char *line = plan->str; (line = strstr(line, "SCAN ")) != NULL; line++) {
            g_assert_true(g_str_has_prefix(line, "SCAN submission USING COVERING INDEX "));
        }
        g_assert_nonnull(strstr(plan->str, "INDEX "));
        if (strstr(STATEMENTS[i], "$7") != NULL) {
            g_assert_null(strstr(plan->str, "TEMP B-TREE"));
        }
    }
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/order_and_scope", test_order_and_scope);
    g_test_add_func("/queue/every_plan_uses_an_index", test_every_plan_uses_an_index);
    return g_test_run();
}
