/* The submitter's pages: the form, the receipt, where a work stands. All of them work without script. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/fields.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/handlers/wechat.h"
#include "service/http/request_form.h"
#include "service/http/stream.h"
#include "service/model/entry_link.h"
#include "service/model/secret.h"
#include "service/sms.h"

static json_t *counties_json(const struct rules *rules, const char *selected)
{
    json_t *cities = json_array();
    json_t *counties = NULL;

    for (guint i = 0; i < rules->regions->len; i++) {
        const struct region *region = g_ptr_array_index(rules->regions, i);
        if (strcmp(region->level, "city") == 0) {
            counties = json_array();
            json_array_append_new(cities, json_pack("{s:s, s:s, s:o}", "code", region->code, "name", region->name,
                                                    "counties", counties));
        } else if (counties != NULL) {
            json_array_append_new(counties, json_pack("{s:s, s:s, s:b}", "code", region->code, "name", region->name,
                                                      "is_selected", g_strcmp0(selected, region->code) == 0));
        }
    }
    return cities;
}

/* "video photo" */
static char *kinds_text(const struct track *track)
{
    const bool video = track_takes(track, "video"), photo = track_takes(track, "photo");

    return g_strconcat(video ? "video" : "", video && photo ? " " : "", photo ? "photo" : "", NULL);
}

/* The one that the link was made for, or those of the public. */
static bool is_offered(const struct track *track, const char *link_track)
{
    return link_track[0] == '\0' ? track->is_public : strcmp(track->key, link_track) == 0;
}

/* Tracks that may be sent to now. */
static json_t *form_tracks_json(const struct rules *rules, const char *link_track, int64_t now_ms)
{
    json_t *tracks = json_array();

    for (guint i = 0; i < rules->tracks->len; i++) {
        const struct track *track = g_ptr_array_index(rules->tracks, i);
        g_autofree char *kinds = kinds_text(track);
        if (is_offered(track, link_track) && track_is_open(track, now_ms)) {
            json_array_append_new(tracks, json_pack("{s:s, s:s, s:s, s:b}", "key", track->key, "name", track->name,
                                                    "kinds", kinds, "is_checked", json_array_size(tracks) == 0));
        }
    }
    return tracks;
}

/* Why none of them is: it comes, it was, or it is not offered at all. */
static char *closed_text(const struct rules *rules, const char *link_track, int64_t now_ms)
{
    int64_t opens_ms = INT64_MAX;
    bool was_open = false;

    for (guint i = 0; i < rules->tracks->len; i++) {
        const struct track *track = g_ptr_array_index(rules->tracks, i);
        if (is_offered(track, link_track)) {
            opens_ms = track->opens_ms > now_ms ? MIN(opens_ms, track->opens_ms) : opens_ms;
            was_open = was_open || track->opens_ms <= now_ms;
        }
    }
    if (opens_ms != INT64_MAX) {
        g_autofree char *day = shown_day(opens_ms);
        return g_strdup_printf("征集还没有开始。%s起欢迎您来投稿。", day);
    }
    return g_strdup(was_open ? "这次征集已经结束，谢谢您的关心。" : "这里现在不收作品。想投稿，请问一问给您这个链接的人。");
}

struct followed {
    const char *token;
    struct entry_link link;
    bool found;
};

static bool look_link(struct sql *sql, void *context, GError **error)
{
    struct followed *followed = context;

    entry_link_clear(&followed->link);
    return entry_link_find_token(sql, followed->token, &followed->link, &followed->found, error);
}

/* What the form says of files. */
static json_t *limits_json(const struct track *track)
{
    g_autofree char *hint =
        track == NULL ? g_strdup("建议 15 秒至 3 分钟，最长 5 分钟，最大 500 MB。横拍、竖拍都可以，不用先压缩。")
                      : g_strdup_printf("一次最多 %" G_GINT64_FORMAT " 个，每段最长 %" G_GINT64_FORMAT
                                        " 分钟，最大 %.3g GB。断了会接着传。",
                                        track->max_files, track->max_ms / 60000, (double)track->max_bytes / (1 << 30));

    return json_pack("{s:i, s:i, s:s, s:b}", "title_chars", TITLE_CHARACTERS, "words_chars", WORDS_CHARACTERS,
                     "hint_text", hint, "has_several",
                     (int)(track != NULL && track->max_files > 1 && track_takes(track, "video")));
}

/* Place, source and track of the link that led here. */
static bool add_link(struct app *app, const struct request *request, json_t *data, GError **error)
{
    struct followed followed = {.token = request_query(request, "s")};

    if (followed.token != NULL &&
        !database_read(app->database, "entry_link.token", look_link, &followed, error)) {
        entry_link_clear(&followed.link);
        return false;
    }
    const char *key = followed.found ? followed.link.track : "";
    json_t *tracks = form_tracks_json(app->rules, key, request_now_ms(request));
    if (json_array_size(tracks) == 0) {
        json_object_set_new(data, "is_closed", json_true());
        g_autofree char *text = closed_text(app->rules, key, request_now_ms(request));
        json_object_set_new(data, "closed_text", json_string(text));
    }
    json_object_set_new(data, "tracks", tracks);
    json_object_set_new(data, "limits", limits_json(rules_track_find(app->rules, key)));
    json_object_set_new(data, "link", json_string(followed.token));
    if (followed.found && followed.link.name[0] != '\0') {
        json_object_set_new(data, "link_name", json_string(followed.link.name));
    }
    entry_link_clear(&followed.link);
    return true;
}

