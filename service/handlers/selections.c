/* Rounds of selection for organisers: who is in charge of the round's region leads it, who lies in that region recommends
 * works and sees the own ones. */
#include "service/model/selection.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/work.h"
#include "service/model/judging.h"
#include "service/model/outcome.h"
#include "service/model/notice.h"
#include "service/model/permission.h"

struct call {
    struct app *app;
    const struct request *request;
    struct selection selection;
    struct selection_form form;
    struct sql_rows *rows;
    struct sql_rows *entries;
    struct sql_rows *criteria;
    struct sql_rows *quotas;
    struct sql_rows *judges;
    struct sql_rows *objections;
    json_t *json;
    char *id;
    const char *text;
    int64_t days;
    int removes;
};

static void call_clear(struct call *call)
{
    struct sql_rows **const rows[] = {&call->rows,   &call->entries, &call->criteria,
                                      &call->quotas, &call->judges,  &call->objections};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_clear_pointer(rows[i], sql_rows_free);
    }
    selection_clear(&call->selection);
    g_clear_pointer(&call->id, g_free);
}

static struct response *no_store(json_t *json)
{
    struct response *response = response_json(200, json);

    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool is_in_charge(const struct call *call, const char *region)
{
    return rules_region_within(call->app->rules, region, request_staff(call->request)->scope);
}

static bool takes_part(const struct call *call, const char *region)
{
    return rules_region_within(call->app->rules, request_staff(call->request)->scope, region);
}

/* The round of the address, held for a change; another region's is not there. */
static bool get_own(struct sql *sql, struct call *call, GError **error)
{
    const char *id = call->id != NULL ? call->id : request_param(call->request, "id");

    return selection_get_held(sql, id, &call->selection, error) &&
           may(call->app->rules, request_staff(call->request), PERMISSION_SELECT, call->selection.region, error);
}

static json_t *round_json(const struct call *call, const struct selection *row)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:s, s:I, s:I, s:I, s:b}", "id", row->id, "name",
                     row->name, "track", row->track, "region", row->region, "state", row->state, "quota",
                     (json_int_t)row->quota, "judges_each", (json_int_t)row->judges_each, "places",
                     (json_int_t)row->places, "is_levelled", (int)(row->is_levelled != 0), "seed", row->seed,
                     "notice_starts_ms", (json_int_t)row->notice_starts_ms, "notice_ends_ms",
                     (json_int_t)row->notice_ends_ms, "created_ms", (json_int_t)row->created_ms, "is_mine",
                     (int)is_in_charge(call, row->region));
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = selection_list(sql, call->app->rules, error);
    return call->rows != NULL;
}

HANDLER(selection_index)
{
    struct call call = {.app = app, .request = request};

    if (!database_read(app->database, "selection.list", list, &call, error)) {
        return NULL;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < call.rows->count; i++) {
        const struct selection *row = sql_rows_at(call.rows, i);
        if (is_in_charge(&call, row->region) || takes_part(&call, row->region)) {
            json_array_append_new(items, round_json(&call, row));
        }
    }
    call_clear(&call);
    return no_store(json_pack("{s:o}", "items", items));
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct staff *staff = request_staff(call->request);
    const char *id = request_param(call->request, "id");

    call_clear(call);
    if (!selection_get(sql, id, &call->selection, error)) {
        return false;
    }
    const bool leads = is_in_charge(call, call->selection.region);
    if (!leads && !takes_part(call, call->selection.region)) {
        return refuse(error, HTTP_ERROR, REASON_OUT_OF_SCOPE, "a round of other regions");
    }
    return (call->criteria = selection_criteria(sql, id, error)) != NULL &&
           (call->quotas = selection_quotas(sql, id, error)) != NULL &&
           (call->entries = selection_entries(sql, id, leads ? "" : staff->scope, error)) != NULL &&
           (!leads || ((call->judges = selection_judges(sql, id, error)) != NULL &&
                       (call->objections = objection_list(sql, id, error)) != NULL));
}

