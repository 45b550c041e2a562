/* The result of a selection as a signed sheet: works by place, each judge's points beside them, and what the draw went by. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/signed_table.h"
#include "service/model/outcome.h"
#include "service/model/permission.h"
#include "service/model/tally.h"

static const struct table_column COLUMNS[] = {
    {"名次", 3, true},  {"编号", 3, true},   {"作品", 9, false},        {"推荐", 5, false},
    {"得分", 5, false}, {"评委数", 3, true}, {"各评委打分", 24, false}, {"结果", 5, false},
};
enum { COLUMN_COUNT = G_N_ELEMENTS(COLUMNS) };

struct call {
    struct app *app;
    const struct request *request;
    struct selection selection;
    json_t *sheet;
};

static bool look(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    json_decref(call->sheet);
    call->sheet = NULL;
    selection_clear(&call->selection);
    if (!selection_get(sql, request_param(call->request, "id"), &call->selection, error) ||
        !may(call->app->rules, request_staff(call->request), PERMISSION_EXPORT, call->selection.region, error)) {
        return false;
    }
    call->sheet = outcome_sheet(sql, &call->selection, error);
    return call->sheet != NULL;
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text == NULL ? "" : text;
}

static char *number_of(const json_t *json, const char *key)
{
    return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(json, key)));
}

/* "评委甲 90/85；…（回避）" */
static char *points_text(const json_t *sheet, const char *work)
{
    GString *text = g_string_new(NULL);
    const json_t *task;
    size_t index;

    json_array_foreach(json_object_get(sheet, "tasks"), index, task) {
        const json_t *points = json_object_get(task, "points");
        if (strcmp(text_of(task, "work"), work) != 0) {
            continue;
        }
        g_string_append_printf(text, "%s%s ", text->len == 0 ? "" : "；", text_of(task, "name"));
        for (size_t i = 0; i < json_array_size(points); i++) {
            g_string_append_printf(text, "%s%" JSON_INTEGER_FORMAT, i == 0 ? "" : "/",
                                   json_integer_value(json_array_get(points, i)));
        }
        g_string_append(text, strcmp(text_of(task, "state"), "aside") == 0  ? "（回避）"
                              : strcmp(text_of(task, "state"), "open") == 0 ? "（未评）"
                                                                            : "");
    }
    return g_string_free(text, FALSE);
}

static void add_work(const struct call *call, struct table *table, const json_t *work)
{
    const struct region *source = rules_region_find(call->app->rules, text_of(work, "source"));
    const int64_t score = json_integer_value(json_object_get(work, "score"));
    const bool has_place = json_integer_value(json_object_get(work, "place")) > 0;
    g_autofree char *place = has_place ? number_of(work, "place") : NULL;
    g_autofree char *number = number_of(work, "number");
    g_autofree char *judges = number_of(work, "judges");
    g_autofree char *points = points_text(call->sheet, text_of(work, "id"));
    g_autofree char *score_text = has_place ? g_strdup_printf("%" G_GINT64_FORMAT ".%05" G_GINT64_FORMAT,
                                                              score / TALLY_UNITS, score % TALLY_UNITS)
                                            : NULL;
    const char *const cells[COLUMN_COUNT] = {place,
                                             number,
                                             json_is_true(json_object_get(work, "is_there")) ? text_of(work, "title")
                                                                                             : "（已撤回或在改）",
                                             source == NULL ? "" : source->name,
                                             score_text,
                                             judges,
                                             points,
                                             json_is_true(json_object_get(work, "is_selected")) ? "入选"
                                             : json_is_true(json_object_get(work, "is_listed")) ? "在名单上"
                                                                                                : ""};

    table_row(table, cells);
}

static char *criteria_text(const json_t *sheet)
{
    GString *text = g_string_new("评分项：");
    const json_t *one;
    size_t index;

    json_array_foreach(json_object_get(sheet, "criteria"), index, one) {
        g_string_append_printf(text, "%s%s %" JSON_INTEGER_FORMAT "%%", index == 0 ? "" : "，", text_of(one, "name"),
                               json_integer_value(json_object_get(one, "weight")));
    }
    g_string_append(text, json_is_true(json_object_get(sheet, "is_levelled"))
                              ? "；评委松紧已拉平；去掉一个最高分和一个最低分取平均"
                              : "；去掉一个最高分和一个最低分取平均");
    return g_string_free(text, FALSE);
}

static struct response *make(struct call *call, enum table_kind kind, GError **error)
{
    g_autofree char *title = g_strdup_printf("%s 评审结果表", call->selection.name);
    g_autofree char *now = signed_table_time(request_now_ms(call->request));
    g_autofree char *of = g_strdup_printf("%s；%s生成；生成人：%s", call->app->rules->edition_name, now,
                                          request_staff(call->request)->name);
    g_autofree char *criteria = criteria_text(call->sheet);
    g_autofree char *seed = g_strdup_printf("抽签种子：%s", call->selection.seed);
    const char *same = json_is_true(json_object_get(call->sheet, "is_reproduced"))
                           ? "已按种子和打分重新计算：编号、评委、得分、名次与本表一致"
                           : "注意：重新计算的结果与存下的不一致，请核查";
    const char *const lines[] = {of, criteria, seed, same, NULL};
    const struct table_head head = {.title = title,
                                    .lines = lines,
                                    .columns = COLUMNS,
                                    .column_count = COLUMN_COUNT,
                                    .foot = "本表由系统签名，核验：xuepai-service --verify-sheet 文件"};
    struct table *table = table_open(kind, &head, error);
    const json_t *work;
    size_t index;

    if (table == NULL) {
        return NULL;
    }
    json_array_foreach(json_object_get(call->sheet, "works"), index, work) {
        add_work(call, table, work);
    }
    return signed_table_answer(call->app, table, kind, "selection", error);
}

static struct response *show(struct app *app, struct request *request, enum table_kind kind, GError **error)
{
    struct call call = {.app = app, .request = request};
    struct response *response = NULL;

    if (database_read(app->database, "selection.sheet", look, &call, error)) {
        response = make(&call, kind, error);
    }
    selection_clear(&call.selection);
    json_decref(call.sheet);
    return response;
}

HANDLER(selection_show_xlsx)
{
    return show(app, request, TABLE_XLSX, error);
}

HANDLER(selection_show_pdf)
{
    return show(app, request, TABLE_PDF, error);
}
