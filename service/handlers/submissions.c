/* The submitter's side: send a work, see where it stands, edit, replace, withdraw. */
#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/phone.h"
#include "service/handlers/shown.h"
#include "service/handlers/shown_reason.h"
#include "service/handlers/work.h"
#include "service/model/review_reason.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/http/parked.h"
#include "service/model/consent.h"
#include "service/model/cover.h"
#include "service/model/entry_link.h"
#include "service/model/identity.h"
#include "service/model/job.h"
#include "service/model/queue.h"
#include "service/model/remark.h"
#include "service/model/text.h"
#include "service/model/upload.h"
#include "service/model/work_file.h"
#include "service/sms.h"

enum {
    DEVICE_SECONDS = 365 * 24 * 3600,
    UPLOADS_MOST = 9,
    RETRY_SECONDS = 3600,
    LINK_TIMES = 5,
};

static bool bad_json(GError **error, const char *message)
{
    return refuse(error, HTTP_ERROR, REASON_JSON, message);
}

/* ["id", …] -> a NULL-ended array that borrows the texts. */
static const char **upload_ids(const json_t *array, GError **error)
{
    const size_t count = json_array_size(array);
    g_autofree const char **ids = g_new0(const char *, count + 1);

    if (count < 1 || count > UPLOADS_MOST) {
        g_set_error(error, MODEL_ERROR, REASON_TOO_MANY_FILES, "%zu uploads", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = json_string_value(json_array_get(array, i));
        if (ids[i] == NULL) {
            bad_json(error, "uploads");
            return NULL;
        }
    }
    return g_steal_pointer(&ids);
}

static bool has_scope(const json_t *scopes, const char *name)
{
    size_t index;
    const json_t *scope;

    json_array_foreach(scopes, index, scope) {
        if (g_strcmp0(json_string_value(scope), name) == 0) {
            return true;
        }
    }
    return false;
}

/* The uses a submitter agreed to, as kept: a JSON array of names of ours, each once, in their order. NULL: only the site.
 * The caller's; NULL with *error. */
static char *scopes_text(const json_t *scopes, GError **error)
{
    static const char *const USES[] = {"site", "embed", "exhibition", "media", NULL};
    json_auto_t *used = json_array();
    size_t index;
    const json_t *scope;

    if (scopes == NULL) {
        return g_strdup("[\"site\"]");
    }
    if (!json_is_array(scopes)) {
        bad_json(error, "scopes");
        return NULL;
    }
    json_array_foreach(scopes, index, scope) {
        if (!json_is_string(scope) || !g_strv_contains(USES, json_string_value(scope))) {
            g_set_error(error, MODEL_ERROR, REASON_CONSENT_SCOPE, "scope %zu", index);
            return NULL;
        }
    }
    for (const char *const *use = USES; *use != NULL; use++) {
        if (has_scope(scopes, *use)) {
            json_array_append_new(used, json_string(*use));
        }
    }
    return json_dumps(used, JSON_COMPACT);
}

struct create {
    struct app *app;
    const struct submission_form *form;
    struct entry_link link; /* in force; without an id: none */
    int64_t now_ms;
    struct submission_receipt receipt;
};

/* The work is of the number that its form names (whoever shows it later by a code finds the work), and of this WeChat. */
static bool bind(struct sql *sql, const struct create *create, GError **error)
{
    g_autofree char *digits = text_phone(create->form->phone);
    g_autofree char *phone = identity_of(create->app->secrets, IDENTITY_PHONE, digits);
    const char *device = create->form->device_digest;

    return identity_bind_work(sql, phone, create->receipt.id, create->now_ms, error) &&
           identity_bind_work_wechat(sql, device, create->receipt.id, create->now_ms, error) &&
           (create->link.id == NULL || entry_link_bind(sql, create->link.id, create->receipt.id, error)) &&
           (!sms_is_on(create->app) || identity_bind_device(sql, device, IDENTITY_PHONE, phone, create->now_ms, error));
}

static bool create(struct sql *sql, void *context, GError **error)
{
    struct create *create = context;

    return submission_create(sql, create->app->rules, create->app->secrets, create->form, create->now_ms,
                             &create->receipt, error) &&
           bind(sql, create, error);
}

/* Fills the form from JSON; texts stay borrowed from it. */
static bool read_form(json_t *json, struct submission_form *form, json_t **uploads, json_t **scopes, GError **error)
{
    json_t *captions = NULL;
    int ai = 0;
    int children = 0;
    int licence = 0;
    int guardian = 0;
    json_error_t cause;

    *uploads = NULL;
    *scopes = NULL;
    if (json_unpack_ex(json, &cause, 0, "{s:o, s:s, s:s, s?s, s:s, s:s, s:s, s?b, s?b, s?o, s?s, s:{s:b, s?b, s?o}}",
                       "uploads", uploads, "track", &form->track, "title", &form->title, "words", &form->words,
                       "region", &form->region, "name", &form->name, "phone", &form->phone, "ai", &ai, "children",
                       &children, "captions", &captions, "link", &form->link, "consents", "licence", &licence,
                       "guardian", &guardian, "scopes", scopes) != 0) {
        return bad_json(error, cause.text);
    }
    form->captions = captions;
    form->ai = ai != 0;
    form->children = children != 0;
    form->licence = licence != 0;
    form->guardian = guardian != 0;
    return true;
}

const char *shown_status_text(const char *state, int64_t stage, const struct rules *rules)
{
    static const char *const TEXTS[STATE_COUNT] = {
        [STATE_DRAFT] = "还没有提交",
        [STATE_UPLOADING] = "正在上传，传完会自动提交",
        [STATE_RECEIVED] = "已收到，正在排队处理",
        [STATE_PROCESSING] = "正在处理视频，请稍等",
        [STATE_IN_REVIEW] = "正在审核，一般 3 个工作日内有结果",
        [STATE_APPROVED] = "审核通过，马上就发布",
        [STATE_PUBLISHED] = "已发布，可以看作品了",
        [STATE_RETURNED] = "需要修改，请按提示改好再交",
        [STATE_DECLINED] = "这次没有采用，谢谢您的参与",
        [STATE_WITHDRAWN] = "已按您的要求撤回",
        [STATE_TAKEN_DOWN] = "已下架",
        [STATE_FAILED] = "这个文件没能处理，请换一个再传",
    };
    enum state value = STATE_DRAFT;

    (void)state_find(state, &value); /* the database's CHECK leaves no other */
    if (value == STATE_IN_REVIEW && stage == rules_stage_last(rules)->position) {
        return "正在终审，通过后就发布";
    }
    return TEXTS[value];
}

/* A form that is read, with what it borrows from. */
struct reading {
    struct submission_form form;
    char *scopes;
    const char **ids; /* the array alone; the texts are the JSON's */
    const char *phone_code;
};

static void reading_clear(struct reading *reading)
{
    g_free(reading->scopes);
    g_free(reading->ids);
}

static bool read_all(const struct request *request, json_t *json, struct reading *reading, GError **error)
{
    json_t *uploads;
    json_t *scopes;

    reading->form.peer = request_peer(request);
    if (!read_form(json, &reading->form, &uploads, &scopes, error)) {
        return false;
    }
    reading->phone_code = json_string_value(json_object_get(json, "phone_code"));
    reading->scopes = scopes_text(scopes, error);
    reading->ids = reading->scopes == NULL ? NULL : upload_ids(uploads, error);
    reading->form.scopes = reading->scopes;
    reading->form.uploads = reading->ids;
    return reading->ids != NULL;
}

/* A page for who accepts one: the form was sent without script. */
static struct response *answer_receipt(struct app *app, struct request *request,
                                       const struct submission_receipt *receipt, GError **error)
{
    const char *accept = request_header(request, "Accept");
    json_auto_t *json = json_pack("{s:s, s:s, s:s, s:s}", "code", receipt->code, "pin", receipt->pin, "status",
                                  receipt->state, "status_text", shown_status_text(receipt->state, 0, app->rules));

    if (accept != NULL && strstr(accept, "text/html") != NULL) {
        return shown_receipt(app, request, json, error);
    }
    struct response *response = response_json(201, json_incref(json));
    response_headerf(response, "Location", "/api/v1/submissions/%s", receipt->code);
    return response;
}

static bool look_link(struct sql *sql, void *context, GError **error)
{
    struct create *create = context;
    bool found; /* else no id is set */

    return entry_link_find_token(sql, create->form->link, &create->link, &found, error);
}

/* Tracks of units are for their accounts, and for who comes by a link that was made for the track and the place. */
static void judge_sender(const struct create *call, const struct request *request, struct submission_form *form)
{
    const struct rules *rules = call->app->rules;
    const struct track *track = rules_track_find(rules, form->track);

    if (track != NULL && !track->is_public) {
        form->opens_units = (call->link.id != NULL && strcmp(call->link.track, track->key) == 0 &&
                             rules_region_within(rules, form->region, call->link.region)) ||
                            access_is_staff(call->app, request, PERMISSION_BATCH, form->region);
    }
}

/* Who comes by a link of ours is trusted with more: a class sends from one school's address. */
static bool read_sender(struct create *call, const struct request *request, struct submission_form *form,
                        GError **error)
{
    const bool has_link = form->link != NULL && form->link[0] != '\0';

    if (has_link && !database_read(call->app->database, "entry_link.token", look_link, call, error)) {
        return false;
    }
    form->unit = call->link.name;
    form->quota_percent *= call->link.id == NULL ? 1 : LINK_TIMES;
    judge_sender(call, request, form);
    return true;
}

static struct response *take(struct app *app, struct request *request, struct reading *reading, const char *secret,
                             GError **error)
{
    const char *cookie = request_cookie(request, cookie_name_device(request));
    g_autofree char *device = cookie == NULL ? secret_token() : g_strdup(cookie);
    g_autofree char *digest = secret_digest(device);
    g_autofree char *idempotency = secret == NULL ? NULL : secret_digest(secret);
    struct create call = {.app = app, .form = &reading->form, .now_ms = request_now_ms(request)};

    g_autofree char *block = limits_block_of(request_peer(request));

    if (!phone_is_shown(app, request, reading->form.phone, reading->phone_code, secret == NULL ? digest : idempotency,
                        error)) {
        return NULL;
    }
    reading->form.device_digest = digest;
    reading->form.block = block;
    reading->form.quota_percent = app->settings->submit_quota_percent;
    reading->form.idempotency = idempotency;
    const bool done = read_sender(&call, request, &reading->form, error) &&
                      database_transact(app->database, "submission.create", create, &call, error);
    entry_link_clear(&call.link);
    if (!done) {
        request_retry_after(request, RETRY_SECONDS); /* heard where a quota is used up */
        return NULL;
    }
    server_wake(request_server(request), "jobs");
    struct response *response = answer_receipt(app, request, &call.receipt, error);
    if (response != NULL) {
        response_cookie(response, request, cookie_name_device(request), device, DEVICE_SECONDS, "Lax");
    }
    submission_receipt_clear(&call.receipt);
    return response;
}

HANDLER(submission_post)
{
    struct reading reading = {0};
    struct response *response = NULL;
    const char *key = request_header(request, "Idempotency-Key");

    if (!limits_check(server_limits(request_server(request)), LIMIT_SUBMISSIONS, request, NULL, error)) {
        return NULL;
    }
    if (read_all(request, request_json(request), &reading, error)) {
        /* The first upload's id is a secret of this phone, so the key is safe before the device cookie exists. */
        g_autofree char *both = key == NULL ? NULL : g_strjoin("|", reading.ids[0], key, NULL);
        response = take(app, request, &reading, both, error);
    }
    reading_clear(&reading);
    return response;
}

bool submission_check_json(struct app *app, struct request *request, json_t *json, GError **error)
{
    struct reading reading = {0};
    struct create call = {.app = app, .form = &reading.form};
    const bool good = read_all(request, json, &reading, error) && read_sender(&call, request, &reading.form, error) &&
                      submission_check(app->rules, &reading.form, request_now_ms(request), error);

    entry_link_clear(&call.link);
    reading_clear(&reading);
    return good;
}

struct response *submission_take_json(struct app *app, struct request *request, json_t *json, const char *key,
                                      GError **error)
{
    struct reading reading = {0};
    struct response *response = NULL;

    if (read_all(request, json, &reading, error)) {
        /* The page was given the key: long and random, or it does not count. */
        g_autofree char *both = strlen(key) < 26 ? NULL : g_strjoin("|", "simple", key, NULL);
        response = take(app, request, &reading, both, error);
    }
    reading_clear(&reading);
    return response;
}

struct show {
    struct app *app;
    struct submission *submission;
    int64_t permille;
    struct sql_rows *history;
    struct sql_rows *reasons;
    struct sql_rows *messages;
    struct sql_rows *uploads; /* still on their way */
    struct sql_rows *refused; /* of a failed work: which of its files, and why */
    int64_t ahead;            /* works that are judged before it; -1: not in review */
    char *scopes;             /* JSON array */
};

static void show_clear(struct show *show)
{
    g_clear_pointer(&show->reasons, sql_rows_free);
    g_clear_pointer(&show->history, sql_rows_free);
    g_clear_pointer(&show->messages, sql_rows_free);
    g_clear_pointer(&show->uploads, sql_rows_free);
    g_clear_pointer(&show->refused, sql_rows_free);
    g_clear_pointer(&show->scopes, g_free);
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct show *show = context;
    const struct submission *work = show->submission;

    show_clear(show); /* of a try that was begun again */
    return (show->history = review_history(sql, work->id, error)) != NULL &&
           (show->reasons = review_reason_list(sql, show->app->rules, error)) != NULL &&
           (show->messages = remark_list(sql, work->id, "message", error)) != NULL &&
           (show->uploads = upload_list_waiting(sql, work->id, work->revision, error)) != NULL &&
           (show->refused = work_file_list_refused(sql, work, error)) != NULL &&
           queue_ahead(sql, show->app->rules, work, &show->ahead, error) &&
           consent_scopes(sql, work->id, &show->scopes, error) &&
           job_progress(sql, work->id, work->revision, &show->permille, error);
}

/* What a submitter may do, as the state table has it. */
static json_t *actions_json(const char *state)
{
    static const struct {
        const char *action;
        enum event event;
    } ACTIONS[] = {{"edit", EVENT_EDITED}, {"replace", EVENT_REPLACED}, {"withdraw", EVENT_WITHDRAWN}};
    json_t *actions = json_array();

    for (size_t i = 0; i < G_N_ELEMENTS(ACTIONS); i++) {
        if (submission_allows(state, ACTIONS[i].event, ACTOR_SUBMITTER)) {
            json_array_append_new(actions, json_string(ACTIONS[i].action));
        }
    }
    return actions;
}

/* What stands in an order: the pictures of a photo work, the files of one of several, when it is prepared:
 * [{position, caption, kind: video where it is a clip}]; of others []. */
static json_t *photos_json(const struct app *app, const struct submission *submission)
{
    const struct track *track = rules_track_find(app->rules, submission->track);
    json_auto_t *facts = submission->facts == NULL ? NULL : json_loads(submission->facts, 0, NULL);
    json_auto_t *captions = json_loads(submission->captions, 0, NULL);
    json_t *photos = json_array();

    const json_int_t files = json_integer_value(json_object_get(facts, "files"));

    if (track == NULL || (strcmp(track->kind, "photo") != 0 && files < 2)) {
        return photos;
    }
    for (json_int_t i = 0; i < files; i++) {
        const char *caption = json_string_value(json_array_get(captions, (size_t)i));
        const json_t *file = json_array_get(json_object_get(facts, "each"), (size_t)i);
        const bool is_clip = g_strcmp0(json_string_value(json_object_get(file, "kind")), "video") == 0;
        json_array_append_new(photos, json_pack("{s:I, s:s, s:s*}", "position", i + 1, "caption",
                                                caption == NULL ? "" : caption, "kind", is_clip ? "video" : NULL));
    }
    return photos;
}

static char *ahead_text(int64_t ahead)
{
    return ahead == 0                  ? g_strdup("马上就轮到您的作品了。")
           : ahead >= QUEUE_AHEAD_MOST ? g_strdup("前面还有一千多件，请耐心等等。")
                                       : g_strdup_printf("前面还有 %" G_GINT64_FORMAT " 件。", ahead);
}

/* For who has the right to the work: the id is the right to append, the fingerprint tells whether a file picked again,
 * perhaps on another phone, is the same one. */
static json_t *uploads_json(const struct sql_rows *rows)
{
    json_t *uploads = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct upload *row = sql_rows_at(rows, i);
        json_array_append_new(uploads, json_pack("{s:s, s:s, s:I, s:I}", "id", row->id, "fingerprint", row->fingerprint,
                                                 "length", (json_int_t)row->length_bytes, "offset",
                                                 (json_int_t)row->offset_bytes));
    }
    return uploads;
}

