/* Figures of the desk for the people who run it. */
#include "service/model/figures.h"

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/model/queue.h"
#include "service/model/review_reason.h"

enum {
    DAYS_USUAL = 30,
    DAYS_MOST = 366,
    PROMISED_HOURS = 72, /* the page tells a parent: within three days */
};

struct call {
    struct app *app;
    const struct request *request;
    int64_t since_ms;
    struct figures figures;
    struct sql_rows *waiting;
    struct sql_rows *reasons;
};

static bool look(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct staff *staff = request_staff(call->request);

    g_clear_pointer(&call->waiting, sql_rows_free);
    g_clear_pointer(&call->reasons, sql_rows_free);
    call->waiting = queue_counts(sql, call->app->rules, staff, error);
    call->reasons = call->waiting == NULL ? NULL : review_reason_list(sql, call->app->rules, error);
    return call->reasons != NULL && figures_read(sql, call->app->rules, staff, call->since_ms, &call->figures, error);
}

static void add_hours(json_t *json, const struct sql_rows *rows)
{
    json_t *hours = json_array();
    int64_t all = 0;
    int64_t promised = 0;
    int64_t before = 0;
    json_t *median = NULL;

    for (size_t i = 0; i < rows->count; i++) {
        const struct figures_hours *row = sql_rows_at(rows, i);
        all += row->works;
        promised += row->hours < PROMISED_HOURS ? row->works : 0;
        json_array_append_new(hours, json_pack("{s:I, s:I}", "hours", (json_int_t)row->hours, "works",
                                               (json_int_t)row->works));
    }
    for (size_t i = 0; i < rows->count && median == NULL; i++) {
        const struct figures_hours *row = sql_rows_at(rows, i);
        before += row->works;
        median = before * 2 >= all ? json_integer(row->hours) : NULL;
    }
    json_object_set_new(json, "hours", hours);
    json_object_set_new(json, "done", json_integer(all));
    json_object_set_new(json, "done_in_three_days", json_integer(promised));
    json_object_set_new(json, "median_hours", median == NULL ? json_null() : median);
}

static json_t *people_json(const struct sql_rows *rows)
{
    json_t *people = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct figures_person *row = sql_rows_at(rows, i);
        json_array_append_new(people, json_pack("{s:s, s:I, s:I}", "name", row->name, "decisions",
                                                (json_int_t)row->decisions, "hours", (json_int_t)row->hours));
    }
    return people;
}

/* A decision with two reasons counts for both. */
static json_t *reasons_json(const struct sql_rows *rows, const struct sql_rows *known)
{
    json_t *counts = json_array();

    for (size_t k = 0; k < known->count; k++) {
        const struct review_reason *reason = sql_rows_at(known, k);
        json_int_t count = 0;
        for (size_t i = 0; i < rows->count; i++) {
            const struct figures_reasons *row = sql_rows_at(rows, i);
            json_auto_t *codes = json_loads(row->reasons, 0, NULL);
            for (size_t c = 0; c < json_array_size(codes); c++) {
                count += g_strcmp0(json_string_value(json_array_get(codes, c)), reason->code) == 0 ? row->decisions : 0;
            }
        }
        if (count > 0) {
            json_array_append_new(counts, json_pack("{s:s, s:s, s:I}", "code", reason->code, "label", reason->label,
                                                    "decisions", count));
        }
    }
    return counts;
}

static json_t *cities_json(const struct sql_rows *rows)
{
    json_t *cities = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct figures_city *row = sql_rows_at(rows, i);
        json_array_append_new(cities, json_pack("{s:s, s:I}", "city", row->city, "works", (json_int_t)row->works));
    }
    return cities;
}

static json_t *waiting_json(const struct rules *rules, const struct sql_rows *rows)
{
    json_t *waiting = json_array();

    for (size_t i = 0; i < rows->count; i++) {
        const struct queue_count *row = sql_rows_at(rows, i);
        const struct stage *stage = rules_stage_at(rules, row->stage);
        json_array_append_new(waiting, json_pack("{s:s, s:s, s:s, s:I, s:I}", "stage", stage == NULL ? "" : stage->name,
                                                 "city", row->city, "track", row->track, "waiting",
                                                 (json_int_t)row->waiting, "oldest_ms", (json_int_t)row->oldest_ms));
    }
    return waiting;
}

HANDLER(figures_show)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;
    int64_t days = 0;

    if (!request_query_int64(request, "days", 1, DAYS_MOST, &days, error)) {
        return NULL;
    }
    days = days == 0 ? DAYS_USUAL : days;
    call.since_ms = request_now_ms(request) - days * INT64_C(86400000);
    if (database_read(app->database, "figures", look, &call, error)) {
        json_t *json =
            json_pack("{s:I, s:o, s:o, s:o, s:o}", "days", (json_int_t)days, "waiting",
                      waiting_json(app->rules, call.waiting), "people", people_json(call.figures.people), "reasons",
                      reasons_json(call.figures.reasons, call.reasons), "cities", cities_json(call.figures.cities));
        add_hours(json, call.figures.hours);
        const struct figures_later *later = sql_rows_at(call.figures.later, 0); /* a count is always one row */
        json_object_set_new(json, "later",
                            json_pack("{s:I, s:I}", "decisions", (json_int_t)later->decisions, "overturned",
                                      (json_int_t)later->overturned));
        const struct figures_sample *sample = sql_rows_at(call.figures.sample, 0);
        json_object_set_new(json, "sample",
                            json_pack("{s:I, s:I, s:I}", "drawn", (json_int_t)sample->drawn, "looked_at",
                                      (json_int_t)sample->looked_at, "overturned", (json_int_t)sample->overturned));
        response = response_json(200, json);
        response_header(response, "Cache-Control", "no-store");
    }
    figures_clear(&call.figures);
    g_clear_pointer(&call.waiting, sql_rows_free);
    g_clear_pointer(&call.reasons, sql_rows_free);
    return response;
}
