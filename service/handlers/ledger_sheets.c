/* The ledger as a signed sheet: one work's records, or all of the edition, within the person's region. */
#include "service/model/ledger.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/ledger_words.h"
#include "service/handlers/signed_table.h"
#include "service/model/review.h"
#include "service/model/review_reason.h"
#include "service/model/secret.h"

/* A sheet of more records goes on with ?after=. */
static const int64_t LINES_MOST[] = {[TABLE_XLSX] = 200000, [TABLE_PDF] = 10000};

static const struct table_column COLUMNS[] = {
    {"序号", 3, true},      {"时间", 6, false},          {"作品编号", 6, false},      {"谁", 5, false},
    {"做了什么", 6, false}, {"状态", 6, false},          {"审核级", 4, false},        {"原因和说明", 9, false},
    {"播放秒数", 4, true},  {"内容 SHA-256", 11, false}, {"记录 SHA-256", 11, false},
};
enum { COLUMN_COUNT = G_N_ELEMENTS(COLUMNS) };

struct call {
    const struct app *app;
    const struct request *request;
    const char *scope; /* "" for all */
    const char *object;
    int64_t after;
    int64_t left;
    struct sql_rows *rows;
    struct sql_rows *reasons; /* to be called by their labels */
    struct ledger_anchor head;
};

static bool check_object(struct sql *sql, const struct call *call, GError **error)
{
    g_auto(Submission) submission = {0};

    return call->object[0] == '\0' ||
           review_get(sql, call->app->rules, request_staff(call->request), call->object, &submission, error);
}

static bool look_head(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->reasons, sql_rows_free);
    call->reasons = review_reason_list(sql, call->app->rules, error);
    return call->reasons != NULL && check_object(sql, call, error) && ledger_head(sql, &call->head, error);
}

static bool look(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->rows, sql_rows_free);
    call->rows = ledger_lines(sql, call->app->rules->edition, call->scope, call->object, call->after, error);
    return call->rows != NULL;
}

static void add_line(const struct call *call, struct table *table, const struct ledger_line *line)
{
    json_auto_t *detail = json_loads(line->detail, 0, NULL);
    const char *action = json_string_value(json_object_get(detail, "action"));
    const struct stage *stage = rules_stage_at(call->app->rules, json_integer_value(json_object_get(detail, "stage")));
    const json_int_t viewed_ms = json_integer_value(json_object_get(detail, "viewed_ms"));
    g_autofree char *seq = g_strdup_printf("%" G_GINT64_FORMAT, line->seq);
    g_autofree char *at = signed_table_time(line->at_ms);
    g_autofree char *who =
        g_strdup_printf("%s%s%s", line->name, line->name[0] == '\0' ? "" : "，", ledger_word(line->role));
    g_autofree char *what = g_strdup_printf("%s%s%s", ledger_word(line->action), action == NULL ? "" : "：",
                                            action == NULL ? "" : ledger_word(action));
    g_autofree char *states = strcmp(line->before, line->after) == 0
                                  ? g_strdup(ledger_word(line->after))
                                  : g_strdup_printf("%s → %s", ledger_word(line->before), ledger_word(line->after));
    g_autofree char *why = ledger_why(detail, call->reasons);
    g_autofree char *viewed = viewed_ms == 0 ? NULL : g_strdup_printf("%" JSON_INTEGER_FORMAT, viewed_ms / 1000);
    const char *const cells[COLUMN_COUNT] = {seq,
                                             at,
                                             line->code,
                                             who,
                                             what,
                                             states,
                                             stage == NULL ? NULL : ledger_word(stage->name),
                                             why,
                                             viewed,
                                             json_string_value(json_object_get(detail, "content")),
                                             line->hash};

    table_row(table, cells);
}