static json_t *submission_json(struct app *app, const struct request *request, const struct submission *submission,
                               const struct show *show)
{
    const bool returned = strcmp(submission->state, "returned") == 0 || strcmp(submission->state, "declined") == 0 ||
                          strcmp(submission->state, "failed") == 0;
    const struct stage *stage = rules_stage_at(app->rules, submission->stage);
    const struct shown_decisions decisions = {show->history, show->reasons};
    json_t *refused = shown_refused(app->rules, submission, show->refused);
    json_t *reason = returned ? shown_reason(submission, &decisions, refused) : NULL;
    const char *status_text = json_array_size(refused) == 0
                                  ? shown_status_text(submission->state, submission->stage, app->rules)
                                  : "有文件没能处理，换掉它就行，别的不用重传";
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:I}", "code", submission->code, "status",
                             submission->state, "status_text", status_text, "title", submission->title, "words",
                             submission->words, "track", submission->track, "progress",
                             (json_int_t)(show->permille / 10), "revision", (json_int_t)submission->revision, "actions",
                             actions_json(submission->state), "created_ms", (json_int_t)submission->created_ms);
    g_autofree char *family = shown_family_path(app, submission);

    json_object_set_new(json, "family_url", json_string(family));

    if (show->ahead >= 0) {
        g_autofree char *text = ahead_text(show->ahead);
        json_object_set_new(json, "ahead", json_integer(show->ahead));
        json_object_set_new(json, "ahead_text", json_string(text));
    }
    json_object_set_new(json, "refused", refused);
    json_object_set_new(json, "uploads", uploads_json(show->uploads));
    json_object_set_new(json, "photos", photos_json(app, submission));
    json_object_set_new(json, "cover", cover_json(submission));
    json_object_set_new(json, "scopes", json_loads(show->scopes, 0, NULL));
    json_object_set_new(json, "messages", shown_messages(show->messages));
    if (stage != NULL) {
        json_object_set_new(json, "stage", json_string(stage->name));
    }
    if (reason != NULL) {
        json_object_set_new(json, "reason", reason);
    }
    if (strcmp(submission->state, "published") == 0) {
        g_autofree char *base = base_url(app, request);
        g_autofree char *url = g_strdup_printf("%s/v/%s", base, submission->id);
        json_object_set_new(json, "work", json_string(submission->id));
        json_object_set_new(json, "url", json_string(url));
    }
    return json;
}

