/* The reviewer's side: queue, one work, soft lease, decision, undo; and taking a published work down. */
#include "service/model/review.h"

#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/work.h"
#include "service/http/parked.h"
#include "service/model/consent.h"
#include "service/model/cover.h"
#include "service/model/duplicate.h"
#include "service/model/permission.h"
#include "service/model/queue.h"
#include "service/model/remark.h"
#include "service/model/report.h"
#include "service/model/review_edit.h"
#include "service/model/review_reason.h"
#include "service/model/sample.h"
#include "service/model/words.h"

/* One call of this file: the work, who asks, and what comes out. */
struct call {
    struct app *app;
    const struct request *request;
    struct queue_query query;
    struct submission submission;
    struct words *words;      /* the administrator's, while items are made */
    struct sql_rows *reasons; /* likewise, all that were ever offered */
    struct sql_rows *held;    /* likewise, what anybody holds */
    json_t *json;
    char *text; /* next page, decision id */
    const struct review_decision *decision;
    bool take_over;
    const char *reason;
    const char *id; /* of the work; NULL: the one in the address */
    struct submission_changes changes;
    int64_t version; /* If-Match */
};

static struct response *no_store(struct response *response)
{
    response_header(response, "Cache-Control", "no-store");
    return response;
}

/* actions[]: what this person may do with this work now. */
static json_t *actions_json(struct sql *sql, const struct call *call, const struct submission *submission)
{
    static const char *const ACTIONS[] = {"approve", "return", "decline", "escalate", "send_back", "confirm"};
    json_t *actions = json_array();
    int64_t before = 0;

    if (!review_may_decide(sql, call->app->rules, request_staff(call->request), submission, NULL)) {
        return actions;
    }
    (void)review_before(sql, call->app->rules, submission, &before, NULL); /* else it is not offered */
    for (size_t i = 0; i < G_N_ELEMENTS(ACTIONS); i++) {
        if (review_offers(submission, ACTIONS[i]) && (before != 0 || strcmp(ACTIONS[i], "send_back") != 0)) {
            json_array_append_new(actions, json_string(ACTIONS[i]));
        }
    }
    if (submission_allows(submission->state, EVENT_TAKEN_DOWN, ACTOR_REVIEWER)) {
        json_array_append_new(actions, json_string("take_down"));
    }
    return actions;
}

static bool add_item(struct sql *sql, struct call *call, const struct submission *submission, json_t **item,
                     GError **error)
{
    g_autoptr(SqlRows) renditions = rendition_list(sql, submission->id, submission->revision, error);
    g_autoptr(SqlRows) history = renditions == NULL ? NULL : review_history(sql, submission->id, error);
    const int64_t now_ms = request_now_ms(call->request);

    g_autoptr(SqlRows) remarks = history == NULL ? NULL : remark_list(sql, submission->id, NULL, error);
    json_auto_t *consents = remarks == NULL ? NULL : consent_given(sql, submission->id, error);

    if (consents == NULL) {
        return false;
    }
    const struct review_holder *holder = review_holder_among(call->held, submission->id);
    *item = review_json(call->app, request_login(call->request), submission, renditions, now_ms);
    review_add_words(call->app, *item, submission, call->words);
    json_object_set_new(*item, "history", history_json(call->app, history, call->reasons));
    json_object_set_new(*item, "remarks", remarks_json(remarks));
    json_object_set(*item, "consents", consents);
    json_object_set_new(*item, "actions", actions_json(sql, call, submission));
    json_object_set_new(*item, "cover", cover_json(submission));
    if (holder != NULL) {
        json_object_set_new(*item, "holder",
                            json_pack("{s:s, s:b, s:I}", "name", holder->name, "me",
                                      strcmp(holder->staff, request_staff(call->request)->id) == 0, "until_ms",
                                      (json_int_t)holder->until_ms));
    }
    return true;
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_auto(QueuePage) page = {0};
    json_auto_t *items = json_array();
    g_autoptr(Words) words = words_read(sql, call->app->rules->edition, error);
    g_autoptr(SqlRows) reasons = words == NULL ? NULL : review_reason_list(sql, call->app->rules, error);
    g_autoptr(SqlRows) held = reasons == NULL ? NULL : review_holders(sql, request_now_ms(call->request), error);

    call->words = words;
    call->reasons = reasons;
    call->held = held;
    if (held == NULL || !queue_list(sql, call->app->rules, request_staff(call->request), &call->query, &page, error)) {
        return false;
    }
    for (size_t i = 0; i < page.count; i++) {
        json_t *item = NULL;
        if (!add_item(sql, call, page.items[i], &item, error)) {
            return false;
        }
        json_array_append_new(items, item);
    }
    json_decref(call->json);
    call->json = json_pack("{s:O, s:s?, s:I}", "items", items, "next", page.next, "undo_seconds",
                           (json_int_t)call->app->settings->undo_seconds);
    return true;
}

