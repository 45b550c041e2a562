#include "service/model/text.h"

static const struct {
    const char *given;
    const char *clean;
} TEXTS[] = {
    {"  和奶奶  一起\n读家书 ", "和奶奶 一起 读家书"},
    {"e\xcc\x81", "\xc3\xa9"}, /* NFC */
    {"a\xe2\x80\xae"
     "b\xe2\x80\x8b"
     "c\x01"
     "d",
     "abcd"}, /* override, zero width, control */
    {"a\xd8\x9c"
     "b\xc2\xad"
     "c\xe1\xa0\x8e"
     "d\xf3\xa0\x81\xa1",
     "abcd"},                 /* Arabic letter mark, soft hyphen, vowel separator, tag */
    {"<script>", "<script>"}, /* escaping is the writer's */
    {"", ""},
    {"\xe3\x85\xa4 \xe1\x85\x9f\xef\xbe\xa0\xe2\xa0\x80", ""}, /* Hangul fillers, Braille blank: nothing to be seen */
    {"\xef\xb8\x8f\xcc\x81", ""},                              /* a selector and an accent of nothing */
    {"\xe2\x9d\xa4\xef\xb8\x8f", "\xe2\x9d\xa4\xef\xb8\x8f"},  /* of a heart */
    {"\xff", NULL},
};

static void test_clean(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        g_autofree char *clean = text_clean(TEXTS[i].given);
        g_assert_cmpstr(clean, ==, TEXTS[i].clean);
    }
}

static void test_phone(void)
{
    g_autofree char *plain = text_phone("138 0000-1234");
    g_autofree char *national = text_phone("+8613800001234");
    g_autofree char *masked = text_phone_masked("13800001234");

    g_assert_cmpstr(plain, ==, "13800001234");
    g_assert_cmpstr(national, ==, "13800001234");
    g_assert_cmpstr(masked, ==, "138****1234");
    g_assert_null(text_phone("12800001234"));
    g_assert_null(text_phone("1380000123"));
    g_assert_null(text_phone("13800001234x"));
    g_assert_null(text_phone(NULL));
}

static void test_name_masked(void)
{
    g_autofree char *three = text_name_masked("李小梅");
    g_autofree char *two = text_name_masked("李梅");
    g_autofree char *none = text_name_masked("");

    g_assert_cmpstr(three, ==, "李*梅");
    g_assert_cmpstr(two, ==, "李*");
    g_assert_cmpstr(none, ==, "*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/clean", test_clean);
    g_test_add_func("/text/phone", test_phone);
    g_test_add_func("/text/name_masked", test_name_masked);
    return g_test_run();
}
