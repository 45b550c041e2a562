/* Copies of a work: the same file, the same pictures, the same sound; and how long the question takes among many works
 * (XUEPAI_TEST_WORKS, 100000 by `tests/bench/duplicates.mjs`). */
#include "service/model/duplicate.h"

#include <string.h>

#include "tests/unit/support/fixture.h"

enum { FRAMES = 20, ITEMS = 240, FEW_WORKS = 200 };

struct step {
    struct fixture *fixture;
    const char *id, *like;
    char *pictures, *sound;
    GPtrArray *found;
    int count;
    GRand *rand;
};

static char *random_digits(GRand *rand, int digits)
{
    char *text = g_malloc((size_t)digits + 1);

    for (int i = 0; i < digits; i++) {
        text[i] = "0123456789abcdef"[g_rand_int(rand) >> 28];
    }
    text[digits] = '\0';
    return text;
}

/* Another digit at every `every`-th place: one to four bits of it. */
static char *worn(const char *text, size_t every)
{
    char *copy = g_strdup(text);

    for (size_t i = every / 2, length = strlen(copy); i < length; i += every) {
        copy[i] = copy[i] == '0' ? '1' : '0';
    }
    return copy;
}

static bool keep(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    json_auto_t *fingerprint = json_pack("{s:s, s:s}", "pictures", step->pictures, "sound", step->sound);

    return duplicate_keep(sql, step->id, fingerprint, error);
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    g_clear_pointer(&step->found, g_ptr_array_unref);
    step->found = duplicate_list(sql, step->id, 1, error);
    return step->found != NULL;
}

static void keep_as(struct fixture *fixture, const char *id, const char *pictures, const char *sound)
{
    struct step step = {.id = id, .pictures = (char *)(uintptr_t)pictures, .sound = (char *)(uintptr_t)sound};

    fixture_transact(fixture, keep, &step);
}

/* The only duplicate of `id`, or that there is none (kind NULL). */
static void expect_only(struct fixture *fixture, const char *id, const char *other, const char *kind, int least)
{
    struct step step = {.id = id};

    fixture_transact(fixture, list, &step);
    g_assert_cmpuint(step.found->len, ==, kind == NULL ? 0 : 1);
    if (kind != NULL) {
        const struct duplicate *duplicate = g_ptr_array_index(step.found, 0);
        g_assert_cmpstr(duplicate->submission, ==, other);
        g_assert_cmpstr(duplicate->kind, ==, kind);
        g_assert_cmpint(duplicate->score, >=, least);
        g_assert_cmpint(duplicate->score, <=, 100);
        g_assert_cmpuint(strlen(duplicate->code), >, 0);
    }
    g_ptr_array_unref(step.found);
}

struct pair {
    struct fixture fixture;
    GRand *rand;
    char *one, *other, *pictures, *sound;
};

/* The fixture's files have one digest. */
static bool tell_apart(struct sql *sql, void *context, GError **error)
{
    (void)context; /* all works */
    return sql_run(sql, "UPDATE original SET sha256 = submission", SQL_NO_VALUES, NULL, error);
}

/* Two works of different cities. */
static void pair_open(struct pair *pair)
{
    fixture_open(&pair->fixture);
    pair->rand = g_rand_new_with_seed(7);
    pair->one = fixture_in_review(&pair->fixture, "370102");
    pair->other = fixture_in_review(&pair->fixture, "370202");
    fixture_transact(&pair->fixture, tell_apart, NULL);
    pair->pictures = random_digits(pair->rand, FRAMES * 32);
    pair->sound = random_digits(pair->rand, ITEMS * 8);
}

static void pair_close(struct pair *pair)
{
    g_free(pair->one);
    g_free(pair->other);
    g_free(pair->pictures);
    g_free(pair->sound);
    g_rand_free(pair->rand);
    fixture_close(&pair->fixture);
}

static void test_reencoded_pictures_are_near(void)
{
    struct pair pair;
    pair_open(&pair);
    g_autofree char *copy = worn(pair.pictures, 11);

    keep_as(&pair.fixture, pair.one, pair.pictures, "");
    keep_as(&pair.fixture, pair.other, copy, "");
    expect_only(&pair.fixture, pair.one, pair.other, "near", 80);
    expect_only(&pair.fixture, pair.other, pair.one, "near", 80);
    pair_close(&pair);
}