json_t *shown_submission(struct app *app, const struct request *request, struct submission *submission, GError **error)
{
    struct show show = {.app = app, .submission = submission};
    json_t *json = NULL;

    if (database_read(app->database, "submission.show", look, &show, error)) {
        json = submission_json(app, request, submission, &show);
    }
    show_clear(&show);
    return json;
}

HANDLER(submission_show)
{
    json_t *json = shown_submission(app, request, request_submission(request), error);

    if (json == NULL) {
        return NULL;
    }
    struct response *response = response_json(200, json);
    response_header(response, "Cache-Control", "no-store");
    return response;
}

struct change {
    struct app *app;
    const struct request *request;
    const char *id;
    struct submission_changes changes;
    struct submission_files files;
    const char *scopes;
    struct submission after;
};

/* The gate's copy may be old by now: read again inside the transaction. */
static bool load(struct sql *sql, struct change *change, GError **error)
{
    return submission_get(sql, change->id, &change->after, error);
}

static bool edit(struct sql *sql, void *context, GError **error)
{
    struct change *change = context;
    const struct doer submitter = {ACTOR_SUBMITTER, {"submitter", "submitter", request_peer(change->request)}};

    return load(sql, change, error) &&
           submission_edit(sql, change->app->rules, &change->after, &change->changes, &submitter,
                           request_now_ms(change->request), error);
}

