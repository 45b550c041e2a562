/* The signature: Amazon's published vector, the canonical form case by case, and, where a gateway is there, its opinion
 * of right and of wrong requests. Each row of TRAPS is a shape that libcurl 7.88's own signing gets wrong, or that a
 * signer easily does. */
#include "service/store/s3_sign.h"

#include <string.h>

#include "tests/unit/support/gateway.h"

#define BODY        "hello"
#define BODY_SHA256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static const struct s3_keys AMAZON = {
    .region = "us-east-1",
    .key = "AKIAIOSFODNN7EXAMPLE",
    .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
static const struct s3_keys OURS = {.region = "us-east-1", .key = GATEWAY_KEY, .secret = GATEWAY_SECRET};

/* Amazon S3 API reference, "Authenticating Requests: Using Query Parameters", its example. */
static void test_vector(void)
{
    const struct s3_request request = {
        .method = "GET",
        .host = "examplebucket.s3.amazonaws.com",
        .path = "/test.txt",
        .life_s = 86400,
        .now_s = 1369353600,
    };
    g_autofree char *target = s3_sign(&AMAZON, &request);

    g_assert_cmpstr(target, ==,
                    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
                    "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders="
                    "host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

static void test_canonical(void)
{
    static const struct {
        const char *path;
        struct s3_pair query;
        const char *begins; /* of what is sent */
        const char *has;
    } CASES[] = {
        {"/b/a b", {"x", "1"}, "/b/a%20b?", "&x=1&"},
        {"/b/a+b", {"x", "a+b c"}, "/b/a%2Bb?", "&x=a%2Bb%20c&"},
        {"/b/v:1", {"x", "v/1/"}, "/b/v%3A1?", "&x=v%2F1%2F&"},
        {"/b/\xe4\xb8\xad\xe6\x96\x87", {"uploads", ""}, "/b/%E4%B8%AD%E6%96%87?", "&uploads=&"},
        {"/b/a//b/./../c", {"x", "~-._"}, "/b/a//b/./../c?", "&x=~-._&"},
        {"/b/%41", {"x", "%41"}, "/b/%2541?", "&x=%2541&"},
        {"/b/a&=?#*'()!$,;@", {"x", "&=?#"}, "/b/a%26%3D%3F%23%2A%27%28%29%21%24%2C%3B%40?", "&x=%26%3D%3F%23&"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const struct s3_request request = {
            .method = "GET",
            .host = "h",
            .path = CASES[i].path,
            .query = {CASES[i].query},
            .query_count = 1,
            .life_s = 60,
            .now_s = 1369353600,
        };
        g_autofree char *target = s3_sign(&OURS, &request);
        g_assert_true(g_str_has_prefix(target, CASES[i].begins));
        g_assert_nonnull(strstr(target, CASES[i].has));
    }
}

static void test_order(void)
{
    const struct s3_request request = {
        .method = "GET",
        .host = "h",
        .path = "/b",
        .query = {{"prefix", "v"}, {"list-type", "2"}, {"A", ""}, {"Z", "1"}},
        .query_count = 4,
        .headers = {{"x-amz-meta-b", "2"}, {"content-md5", "m"}},
        .header_count = 2,
        .life_s = 60,
        .now_s = 1369353600,
    };
    g_autofree char *target = s3_sign(&OURS, &request);

    g_assert_true(g_str_has_prefix(target, "/b?A=&X-Amz-Algorithm="));
    g_assert_nonnull(
        strstr(target, "&X-Amz-SignedHeaders=content-md5%3Bhost%3Bx-amz-meta-b&Z=1&list-type=2&prefix=v&"));
}

/* --- the gateway's opinion ------------------------------------------------------------------------------------- */

struct trap {
    const char *name;
    const char *method;
    const char *key; /* below the bucket; "" for the bucket */
    struct s3_pair query[3];
    const char *body;
    const char *header; /* sent, and not signed */
    int status;
    /* what is done to the signed address before it is sent */
    const char *from;
    const char *to;
};

static const struct trap TRAPS[] = {
    {"list", "GET", "", {{"list-type", "2"}, {"max-keys", "2"}, {"prefix", "v"}}, NULL, NULL, 200, NULL, NULL},
    {"list, given unsorted",
     "GET",
     "",
     {{"prefix", "v"}, {"max-keys", "2"}, {"list-type", "2"}},
     NULL,
     NULL,
     200,
     NULL,
     NULL},
    {"a name without value", "POST", "mp", {{"uploads", ""}}, "", NULL, 200, NULL, NULL},
    {"its '=' taken away", "POST", "mp", {{"uploads", ""}}, "", NULL, 200, "uploads=", "uploads"},
    {"slash in a value", "GET", "", {{"list-type", "2"}, {"prefix", "v/1/"}}, NULL, NULL, 200, NULL, NULL},
    {"space in a value", "GET", "", {{"list-type", "2"}, {"prefix", "a b"}}, NULL, NULL, 200, NULL, NULL},
    {"plus in a value", "GET", "", {{"list-type", "2"}, {"prefix", "a+b"}}, NULL, NULL, 200, NULL, NULL},
    {"Chinese in a value", "GET", "", {{"list-type", "2"}, {"prefix", "中文"}}, NULL, NULL, 200, NULL, NULL},
    {"plain key", "PUT", "v/1/a.mp4", {{NULL, NULL}}, BODY, NULL, 200, NULL, NULL},
    {"colon in the key", "PUT", "v:1", {{NULL, NULL}}, BODY, NULL, 200, NULL, NULL},
    {"plus in the key", "PUT", "v+1", {{NULL, NULL}}, BODY, NULL, 200, NULL, NULL},
    {"space in the key", "PUT", "v 1", {{NULL, NULL}}, BODY, NULL, 200, NULL, NULL},
    {"Chinese in the key", "PUT", "作品/中文.mp4", {{NULL, NULL}}, BODY, NULL, 200, NULL, NULL},
    {"Chinese in the key, read", "GET", "作品/中文.mp4", {{NULL, NULL}}, NULL, NULL, 200, NULL, NULL},
    {"everything in the key", "PUT", "d/we ird+中文&=%;:@*~!$(x)'.txt", {{NULL, NULL}}, BODY, NULL, 200, NULL, NULL},
    {"two slashes in the key", "PUT", "a//b", {{NULL, NULL}}, BODY, NULL, 200, NULL, NULL},
    {"percent in the key", "PUT", "a%41b", {{NULL, NULL}}, BODY, NULL, 200, NULL, NULL},
    {"head", "HEAD", "v/1/a.mp4", {{NULL, NULL}}, NULL, NULL, 200, NULL, NULL},
    {"range", "GET", "v/1/a.mp4", {{NULL, NULL}}, NULL, "Range: bytes=1-3", 206, NULL, NULL},
    {"Content-Type, unsigned", "PUT", "t", {{NULL, NULL}}, BODY, "Content-Type: video/mp4", 200, NULL, NULL},
    {"right Content-MD5", "PUT", "m", {{NULL, NULL}}, BODY, "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==", 200, NULL, NULL},
    {"wrong Content-MD5", "PUT", "m", {{NULL, NULL}}, BODY, "Content-MD5: XUFAKrxLKna5cZ2REBfFkA==", 400, NULL, NULL},
    {"headers of the answer",
     "GET",
     "v/1/a.mp4",
     {{"response-content-type", "video/mp4"}},
     NULL,
     NULL,
     200,
     NULL,
     NULL},
    {"nothing there", "GET", "nothing", {{NULL, NULL}}, NULL, NULL, 404, NULL, NULL},
    /* refused: signed for another request than the one that comes */
    {"another method", "GET", "v/1/a.mp4", {{NULL, NULL}}, NULL, "X-Test: PUT", 403, NULL, NULL},
    {"another key", "GET", "v/1/a.mp4", {{NULL, NULL}}, NULL, NULL, 403, "a.mp4", "b.mp4"},
    {"another signature", "GET", "v/1/a.mp4", {{NULL, NULL}}, NULL, NULL, 403, "Signature=", "Signature=0"},
    {"another life", "GET", "v/1/a.mp4", {{NULL, NULL}}, NULL, NULL, 403, "Expires=60", "Expires=61"},
    {"another host", "GET", "v/1/a.mp4", {{NULL, NULL}}, NULL, NULL, 403, "127.0.0.1", "localhost"},
    {"another part",
     "PUT",
     "mp",
     {{"partNumber", "2"}, {"uploadId", "x"}},
     BODY,
     NULL,
     403,
     "partNumber=2",
     "partNumber=3"},
    {"a parameter more", "GET", "v/1/a.mp4", {{NULL, NULL}}, NULL, NULL, 403, "?", "?a=1&"},
};

static int run_trap(const struct trap *trap, const char *bucket)
{
    g_autofree char *path =
        trap->key[0] == '\0' ? g_strconcat("/", bucket, NULL) : g_strconcat("/", bucket, "/", trap->key, NULL);
    struct s3_request request = {
        .method = trap->method,
        .host = gateway_endpoint() + strlen("http://"),
        .path = path,
        .life_s = 60,
        .now_s = g_get_real_time() / G_USEC_PER_SEC,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(trap->query) && trap->query[i].name != NULL; i++) {
        request.query[request.query_count++] = trap->query[i];
    }
    g_autofree char *target = s3_sign(&OURS, &request);
    g_autoptr(GString) url = g_string_new(gateway_endpoint());
    g_string_append(url, target);
    if (trap->from != NULL) {
        g_assert_cmpuint(g_string_replace(url, trap->from, trap->to, 1), ==, 1);
    }
    const bool is_other = g_strcmp0(trap->header, "X-Test: PUT") == 0;
    char *headers[] = {(char *)(uintptr_t)trap->header, NULL};
    return gateway_send(is_other ? "PUT" : trap->method, url->str, trap->header == NULL ? NULL : headers,
                        is_other ? BODY : trap->body);
}

static void test_traps(void)
{
    g_autofree char *bucket = g_strdup_printf("traps-%08x", g_random_int());
    const struct trap make = {"make the bucket", "PUT", "", {{NULL, NULL}}, "", NULL, 200, NULL, NULL};

    g_assert_cmpint(run_trap(&make, bucket), ==, 200);
    for (size_t i = 0; i < G_N_ELEMENTS(TRAPS); i++) {
        const int status = run_trap(&TRAPS[i], bucket);
        if (status != TRAPS[i].status) {
            g_test_message("%s: %d, expected %d", TRAPS[i].name, status, TRAPS[i].status);
            g_test_fail();
        }
    }
}

/* What is signed with its digest takes no other bytes. */
static void test_payload(void)
{
    g_autofree char *bucket = g_strdup_printf("traps-%08x", g_random_int());
    const struct trap make = {"make the bucket", "PUT", "", {{NULL, NULL}}, "", NULL, 200, NULL, NULL};
    g_autofree char *path = g_strconcat("/", bucket, "/signed", NULL);
    const struct s3_request request = {
        .method = "PUT",
        .host = gateway_endpoint() + strlen("http://"),
        .path = path,
        .headers = {{"x-amz-content-sha256", BODY_SHA256}},
        .header_count = 1,
        .payload_sha256 = BODY_SHA256,
        .life_s = 60,
        .now_s = g_get_real_time() / G_USEC_PER_SEC,
    };
    char *headers[] = {(char *)(uintptr_t)("x-amz-content-sha256: " BODY_SHA256), NULL};
    char *unsigned_payload[] = {(char *)(uintptr_t) "x-amz-content-sha256: UNSIGNED-PAYLOAD", NULL};

    g_assert_cmpint(run_trap(&make, bucket), ==, 200);
    g_autofree char *target = s3_sign(&OURS, &request);
    g_autofree char *url = g_strconcat(gateway_endpoint(), target, NULL);
    g_assert_cmpint(gateway_send("PUT", url, headers, "hellp"), ==, 400);
    g_assert_cmpint(gateway_send("PUT", url, unsigned_payload, "hellp"), ==, 403);
    g_assert_cmpint(gateway_send("PUT", url, NULL, BODY), ==, 403);
    g_assert_cmpint(gateway_send("PUT", url, headers, BODY), ==, 200);
}

static void test_times(void)
{
    static const struct {
        int64_t age_s;
        int64_t life_s;
        int status;
    } CASES[] = {{0, 604800, 404}, {0, 604801, 403}, {100, 60, 403}, {-100, 60, 404}};

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const struct s3_request request = {
            .method = "GET",
            .host = gateway_endpoint() + strlen("http://"),
            .path = "/traps-none/none",
            .life_s = CASES[i].life_s,
            .now_s = g_get_real_time() / G_USEC_PER_SEC - CASES[i].age_s,
        };
        g_autofree char *target = s3_sign(&OURS, &request);
        g_autofree char *url = g_strconcat(gateway_endpoint(), target, NULL);
        const int status = gateway_send("GET", url, NULL, NULL);
        if (status != CASES[i].status) {
            g_test_message("age %d life %d: %d, expected %d", (int)CASES[i].age_s, (int)CASES[i].life_s, status,
                           CASES[i].status);
            g_test_fail();
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/s3_sign/vector", test_vector);
    g_test_add_func("/store/s3_sign/canonical", test_canonical);
    g_test_add_func("/store/s3_sign/order", test_order);
    if (gateway_is_there()) {
        g_test_add_func("/store/s3_sign/traps", test_traps);
        g_test_add_func("/store/s3_sign/payload", test_payload);
        g_test_add_func("/store/s3_sign/times", test_times);
    }
    return g_test_run();
}