/* All pieces; false with *error, when the table is of no use. */
static bool add_lines(struct call *call, struct table *table, GError **error)
{
    do {
        if (!database_read(call->app->database, "ledger.lines", look, call, error)) {
            return false;
        }
        for (size_t i = 0; i < call->rows->count && call->left > 0; i++, call->left--) {
            const struct ledger_line *line = sql_rows_at(call->rows, i);
            add_line(call, table, line);
            call->after = line->seq;
        }
    } while (call->rows->count > 0 && call->left > 0);
    if (call->left == 0) {
        g_autofree char *more =
            g_strdup_printf("还有更多：下一张从第 %" G_GINT64_FORMAT " 条之后开始（?after=）", call->after);
        const char *const cells[COLUMN_COUNT] = {NULL, more};
        table_row(table, cells);
    }
    return true;
}

static struct response *make(struct call *call, enum table_kind kind, GError **error)
{
    g_autofree char *now = signed_table_time(request_now_ms(call->request));
    g_autofree char *key = secret_public_key(call->app->secrets);
    g_autofree char *of = g_strdup_printf("%s；%s生成；生成人：%s", call->app->rules->edition_name, now,
                                          request_staff(call->request)->name);
    g_autofree char *end = g_strdup_printf("生成时记录链共 %" G_GINT64_FORMAT " 条，最后一条 SHA-256：%s",
                                           call->head.seq, call->head.hash);
    g_autofree char *foot = g_strdup_printf("本表由系统签名，核验：xuepai-service --verify-sheet 文件，公钥 %s", key);
    const char *const lines[] = {of, end, NULL};
    const struct table_head head = {.title = call->object[0] == '\0' ? "审核记录表（整届）" : "作品审核记录表",
                                    .lines = lines,
                                    .columns = COLUMNS,
                                    .column_count = COLUMN_COUNT,
                                    .foot = foot};
    struct table *table = table_open(kind, &head, error);

    if (table == NULL) {
        return NULL;
    }
    if (!add_lines(call, table, error)) {
        g_autoptr(GBytes) bytes = table_close(table, NULL); /* of no use */
        return NULL;
    }
    return signed_table_answer(call->app, table, kind, "ledger", error);
}

static bool note(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct actor actor = request_actor(call->request);
    json_auto_t *detail = json_pack("{s:s, s:I}", "scope", call->scope, "after", (json_int_t)call->after);
    const struct ledger_entry entry = {.action = "ledger.exported",
                                       .object = call->object[0] == '\0' ? call->app->rules->edition : call->object,
                                       .detail = detail};

    return ledger_add(sql, &actor, &entry, request_now_ms(call->request), error);
}

static struct response *show(struct app *app, struct request *request, enum table_kind kind, GError **error)
{
    const struct staff *staff = request_staff(request);
    const struct region *scope = rules_region_find(app->rules, staff->scope);
    const char *work = request_query(request, "work");
    struct call call = {.app = app,
                        .request = request,
                        .scope = scope != NULL && strcmp(scope->level, "province") == 0 ? "" : staff->scope,
                        .object = work == NULL ? "" : work,
                        .left = LINES_MOST[kind]};

    if (!request_query_int64(request, "after", 0, G_MAXINT64, &call.after, error)) {
        return NULL;
    }
    const struct call asked = call;
    struct response *response =
        database_read(app->database, "ledger.head", look_head, &call, error) ? make(&call, kind, error) : NULL;
    g_clear_pointer(&call.rows, sql_rows_free);
    g_clear_pointer(&call.reasons, sql_rows_free);
    if (response != NULL &&
        !database_transact(app->database, "ledger.exported", note, (void *)(uintptr_t)&asked, error)) {
        response_free(response);
        return NULL;
    }
    return response;
}

HANDLER(ledger_show_xlsx)
{
    return show(app, request, TABLE_XLSX, error);
}

HANDLER(ledger_show_pdf)
{
    return show(app, request, TABLE_PDF, error);
}

HANDLER(public_key_show)
{
    g_autofree char *key = secret_public_key(app->secrets);

    (void)request;
    (void)error; /* nothing to fail */
    return response_json(200, json_pack("{s:s, s:s}", "algorithm", "ed25519", "public_key", key));
}
