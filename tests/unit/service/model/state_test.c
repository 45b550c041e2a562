/* Walks every state x event x actor: what the table allows is exactly the list below, and nothing leaves a final
 * state. */
#include <string.h>

#include "service/model/submission.h"

static const struct {
    const char *from;
    const char *event;
    enum actor_kind by;
    const char *to;
} EXPECTED[] = {
    {"draft", "submission.submitted", ACTOR_SUBMITTER, "uploading"},
    {"uploading", "submission.received", ACTOR_SYSTEM, "received"},
    {"uploading", "submission.expired", ACTOR_SYSTEM, "failed"},
    {"uploading", "submission.refused", ACTOR_SYSTEM, "failed"},
    {"received", "submission.started", ACTOR_WORKER, "processing"},
    {"processing", "submission.prepared", ACTOR_WORKER, "in_review"},
    {"processing", "submission.refused", ACTOR_WORKER, "failed"},
    {"failed", "submission.retried", ACTOR_REVIEWER, "received"},
    {"failed", "submission.retried", ACTOR_ADMINISTRATOR, "received"},
    {"in_review", "submission.passed", ACTOR_REVIEWER, "in_review"},
    {"in_review", "submission.escalated", ACTOR_REVIEWER, "in_review"},
    {"in_review", "submission.sent_back", ACTOR_REVIEWER, "in_review"},
    {"in_review", "submission.approved", ACTOR_REVIEWER, "approved"},
    {"in_review", "submission.returned", ACTOR_REVIEWER, "returned"},
    {"in_review", "submission.declined", ACTOR_REVIEWER, "declined"},
    {"approved", "submission.published", ACTOR_SYSTEM, "published"},
    {"published", "submission.sent_back", ACTOR_REVIEWER, "in_review"},
    {"published", "submission.taken_down", ACTOR_REVIEWER, "taken_down"},
    {"published", "submission.taken_down", ACTOR_ORGANISER, "taken_down"},
    {"published", "submission.taken_down", ACTOR_ADMINISTRATOR, "taken_down"},
    {"in_review", "submission.edited", ACTOR_SUBMITTER, "in_review"},
    {"approved", "submission.edited", ACTOR_SUBMITTER, "in_review"},
    {"published", "submission.edited", ACTOR_SUBMITTER, "in_review"},
    {"returned", "submission.edited", ACTOR_SUBMITTER, "in_review"},
    {"in_review", "submission.edited", ACTOR_REVIEWER, "in_review"},
    {"published", "submission.edited", ACTOR_REVIEWER, "in_review"},
    {"uploading", "submission.replaced", ACTOR_SUBMITTER, "uploading"},
    {"in_review", "submission.replaced", ACTOR_SUBMITTER, "uploading"},
    {"returned", "submission.replaced", ACTOR_SUBMITTER, "uploading"},
    {"failed", "submission.replaced", ACTOR_SUBMITTER, "uploading"},
    {"uploading", "submission.withdrawn", ACTOR_SUBMITTER, "withdrawn"},
    {"received", "submission.withdrawn", ACTOR_SUBMITTER, "withdrawn"},
    {"processing", "submission.withdrawn", ACTOR_SUBMITTER, "withdrawn"},
    {"in_review", "submission.withdrawn", ACTOR_SUBMITTER, "withdrawn"},
    {"approved", "submission.withdrawn", ACTOR_SUBMITTER, "withdrawn"},
    {"published", "submission.withdrawn", ACTOR_SUBMITTER, "withdrawn"},
    {"returned", "submission.withdrawn", ACTOR_SUBMITTER, "withdrawn"},
    {"declined", "submission.withdrawn", ACTOR_SUBMITTER, "withdrawn"},
    {"failed", "submission.withdrawn", ACTOR_SUBMITTER, "withdrawn"},
};

static const char *expected(const char *from, const char *event, enum actor_kind by)
{
    for (size_t i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
        if (strcmp(EXPECTED[i].from, from) == 0 && strcmp(EXPECTED[i].event, event) == 0 && EXPECTED[i].by == by) {
            return EXPECTED[i].to;
        }
    }
    return NULL;
}

static void test_whole_cross_product(void)
{
    size_t allowed = 0;

    for (int from = 0; from < STATE_COUNT; from++) {
        for (int event = 0; event < EVENT_COUNT; event++) {
            for (int by = 0; by < ACTOR_COUNT; by++) {
                enum state to = STATE_COUNT;
                const bool is_allowed = submission_next_state(from, event, by, &to);
                g_assert_cmpstr(is_allowed ? state_name(to) : NULL, ==,
                                expected(state_name(from), event_name(event), by));
                allowed += is_allowed;
            }
        }
    }
    g_assert_cmpuint(allowed, ==, G_N_ELEMENTS(EXPECTED));
}

static void test_final_states_have_no_way_out(void)
{
    const enum state finals[] = {STATE_WITHDRAWN, STATE_TAKEN_DOWN};

    for (size_t i = 0; i < G_N_ELEMENTS(finals); i++) {
        for (int event = 0; event < EVENT_COUNT; event++) {
            for (int by = 0; by < ACTOR_COUNT; by++) {
                g_assert_false(submission_allows(state_name(finals[i]), event, by));
            }
        }
    }
}

static void test_only_approval_leads_to_published(void)
{
    for (int from = 0; from < STATE_COUNT; from++) {
        for (int event = 0; event < EVENT_COUNT; event++) {
            for (int by = 0; by < ACTOR_COUNT; by++) {
                enum state to;
                if (submission_next_state(from, event, by, &to) && to == STATE_PUBLISHED) {
                    g_assert_cmpint(from, ==, STATE_APPROVED);
                }
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/whole_cross_product", test_whole_cross_product);
    g_test_add_func("/state/final_states_have_no_way_out", test_final_states_have_no_way_out);
    g_test_add_func("/state/only_approval_leads_to_published", test_only_approval_leads_to_published);
    return g_test_run();
}
