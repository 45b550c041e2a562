#include "common/message.h"

#include "common/failure.h"

static void test_offer_there_and_back(void)
{
    json_auto_t *limits = json_pack("{s:i}", "min_ms", 3000);
    struct offer_message offer = {
        .job = (char *)(uintptr_t) "job",
        .token = 7,
        .kind = (char *)(uintptr_t) "prepare",
        .lease_ms = 30000,
        .limits = limits,
        .folder = (char *)(uintptr_t) "/data/jobs/job-7",
        .inputs = {{1,
                    true,
                    {100, (char *)(uintptr_t) "/data/a", (char *)(uintptr_t) "/api/a"},
                    {7, (char *)(uintptr_t) "", (char *)(uintptr_t) "/api/b"}},
                   {.position = 2, .file = {8, (char *)(uintptr_t) "", (char *)(uintptr_t) "/api/c"}}},
        .input_count = 2,
        .branding = {[2] = {(char *)(uintptr_t) "branding/aa", {5, (char *)(uintptr_t) "", (char *)(uintptr_t) "/api/d"}}},
    };
    json_auto_t *json = offer_message_json(&offer);
    struct offer_message read = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(offer_message_read(json, &read, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(read.job, ==, "job");
    g_assert_cmpint(read.token, ==, 7);
    g_assert_cmpstr(read.inputs[0].file.path, ==, "/data/a");
    g_assert_cmpint(read.inputs[0].review.bytes, ==, 7);
    g_assert_cmpstr(read.inputs[0].review.url, ==, "/api/b");
    g_assert_cmpint(read.inputs[1].position, ==, 2);
    g_assert_true(read.inputs[0].done);
    g_assert_false(read.inputs[1].done);
    g_assert_null(read.inputs[1].review.url);
    g_assert_null(read.facts);
    g_assert_null(read.branding[0].key);
    g_assert_cmpstr(read.branding[2].key, ==, "branding/aa");
    g_assert_cmpint(read.branding[2].file.bytes, ==, 5);
    offer_message_clear(&read);
}

static void test_place_there_and_back(void)
{
    static const char DIGEST[] = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    char *headers[] = {(char *)(uintptr_t) "x-amz-meta-sha256: 1", NULL};
    const struct place_message asked = {.token = 7,
                                        .name = (char *)(uintptr_t) "a.mp4",
                                        .sha256 = (char *)(uintptr_t)DIGEST};
    const struct placed_message answered = {.url = (char *)(uintptr_t) "http://a/b?c", .headers = headers};
    json_auto_t *asked_json = place_message_json(&asked);
    json_auto_t *answered_json = placed_message_json(&answered);
    json_auto_t *forged = json_pack("{s:s, s:[s]}", "url", "/a", "headers", "A: b\r\nC: d");
    struct place_message place = {0};
    struct placed_message placed = {0};

    g_assert_true(place_message_read(asked_json, &place, NULL));
    g_assert_cmpint(place.token, ==, 7);
    g_assert_cmpstr(place.sha256, ==, DIGEST);
    g_assert_true(placed_message_read(answered_json, &placed, NULL));
    g_assert_cmpstr(placed.url, ==, "http://a/b?c");
    g_assert_cmpstr(placed.headers[0], ==, headers[0]);
    g_assert_null(placed.headers[1]);
    place_message_clear(&place);
    placed_message_clear(&placed);
    g_assert_false(placed_message_read(forged, &placed, NULL));
}

static void test_malformed_messages_are_refused(void)
{
    static const char *const CLAIMS[] = {"{}", "{\"worker\":1}",
                                         "{\"worker\":\"a\",\"version\":\"1\",\"sandbox\":\"full\",\"more\":1}"};
    static const char *const FAILS[] = {"{}", "{\"token\":1,\"reason\":\"no-such\",\"next\":\"retry\"}",
                                        "{\"token\":1,\"reason\":\"broken-file\",\"next\":\"sometimes\"}",
#define FAIL_WITH(others)                                                                                              \
    "{\"token\":1,\"reason\":\"broken-file\",\"next\":\"refuse\",\"position\":1,\"others\":" others "}"
#define OTHER "{\"position\":2,\"reason\":\"broken-file\"}"
                                        FAIL_WITH("{}"), FAIL_WITH("[1]"),
                                        FAIL_WITH("[{\"position\":10,\"reason\":\"broken-file\"}]"),
                                        FAIL_WITH("[{\"position\":2,\"reason\":\"no-such\"}]"),
                                        FAIL_WITH("[" OTHER "," OTHER "," OTHER "," OTHER "," OTHER "," OTHER "," OTHER
                                                  "," OTHER "," OTHER "," OTHER "]")};
    static const char *const FINISHES[] = {
        "{}", "{\"token\":1,\"facts\":{},\"inputs\":[\"zz\"],\"outputs\":[]}",
        "{\"token\":1,\"facts\":[],\"inputs\":[],\"outputs\":[]}",
        "{\"token\":1,\"facts\":{},\"inputs\":[],\"outputs\":[{\"name\":\"a\"}]}",
        /* a type that would end a text of JSON */
        "{\"token\":1,\"facts\":{},\"inputs\":[],\"outputs\":[{\"name\":\"a\",\"kind\":\"rung\","
        "\"type\":\"video/mp4\\\"\",\"bytes\":1,\"facts\":{},\"sha256\":"
        "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"}]}"};

    for (size_t i = 0; i < G_N_ELEMENTS(CLAIMS); i++) {
        json_auto_t *json = json_loads(CLAIMS[i], 0, NULL);
        struct claim_message claim = {0};
        g_assert_false(claim_message_read(json, &claim, NULL));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(FAILS); i++) {
        json_auto_t *json = json_loads(FAILS[i], 0, NULL);
        struct fail_message fail = {0};
        g_assert_false(fail_message_read(json, &fail, NULL));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(FINISHES); i++) {
        json_auto_t *json = json_loads(FINISHES[i], 0, NULL);
        struct finish_message finish = {0};
        g_assert_false(finish_message_read(json, &finish, NULL));
    }
}

static void test_fail_there_and_back(void)
{
    struct fail_message fail = {.token = 7, .reason = g_strdup("broken-file"), .next = FAIL_REFUSE, .position = 1};
    struct fail_message read = {0};

    fail_message_add(&fail, 3, "too-long");
    fail_message_add(&fail, 9, "not-media");
    json_auto_t *json = fail_message_json(&fail);
    g_assert_true(fail_message_read(json, &read, NULL));
    g_assert_cmpint(read.position, ==, 1);
    g_assert_cmpuint(read.other_count, ==, 2);
    g_assert_cmpint(read.others[1].position, ==, 9);
    g_assert_cmpstr(read.others[0].reason, ==, "too-long");
    fail_message_clear(&fail);
    fail_message_clear(&read);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message/offer_there_and_back", test_offer_there_and_back);
    g_test_add_func("/message/place_there_and_back", test_place_there_and_back);
    g_test_add_func("/message/fail_there_and_back", test_fail_there_and_back);
    g_test_add_func("/message/malformed_messages_are_refused", test_malformed_messages_are_refused);
    return g_test_run();
}