static void test_a_part_of_a_clip_is_near(void)
{
    struct pair pair;
    pair_open(&pair);

    keep_as(&pair.fixture, pair.one, pair.pictures, "");
    keep_as(&pair.fixture, pair.other, pair.pictures + (size_t)32 * 12, "");
    expect_only(&pair.fixture, pair.one, pair.other, "near", 100);
    pair_close(&pair);
}

/* What is the middle of one is the whole of the other. */
static void test_a_crop_is_near(void)
{
    struct pair pair;
    pair_open(&pair);
    g_autofree char *cropped = random_digits(pair.rand, FRAMES * 32);

    for (size_t i = 0; i < FRAMES; i++) {
        memcpy(cropped + 32 * i, pair.pictures + 32 * i + 16, 16);
    }
    keep_as(&pair.fixture, pair.one, pair.pictures, "");
    keep_as(&pair.fixture, pair.other, cropped, "");
    expect_only(&pair.fixture, pair.one, pair.other, "near", 100);
    pair_close(&pair);
}

static void test_sound_is_found_wherever_it_begins(void)
{
    struct pair pair;
    pair_open(&pair);
    g_autofree char *later = worn(pair.sound + (size_t)8 * 50, 24);
    g_autofree char *pictures = random_digits(pair.rand, FRAMES * 32);

    keep_as(&pair.fixture, pair.one, pair.pictures, pair.sound);
    keep_as(&pair.fixture, pair.other, pictures, later);
    expect_only(&pair.fixture, pair.one, pair.other, "sound", 60);
    pair_close(&pair);
}

static void test_two_silent_clips_are_strangers(void)
{
    struct pair pair;
    pair_open(&pair);
    g_autofree char *silence = g_strnfill(ITEMS * 8, '7');
    g_autofree char *pictures = random_digits(pair.rand, FRAMES * 32);

    keep_as(&pair.fixture, pair.one, pair.pictures, silence);
    keep_as(&pair.fixture, pair.other, pictures, silence);
    expect_only(&pair.fixture, pair.one, NULL, NULL, 0);
    pair_close(&pair);
}

static bool same_digest(struct sql *sql, void *context, GError **error)
{
    (void)context; /* both works */
    return sql_run(sql, "UPDATE original SET sha256 = 'same'", SQL_NO_VALUES, NULL, error);
}

static void test_the_same_file_is_exact(void)
{
    struct pair pair;
    pair_open(&pair);

    keep_as(&pair.fixture, pair.one, pair.pictures, pair.sound);
    keep_as(&pair.fixture, pair.other, pair.pictures, pair.sound);
    fixture_transact(&pair.fixture, same_digest, NULL);
    expect_only(&pair.fixture, pair.one, pair.other, "exact", 100);
    pair_close(&pair);
}

static void test_another_file_replaces_the_fingerprint(void)
{
    struct pair pair;
    pair_open(&pair);
    g_autofree char *pictures = random_digits(pair.rand, FRAMES * 32);

    keep_as(&pair.fixture, pair.one, pair.pictures, pair.sound);
    keep_as(&pair.fixture, pair.other, pair.pictures, pair.sound);
    keep_as(&pair.fixture, pair.other, pictures, "");
    expect_only(&pair.fixture, pair.one, NULL, NULL, 0);
    keep_as(&pair.fixture, pair.one, pictures, "");
    expect_only(&pair.fixture, pair.one, pair.other, "near", 100);
    pair_close(&pair);
}

static bool count_bands(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;
    int64_t count = 0;

    if (!sql_number(sql, "SELECT COUNT(*) FROM fingerprint_band", SQL_NO_VALUES, &count, error)) {
        return false;
    }
    step->count = (int)count;
    return true;
}

static void test_malformed_fingerprints_are_left_out(void)
{
    static const char *const BAD[] = {"0123", "g1234567890123456789012345678901", "0123456789ABCDEF0123456789ABCDEF"};
    struct pair pair;
    struct step step = {0};
    pair_open(&pair);

    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        keep_as(&pair.fixture, pair.one, BAD[i], "");
    }
    g_autofree char *long_one = g_strnfill(32 * 97, 'a');
    keep_as(&pair.fixture, pair.one, long_one, "");
    fixture_transact(&pair.fixture, count_bands, &step);
    g_assert_cmpint(step.count, ==, 0);
    pair_close(&pair);
}