static bool withdraw(struct sql *sql, void *context, GError **error)
{
    struct change *change = context;

    return load(sql, change, error) && submission_withdraw(sql, &change->after, request_peer(change->request),
                                                           request_now_ms(change->request), error);
}

static bool replace(struct sql *sql, void *context, GError **error)
{
    struct change *change = context;

    return load(sql, change, error) &&
           submission_replace(sql, change->app->rules, &change->after, &change->files, request_peer(change->request),
                              request_now_ms(change->request), error);
}

static bool set_scopes(struct sql *sql, void *context, GError **error)
{
    struct change *change = context;

    return load(sql, change, error) &&
           consent_set_scopes(sql, change->app->rules, &change->after, change->scopes, request_peer(change->request),
                              request_now_ms(change->request), error);
}

/* Runs a change and answers with the work as it then is. */
static struct response *answer_change(struct change *change, const char *name, database_work *work, GError **error)
{
    struct app *app = change->app;
    struct show show = {.app = app, .submission = &change->after};
    struct response *response = NULL;

    if (database_transact(app->database, name, work, change, error) &&
        database_read(app->database, "submission.show", look, &show, error)) {
        server_wake(request_server(change->request), "jobs");
        response = response_json(200, submission_json(app, change->request, &change->after, &show));
        response_header(response, "Cache-Control", "no-store");
    }
    show_clear(&show);
    submission_clear(&change->after);
    return response;
}

