/* Figures: every statement finds its rows by an index. What they say is judged from outside, in the http tests. The texts
 * are private to figures.c, so it is compiled into this program. */
#include "service/model/figures.c"

#include "tests/unit/support/engine.h"
#include "tests/unit/support/fixture.h"

struct plan_row {
    char *detail;
};
static const struct sql_column PLAN_COLUMNS[] = {SQL_FIELD(struct plan_row, detail)};
static const struct sql_map PLAN_MAP = SQL_MAP(struct plan_row, PLAN_COLUMNS);

struct step {
    const char *text;
    GString *plan;
};

static bool explain(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    g_autofree char *text = g_strconcat("EXPLAIN QUERY PLAN ", step->text, NULL);
    g_autoptr(SqlRows) rows = sql_rows(sql, text, SQL_VALUES(SQL_I(1), SQL_T("")), &PLAN_MAP, error);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        g_string_append_printf(step->plan, "%s\n", ((const struct plan_row *)sql_rows_at(rows, i))->detail);
    }
    return rows != NULL;
}

static void test_every_plan_uses_an_index(void)
{
    static const char *const STATEMENTS[] = {HOURS, CITIES, PEOPLE, REASONS};
    struct fixture fixture = {0};

    if (engine_server() != NULL) {
        g_test_skip("the plans of SQLite; those of PostgreSQL depend on how many rows there are");
        return;
    }
    fixture_open(&fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(STATEMENTS); i++) {
        g_autoptr(GString) plan = g_string_new(NULL);
        struct step step = {.text = STATEMENTS[i], .plan = plan};

        fixture_transact(&fixture, explain, &step);
        g_test_message("%s", plan->str);
        g_assert_nonnull(strstr(plan->str, "SEARCH d USING INDEX decision_due (state=? AND effective_ms>?)"));
        for (const char *line = plan->str; (line = strstr(line, "SCAN ")) != NULL; line++) {
            g_assert_true(g_str_has_prefix(line, "SCAN e")); /* the subquery's own few rows */
        }
    }
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/figures/every_plan_uses_an_index", test_every_plan_uses_an_index);
    return g_test_run();
}
