#include "service/http/framing.h"

#include "common/failure.h"
#include "service/http/exchange.h"

#define GOOD_HOST                                                                                                      \
    {                                                                                                                  \
        "Host", "example.cn:8080"                                                                                      \
    }

/* What the validator must say of each head; `reason` REASON_COUNT: it passes. */
static const struct {
    const char *name;
    const char *method;
    const char *version;
    const char *uri;
    struct field fields[4];
    enum reason reason;
    int64_t content_length;
    bool is_chunked;
} CASES[] = {
    {"plain", "GET", "HTTP/1.1", "/", {GOOD_HOST}, REASON_COUNT, -1, false},
    {"length", "POST", "HTTP/1.1", "/files", {GOOD_HOST, {"content-length", "12"}}, REASON_COUNT, 12, false},
    {"chunked", "POST", "HTTP/1.1", "/files", {GOOD_HOST, {"Transfer-Encoding", "Chunked"}}, REASON_COUNT, -1, true},
    {"query may hold slashes",
     "GET",
     "HTTP/1.1",
     "/oembed?url=https%3A%2F%2Fa%2Fv%2F1&x=%5C",
     {GOOD_HOST},
     REASON_COUNT,
     -1,
     false},
    {"IPv6 host", "GET", "HTTP/1.1", "/", {{"Host", "[::1]:80"}}, REASON_COUNT, -1, false},
    {"three dots", "GET", "HTTP/1.1", "/.../a", {GOOD_HOST}, REASON_COUNT, -1, false},
    {"tab in a value", "GET", "HTTP/1.1", "/", {GOOD_HOST, {"X", "a\tb"}}, REASON_COUNT, -1, false},
    {"CL+TE",
     "POST",
     "HTTP/1.1",
     "/",
     {GOOD_HOST, {"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}},
     REASON_MALFORMED,
     0,
     false},
    {"TE+CL",
     "POST",
     "HTTP/1.1",
     "/",
     {GOOD_HOST, {"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}},
     REASON_MALFORMED,
     0,
     false},
    {"two CL",
     "POST",
     "HTTP/1.1",
     "/",
     {GOOD_HOST, {"Content-Length", "5"}, {"Content-Length", "5"}},
     REASON_MALFORMED,
     0,
     false},
    {"CL list", "POST", "HTTP/1.1", "/", {GOOD_HOST, {"Content-Length", "5, 5"}}, REASON_MALFORMED, 0, false},
    {"CL +5", "POST", "HTTP/1.1", "/", {GOOD_HOST, {"Content-Length", "+5"}}, REASON_MALFORMED, 0, false},
    {"CL -5", "POST", "HTTP/1.1", "/", {GOOD_HOST, {"Content-Length", "-5"}}, REASON_MALFORMED, 0, false},
    {"CL 5x", "POST", "HTTP/1.1", "/", {GOOD_HOST, {"Content-Length", "5x"}}, REASON_MALFORMED, 0, false},
    {"CL empty", "POST", "HTTP/1.1", "/", {GOOD_HOST, {"Content-Length", ""}}, REASON_MALFORMED, 0, false},
    {"CL huge",
     "POST",
     "HTTP/1.1",
     "/",
     {GOOD_HOST, {"Content-Length", "99999999999999999999"}},
     REASON_MALFORMED,
     0,
     false},
    {"TE xchunked",
     "POST",
     "HTTP/1.1",
     "/",
     {GOOD_HOST, {"Transfer-Encoding", "xchunked"}},
     REASON_MALFORMED,
     0,
     false},
    {"TE identity",
     "POST",
     "HTTP/1.1",
     "/",
     {GOOD_HOST, {"Transfer-Encoding", "chunked, identity"}},
     REASON_MALFORMED,
     0,
     false},
    {"two TE",
     "POST",
     "HTTP/1.1",
     "/",
     {GOOD_HOST, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}},
     REASON_MALFORMED,
     0,
     false},
    {"no host", "GET", "HTTP/1.1", "/", {{"X", "y"}}, REASON_MALFORMED, 0, false},
    {"two hosts", "GET", "HTTP/1.1", "/", {GOOD_HOST, GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"host with markup", "GET", "HTTP/1.1", "/", {{"Host", "a\"><b"}}, REASON_MALFORMED, 0, false},
    {"empty host", "GET", "HTTP/1.1", "/", {{"Host", ""}}, REASON_MALFORMED, 0, false},
    {"name with a space", "GET", "HTTP/1.1", "/", {GOOD_HOST, {"Content-Length ", "5"}}, REASON_MALFORMED, 0, false},
    {"folded name", "GET", "HTTP/1.1", "/", {GOOD_HOST, {"X-A\r\n b", "5"}}, REASON_MALFORMED, 0, false},
    {"control in a value", "GET", "HTTP/1.1", "/", {GOOD_HOST, {"X", "a\001b"}}, REASON_MALFORMED, 0, false},
    {"DEL in a value", "GET", "HTTP/1.1", "/", {GOOD_HOST, {"X", "a\177b"}}, REASON_MALFORMED, 0, false},
    {"HTTP/0.9", "GET", "", "/", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"HTTP/2.0", "GET", "HTTP/2.0", "/", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"method", "BREW", "HTTP/1.1", "/", {GOOD_HOST}, REASON_METHOD, 0, false},
    {"method no token", "GE T", "HTTP/1.1", "/", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"NUL", "GET", "HTTP/1.1", "/a%00b", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"NUL in the query", "GET", "HTTP/1.1", "/a?b=%00", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"slash", "GET", "HTTP/1.1", "/a%2fb", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"Slash", "GET", "HTTP/1.1", "/a%2Fb", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"backslash", "GET", "HTTP/1.1", "/a%5Cb", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"plain backslash", "GET", "HTTP/1.1", "/a\\b", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"parent", "GET", "HTTP/1.1", "/a/../b", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"parent at the end", "GET", "HTTP/1.1", "/a/..", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"encoded parent", "GET", "HTTP/1.1", "/a/%2e%2E/b", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"half encoded parent", "GET", "HTTP/1.1", "/a/.%2e?x", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"encoded control", "GET", "HTTP/1.1", "/a%0d%0ab", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"bad escape", "GET", "HTTP/1.1", "/a%4", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"space", "GET", "HTTP/1.1", "/a b", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"raw UTF-8", "GET", "HTTP/1.1", "/\xe5\xad\xa6", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"absolute", "GET", "HTTP/1.1", "http://x/", {GOOD_HOST}, REASON_MALFORMED, 0, false},
    {"asterisk", "OPTIONS", "HTTP/1.1", "*", {GOOD_HOST}, REASON_MALFORMED, 0, false},
};

static void test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        size_t count = 0;
        struct framing framing = {0};
        g_autoptr(GError) error = NULL;

        while (count < G_N_ELEMENTS(CASES[i].fields) && CASES[i].fields[count].name != NULL) {
            count++;
        }
        const struct framing_input input = {CASES[i].method, CASES[i].version, CASES[i].uri, CASES[i].fields, count};
        const bool passed = framing_check(&input, &framing, &error);
        g_test_message("%s", CASES[i].name);
        g_assert_cmpint(passed, ==, CASES[i].reason == REASON_COUNT);
        if (passed) {
            g_assert_cmpint(framing.content_length, ==, CASES[i].content_length);
            g_assert_cmpint(framing.is_chunked, ==, CASES[i].is_chunked);
        } else {
            g_assert_error(error, HTTP_ERROR, (int)CASES[i].reason);
        }
    }
}

static void test_length(void)
{
    g_autofree char *long_uri = g_strnfill(FRAMING_URI_MAX + 1, 'a');
    g_autoptr(GError) error = NULL;

    long_uri[0] = '/';
    g_assert_false(framing_check_uri(long_uri, &error));
    g_assert_error(error, HTTP_ERROR, REASON_MALFORMED);
    long_uri[FRAMING_URI_MAX] = '\0';
    g_assert_true(framing_check_uri(long_uri, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/framing/cases", test_cases);
    g_test_add_func("/http/framing/length_of_the_address", test_length);
    return g_test_run();
}
