/* The word list: what is found in spite of blanks, capitals and full-width letters; what is no list. */
#include "service/model/words.h"

#include <glib/gstdio.h>

#include "common/failure.h"

static struct words *load(const char *text, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp("xuepai-words-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "words.tsv", NULL);

    if (text != NULL) {
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
    }
    struct words *words = words_load(folder, error);
    g_remove(path);
    g_rmdir(folder);
    return words;
}

static void test_find(void)
{
    static const struct {
        const char *text;
        size_t hits;
    } CASES[] = {
        {"和奶奶一起读家书", 0}, {"请加我微信", 1}, {"加我 Ｖ 信", 1}, {"加我v，扫二维码", 2}, {"", 0},
    };
    g_autoptr(GError) error = NULL;
    struct words *words = load("# list\n微信\t推广\n加我V\t联系方式\n二维码\t扫码\n", &error);

    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        json_auto_t *hits = json_array();
        words_find(words, "名称", CASES[i].text, hits);
        g_assert_cmpuint(json_array_size(hits), ==, CASES[i].hits);
    }
    words_free(words);
}

static void test_file(void)
{
    static const char *const BAD[] = {"没有理由\n", "词\t\n", "\t理由\n", "a\tb\tc\n", "\xff\xfe\n"};
    g_autoptr(GError) error = NULL;
    struct words *none = load(NULL, &error);

    g_assert_no_error(error);
    g_assert_nonnull(none);
    words_free(none);
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_assert_null(load(BAD[i], &error));
        g_assert_cmpint(error_reason(error), ==, REASON_INPUT);
        g_clear_error(&error);
    }
    struct words *shipped = words_load("config", &error);
    g_assert_no_error(error);
    words_free(shipped);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/words/find", test_find);
    g_test_add_func("/words/file", test_file);
    return g_test_run();
}