HANDLER(page_submit)
{
    struct response *asks = wechat_ask(app, request);

    if (asks != NULL) {
        return asks;
    }
    json_t *data = shown_page(app, request, "上传我的作品", "submit");
    json_object_set_new(json_object_get(data, "page"), "focused", json_true());
    if (!add_link(app, request, data, error)) {
        json_decref(data);
        return NULL;
    }
    json_object_set_new(data, "cities", counties_json(app->rules, request_query(request, "c")));
    json_object_set_new(data, "consent_version", json_string(app->rules->consent));
    json_object_set_new(data, "asks_code", json_boolean(sms_is_on(app)));
    g_autofree char *key = secret_token(); /* sent twice by the form without script, it is one work */
    json_object_set_new(data, "key", json_string(key));
    return shown_html(app, "submit.html", data, 200, error);
}

/* --- where a work stands --------------------------------------------------------------------------------------- */

/* Four steps; `at` counts from 0, 4: all done. The same table is in the page's script. */
static json_t *steps_json(const char *state)
{
    static const char *const NAMES[] = {"收到", "处理", "审核", "发布"};
    static const struct {
        const char *state;
        size_t at;
    } ROAD[] = {{"draft", 0},     {"uploading", 0}, {"received", 0}, {"processing", 1}, {"failed", 1},
                {"in_review", 2}, {"approved", 2},  {"returned", 2}, {"declined", 2},   {"published", 4}};
    json_t *steps = json_array();
    size_t at = G_N_ELEMENTS(NAMES) + 1;

    for (size_t i = 0; i < G_N_ELEMENTS(ROAD); i++) {
        at = strcmp(ROAD[i].state, state) == 0 ? ROAD[i].at : at;
    }
    for (size_t i = 0; at <= G_N_ELEMENTS(NAMES) && i < G_N_ELEMENTS(NAMES); i++) {
        json_array_append_new(steps, json_pack("{s:s, s:b, s:b}", "name", NAMES[i], "is_done", (int)(i < at), "is_now",
                                               (int)(i == at)));
    }
    return steps;
}

struct response *shown_way(struct app *app, struct request *request, const struct submission *submission,
                           GError **error)
{
    json_t *data = shown_page(app, request, "作品进度", "mine");
    g_autofree char *url = g_strconcat("/v/", submission->id, NULL);
    const bool is_public = strcmp(submission->state, "published") == 0;
    json_t *work = json_pack("{s:s, s:s, s:o}", "title", submission->title, "status_text",
                             shown_status_text(submission->state, submission->stage, app->rules), "steps",
                             steps_json(submission->state));

    if (is_public) {
        json_object_set_new(work, "url", json_string(url));
    }
    json_object_set_new(data, "work", work);
    struct response *response = shown_html(app, "family.html", data, 200, error);
    if (response != NULL) {
        response_header(response, "Cache-Control", "no-store");
    }
    return response;
}

static struct response *answer_status(struct app *app, json_t *data, int status, GError **error)
{
    struct response *response = shown_html(app, "status.html", data, status, error);

    if (response != NULL) {
        response_header(response, "Cache-Control", "no-store");
    }
    return response;
}

static bool offers(const json_t *work, const char *action)
{
    const json_t *actions = json_object_get(work, "actions");
    const json_t *one;
    size_t index;

    json_array_foreach(actions, index, one) {
        if (strcmp(json_string_value(one), action) == 0) {
            return true;
        }
    }
    return false;
}

/* The work into the page, for who has shown the right to see it. */
static bool add_work(struct app *app, struct request *request, json_t *data, struct submission *submission,
                     GError **error)
{
    json_t *work = shown_submission(app, request, submission, error);

    if (work == NULL) {
        return false;
    }
    json_object_set_new(work, "steps", steps_json(submission->state));
    json_object_set_new(work, "has_messages", json_boolean(json_array_size(json_object_get(work, "messages")) > 0));
    json_object_set_new(work, "may_replace", json_boolean(offers(work, "replace")));
    json_object_set_new(work, "may_withdraw", json_boolean(offers(work, "withdraw")));
    json_object_set_new(data, "submission", work);
    return true;
}

HANDLER(page_status)
{
    g_autofree char *code = secret_receipt_normalize(request_param(request, "code"));
    const struct receipt receipt = {.code = code};
    g_auto(Submission) submission = {0};

    if (code == NULL) {
        g_set_error(error, HTTP_ERROR, REASON_NOT_FOUND, "no receipt code");
        return NULL;
    }
    json_t *data = shown_page(app, request, "作品进度", "mine");
    json_object_set_new(data, "code", json_string(code));
    /* Another phone gets the form for the PIN. */
    if (access_submission(app, request, &receipt, &submission, NULL) &&
        !add_work(app, request, data, &submission, error)) {
        json_decref(data);
        return NULL;
    }
    return answer_status(app, data, 200, error);
}