enum { HOUR_MS = 3600 * 1000, WAITED_HOURS_MOST = 366 * 24 };

static bool read_query(const struct request *request, struct queue_query *query, GError **error)
{
    int64_t limit = 0;
    int64_t waited_hours = 0;

    if (!request_query_int64(request, "limit", 1, 100, &limit, error) ||
        !request_query_int64(request, "waited_hours", 0, WAITED_HOURS_MOST, &waited_hours, error)) {
        return false;
    }
    *query = (struct queue_query){
        .stage = request_query(request, "stage"),
        .region = request_query(request, "region"),
        .track = request_query(request, "track"),
        .flag = request_query(request, "flag"),
        .words = request_query(request, "q"),
        .after = request_query(request, "after"),
        .is_sample = g_strcmp0(request_query(request, "sample"), "1") == 0,
        .until_ms = waited_hours == 0 ? 0 : request_now_ms(request) - waited_hours * HOUR_MS,
        .limit = limit == 0 ? 30 : limit,
    };
    return true;
}

HANDLER(queue_index)
{
    struct call call = {.app = app, .request = request};

    if (!read_query(request, &call.query, error) || !database_read(app->database, "queue.list", list, &call, error)) {
        return NULL;
    }
    return no_store(response_json(200, call.json));
}

static bool count(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autoptr(SqlRows) rows = queue_counts(sql, call->app->rules, request_staff(call->request), error);
    json_t *items = rows == NULL ? NULL : json_array();

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct queue_count *row = sql_rows_at(rows, i);
        const struct stage *stage = rules_stage_at(call->app->rules, row->stage);
        json_array_append_new(items,
                              json_pack("{s:s, s:b, s:s, s:s, s:I, s:I}", "stage", stage == NULL ? "" : stage->name,
                                        "mine",
                                        stage != NULL && staff_may_stage(request_staff(call->request), stage->name),
                                        "city", row->city, "track", row->track, "waiting", (json_int_t)row->waiting,
                                        "oldest_ms", (json_int_t)row->oldest_ms));
    }
    int64_t samples = 0;
    if (items == NULL || (sample_may(call->app->rules, request_staff(call->request), NULL, NULL) &&
                          !sample_count(sql, &samples, error))) {
        json_decref(items);
        return false;
    }
    json_decref(call->json);
    call->json = json_pack("{s:o, s:I}", "items", items, "samples", (json_int_t)samples);
    return true;
}

HANDLER(queue_show_counts)
{
    struct call call = {.app = app, .request = request};

    if (!database_read(app->database, "queue.counts", count, &call, error)) {
        return NULL;
    }
    return no_store(response_json(200, call.json));
}

static bool get(struct sql *sql, struct call *call, GError **error)
{
    const char *id = call->id == NULL ? request_param(call->request, "id") : call->id;

    return review_get(sql, call->app->rules, request_staff(call->request), id, &call->submission, error);
}

