#include "service/model/pinyin.h"

#include <glib.h>

static void test_first_letters(void)
{
    static const struct {
        const char *text;
        const char *initials;
    } CASES[] = {
        {"和奶奶一起读家书", "hnnyqdjs"},
        {"爸爸的木工课", "bbdmgk"},
        {"学习ABC第2课", "xxad2k"},
        {"", ""},
        {"，。！", ""},
    };
    struct pinyin *pinyin = pinyin_new();

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *initials = pinyin_initials(pinyin, CASES[i].text);
        g_assert_cmpstr(initials, ==, CASES[i].initials);
    }
    pinyin_free(pinyin);
}

static void test_without_the_table_there_are_none(void)
{
    g_autofree char *initials = pinyin_initials(NULL, "家书");

    g_assert_cmpstr(initials, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pinyin/first_letters", test_first_letters);
    g_test_add_func("/pinyin/without_the_table_there_are_none", test_without_the_table_there_are_none);
    return g_test_run();
}