struct asked {
    struct app *app;
    struct request *request; /* owns this through its stream */
    struct request_form *form;
    struct fields *fields;
};

static bool take_asked(void *context, const struct form_piece *piece)
{
    struct asked *asked = context;

    return fields_take(asked->fields, piece);
}

static bool write_asked(void *context, const void *bytes, size_t length)
{
    struct asked *asked = context;

    return request_form_feed(asked->form, bytes, length);
}

static void abort_asked(void *context)
{
    (void)context; /* nothing is kept */
}

static void free_asked(void *context)
{
    struct asked *asked = context;

    (void)request_form_close(asked->form); /* of no use by now */
    fields_free(asked->fields);
    g_free(asked);
}

/* Code and PIN of the form; with an action that is done first: withdraw, or message with a text. */
static bool answer_asked(struct asked *asked, json_t *data, GError **error)
{
    g_autofree char *code = secret_receipt_normalize(fields_get(asked->fields, "code"));
    const char *pin = fields_get(asked->fields, "pin");
    const struct receipt receipt = {.code = code == NULL ? "" : code, .pin = pin[0] == '\0' ? NULL : pin};
    g_auto(Submission) submission = {0};

    json_object_set_new(data, "code", json_string(receipt.code));
    if (!access_submission(asked->app, asked->request, &receipt, &submission, error)) {
        return false;
    }
    json_object_set_new(data, "pin", json_string(pin));
    const char *action = fields_get(asked->fields, "action");
    if (strcmp(action, "withdraw") == 0 && !shown_withdraw(asked->app, asked->request, &submission, error)) {
        return false;
    }
    if (strcmp(action, "message") == 0) {
        g_autoptr(GError) cause = NULL;
        if (!shown_send_message(asked->app, asked->request, &submission, fields_get(asked->fields, "text"), &cause)) {
            json_object_set_new(data, "message_error", json_string(reason_rule_of(error_reason(cause))->detail));
        }
    }
    return add_work(asked->app, asked->request, data, &submission, error);
}

static struct response *finish_asked(void *context, struct request *request, GError **error)
{
    struct asked *asked = context;
    json_t *data = shown_page(asked->app, request, "作品进度", "mine");
    g_autoptr(GError) cause = NULL;
    int status = 200;

    if (!answer_asked(asked, data, &cause)) {
        const struct reason_rule *rule = reason_rule_of(error_reason(cause));
        status = failure_rule_of(rule->failure)->http_status;
        json_object_set_new(data, "error_text", json_string(rule->detail));
    }
    return answer_status(asked->app, data, status, error);
}

HANDLER(page_status_post)
{
    struct asked *asked = g_new0(struct asked, 1);
    const struct stream stream = {
        .write = write_asked,
        .finish = finish_asked,
        .abort = abort_asked,
        .free = free_asked,
        .context = asked,
    };

    asked->app = app;
    asked->request = request;
    asked->fields = fields_new();
    asked->form = request_form_open(request, take_asked, asked);
    if (asked->form == NULL) {
        free_asked(asked);
        g_set_error_literal(error, HTTP_ERROR, REASON_UNSUPPORTED, "no form");
        return NULL;
    }
    request_attach_stream(request, &stream);
    return NULL;
}

struct response *shown_receipt(struct app *app, struct request *request, json_t *receipt, GError **error)
{
    json_t *data = shown_page(app, request, "已收到", "submit");

    json_object_set(data, "receipt", receipt);
    struct response *response = shown_html(app, "received.html", data, 201, error);
    if (response != NULL) {
        response_header(response, "Cache-Control", "no-store");
    }
    return response;
}

/* /status?code=…: what a form without script sends. */
HANDLER(page_status_form)
{
    const char *asked = request_query(request, "code");
    g_autofree char *code = asked == NULL ? NULL : secret_receipt_normalize(asked);

    if (code != NULL) {
        g_autofree char *path = g_strdup_printf("/status/%s", code);
        return response_redirect(303, path);
    }
    struct response *asks = wechat_ask(app, request);
    if (asks != NULL) {
        return asks;
    }
    json_t *data = shown_page(app, request, "查审核进度", "mine");
    json_t *mine = shown_mine(app, request, error);
    if (mine == NULL) {
        json_decref(data);
        return NULL;
    }
    json_object_set_new(data, "mine", mine);
    json_object_set_new(data, "has_sms", json_boolean(sms_is_on(app)));
    if (asked != NULL && asked[0] != '\0') {
        json_object_set_new(data, "code", json_string(asked));
        json_object_set_new(data, "error_text", json_string("受理编号不对，请再核对一下。"));
    }
    return shown_html(app, "lookup.html", data, 200, error);
}