/* What a reviewer lays beside the work at hand: of works outside the own region only city and state. */
static bool add_copy(struct sql *sql, const struct call *call, const struct duplicate *duplicate, json_t *item,
                     GError **error)
{
    static const char *const SHOWN[] = {"id",          "title",     "words",  "duration_ms",   "width",
                                        "height",      "poster",    "photos", "contact_sheet", "waiting_since_ms",
                                        "region_name", "track_name"};
    const struct staff *staff = request_staff(call->request);
    g_auto(Submission) other = {0};

    if (!submission_get_held(sql, duplicate->submission, &other, error)) { /* read only: nobody locks here */
        return false;
    }
    const struct region *city = rules_region_find(call->app->rules, other.city);
    json_object_set_new(item, "city_name", json_string(city == NULL ? "" : city->name));
    json_object_set_new(item, "state", json_string(other.state));
    if (!may(call->app->rules, staff, PERMISSION_SEE, other.region, NULL)) {
        return true;
    }
    g_autoptr(SqlRows) renditions = rendition_list(sql, other.id, other.revision, error);
    if (renditions == NULL) {
        return false;
    }
    json_auto_t *whole =
        review_json(call->app, request_login(call->request), &other, renditions, request_now_ms(call->request));
    json_t *work = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(SHOWN); i++) {
        json_object_set(work, SHOWN[i], json_object_get(whole, SHOWN[i]));
    }
    json_object_set_new(item, "work", work);
    return true;
}

/* In no list: they are looked for anew each time, so that a later copy shows up at the earlier work too. */
static bool add_duplicates(struct sql *sql, const struct call *call, json_t *item, GError **error)
{
    g_autoptr(GPtrArray) duplicates = duplicate_list(sql, call->submission.id, call->submission.revision, error);
    json_t *list = duplicates == NULL ? NULL : duplicate_json(duplicates);

    for (guint i = 0; duplicates != NULL && i < duplicates->len; i++) {
        if (!add_copy(sql, call, g_ptr_array_index(duplicates, i), json_array_get(list, i), error)) {
            json_decref(list);
            return false;
        }
    }
    return list != NULL && json_object_set_new(item, "duplicates", list) == 0;
}

static bool show(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    json_t *item = NULL;
    g_autoptr(Words) words = words_read(sql, call->app->rules->edition, error);
    g_autoptr(SqlRows) reasons = words == NULL ? NULL : review_reason_list(sql, call->app->rules, error);
    g_autoptr(SqlRows) held = reasons == NULL ? NULL : review_holders(sql, request_now_ms(call->request), error);

    call->words = words;
    call->reasons = reasons;
    call->held = held;
    if (held == NULL || !get(sql, call, error) || !add_item(sql, call, &call->submission, &item, error)) {
        return false;
    }
    json_decref(call->json);
    call->json = item;
    return add_duplicates(sql, call, item, error);
}

HANDLER(queue_show)
{
    struct call call = {.app = app, .request = request};
    const bool good = database_read(app->database, "review.show", show, &call, error);

    submission_clear(&call.submission);
    return good ? no_store(response_json(200, call.json)) : NULL;
}

/* One of the most pressing, by chance: two people who ask at the same time rarely get the same. */
static bool choose(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_auto(QueuePage) page = {0};

    if (!queue_pressing(sql, call->app->rules, request_staff(call->request), &call->query,
                        request_now_ms(call->request), &page, error)) {
        return false;
    }
    g_clear_pointer(&call->text, g_free);
    call->text = page.count == 0 ? NULL : g_strdup(page.items[g_random_int_range(0, (int)page.count)]->id);
    call->id = call->text;
    return call->id == NULL || show(sql, call, error);
}

HANDLER(queue_show_next)
{
    struct call call = {.app = app, .request = request};
    const bool good =
        read_query(request, &call.query, error) && database_read(app->database, "queue.next", choose, &call, error);

    submission_clear(&call.submission);
    g_free(call.text);
    if (!good) {
        return NULL;
    }
    return no_store(call.json == NULL ? response_empty(204) : response_json(200, call.json));
}

static bool hold(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct staff *staff = request_staff(call->request);
    const struct actor actor = request_actor(call->request);
    const int64_t now_ms = request_now_ms(call->request);
    const int64_t lease_ms = call->app->settings->lease_seconds * 1000;

    return get(sql, call, error) &&
           (call->take_over ? review_take_over(sql, staff, &actor, &call->submission, now_ms, lease_ms, error)
                            : review_hold(sql, staff, call->submission.id, false, now_ms, lease_ms, error));
}

