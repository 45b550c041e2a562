/* The ledger: show and verify. */
#include "service/model/ledger.h"

#include <string.h>

#include "service/anchor.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/ledger_words.h"
#include "service/model/review_reason.h"
#include "service/model/staff.h"

struct call {
    const char *scope; /* "" for everything */
    const char *object;
    int64_t after;
    struct sql_rows *rows;
    struct sql_rows *people; /* whose names stand beside their ids */
    struct sql_rows *reasons;
    const struct app *app;
    struct ledger_anchors anchors;
    struct ledger_verdict verdict;
};

/* Whose scope is the province sees all records; others those of the works of their city or county. */
static const char *scope_of(const struct app *app, const struct staff *staff)
{
    const struct region *scope = rules_region_find(app->rules, staff->scope);

    return scope != NULL && strcmp(scope->level, "province") == 0 ? "" : staff->scope;
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    g_clear_pointer(&call->people, sql_rows_free);
    call->rows = ledger_list(sql, call->scope, call->object, call->after, error);
    g_clear_pointer(&call->reasons, sql_rows_free);
    call->people = call->rows == NULL ? NULL : staff_list(sql, error);
    call->reasons = call->people == NULL ? NULL : review_reason_list(sql, call->app->rules, error);
    return call->reasons != NULL;
}

static const char *name_of(const struct sql_rows *people, const char *id)
{
    for (size_t i = 0; i < people->count; i++) {
        const struct staff *staff = sql_rows_at(people, i);
        if (strcmp(staff->id, id) == 0) {
            return staff->name;
        }
    }
    return ledger_word(id);
}

static json_t *record_json(const struct ledger_record *record, const struct call *call)
{
    json_t *detail = json_loads(record->detail, 0, NULL);
    g_autofree char *why = ledger_why(detail, call->reasons);

    return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "seq",
                     (json_int_t)record->seq, "at_ms", (json_int_t)record->at_ms, "actor", record->actor, "role",
                     record->role, "action", record->action, "object", record->object, "before", record->before,
                     "after", record->after, "detail", detail == NULL ? json_object() : detail, "previous",
                     record->previous, "hash", record->hash, "actor_name", name_of(call->people, record->actor),
                     "action_text", ledger_word(record->action), "why", why, "before_text", ledger_word(record->before),
                     "after_text", ledger_word(record->after));
}

HANDLER(ledger_show)
{
    const char *work = request_query(request, "work");
    struct call call = {.app = app, .scope = scope_of(app, request_staff(request)), .object = work == NULL ? "" : work};

    if (!request_query_int64(request, "after", 0, G_MAXINT64, &call.after, error)) {
        return NULL;
    }
    if (!database_read(app->database, "ledger.list", look, &call, error)) {
        return NULL;
    }
    json_t *items = json_array();
    json_int_t last = 0;
    for (size_t i = 0; i < call.rows->count; i++) {
        const struct ledger_record *record = sql_rows_at(call.rows, i);
        json_array_append_new(items, record_json(record, &call));
        last = record->seq;
    }
    json_t *next = call.rows->count == 200 ? json_integer(last) : json_null();
    sql_rows_free(call.rows);
    sql_rows_free(call.people);
    sql_rows_free(call.reasons);
    struct response *response = response_json(200, json_pack("{s:o, s:o}", "items", items, "next", next));
    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool check(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return ledger_verify(sql, &call->anchors, &call->verdict, error);
}

HANDLER(ledger_check)
{
    g_autoptr(GArray) known = anchors_read(app, error);
    struct call call = {0};

    (void)request;
    if (known == NULL) {
        return NULL;
    }
    call.anchors = (struct ledger_anchors){(const struct ledger_anchor *)(const void *)known->data, known->len};
    if (!database_read(app->database, "ledger.verify", check, &call, error)) {
        return NULL;
    }
    const struct ledger_verdict *verdict = &call.verdict;
    const bool whole = verdict->fault == LEDGER_WHOLE;
    return response_json(200, json_pack("{s:b, s:I, s:o, s:s, s:I, s:s}", "whole", whole, "records",
                                        (json_int_t)verdict->records, "first_bad",
                                        whole ? json_null() : json_integer(verdict->bad), "fault",
                                        ledger_fault_name(verdict->fault), "anchors", (json_int_t)known->len, "hash",
                                        verdict->hash));
}
