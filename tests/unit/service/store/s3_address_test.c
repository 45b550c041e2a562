#include "service/store/s3_address.h"

#include <string.h>

#include "common/failure.h"

static void test_good(void)
{
    static const struct {
        const char *text;
        const char *origin;
        const char *host;
        const char *prefix;
        const char *worker;
    } CASES[] = {
        {"s3://media?endpoint=http://127.0.0.1:7480&region=us-east-1", "http://127.0.0.1:7480", "127.0.0.1:7480",
         "/media/", "127.0.0.1:7480"},
        {"s3://media?endpoint=http://s3.example:80/", "http://s3.example", "s3.example", "/media/", "s3.example"},
        {"s3://media?endpoint=https://s3.example:443&style=virtual", "https://media.s3.example", "media.s3.example",
         "/", "media.s3.example"},
        {"s3://media?endpoint=https%3A%2F%2Fs3.example%3A8443&style=path", "https://s3.example:8443", "s3.example:8443",
         "/media/", "s3.example:8443"},
        {"s3://media?endpoint=http://[::1]:7480", "http://[::1]:7480", "[::1]:7480", "/media/", "[::1]:7480"},
        {"s3://media?endpoint=http://a&endpoint=http://b&worker=http://c:8", "http://a", "a", "/media/", "c:8"},
        {"s3://media?style=virtual&worker=http://c&endpoint=http://a", "http://media.a", "media.a", "/", "media.c"},
        {"s3://media?endpoint=http://a&worker=none&part=5242880", "http://a", "a", "/media/", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct s3_address address;
        g_autoptr(GError) error = NULL;

        g_assert_true(s3_address_read(CASES[i].text, &address, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(address.bucket, ==, "media");
        g_assert_cmpstr(address.endpoints[0].origin, ==, CASES[i].origin);
        g_assert_cmpstr(address.endpoints[0].host, ==, CASES[i].host);
        g_assert_cmpstr(address.prefix, ==, CASES[i].prefix);
        g_assert_cmpstr(address.worker.host, ==, CASES[i].worker);
        s3_address_clear(&address);
    }
}

static void test_bad(void)
{
    static const char *const CASES[] = {
        "",
        "http://a",
        "s3://",
        "s3://media",
        "s3://media?",
        "s3://ab?endpoint=http://a",
        "s3://Media?endpoint=http://a",
        "s3://-media?endpoint=http://a",
        "s3://me..dia?endpoint=http://a",
        "s3://media/x?endpoint=http://a",
        "s3://media?endpoint=",
        "s3://media?endpoint=ftp://a",
        "s3://media?endpoint=http://",
        "s3://media?endpoint=http://user:password@a",
        "s3://media?endpoint=http://a/path",
        "s3://media?endpoint=http://a&region=",
        "s3://media?endpoint=http://a&region=A/B",
        "s3://media?endpoint=http://a&style=other",
        "s3://media?endpoint=http://a&part=1",
        "s3://media?endpoint=http://a&part=x",
        "s3://media?endpoint=http://a&secret=x",
        "s3://media?endpoint=http://a&worker=x",
        "s3://media?endpoint=http://a&endpoint",
        "s3://media?endpoint=%zz",
        "s3://media?endpoint=http://1&endpoint=http://2&endpoint=http://3&endpoint=http://4&endpoint=http://5"
        "&endpoint=http://6&endpoint=http://7&endpoint=http://8&endpoint=http://9",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct s3_address address;
        g_autoptr(GError) error = NULL;

        g_test_message("%s", CASES[i]);
        g_assert_false(s3_address_read(CASES[i], &address, &error));
        g_assert_error(error, STORE_ERROR, REASON_INPUT);
        g_assert_null(strstr(error->message, "password"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/s3_address/good", test_good);
    g_test_add_func("/store/s3_address/bad", test_bad);
    return g_test_run();
}