HANDLER(queue_hold)
{
    struct call call = {
        .app = app,
        .request = request,
        .take_over = json_is_true(json_object_get(request_json(request), "take_over")),
    };
    const bool good = database_transact(app->database, "review.hold", hold, &call, error);

    submission_clear(&call.submission);
    return good ? no_store(
                      response_json(200, json_pack("{s:I}", "lease_seconds", (json_int_t)app->settings->lease_seconds)))
                : NULL;
}

static bool release(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return review_release(sql, request_staff(call->request), request_param(call->request, "id"), error);
}

HANDLER(queue_release)
{
    struct call call = {.app = app, .request = request};

    return database_transact(app->database, "review.release", release, &call, error) ? response_empty(204) : NULL;
}

/* If-Match: "7" */
static bool read_version(const struct request *request, int64_t *version, GError **error)
{
    const char *header = request_header(request, "If-Match");
    const size_t length = header == NULL ? 0 : strlen(header);
    const bool quoted = length > 2 && header[0] == '"' && header[length - 1] == '"';
    g_autofree char *digits = quoted ? g_strndup(header + 1, length - 2) : g_strdup(header == NULL ? "" : header);
    gint64 number;

    if (!g_ascii_string_to_signed(digits, 10, 1, G_MAXINT64, &number, NULL)) {
        g_set_error(error, HTTP_ERROR, REASON_PRECONDITION, "If-Match names no version");
        return false;
    }
    *version = number;
    return true;
}

static bool decide(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    g_clear_pointer(&call->text, g_free);
    return get(sql, call, error) &&
           review_decide(sql, call->app->rules, request_staff(call->request), &actor, &call->submission, call->decision,
                         request_now_ms(call->request), call->app->settings->undo_seconds * 1000, &call->text, error);
}

HANDLER(queue_decide)
{
    struct review_decision decision = {.note = ""};
    struct call call = {.app = app, .request = request, .decision = &decision};
    json_error_t cause;

    json_int_t viewed_ms = 0;
    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s?o, s?s, s?I}", "action", &decision.action, "reasons",
                       &decision.reasons, "note", &decision.note, "viewed_ms", &viewed_ms) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    decision.viewed_ms = viewed_ms;
    if (!read_version(request, &decision.version, error)) {
        return NULL;
    }
    const bool good = database_transact(app->database, "review.decide", decide, &call, error);
    submission_clear(&call.submission);
    if (!good) {
        return NULL;
    }
    server_wake(request_server(request), "jobs");
    g_autofree char *effective = time_text(request_now_ms(request) + app->settings->undo_seconds * 1000);
    g_autofree char *id = call.text;
    return no_store(response_json(200, json_pack("{s:s, s:s, s:I}", "decision", id, "effective_at", effective,
                                                 "undo_seconds", (json_int_t)app->settings->undo_seconds)));
}

static bool edit(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return get(sql, call, error) &&
           review_edit(sql, call->app->rules, request_staff(call->request), &actor, &call->submission, &call->changes,
                       call->version, request_now_ms(call->request), error);
}

static struct response *answer_edit(struct call *call, const char *name, GError **error)
{
    if (!read_version(call->request, &call->version, error)) {
        return NULL;
    }
    const bool good = database_transact(call->app->database, name, edit, call, error);
    submission_clear(&call->submission);
    if (!good) {
        return NULL;
    }
    server_wake(request_server(call->request), "jobs");
    return response_empty(204);
}

/* {title?, words?} */
HANDLER(queue_patch)
{
    struct call call = {.app = app, .request = request};
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s?s, s?s}", "title", &call.changes.title, "words",
                       &call.changes.words) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    return answer_edit(&call, "review.edit", error);
}

/* {cover_ms, position?} */
HANDLER(queue_put_cover)
{
    json_int_t at_ms = 0, position = 1;
    json_error_t cause;
    struct call call = {.app = app, .request = request};

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:I, s?I}", "cover_ms", &at_ms, "position", &position) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    const struct cover cover = {position, at_ms};
    call.changes.cover = &cover;
    return answer_edit(&call, "review.cover", error);
}

enum { BULK_MOST = 50 };

