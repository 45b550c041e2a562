#include "service/http/exchange.h"
#include "service/http/routing.h"

#include "common/failure.h"

static struct response *nothing(struct app *app, struct request *request, GError **error)
{
    (void)app;
    (void)request;
    (void)error;
    return response_empty(204);
}

static const struct route ROUTES[] = {
    {"GET", "/", 0, BODY_NONE, nothing, "home", NULL},
    {"GET", "/works/:id", 0, BODY_NONE, nothing, "one", NULL},
    {"GET", "/works/search", 0, BODY_NONE, nothing, "search", NULL},
    {"POST", "/works/:id/:part", 0, BODY_JSON, nothing, "part", NULL},
    {"HEAD", "/files/:id", 0, BODY_NONE, nothing, "offset", NULL},
    {"PATCH", "/files/:id", 0, BODY_STREAM, nothing, "append", NULL},
    {"GET", "/media/:id/*rest", 0, BODY_NONE, nothing, "media", NULL},
};

static const struct {
    const char *method;
    const char *path;
    const char *summary; /* NULL: none fits */
    const char *allow;
    const char *first; /* first parameter; NULL: none */
} CASES[] = {
    {"GET", "/", "home", "GET, HEAD", NULL},
    {"HEAD", "/", "home", "GET, HEAD", NULL},
    {"POST", "/", NULL, "GET, HEAD", NULL},
    {"GET", "/works/search", "search", "GET, HEAD", NULL},
    {"GET", "/works/7", "one", "GET, HEAD", "7"},
    {"GET", "/works/", NULL, "", NULL},
    {"GET", "/works", NULL, "", NULL},
    {"GET", "/works/7/", NULL, "", NULL},
    {"POST", "/works/7/x", "part", "POST", "7"},
    {"POST", "/works/7/x/y", NULL, "", NULL},
    {"HEAD", "/files/a", "offset", "HEAD, PATCH", "a"},
    {"GET", "/files/a", NULL, "HEAD, PATCH", NULL},
    {"GET", "/media/1/hls/a.m3u8", "media", "GET, HEAD", "1"},
    {"GET", "/media/1", NULL, "", NULL},
    {"GET", "//", NULL, "", NULL},
};

static struct router *make_router(void)
{
    const struct router_config config = {.routes = ROUTES, .route_count = G_N_ELEMENTS(ROUTES)};

    return router_new(&config);
}

static void test_find(void)
{
    struct router *router = make_router();

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        struct request *request = request_new(CASES[i].path);
        g_autoptr(GString) allow = g_string_new(NULL);

        g_assert_true(request_set_target(request));
        const struct route *route = router_find(router, request, CASES[i].method, allow);
        g_test_message("%s %s", CASES[i].method, CASES[i].path);
        g_assert_cmpstr(route == NULL ? NULL : route->summary, ==, CASES[i].summary);
        g_assert_cmpstr(allow->str, ==, CASES[i].allow);
        g_assert_cmpstr(request->param_count == 0 ? NULL : request->params[0].value, ==, CASES[i].first);
        request_unref(request);
    }
    router_free(router);
}

static void test_rest(void)
{
    struct router *router = make_router();
    struct request *request = request_new("/media/1/hls/%E5%AD%A6.m3u8?x=a+b%2Bc&y&x=2");
    g_autoptr(GString) allow = g_string_new(NULL);

    g_assert_true(request_set_target(request));
    request->route = router_find(router, request, "GET", allow);
    g_assert_cmpstr(request_param(request, "rest"), ==, "hls/学.m3u8");
    g_assert_cmpstr(request_query(request, "x"), ==, "a b+c");
    g_assert_cmpstr(request_query(request, "y"), ==, "");
    g_assert_null(request_query(request, "z"));
    request_unref(request);
    router_free(router);
}

static void test_narrow_query(void)
{
    struct request *request = request_new("/?from=x&q=%26&after=2&q=later&n");

    g_assert_true(request_set_target(request));
    request_narrow_query(request, "after limit q");
    g_assert_cmpuint(request->query->len, ==, 2);
    g_assert_cmpstr(g_array_index(request->query, struct own_field, 0).name, ==, "after");
    g_assert_cmpstr(request_query(request, "q"), ==, "&");
    g_assert_null(request_query(request, "from"));
    request_narrow_query(request, NULL);
    g_assert_cmpuint(request->query->len, ==, 0);
    request_unref(request);
}

static void test_targets_that_are_no_text(void)
{
    static const char *const TARGETS[] = {"/%ff", "/a?b=%c3%28", "/a?%ff=1"};

    for (size_t i = 0; i < G_N_ELEMENTS(TARGETS); i++) {
        struct request *request = request_new(TARGETS[i]);
        g_assert_false(request_set_target(request));
        request_unref(request);
    }
}

static void test_numbers(void)
{
    struct request *request = request_new("/?a=5&b=x&c=99");
    int64_t value = 7;
    g_autoptr(GError) error = NULL;

    g_assert_true(request_set_target(request));
    g_assert_true(request_query_int64(request, "none", 0, 10, &value, NULL));
    g_assert_cmpint(value, ==, 7);
    g_assert_true(request_query_int64(request, "a", 0, 10, &value, NULL));
    g_assert_cmpint(value, ==, 5);
    g_assert_false(request_query_int64(request, "b", 0, 10, &value, NULL));
    g_assert_false(request_query_int64(request, "c", 0, 10, &value, &error));
    g_assert_error(error, HTTP_ERROR, REASON_INPUT);
    g_assert_cmpint(value, ==, 5);
    request_unref(request);
}

static void test_cookies(void)
{
    struct request *request = request_new("/");
    const struct field cookie = {"cookie", "ab=1; b=two; c=\"x\";d="};

    g_array_append_val(request->headers, cookie);
    g_assert_cmpstr(request_cookie(request, "b"), ==, "two");
    g_assert_cmpstr(request_cookie(request, "ab"), ==, "1");
    g_assert_cmpstr(request_cookie(request, "d"), ==, "");
    g_assert_null(request_cookie(request, "a"));
    request_unref(request);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/router/find", test_find);
    g_test_add_func("/http/router/rest_and_query", test_rest);
    g_test_add_func("/http/router/narrow_query", test_narrow_query);
    g_test_add_func("/http/router/targets_that_are_no_text", test_targets_that_are_no_text);
    g_test_add_func("/http/router/numbers", test_numbers);
    g_test_add_func("/http/router/cookies", test_cookies);
    return g_test_run();
}
