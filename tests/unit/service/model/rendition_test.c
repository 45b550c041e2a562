/* What pages show of a revision's renditions stands beside its texts, whoever wrote the renditions, on both engines. */
#include "service/model/rendition.h"

#include "tests/unit/support/fixture.h"

struct shown {
    char *renditions;
};
static const struct sql_column COLUMNS[] = {SQL_FIELD(struct shown, renditions)};
static const struct sql_map MAP = SQL_MAP(struct shown, COLUMNS);

struct call {
    const struct fixture *fixture;
    struct rendition rendition;
    struct shown shown;
};

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return rendition_add(sql, &call->rendition, call->fixture->now_ms, error);
}

static bool look(struct sql *sql, void *context, GError **error)
{
    static const char SHOWN[] = "SELECT renditions FROM revision WHERE submission = $1 AND number = 1";
    struct call *call = context;
    bool found = false;

    return sql_row(sql, SHOWN, SQL_VALUES(SQL_T(call->rendition.submission)), &MAP, &call->shown, &found, error) &&
           found;
}

static struct rendition rendition(char *submission, const char *name, const char *kind, int64_t bytes)
{
    return (struct rendition){
        .submission = submission,
        .revision = 1,
        .name = (char *)(uintptr_t)name,
        .kind = (char *)(uintptr_t)kind,
        .type = (char *)(uintptr_t) "video/mp4",
        .bytes = bytes,
        .sha256 = (char *)(uintptr_t) "",
        .store_key = (char *)(uintptr_t) "",
        .facts = (char *)(uintptr_t) "{\"height\":480}",
    };
}

static void test_what_is_shown_follows(void)
{
    struct fixture fixture = {0};

    fixture_open(&fixture);
    g_autofree char *work = fixture_received(&fixture, "370102");
    const struct rendition steps[] = {
        rendition(work, "480p.mp4", "review-mp4", 7),
        rendition(work, "v480.m3u8", "playlist", 8),  /* found through the master */
        rendition(work, "480p.mp4", "review-mp4", 9), /* a second try of the job */
        rendition(work, "v720.mp4", "rung", 10),
    };
    struct call call = {.fixture = &fixture};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        call.rendition = steps[i];
        fixture_transact(&fixture, add, &call);
    }
    fixture_transact(&fixture, look, &call);
    g_assert_cmpstr(
        call.shown.renditions, ==,
        "review-mp4\t480p.mp4\tvideo/mp4\t9\t{\"height\":480}\nrung\tv720.mp4\tvideo/mp4\t10\t{\"height\":480}");
    sql_row_clear(&MAP, &call.shown);
    fixture_close(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rendition/what_is_shown_follows", test_what_is_shown_follows);
    return g_test_run();
}