/* What judges gave is nobody's before all have: no scores and places while judging goes on. */
static json_t *entries_json(const struct sql_rows *rows, bool leads)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct selection_entry *row = sql_rows_at(rows, i);
        json_t *json =
            json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:b}", "work", row->submission, "title", row->title,
                      "source", row->source, "region", row->region, "place", (json_int_t)row->place, "score",
                      (json_int_t)row->score, "is_listed", (int)(row->is_listed != 0), "is_selected",
                      (int)(row->is_selected != 0), "is_there", (int)(row->is_there != 0));
        if (leads) {
            json_object_set_new(json, "number", json_integer(row->number));
            json_object_set_new(json, "tasks", json_integer(row->tasks));
            json_object_set_new(json, "scored", json_integer(row->scored));
        }
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *judges_json(const struct sql_rows *rows)
{
    json_t *list = json_array();

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct staff *row = sql_rows_at(rows, i);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "id", row->id, "name", row->name, "role",
                                              row->role, "scope", row->scope));
    }
    return list;
}

static json_t *quotas_json(const struct sql_rows *rows)
{
    json_t *json = json_object();

    for (size_t i = 0; i < rows->count; i++) {
        const struct selection_quota *row = sql_rows_at(rows, i);
        json_object_set_new(json, row->region, json_integer(row->quota));
    }
    return json;
}

static json_t *objections_json(const struct app *app, const struct sql_rows *rows)
{
    json_t *list = json_array();

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct objection *row = sql_rows_at(rows, i);
        g_autofree char *contact = row->contact[0] == '\0' ? NULL : secret_open(app->secrets, row->contact);
        json_array_append_new(list, json_pack("{s:s, s:s?, s:s, s:s, s:s, s:s, s:s, s:I}", "id", row->id, "work",
                                              row->submission, "title", row->title, "text", row->text, "contact",
                                              contact == NULL ? "" : contact, "state", row->state, "answer",
                                              row->answer, "made_ms", (json_int_t)row->made_ms));
    }
    return list;
}

HANDLER(selection_show)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (database_read(app->database, "selection.show", look, &call, error)) {
        const bool leads = is_in_charge(&call, call.selection.region);
        json_t *json = round_json(&call, &call.selection);
        json_object_set_new(json, "criteria", selection_criteria_json(call.criteria));
        json_object_set_new(json, "quotas", quotas_json(call.quotas));
        json_object_set_new(json, "entries", entries_json(call.entries, leads));
        if (leads) {
            json_object_set_new(json, "judges", judges_json(call.judges));
            json_object_set_new(json, "objections", objections_json(app, call.objections));
        }
        response = no_store(json);
    }
    call_clear(&call);
    return response;
}

static bool read_form(const struct request *request, struct selection_form *form, GError **error)
{
    json_int_t quota = 0;
    json_int_t judges_each = 0;
    json_int_t places = 0;
    int is_levelled = 0;
    json_error_t cause;

    form->track = form->region = "";
    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s?s, s?s, s:I, s:I, s:I, s?b, s:o, s?o, s?o}", "name",
                       &form->name, "track", &form->track, "region", &form->region, "quota", &quota, "judges_each",
                       &judges_each, "places", &places, "is_levelled", &is_levelled, "criteria", &form->criteria,
                       "quotas", &form->quotas, "judges", &form->judges) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return false;
    }
    form->quota = quota;
    form->judges_each = judges_each;
    form->places = places;
    form->is_levelled = is_levelled != 0;
    return true;
}

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    g_clear_pointer(&call->id, g_free);
    return may(call->app->rules, request_staff(call->request), PERMISSION_SELECT, call->form.region, error) &&
           selection_add(sql, call->app->rules, &call->form, &actor, request_now_ms(call->request), &call->id, error);
}

HANDLER(selection_post)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (read_form(request, &call.form, error) && database_transact(app->database, "selection.add", add, &call, error)) {
        response = response_json(201, json_pack("{s:s}", "id", call.id));
    }
    call_clear(&call);
    return response;
}

/* Runs a change of the round of the address; 204. */
static struct response *change(struct call *call, const char *name, database_work *work, GError **error)
{
    const bool done = database_transact(call->app->database, name, work, call, error);

    call_clear(call);
    return done ? response_empty(204) : NULL;
}

static bool put(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return get_own(sql, call, error) && selection_change(sql, call->app->rules, &call->selection, &call->form, &actor,
                                                         request_now_ms(call->request), error);
}

HANDLER(selection_put)
{
    struct call call = {.app = app, .request = request};

    return read_form(request, &call.form, error) ? change(&call, "selection.change", put, error) : NULL;
}

static bool step_judge(struct sql *sql, struct call *call, const struct actor *actor, int64_t now_ms, GError **error)
{
    return judging_begin(sql, call->app->rules, &call->selection, actor, now_ms, error);
}

static bool step_close(struct sql *sql, struct call *call, const struct actor *actor, int64_t now_ms, GError **error)
{
    return outcome_close(sql, &call->selection, actor, now_ms, error);
}

