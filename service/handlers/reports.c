/* Visitors' reports on published works, and what staff does with them. */
#include "service/model/report.h"

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/model/review.h"

struct call {
    struct app *app;
    const struct request *request;
    struct report_new report;
    struct sql_rows *rows;
};

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return report_add(sql, call->app->secrets, &call->report, request_now_ms(call->request), error);
}

HANDLER(report_post)
{
    g_autofree char *peer = limits_block_of(request_peer(request));
    struct call call = {
        .app = app,
        .request = request,
        .report = {.work = request_param(request, "id"), .text = "", .contact = "", .peer = peer},
    };
    json_error_t cause;

    if (!limits_check(server_limits(request_server(request)), LIMIT_REPORTS, request, NULL, error)) {
        return NULL;
    }
    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s?s, s?s}", "reason", &call.report.reason, "text",
                       &call.report.text, "contact", &call.report.contact) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    return database_transact(app->database, "report.add", add, &call, error) ? response_empty(204) : NULL;
}

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    call->rows = report_list(sql, call->app->rules, request_staff(call->request), error);
    return call->rows != NULL;
}

HANDLER(report_index)
{
    struct call call = {.app = app, .request = request};
    json_t *items = json_array();

    if (!database_read(app->database, "report.list", list, &call, error)) {
        json_decref(items);
        return NULL;
    }
    for (size_t i = 0; i < call.rows->count; i++) {
        const struct report *row = sql_rows_at(call.rows, i);
        g_autofree char *contact = row->contact[0] == '\0' ? NULL : secret_open(app->secrets, row->contact);
        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "id", row->id, "work",
                                        row->submission, "title", row->title, "region", row->region, "reason",
                                        row->reason, "text", row->text, "contact", contact == NULL ? "" : contact,
                                        "made_ms", (json_int_t)row->made_ms, "reports", (json_int_t)row->reports,
                                        "priority", (json_int_t)row->priority));
    }
    sql_rows_free(call.rows);
    struct response *response = response_json(200, json_pack("{s:o}", "items", items));
    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool keep(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);
    g_auto(Submission) submission = {0};

    return review_get(sql, call->app->rules, request_staff(call->request), call->report.work, &submission, error) &&
           report_close(sql, submission.id, "kept", &actor, request_now_ms(call->request), error);
}

HANDLER(report_delete)
{
    struct call call = {.app = app, .request = request, .report = {.work = request_param(request, "id")}};

    return database_transact(app->database, "report.keep", keep, &call, error) ? response_empty(204) : NULL;
}