bool shown_withdraw(struct app *app, struct request *request, struct submission *submission, GError **error)
{
    struct change change = {.app = app, .request = request, .id = submission->id};

    if (!database_transact(app->database, "submission.withdraw", withdraw, &change, error)) {
        submission_clear(&change.after);
        return false;
    }
    submission_clear(submission);
    *submission = change.after;
    return true;
}

HANDLER(submission_patch)
{
    struct change change = {.app = app, .request = request, .id = request_submission(request)->id};
    json_t *captions = NULL;
    json_int_t cover_ms = -1, position = 1; /* of the clip that the moment is of */
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s?s, s?s, s?o, s?I, s?I}", "title", &change.changes.title,
                       "words", &change.changes.words, "captions", &captions, "cover_ms", &cover_ms, "position",
                       &position) != 0) {
        bad_json(error, cause.text);
        return NULL;
    }
    const struct cover cover = {position, cover_ms};
    change.changes.captions = captions;
    change.changes.cover = json_object_get(request_json(request), "cover_ms") == NULL ? NULL : &cover;
    return answer_change(&change, "submission.edit", edit, error);
}

HANDLER(submission_delete)
{
    struct change change = {.app = app, .request = request, .id = request_submission(request)->id};

    return answer_change(&change, "submission.withdraw", withdraw, error);
}

