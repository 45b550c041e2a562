/* Messages between a work's submitter and staff, from the submitter's side; staff write theirs in desk.c. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/model/local_time.h"
#include "service/model/remark.h"

struct call {
    const struct submission *submission;
    const struct request *request;
    struct remark_new remark;
    struct sql_rows *rows;
};

/* "8月20日 14:05", in China's time. */
static char *day_text(int64_t ms)
{
    return local_text(ms, "%-m月%-d日 %H:%M");
}

/* Staff are "工作人员", never by name. */
json_t *shown_messages(struct sql_rows *rows)
{
    json_t *items = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct remark *row = sql_rows_at(rows, i);
        const bool is_own = strcmp(row->author, "submitter") == 0;
        g_autofree char *day = day_text(row->made_ms);
        json_array_append_new(items, json_pack("{s:s, s:s, s:b, s:I, s:s, s:I, s:s}", "id", row->id, "author",
                                               is_own ? "您" : "工作人员", "is_own", (int)is_own, "revision",
                                               (json_int_t)row->revision, "text", row->text, "made_ms",
                                               (json_int_t)row->made_ms, "made_text", day));
    }
    return items;
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free); /* of a try that was begun again */
    call->rows = remark_list(sql, call->submission->id, "message", error);
    return call->rows != NULL;
}

HANDLER(submission_show_messages)
{
    struct call call = {.submission = request_submission(request)};

    if (!database_read(app->database, "remark.messages", list, &call, error)) {
        return NULL;
    }
    struct response *response = response_json(200, json_pack("{s:o}", "items", shown_messages(call.rows)));
    sql_rows_free(call.rows);
    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool send(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = {"submitter", "submitter", request_peer(call->request)};

    return remark_add(sql, call->submission, &actor, &call->remark, request_now_ms(call->request), error);
}

bool shown_send_message(struct app *app, struct request *request, const struct submission *submission, const char *text,
                        GError **error)
{
    struct call call = {.submission = submission,
                        .request = request,
                        .remark = {.kind = "message", .position_ms = -1, .text = text}};

    if (text == NULL) {
        return refuse(error, HTTP_ERROR, REASON_JSON, "text");
    }
    return limits_check(server_limits(request_server(request)), LIMIT_MESSAGES, request, submission->id, error) &&
           database_transact(app->database, "remark.send", send, &call, error);
}

HANDLER(submission_post_message)
{
    const char *text = json_string_value(json_object_get(request_json(request), "text"));

    return shown_send_message(app, request, request_submission(request), text, error) ? response_empty(204) : NULL;
}
