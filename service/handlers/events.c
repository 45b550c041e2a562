/* Events for systems that cannot be called: they ask, and say what they have. */
#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/model/receiver.h"

enum {
    EVENTS_MOST = 500,
    EVENTS_USUAL = 100,
};

struct call {
    const struct request *request;
    const struct receiver *receiver;
    int64_t after;
    int64_t limit;
    int64_t last;
    struct sql_rows *rows;
};

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = outbox_list(sql, call->receiver->kinds, call->after, call->limit, error);
    return call->rows != NULL && outbox_last(sql, &call->last, error);
}

HANDLER(event_index)
{
    struct call call = {.request = request, .receiver = request_receiver(request), .limit = EVENTS_USUAL};
    struct response *response = NULL;

    call.after = call.receiver->acked;
    if (request_query_int64(request, "after", 0, G_MAXINT64, &call.after, error) &&
        request_query_int64(request, "limit", 1, EVENTS_MOST, &call.limit, error) &&
        database_read(app->database, "outbox.list", list, &call, error)) {
        json_t *items = json_array();
        for (size_t i = 0; i < call.rows->count; i++) {
            json_array_append_new(items, outbox_json(sql_rows_at(call.rows, i), app->settings->base_url));
        }
        response = response_json(200, json_pack("{s:o, s:I, s:I}", "items", items, "acked",
                                                (json_int_t)call.receiver->acked, "last", (json_int_t)call.last));
        response_header(response, "Cache-Control", "no-store");
    }
    g_clear_pointer(&call.rows, sql_rows_free);
    return response;
}

static bool ack(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return receiver_ack(sql, call->receiver, call->after, error);
}

HANDLER(event_ack)
{
    struct call call = {.request = request, .receiver = request_receiver(request)};
    json_int_t seq = 0;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:I}", "seq", &seq) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    call.after = seq;
    return database_transact(app->database, "receiver.ack", ack, &call, error) ? response_empty(204) : NULL;
}
