#include "service/handlers/tus.h"

#include <string.h>

#include "common/failure.h"

static void test_numbers(void)
{
    static const char *const BAD[] = {"", "-1", "+1", " 1", "1 ", "1.0", "x", "0x1", "\xd9\xa1"};
    int64_t number = 7;

    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_assert_false(tus_number(BAD[i], &number));
    }
    g_assert_false(tus_number(NULL, &number));
    g_assert_cmpint(number, ==, 7);
    g_assert_true(tus_number("0", &number));
    g_assert_cmpint(number, ==, 0);
    g_assert_true(tus_number("9007199254740992", &number));
    g_assert_cmpint(number, ==, INT64_C(9007199254740992));
    for (const char *const *large = (const char *const[]){"9007199254740993", "9223372036854775808",
                                                          "99999999999999999999999999999999999999999", NULL};
         *large != NULL; large++) {
        g_assert_true(tus_number(*large, &number));
        g_assert_cmpint(number, ==, INT64_MAX);
    }
}

static void test_metadata(void)
{
    static const struct {
        const char *text;
        bool good;
    } CASES[] = {
        {"", true},           {"a YQ==", true},       {"a", true},    {"a ", true},
        {"a YQ==,b", true},   {"a YQ==, b YQ", true}, {"a,a", false}, {"a YQ=", false},
        {"a Y*==", false},    {",", false},           {" ", false},   {"a YQ==,", false},
        {"\xe5 YQ==", false}, {"a YQ== YQ==", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_test_message("\"%s\"", CASES[i].text);
        g_assert_cmpint(tus_metadata_check(CASES[i].text, NULL), ==, CASES[i].good);
    }
    g_autofree char *long_text = g_strnfill(TUS_METADATA_MAX + 1, 'a');
    g_assert_false(tus_metadata_check(long_text, NULL));
    g_assert_true(tus_metadata_check(NULL, NULL));
}

static void test_values(void)
{
    static const struct {
        const char *text;
        const char *key;
        const char *value;
    } CASES[] = {
        {"track bGlmZS12aWRlbw==", "track", "life-video"},
        {"a YQ==,track eA==", "track", "x"},
        {"track", "track", ""},
        {"track YQ==", "other", NULL},
        {"t AA==", "t", NULL},
        {"t Cg==", "t", NULL},
        {"t /w==", "t", NULL},
        {"t 5a2m", "t", "学"},
        {"t YQ", "t", "a"},
        {NULL, "t", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *value = tus_metadata_find(CASES[i].text, CASES[i].key);
        g_assert_cmpstr(value, ==, CASES[i].value);
    }
}

static void test_checksums(void)
{
    static const struct {
        const char *text;
        enum reason reason; /* REASON_COUNT: good */
        const char *algorithm;
    } CASES[] = {
        {"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", REASON_COUNT, "SHA1"},
        {"sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=", REASON_COUNT, "SHA256"},
        {"crc32 AAAA", REASON_UPLOAD_CHECKSUM_ALGORITHM, NULL},
        {"sha1", REASON_INPUT, NULL},
        {"sha1 ", REASON_INPUT, NULL},
        {"sha1 AAAA", REASON_INPUT, NULL},
        {"sha1 ***", REASON_INPUT, NULL},
        {"", REASON_UPLOAD_CHECKSUM_ALGORITHM, NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct tus_checksum checksum;
        g_autoptr(GError) error = NULL;
        const bool good = tus_checksum(CASES[i].text, &checksum, &error);

        g_assert_cmpint(good, ==, CASES[i].reason == REASON_COUNT);
        if (good) {
            g_assert_cmpstr(checksum.algorithm, ==, CASES[i].algorithm);
        } else {
            g_assert_error(error, HTTP_ERROR, (int)CASES[i].reason);
        }
    }
}

static void test_dates(void)
{
    g_autofree char *date = tus_date(INT64_C(784111777000));

    g_assert_cmpstr(date, ==, "Sun, 06 Nov 1994 08:49:37 GMT"); /* RFC 9110's own example */
}

static void test_concat(void)
{
    static const struct {
        const char *text;
        const char *ids; /* joined by a comma; "": partial; NULL: refused */
    } CASES[] = {
        {"partial", ""},
        {"final;/files/a", "a"},
        {"final;/files/a /files/b", "a,b"},
        {"final; /files/a  /files/b ", "a,b"},
        {"final;https://x.org/files/a /files/a", "a,a"},
        {"final;https://x.org/up/files/a", "a"},
        {"final;up/files/a", NULL},
        {"final;a", NULL},
        {"final;", NULL},
        {"final", NULL},
        {"Partial", NULL},
        {"partial;/files/a", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_auto(GStrv) parts = NULL;
        const bool good = tus_concat(CASES[i].text, &parts, NULL);
        g_autofree char *ids = parts == NULL ? g_strdup("") : g_strjoinv(",", parts);
        g_test_message("\"%s\"", CASES[i].text);
        g_assert_cmpint(good, ==, CASES[i].ids != NULL);
        g_assert_cmpstr(ids, ==, CASES[i].ids == NULL ? "" : CASES[i].ids);
    }
}

static void test_announced(void)
{
    g_assert_true(tus_checksum_is_announced("Upload-Checksum"));
    g_assert_true(tus_checksum_is_announced("Expires, upload-checksum"));
    g_assert_false(tus_checksum_is_announced("X-Upload-Checksum"));
    g_assert_false(tus_checksum_is_announced(""));
    g_assert_false(tus_checksum_is_announced(NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tus/numbers", test_numbers);
    g_test_add_func("/tus/metadata", test_metadata);
    g_test_add_func("/tus/values", test_values);
    g_test_add_func("/tus/checksums", test_checksums);
    g_test_add_func("/tus/dates", test_dates);
    g_test_add_func("/tus/concat", test_concat);
    g_test_add_func("/tus/checksum_is_announced", test_announced);
    return g_test_run();
}