static bool step_announce(struct sql *sql, struct call *call, const struct actor *actor, int64_t now_ms, GError **error)
{
    return notice_begin(sql, &call->selection, call->days, actor, now_ms, error);
}

static bool step_settle(struct sql *sql, struct call *call, const struct actor *actor, int64_t now_ms, GError **error)
{
    return notice_settle(sql, &call->selection, actor, now_ms, error);
}

static bool step_cancel(struct sql *sql, struct call *call, const struct actor *actor, int64_t now_ms, GError **error)
{
    return selection_cancel(sql, &call->selection, actor, now_ms, error);
}

/* THE table of steps. */
static const struct {
    const char *name;
    bool (*run)(struct sql *sql, struct call *call, const struct actor *actor, int64_t now_ms, GError **error);
} STEPS[] = {
    {"judge", step_judge},   {"close", step_close},   {"announce", step_announce},
    {"settle", step_settle}, {"cancel", step_cancel},
};

static bool step(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    if (!get_own(sql, call, error)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(STEPS); i++) {
        if (strcmp(STEPS[i].name, call->text) == 0) {
            return STEPS[i].run(sql, call, &actor, request_now_ms(call->request), error);
        }
    }
    return refuse(error, HTTP_ERROR, REASON_INPUT, "no such step");
}

HANDLER(selection_post_step)
{
    struct call call = {.app = app, .request = request};
    json_int_t days = 0;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s?I}", "step", &call.text, "days", &days) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    call.days = days;
    return change(&call, "selection.step", step, error);
}

static bool release(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return get_own(sql, call, error) && judging_release(sql, &call->selection, request_param(call->request, "staff"),
                                                        &actor, request_now_ms(call->request), error);
}

HANDLER(selection_delete_judge)
{
    struct call call = {.app = app, .request = request};

    return change(&call, "selection.release", release, error);
}

static bool recommend(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return selection_get_held(sql, request_param(call->request, "id"), &call->selection, error) &&
           selection_recommend(sql, call->app->rules, &call->selection, request_staff(call->request),
                               request_param(call->request, "work"), &actor, request_now_ms(call->request), error);
}

HANDLER(selection_put_entry)
{
    struct call call = {.app = app, .request = request};

    return change(&call, "selection.recommend", recommend, error);
}

static bool recommend_not(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return selection_get_held(sql, request_param(call->request, "id"), &call->selection, error) &&
           selection_recommend_not(sql, call->app->rules, &call->selection, request_staff(call->request),
                                   request_param(call->request, "work"), &actor, request_now_ms(call->request), error);
}

HANDLER(selection_delete_entry)
{
    struct call call = {.app = app, .request = request};

    return change(&call, "selection.recommend_not", recommend_not, error);
}

static bool read_sheet(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    json_decref(call->json);
    call->json = NULL;
    selection_clear(&call->selection);
    if (!selection_get(sql, request_param(call->request, "id"), &call->selection, error) ||
        !may(call->app->rules, request_staff(call->request), PERMISSION_EXPORT, call->selection.region, error)) {
        return false;
    }
    call->json = outcome_sheet(sql, &call->selection, error);
    return call->json != NULL;
}

HANDLER(selection_show_sheet)
{
    struct call call = {.app = app, .request = request};
    const bool good = database_read(app->database, "selection.sheet", read_sheet, &call, error);

    call_clear(&call);
    return good ? no_store(call.json) : NULL;
}

static bool answer(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);
    const char *id = request_param(call->request, "id");

    g_clear_pointer(&call->id, g_free);
    call->id = objection_selection(sql, id, error);
    return call->id != NULL && get_own(sql, call, error) &&
           objection_answer(sql, &call->selection, id, call->text, call->removes != 0, &actor,
                            request_now_ms(call->request), error);
}

HANDLER(objection_post_answer)
{
    struct call call = {.app = app, .request = request};
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s:b}", "answer", &call.text, "removes",
                       &call.removes) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    return change(&call, "objection.answer", answer, error);
}

static bool list_judges(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->judges, sql_rows_free);
    call->judges = selection_judges_known(sql, error);
    return call->judges != NULL;
}

HANDLER(judge_index)
{
    struct call call = {.app = app, .request = request};

    if (!database_read(app->database, "judge.list", list_judges, &call, error)) {
        return NULL;
    }
    json_t *items = judges_json(call.judges);
    call_clear(&call);
    return no_store(json_pack("{s:o}", "items", items));
}