/* {uploads: [id], captions?}; with positions: [position] in the places of single files; or {photos: [position],
 * captions?}: another order of what is there */
HANDLER(submission_post_replace)
{
    struct change change = {.app = app, .request = request, .id = request_submission(request)->id};
    const json_t *json = request_json(request);
    g_autofree const char **ids = NULL;

    change.files.captions = json_object_get(json, "captions");
    change.files.photos = json_object_get(json, "photos");
    if (change.files.photos == NULL) {
        ids = upload_ids(json_object_get(json, "uploads"), error);
        if (ids == NULL) {
            return NULL;
        }
        change.files.uploads = ids;
        change.files.positions = json_object_get(json, "positions");
        if (change.files.positions != NULL &&
            json_array_size(change.files.positions) != json_array_size(json_object_get(json, "uploads"))) {
            bad_json(error, "positions");
            return NULL;
        }
    }
    return answer_change(&change, "submission.replace", replace, error);
}

HANDLER(submission_put_consents)
{
    const json_t *scopes = json_object_get(request_json(request), "scopes");
    struct change change = {.app = app, .request = request, .id = request_submission(request)->id};

    /* without the site itself there is nothing left to allow: that is withdrawing the work */
    if (!has_scope(scopes, "site")) {
        g_set_error_literal(error, MODEL_ERROR, REASON_CONSENT_SCOPE, "scopes without the site");
        return NULL;
    }
    g_autofree char *text = scopes_text(scopes, error);
    if (text == NULL) {
        return NULL;
    }
    change.scopes = text;
    return answer_change(&change, "consent.set_scopes", set_scopes, error);
}
