/* Review policies of the edition and of single cities, for the administrator. */
#include "service/model/policy.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"

struct call {
    struct app *app;
    const struct request *request;
    struct sql_rows *rows;
    const struct policy *policy; /* NULL: take the row away */
};

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = policy_list(sql, call->app->rules, error);
    return call->rows != NULL;
}

static json_t *stages_json(const struct rules *rules)
{
    json_t *stages = json_array();

    for (int rank = 0; rank < STAGE_RANKS; rank++) {
        const struct stage *stage = rules_stage_of_rank(rules, rank);
        if (stage != NULL) {
            json_array_append_new(stages, json_pack("{s:s, s:s}", "name", stage->name, "level", stage->level));
        }
    }
    return stages;
}

/* {stages in order, what rules.conf says, items: the rows that are set} */
HANDLER(policy_index)
{
    struct call call = {.app = app, .request = request};
    const struct policy start = policy_of_rules(app->rules);

    if (!database_read(app->database, "policy.list", list, &call, error)) {
        return NULL;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < call.rows->count; i++) {
        const struct policy_row *row = sql_rows_at(call.rows, i);
        const struct policy policy = policy_of_row(row);
        json_array_append_new(items, json_pack("{s:s, s:o}", "region", row->region, "people", policy_json(&policy)));
    }
    sql_rows_free(call.rows);
    struct response *response = response_json(200, json_pack("{s:o, s:o, s:o}", "stages", stages_json(app->rules),
                                                             "start", policy_json(&start), "items", items));
    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool set(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return policy_set(sql, call->app->rules, request_param(call->request, "region"), call->policy, &actor,
                      request_now_ms(call->request), error);
}

HANDLER(policy_put)
{
    json_int_t people[STAGE_RANKS] = {0};
    struct policy policy = {0};
    const struct call call = {.app = app, .request = request, .policy = &policy};
    json_int_t sample_percent = 0;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:I, s:I, s:I, s?I}", "first", &people[0], "second",
                       &people[1], "final", &people[2], "sample_percent", &sample_percent) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    for (int rank = 0; rank < STAGE_RANKS; rank++) {
        policy.people[rank] = people[rank];
    }
    policy.sample_percent = json_object_get(request_json(request), "sample_percent") == NULL
                                ? policy_usual_sample(app->rules, &policy)
                                : sample_percent;
    return database_transact(app->database, "policy.set", set, (void *)(uintptr_t)&call, error) ? response_empty(204)
                                                                                                : NULL;
}

HANDLER(policy_delete)
{
    struct call call = {.app = app, .request = request};

    return database_transact(app->database, "policy.set", set, &call, error) ? response_empty(204) : NULL;
}
