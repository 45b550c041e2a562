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
        .inputs = {{1, 100, (char *)(uintptr_t) "/data/a", (char *)(uintptr_t) "/api/a"}},
        .input_count = 1,
    };
    json_auto_t *json = offer_message_json(&offer);
    struct offer_message read = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(offer_message_read(json, &read, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(read.job, ==, "job");
    g_assert_cmpint(read.token, ==, 7);
    g_assert_cmpstr(read.inputs[0].path, ==, "/data/a");
    g_assert_null(read.facts);
    offer_message_clear(&read);
}

static void test_malformed_messages_are_refused(void)
{
    static const char *const CLAIMS[] = {"{}", "{\"worker\":1}",
                                         "{\"worker\":\"a\",\"version\":\"1\",\"sandbox\":\"full\",\"more\":1}"};
    static const char *const FAILS[] = {"{}", "{\"token\":1,\"reason\":\"no-such\",\"next\":\"retry\"}",
                                        "{\"token\":1,\"reason\":\"broken-file\",\"next\":\"sometimes\"}"};
    static const char *const FINISHES[] = {"{}", "{\"token\":1,\"facts\":{},\"inputs\":[\"zz\"],\"outputs\":[]}",
                                           "{\"token\":1,\"facts\":[],\"inputs\":[],\"outputs\":[]}",
                                           "{\"token\":1,\"facts\":{},\"inputs\":[],\"outputs\":[{\"name\":\"a\"}]}"};

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message/offer_there_and_back", test_offer_there_and_back);
    g_test_add_func("/message/malformed_messages_are_refused", test_malformed_messages_are_refused);
    return g_test_run();
}