/* One of many: its own transaction, so that a work that cannot be decided holds up no other. Into done or skipped. */
static void decide_one(struct call *call, const json_t *one, json_t *done, json_t *skipped)
{
    struct review_decision decision = *call->decision;
    struct call single = {.app = call->app, .request = call->request, .decision = &decision};
    json_int_t version = 0;
    g_autoptr(GError) error = NULL;

    if (json_unpack((json_t *)(uintptr_t)one, "{s:s, s:I}", "id", &single.id, "version", &version) != 0) {
        json_array_append_new(skipped, json_pack("{s:n, s:s}", "id", "code", "input"));
        return;
    }
    decision.version = version;
    const bool good = database_transact(call->app->database, "review.decide", decide, &single, &error);
    submission_clear(&single.submission);
    if (good) {
        json_array_append_new(done, json_pack("{s:s, s:s}", "id", single.id, "decision", single.text));
    } else {
        const struct reason_rule *rule = reason_rule_of(error_reason(error));
        json_array_append_new(skipped, json_pack("{s:s, s:s, s:s}", "id", single.id, "code", rule->code, "detail",
                                                 rule->detail));
    }
    g_free(single.text);
}

HANDLER(queue_bulk)
{
    struct review_decision decision = {.note = ""};
    struct call call = {.app = app, .request = request, .decision = &decision};
    json_t *items = NULL;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:o, s:s, s?o, s?s}", "items", &items, "action",
                       &decision.action, "reasons", &decision.reasons, "note", &decision.note) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    if (json_array_size(items) < 1 || json_array_size(items) > BULK_MOST) {
        g_set_error(error, HTTP_ERROR, REASON_INPUT, "1 to %d works at once", BULK_MOST);
        return NULL;
    }
    json_t *done = json_array();
    json_t *skipped = json_array();
    for (size_t i = 0; i < json_array_size(items); i++) {
        decide_one(&call, json_array_get(items, i), done, skipped);
    }
    server_wake(request_server(request), "jobs");
    return no_store(response_json(200, json_pack("{s:o, s:o, s:I}", "done", done, "skipped", skipped, "undo_seconds",
                                                 (json_int_t)app->settings->undo_seconds)));
}

static bool open_contact(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return get(sql, call, error) &&
           review_note_contact(sql, &actor, &call->submission, request_now_ms(call->request), error);
}

HANDLER(queue_contact)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (database_transact(app->database, "review.contact", open_contact, &call, error)) {
        response = no_store(response_json(200, contact_json(app, &call.submission)));
    }
    submission_clear(&call.submission);
    return response;
}

static bool undo(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return review_undo(sql, request_staff(call->request), &actor, request_param(call->request, "id"),
                       request_now_ms(call->request), error);
}

HANDLER(decision_undo)
{
    struct call call = {.app = app, .request = request};

    return database_transact(app->database, "review.undo", undo, &call, error) ? response_empty(204) : NULL;
}

static bool take_down(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct staff *staff = request_staff(call->request);
    enum role role = ROLE_REVIEWER;
    struct doer doer = {ACTOR_REVIEWER, request_actor(call->request)};

    (void)role_find(staff->role, &role); /* the database's CHECK leaves no other */
    doer.kind = role == ROLE_ORGANISER ? ACTOR_ORGANISER : role == ROLE_ADMINISTRATOR ? ACTOR_ADMINISTRATOR : doer.kind;
    return get(sql, call, error) &&
           (!sample_may(call->app->rules, staff, NULL, NULL) ||
            sample_close(sql, call->submission.id, "taken_down", request_now_ms(call->request), error)) &&
           submission_take_down(sql, &call->submission, &doer, call->reason, request_now_ms(call->request), error) &&
           report_close(sql, call->submission.id, "taken_down", &doer.actor, request_now_ms(call->request), error);
}

HANDLER(work_take_down)
{
    const char *reason = json_string_value(json_object_get(request_json(request), "reason"));
    struct call call = {.app = app, .request = request, .reason = reason == NULL ? "" : reason};
    const bool good = database_transact(app->database, "work.take_down", take_down, &call, error);

    submission_clear(&call.submission);
    return good ? response_empty(204) : NULL;
}