/* Works that look like nothing else, over the rows of one. */
static bool add_strangers(struct sql *sql, void *context, GError **error)
{
    struct step *step = context;

    for (int i = 0; i < step->count; i++) {
        g_autofree char *id = secret_id();
        g_autofree char *pictures = random_digits(step->rand, FRAMES * 32);
        g_autofree char *sound = random_digits(step->rand, ITEMS * 8);
        struct step one = {.id = id, .pictures = pictures, .sound = sound};

        if (!sql_run(sql,
                     "INSERT INTO submission (id, code, pin_digest, edition, track, region, city, state, revision,"
                     " contact_name, contact_phone, ai, waiting_ms, created_ms, updated_ms)"
                     " SELECT $2, 'code ' || $2, '', edition, track, region, city, state, 1, '', '', 0, 0, 0, 0"
                     " FROM submission WHERE id = $1",
                     SQL_VALUES(SQL_T(step->like), SQL_T(id)), NULL, error) ||
            !keep(sql, &one, error)) {
            return false;
        }
    }
    return true;
}

/* An index that grows row by row in no order writes nearly all of its pages in each transaction (measured: 100,000 works
 * were not in after 200 s), so it is made of all rows at once. */
static bool drop_index(struct sql *sql, void *context, GError **error)
{
    (void)context; /* of the one table */
    return sql_script(sql, "DROP INDEX fingerprint_band_work", error);
}

static bool make_index(struct sql *sql, void *context, GError **error)
{
    (void)context; /* of the one table */
    return sql_script(sql, "CREATE INDEX fingerprint_band_work ON fingerprint_band (band, work)", error);
}

static void test_the_question_is_quick_among_many(void)
{
    const char *wanted = g_getenv("XUEPAI_TEST_WORKS");
    gint64 works = FEW_WORKS;
    struct pair pair;
    pair_open(&pair);
    struct step step = {.like = pair.one, .rand = pair.rand, .id = pair.one};
    g_autofree char *copy = worn(pair.pictures, 11);
    gint64 best_us = G_MAXINT64, worst_us = 0, total_us = 0;

    if (wanted != NULL) {
        g_assert_true(g_ascii_string_to_signed(wanted, 10, 1, 1000000, &works, NULL));
    }
    keep_as(&pair.fixture, pair.one, pair.pictures, pair.sound);
    fixture_transact(&pair.fixture, drop_index, NULL);
    for (gint64 done = 0; done < works; done += step.count) {
        step.count = (int)MIN(works - done, 1000);
        fixture_transact(&pair.fixture, add_strangers, &step);
    }
    fixture_transact(&pair.fixture, make_index, NULL);
    keep_as(&pair.fixture, pair.other, copy, pair.sound);
    for (int i = 0; i < 20; i++) {
        const gint64 began = g_get_monotonic_time();
        g_autoptr(GError) error = NULL;
        g_assert_true(database_read(pair.fixture.database, "test", list, &step, &error));
        const gint64 took_us = g_get_monotonic_time() - began;
        total_us += took_us;
        worst_us = MAX(worst_us, took_us);
        best_us = MIN(best_us, took_us);
    }
    g_assert_cmpuint(step.found->len, ==, 1);
    g_test_message("%" G_GINT64_FORMAT " works: mean %.1f ms, worst %.1f ms", works, (double)total_us / 20000,
                   (double)worst_us / 1000);
    g_assert_cmpint(best_us, <, 50000); /* neighbours on the machine only ever make it slower */
    g_ptr_array_unref(step.found);
    pair_close(&pair);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/duplicate/reencoded_pictures_are_near", test_reencoded_pictures_are_near);
    g_test_add_func("/duplicate/a_part_of_a_clip_is_near", test_a_part_of_a_clip_is_near);
    g_test_add_func("/duplicate/a_crop_is_near", test_a_crop_is_near);
    g_test_add_func("/duplicate/sound_is_found_wherever_it_begins", test_sound_is_found_wherever_it_begins);
    g_test_add_func("/duplicate/two_silent_clips_are_strangers", test_two_silent_clips_are_strangers);
    g_test_add_func("/duplicate/the_same_file_is_exact", test_the_same_file_is_exact);
    g_test_add_func("/duplicate/another_file_replaces_the_fingerprint", test_another_file_replaces_the_fingerprint);
    g_test_add_func("/duplicate/malformed_fingerprints_are_left_out", test_malformed_fingerprints_are_left_out);
    g_test_add_func("/duplicate/the_question_is_quick_among_many", test_the_question_is_quick_among_many);
    return g_test_run();
}
