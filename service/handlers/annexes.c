/* Attachments 3 and 4 of the notice: filled by each city, seen and printed together by the province. */
#include "service/handlers/annexes.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/signed_table.h"
#include "service/model/annex.h"
#include "service/model/permission.h"

struct call {
    struct app *app;
    const struct request *request;
    int64_t number;
    const char *region; /* "" for all */
    struct sql_rows *rows;
    struct annex_known known[32]; /* by index into rules->regions' cities */
};

bool annexes_read_number(const struct request *request, int64_t *number, GError **error)
{
    if (g_ascii_string_to_signed(request_param(request, "number"), 10, 3, 4, number, NULL)) {
        return true;
    }
    return refuse(error, HTTP_ERROR, REASON_NOT_FOUND, "no such attachment");
}

const char *annexes_region_of(const struct app *app, const struct request *request)
{
    const char *scope = request_staff(request)->scope;
    const struct region *region = rules_region_find(app->rules, scope);

    return region != NULL && strcmp(region->level, "province") == 0 ? "" : rules_city_of(app->rules, scope);
}

static const struct annex *row_of(const struct sql_rows *rows, const char *region)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct annex *row = sql_rows_at(rows, i);
        if (strcmp(row->region, region) == 0) {
            return row;
        }
    }
    return NULL;
}

/* Cities that this person sees, in the order of the rules. */
static const struct region *city_at(const struct call *call, size_t index)
{
    size_t found = 0;

    for (guint i = 0; i < call->app->rules->regions->len; i++) {
        const struct region *region = g_ptr_array_index(call->app->rules->regions, i);
        const bool is_seen = call->region[0] == '\0' || strcmp(call->region, region->code) == 0;
        if (strcmp(region->level, "city") == 0 && is_seen && found++ == index) {
            return region;
        }
    }
    return NULL;
}

static int64_t counties_of(const struct rules *rules, const char *city)
{
    int64_t count = 0;

    for (guint i = 0; i < rules->regions->len; i++) {
        const struct region *region = g_ptr_array_index(rules->regions, i);
        count += region->parent != NULL && strcmp(region->parent, city) == 0;
    }
    return count;
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct region *city;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = annex_list(sql, call->app->rules, call->number, call->region, error);
    for (size_t i = 0; call->rows != NULL && i < G_N_ELEMENTS(call->known) && (city = city_at(call, i)) != NULL; i++) {
        if (!annex_know(sql, call->app->rules, city->code, &call->known[i], error)) {
            return false;
        }
    }
    return call->rows != NULL;
}

static bool read_all(struct app *app, struct request *request, struct call *call, GError **error)
{
    *call = (struct call){.app = app, .request = request, .region = annexes_region_of(app, request)};

    return annexes_read_number(request, &call->number, error) &&
           database_read(app->database, "annex.list", look, call, error);
}

/* {items: [{region, name, filled_ms, stamped_ms, form, known{works, counties, counties_all}}]}; a city that has not filled it has
 * form null. */
HANDLER(annex_index)
{
    struct call call;
    const struct region *city;

    if (!read_all(app, request, &call, error)) {
        return NULL;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(call.known) && (city = city_at(&call, i)) != NULL; i++) {
        const struct annex *row = row_of(call.rows, city->code);
        json_t *form = row == NULL ? NULL : json_loads(row->form, 0, NULL);
        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:I, s:I, s:o, s:{s:I, s:I, s:I}}", "region", city->code, "name",
                                        city->name, "filled_ms", (json_int_t)(row == NULL ? 0 : row->filled_ms),
                                        "stamped_ms", (json_int_t)(row == NULL ? 0 : row->stamped_ms), "form",
                                        form == NULL ? json_null() : form, "known", "works",
                                        (json_int_t)call.known[i].works, "counties", (json_int_t)call.known[i].counties,
                                        "counties_all", (json_int_t)counties_of(app->rules, city->code)));
    }
    sql_rows_free(call.rows);
    struct response *response = response_json(200, json_pack("{s:o}", "items", items));
    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool put(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return may(call->app->rules, request_staff(call->request), PERMISSION_ANNEX, call->region, error) &&
           annex_put(sql, call->app->rules, call->number, call->region, request_json(call->request), &actor,
                     request_now_ms(call->request), error);
}

HANDLER(annex_put_form)
{
    struct call call = {.app = app, .request = request, .region = request_param(request, "region")};

    return annexes_read_number(request, &call.number, error) &&
                   database_transact(app->database, "annex.put", put, &call, error)
               ? response_empty(204)
               : NULL;
}

static const struct table_column ACTIVITIES[] = {
    {"序号", 2, true},
    {"地市", 4, false},
    {"特色活动名称", 7, false},
    {"特色活动简介（300字以内）", 20, false},
    {"开展时间", 6, false},
    {"取得成效", 14, false},
    {"填表单位、联系人、电话", 9, false},
};
static const struct table_column NUMBERS[] = {
    {"地市", 4, false},
    {"联系人及职务", 5, false},
    {"联系方式", 5, false},
    {"县级及以上行政区数", 4, true},
    {"活动周：市本级活动次数", 4, true},
    {"市本级参加人次", 4, true},
    {"县级开展活动行政区", 4, true},
    {"县级活动次数", 4, true},
    {"县级参加人次", 4, true},
    {"常规活动：市本级活动次数", 4, true},
    {"市本级参加人次", 4, true},
    {"县级开展活动行政区", 4, true},
    {"县级活动次数", 4, true},
    {"县级参加人次", 4, true},
};
enum { NUMBERS_FROM = 3 };
G_STATIC_ASSERT(G_N_ELEMENTS(NUMBERS) == NUMBERS_FROM + ANNEX_NUMBER_COUNT);

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text == NULL ? "" : text;
}

