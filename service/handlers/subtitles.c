/* Subtitles: read by players, sent by submitters, written and approved by reviewers. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/work_files.h"
#include "service/model/publication.h"
#include "service/model/rendition.h"
#include "service/model/review.h"
#include "service/model/subtitle.h"
#include "service/site/webvtt.h"

struct call {
    struct app *app;
    const struct request *request;
    bool all;
    bool removes;
    const char *name;   /* "zh" of the work's first clip, "3-zh" of its third file */
    const char *digest; /* NULL: not an approval */
    GString *vtt;
    struct submission submission; /* of staff's calls */
    struct submission *own;       /* of the submitter's; NULL: staff */
    struct subtitle subtitle;
    struct sql_rows *rows;
};

static void call_clear(struct call *call)
{
    submission_clear(&call->submission);
    subtitle_clear(&call->subtitle);
    g_clear_pointer(&call->rows, sql_rows_free);
    if (call->vtt != NULL) {
        g_string_free(call->vtt, TRUE);
    }
}

/* What `text` names in a work of these facts (JSON; NULL: none yet). */
static struct subtitle_name name_in(const char *facts, const char *text)
{
    const char *language = rendition_plain_name(text);
    json_auto_t *all = facts == NULL ? NULL : json_loads(facts, 0, NULL);

    return (struct subtitle_name){(int64_t)(language == text ? work_files_lead(all) : rendition_position(text)),
                                  language};
}

/* How a subtitle is called in addresses. The caller's. */
static char *name_of(int64_t position, const char *language)
{
    return g_strdup_printf("%" G_GINT64_FORMAT "-%s", position, language);
}

static bool get(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_auto(Publication) work = {0};
    bool found = false;

    if (!publication_find(sql, request_param(call->request, "id"), &work, &found, error)) {
        return false;
    }
    const struct subtitle_name name = name_in(work.facts, call->name);
    return subtitle_get(sql, request_param(call->request, "id"), &name, false, &call->subtitle, error);
}

/* "zh.vtt", "3-zh.vtt" of a published work. */
HANDLER(subtitle_show)
{
    const char *file = request_param(request, "name");
    g_autofree char *name = g_str_has_suffix(file, ".vtt") ? g_strndup(file, strlen(file) - 4) : g_strdup("");
    struct call call = {.app = app, .request = request, .name = name};
    struct response *response = NULL;

    if (database_read(app->database, "subtitle.get", get, &call, error)) {
        response = response_text(200, "text/vtt; charset=utf-8", g_string_new(call.subtitle.vtt));
        response_profile(response, PROFILE_MEDIA);
        response_headerf(response, "ETag", "\"%.32s\"", call.subtitle.digest);
        response_header(response, "Cache-Control", "private, no-cache");
    }
    call_clear(&call);
    return response;
}

static json_t *subtitle_json(const struct subtitle *subtitle)
{
    g_autofree char *name = name_of(subtitle->position, subtitle->language);

    return json_pack("{s:s, s:I, s:s, s:s, s:b, s:I}", "name", name, "position", (json_int_t)subtitle->position,
                     "language", subtitle->language, "digest", subtitle->digest, "is_approved",
                     (int)subtitle->is_approved, "changed_ms", (json_int_t)subtitle->changed_ms);
}

static bool load_work(struct sql *sql, struct call *call, GError **error)
{
    return call->own != NULL ? submission_get(sql, call->own->id, &call->submission, error)
                             : review_get(sql, call->app->rules, request_staff(call->request),
                                          request_param(call->request, "id"), &call->submission, error);
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    submission_clear(&call->submission);
    call->rows = load_work(sql, call, error) ? subtitle_list(sql, call->submission.id, true, error) : NULL;
    return call->rows != NULL;
}

static struct response *answer_list(struct call *call, GError **error)
{
    struct response *response = NULL;

    if (database_read(call->app->database, "subtitle.list", list, call, error)) {
        json_auto_t *facts = call->submission.facts == NULL ? NULL : json_loads(call->submission.facts, 0, NULL);
        json_t *items = json_array();
        for (size_t i = 0; i < call->rows->count; i++) {
            json_array_append_new(items, subtitle_json(sql_rows_at(call->rows, i)));
        }
        response = response_json(200, json_pack("{s:o, s:o}", "items", items, "clips", work_files_clips(facts)));
        response_header(response, "Cache-Control", "no-store");
    }
    call_clear(call);
    return response;
}

