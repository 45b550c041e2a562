/* The desk beside decisions: what staff say about a work, and the stream that says that something moved. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/work.h"
#include "service/http/parked.h"
#include "service/model/ledger.h"
#include "service/model/remark.h"
#include "service/model/review.h"

enum {
    LIVE_MS = 25 * 1000, /* below the usual idle limits of proxies */
};

struct call {
    struct app *app;
    const struct request *request;
    const char *id; /* of the work */
    struct remark_new remark;
    struct ledger_anchor head;
    char *holders; /* digest */
};

json_t *remarks_json(struct sql_rows *rows)
{
    json_t *items = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct remark *row = sql_rows_at(rows, i);
        json_t *position = row->position_ms < 0 ? json_null() : json_integer(row->position_ms);
        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:s, s:I, s:o, s:s, s:I}", "id", row->id, "kind", row->kind,
                                        "author", row->author, "revision", (json_int_t)row->revision, "position_ms",
                                        position, "text", row->text, "made_ms", (json_int_t)row->made_ms));
    }
    return items;
}

static bool remark(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);
    g_auto(Submission) submission = {0};

    return review_get(sql, call->app->rules, request_staff(call->request), call->id, &submission, error) &&
           remark_add(sql, &submission, &actor, &call->remark, request_now_ms(call->request), error);
}

/* {text, kind: note·message, position_ms?} */
HANDLER(queue_post_remark)
{
    struct call call = {.app = app, .request = request, .id = request_param(request, "id")};
    json_int_t position_ms = -1;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s:s, s?I}", "text", &call.remark.text, "kind",
                       &call.remark.kind, "position_ms", &position_ms) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    if (strcmp(call.remark.kind, "note") != 0 && strcmp(call.remark.kind, "message") != 0) {
        g_set_error(error, HTTP_ERROR, REASON_INPUT, "kind is note or message");
        return NULL;
    }
    call.remark.position_ms = position_ms;
    return database_transact(app->database, "remark.add", remark, &call, error) ? response_empty(204) : NULL;
}

static bool look_end(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->holders, g_free);
    if (!ledger_head(sql, &call->head, error)) {
        return false;
    }
    call->holders = review_holders_digest(sql, call->app->rules, request_staff(call->request),
                                          request_now_ms(call->request), error);
    return call->holders != NULL;
}

/* "moved": a work changed its state, a decision or a remark was made; "held": somebody opened or left a work; "alive"
 * otherwise. The id is the ledger's end and the holders, "1234.0a1b2c3d4e5f6071". */
static const char *news_of(const char *last, const char *now)
{
    const size_t records = strcspn(now, ".");

    if (last == NULL || strcmp(last, now) == 0) {
        return NULL;
    }
    return strncmp(last, now, records + 1) == 0 ? "held" : "moved";
}

/* Server-sent events (HTML standard, 9.2), one a request: the request waits until there is news, answers, and the browser
 * comes back with Last-Event-ID. So an idle desk costs no thread, and a proxy's time limit no event. "jobs" is woken by
 * every change of a work and once a second, which covers those of other services on the database, and who holds what. */
HANDLER(live_show)
{
    const char *last = request_header(request, "Last-Event-ID");
    struct call call = {.app = app, .request = request};

    if (!database_read(app->database, "ledger.head", look_end, &call, error)) {
        g_free(call.holders);
        return NULL;
    }
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT ".%s", call.head.seq, call.holders);
    const char *news = news_of(last, now);
    g_free(call.holders);
    if (last != NULL && news == NULL && !request_must_answer(request)) {
        return request_park(request, "jobs", request_now_ms(request) + LIVE_MS, live_show);
    }
    GString *text = g_string_new(NULL);
    g_string_printf(text, "retry: 300\nid: %s\nevent: %s\ndata: {}\n\n", now, news == NULL ? "alive" : news);
    struct response *response = response_text(200, "text/event-stream", text);
    response_header(response, "Cache-Control", "no-store");
    return response;
}