static void add_activities(struct table *table, const struct region *city, const json_t *form, int64_t *count)
{
    g_autofree char *unit =
        g_strdup_printf("%s %s %s", text_of(form, "unit"), text_of(form, "contact"), text_of(form, "phone"));
    const json_t *one;
    size_t index;

    json_array_foreach(json_object_get(form, "activities"), index, one) {
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, ++*count);
        const char *const cells[] = {number,
                                     city->name,
                                     text_of(one, "name"),
                                     text_of(one, "intro"),
                                     text_of(one, "time"),
                                     text_of(one, "effect"),
                                     unit};
        table_row(table, cells);
    }
}

static void add_number_row(struct table *table, const char *const *heads, const int64_t *numbers)
{
    const char *cells[G_N_ELEMENTS(NUMBERS)] = {heads[0], heads[1], heads[2]};
    char *texts[ANNEX_NUMBER_COUNT];

    for (size_t i = 0; i < ANNEX_NUMBER_COUNT; i++) {
        texts[i] = g_strdup_printf("%" G_GINT64_FORMAT, numbers[i]);
        cells[NUMBERS_FROM + i] = texts[i];
    }
    table_row(table, cells);
    for (size_t i = 0; i < ANNEX_NUMBER_COUNT; i++) {
        g_free(texts[i]);
    }
}

static void add_numbers(struct table *table, const struct region *city, const json_t *form, int64_t *sums)
{
    int64_t numbers[ANNEX_NUMBER_COUNT];
    const char *const heads[] = {city->name, text_of(form, "contact"), text_of(form, "phone")};

    for (size_t i = 0; i < ANNEX_NUMBER_COUNT; i++) {
        numbers[i] = json_integer_value(json_object_get(form, ANNEX_NUMBERS[i]));
        sums[i] += numbers[i];
    }
    add_number_row(table, heads, numbers);
}

static void add_cities(const struct call *call, struct table *table)
{
    int64_t sums[ANNEX_NUMBER_COUNT] = {0};
    int64_t count = 0;
    const struct region *city;

    for (size_t i = 0; (city = city_at(call, i)) != NULL; i++) {
        const struct annex *row = row_of(call->rows, city->code);
        json_auto_t *form = row == NULL ? NULL : json_loads(row->form, 0, NULL);
        if (form != NULL && call->number == 3) {
            add_activities(table, city, form, &count);
        } else if (form != NULL) {
            add_numbers(table, city, form, sums);
        }
    }
    if (call->number == 4 && call->region[0] == '\0') {
        static const char *const HEADS[] = {"合计", NULL, NULL};
        add_number_row(table, HEADS, sums);
    }
}

/* "还没有填报：…"; NULL when nobody is missing. The caller's. */
static char *missing_text(const struct call *call)
{
    const struct region *city;
    GString *text = g_string_new("还没有填报：");
    size_t missing = 0;

    for (size_t i = 0; (city = city_at(call, i)) != NULL; i++) {
        if (row_of(call->rows, city->code) == NULL) {
            g_string_append_printf(text, "%s%s", missing++ == 0 ? "" : "、", city->name);
        }
    }
    return g_string_free(text, missing == 0);
}

static struct response *show(struct app *app, struct request *request, enum table_kind kind, GError **error)
{
    struct call call;
    struct response *response = NULL;

    if (!read_all(app, request, &call, error)) {
        return NULL;
    }
    g_autofree char *now = signed_table_time(request_now_ms(request));
    g_autofree char *of = g_strdup_printf("%s；%s生成", app->rules->edition_name, now);
    g_autofree char *missing = missing_text(&call);
    const char *const lines[] = {of, "填表单位（盖章）：", missing, NULL}; /* ends earlier where nobody is missing */
    const struct table_head head = {.title = call.number == 3 ? "各地特色亮点活动情况表" : "各地开展情况汇总表",
                                    .lines = lines,
                                    .columns = call.number == 3 ? ACTIVITIES : NUMBERS,
                                    .column_count = call.number == 3 ? G_N_ELEMENTS(ACTIVITIES) : G_N_ELEMENTS(NUMBERS),
                                    .foot = "本表由系统签名，核验：xuepai-service --verify-sheet 文件"};
    struct table *table = table_open(kind, &head, error);
    if (table != NULL) {
        add_cities(&call, table);
        response = signed_table_answer(app, table, kind, call.number == 3 ? "annex3" : "annex4", error);
    }
    sql_rows_free(call.rows);
    return response;
}

HANDLER(annex_show_xlsx)
{
    return show(app, request, TABLE_XLSX, error);
}

HANDLER(annex_show_pdf)
{
    return show(app, request, TABLE_PDF, error);
}