HANDLER(subtitle_index)
{
    struct call call = {.app = app, .request = request};

    return answer_list(&call, error);
}

static bool list_waiting(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const char *scope = request_staff(call->request)->scope;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = subtitle_list_waiting(sql, g_str_has_suffix(scope, "0000") ? "" : scope, error);
    return call->rows != NULL;
}

HANDLER(subtitle_index_waiting)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (database_read(app->database, "subtitle.waiting", list_waiting, &call, error)) {
        json_t *items = json_array();
        for (size_t i = 0; i < call.rows->count; i++) {
            const struct subtitle_waiting *row = sql_rows_at(call.rows, i);
            json_array_append_new(items,
                                  json_pack("{s:s, s:s, s:s, s:I, s:s, s:I}", "id", row->submission, "title",
                                            row->title, "region", row->region, "position", (json_int_t)row->position,
                                            "language", row->language, "changed_ms", (json_int_t)row->changed_ms));
        }
        response = response_json(200, json_pack("{s:o}", "items", items));
        response_header(response, "Cache-Control", "no-store");
    }
    call_clear(&call);
    return response;
}

HANDLER(subtitle_index_own)
{
    struct call call = {.app = app, .request = request, .own = request_submission(request)};

    return answer_list(&call, error);
}

static bool change(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const int64_t now_ms = request_now_ms(call->request);
    const struct doer submitter = {ACTOR_SUBMITTER, {"submitter", "submitter", request_peer(call->request)}};

    if (!load_work(sql, call, error)) {
        return false;
    }
    const struct subtitle_name name = name_in(call->submission.facts, call->name);
    const struct doer doer =
        call->own != NULL ? submitter : (struct doer){ACTOR_REVIEWER, request_actor(call->request)};
    if (call->removes) {
        return subtitle_remove(sql, &call->submission, &name, &doer, now_ms, error);
    }
    return call->digest != NULL ? subtitle_approve(sql, &call->submission, &name, call->digest, &doer, now_ms, error)
                                : subtitle_set(sql, &call->submission, &name, call->vtt->str, &doer, now_ms, error);
}

static struct response *change_and_answer(struct call *call, GError **error)
{
    const bool good = database_transact(call->app->database, "subtitle.change", change, call, error);

    call_clear(call);
    return good ? response_empty(204) : NULL;
}

/* {"vtt": text}, or for reviewers {"approve": digest}. */
static struct response *put(struct call *call, GError **error)
{
    const json_t *json = request_json(call->request);
    const json_t *vtt = json_object_get(json, "vtt");

    call->name = request_param(call->request, "language");
    call->digest = call->own == NULL ? json_string_value(json_object_get(json, "approve")) : NULL;
    if (call->digest == NULL && !json_is_string(vtt)) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "vtt: a text");
        return NULL;
    }
    if (call->digest == NULL) {
        call->vtt = webvtt_clean(json_string_value(vtt), json_string_length(vtt), error);
        if (call->vtt == NULL) {
            return NULL;
        }
    }
    return change_and_answer(call, error);
}

HANDLER(subtitle_put)
{
    struct call call = {.app = app, .request = request};

    return put(&call, error);
}

HANDLER(subtitle_put_own)
{
    struct call call = {.app = app, .request = request, .own = request_submission(request)};

    return put(&call, error);
}

HANDLER(subtitle_delete)
{
    struct call call = {.app = app, .request = request, .removes = true, .name = request_param(request, "language")};

    return change_and_answer(&call, error);
}

HANDLER(subtitle_delete_own)
{
    struct call call = {.app = app,
                        .request = request,
                        .removes = true,
                        .name = request_param(request, "language"),
                        .own = request_submission(request)};

    return change_and_answer(&call, error);
}

static bool get_waiting(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    if (!load_work(sql, call, error)) {
        return false;
    }
    const struct subtitle_name name = name_in(call->submission.facts, call->name);
    return subtitle_get(sql, call->submission.id, &name, true, &call->subtitle, error);
}

/* What a reviewer looks at before approving. */
HANDLER(subtitle_show_waiting)
{
    struct call call = {.app = app, .request = request, .name = request_param(request, "language")};
    struct response *response = NULL;

    if (database_read(app->database, "subtitle.get", get_waiting, &call, error)) {
        json_t *json = subtitle_json(&call.subtitle);
        json_object_set_new(json, "vtt", json_string(call.subtitle.vtt));
        response = response_json(200, json);
        response_header(response, "Cache-Control", "no-store");
    }
    call_clear(&call);
    return response;
}
