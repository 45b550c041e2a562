/* Works of a unit, many at once: a table and the uploads of its files by name. Each row is a work of its own, made in a
 * transaction of its own; the same row again is the same work, so whatever failed is mended and the whole sent again. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/csv.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/http/parked.h"
#include "service/http/server.h"
#include "service/model/identity.h"
#include "service/model/ledger.h"
#include "service/model/permission.h"
#include "service/model/receipt.h"
#include "service/model/recusal.h"
#include "service/model/submission.h"
#include "service/model/text.h"

enum {
    ROWS_MOST = 200,
    FILES_MOST = 9,
    TEXT_BYTES = 65536,
};

enum column { TRACK, TITLE, WORDS, REGION, NAME, PHONE, FILES, LICENCE, CHILDREN, GUARDIAN, AI, SCOPES, COLUMN_COUNT };

static const struct {
    const char *title;
    const char *key;
    bool needed;
} COLUMNS[COLUMN_COUNT] = {
    [TRACK] = {"类别", "track", true},
    [TITLE] = {"作品名称", "title", true},
    [WORDS] = {"介绍", "words", false},
    [REGION] = {"县区", "region", true},
    [NAME] = {"联系人", "name", true},
    [PHONE] = {"手机号", "phone", true},
    [FILES] = {"文件", "files", true},
    [LICENCE] = {"同意展示", "licence", true},
    [CHILDREN] = {"有孩子", "children", false},
    [GUARDIAN] = {"监护人同意", "guardian", false},
    [AI] = {"AI生成", "ai", false},
    [SCOPES] = {"使用范围", "scopes", false},
};

struct batch {
    struct app *app;
    const struct request *request;
    const char *unit;     /* device digest that stands for the unit */
    const json_t *files;  /* name -> upload id */
    int at[COLUMN_COUNT]; /* index of each column; -1: not there */
    bool only_checks;
};

static const char *cell(const struct batch *batch, const struct csv_row *row, enum column column)
{
    const int at = batch->at[column];

    return at >= 0 && (guint)at < row->fields->len ? g_ptr_array_index(row->fields, at) : "";
}

static bool is_yes(const char *text)
{
    static const char *const YES[] = {"是", "有", "同意", "1", "yes", "true", "√", NULL};

    return g_strv_contains(YES, text);
}

static bool read_columns(struct batch *batch, const struct csv_row *head, GError **error)
{
    for (int column = 0; column < COLUMN_COUNT; column++) {
        batch->at[column] = -1;
        for (guint i = 0; i < head->fields->len; i++) {
            const char *name = g_ptr_array_index(head->fields, i);
            if (strcmp(name, COLUMNS[column].title) == 0 || strcmp(name, COLUMNS[column].key) == 0) {
                batch->at[column] = (int)i;
            }
        }
        if (COLUMNS[column].needed && batch->at[column] < 0) {
            return refuse(error, HTTP_ERROR, REASON_BATCH_COLUMNS, COLUMNS[column].key);
        }
    }
    return true;
}

/* By key or by name; the text itself where there is none, for the rules to refuse. */
static const char *track_of(const struct rules *rules, const char *text)
{
    for (guint i = 0; i < rules->tracks->len; i++) {
        const struct track *track = g_ptr_array_index(rules->tracks, i);
        if (strcmp(track->name, text) == 0) {
            return track->key;
        }
    }
    return text;
}

/* By code, or by a name that is one place's alone within the unit's region: districts of two cities share some. */
static const char *region_of(const struct rules *rules, const char *scope, const char *text)
{
    const char *found = NULL;

    for (guint i = 0; i < rules->regions->len; i++) {
        const struct region *region = g_ptr_array_index(rules->regions, i);
        if (strcmp(region->name, text) != 0 || !rules_region_within(rules, region->code, scope)) {
            continue;
        }
        if (found != NULL) {
            return text;
        }
        found = region->code;
    }
    return found == NULL ? text : found;
}

static char *scopes_of(const char *text)
{
    static const struct {
        const char *word;
        const char *scope;
    } SCOPES_BY_WORD[] = {{"其他网站", "embed"}, {"展厅", "exhibition"}, {"媒体", "media"}};
    json_auto_t *scopes = json_pack("[s]", "site");

    for (size_t i = 0; i < G_N_ELEMENTS(SCOPES_BY_WORD); i++) {
        if (strstr(text, SCOPES_BY_WORD[i].word) != NULL || strstr(text, SCOPES_BY_WORD[i].scope) != NULL) {
            json_array_append_new(scopes, json_string(SCOPES_BY_WORD[i].scope));
        }
    }
    return json_dumps(scopes, JSON_COMPACT);
}

/* One row on its way to being a work. */
struct row {
    const struct batch *batch;
    struct submission_form form;
    char *scopes;
    char *idempotency;
    const char *uploads[FILES_MOST + 1];
    const char *missing; /* a file of the row that was not picked; NULL: all are there */
    char **names;
    struct submission_receipt receipt;
    bool existed;
};

static void row_clear(struct row *row)
{
    g_free(row->scopes);
    g_free(row->idempotency);
    g_strfreev(row->names);
    submission_receipt_clear(&row->receipt);
}

/* What the row says, not where it stands: a table that was sorted anew makes nothing twice. */
static char *key_of(const struct batch *batch, const struct csv_row *row)
{
    g_autoptr(GString) text = g_string_new(batch->unit);

    for (int column = 0; column < COLUMN_COUNT; column++) {
        g_string_append_printf(text, "\t%s", cell(batch, row, column));
    }
    return secret_digest(text->str);
}

static void read_uploads(struct row *row, const char *text)
{
    const json_t *files = row->batch->files;
    size_t count = 0;

    row->names = g_regex_split_simple("\\s*[;；|]\\s*", text, 0, 0);
    for (char **name = row->names; *name != NULL; name++) {
        const char *id = json_string_value(json_object_get(files, *name));
        if (id == NULL || count >= FILES_MOST) {
            row->missing = *name;
            return;
        }
        row->uploads[count++] = id;
    }
}

static void read_row(struct row *row, const struct csv_row *cells)
{
    const struct batch *batch = row->batch;
    const char *scope = request_staff(batch->request)->scope;

    row->scopes = scopes_of(cell(batch, cells, SCOPES));
    row->idempotency = key_of(batch, cells);
    read_uploads(row, cell(batch, cells, FILES));
    row->form = (struct submission_form){
        .track = track_of(batch->app->rules, cell(batch, cells, TRACK)),
        .region = region_of(batch->app->rules, scope, cell(batch, cells, REGION)),
        .title = cell(batch, cells, TITLE),
        .words = cell(batch, cells, WORDS),
        .name = cell(batch, cells, NAME),
        .phone = cell(batch, cells, PHONE),
        .ai = is_yes(cell(batch, cells, AI)),
        .children = is_yes(cell(batch, cells, CHILDREN)),
        .licence = is_yes(cell(batch, cells, LICENCE)),
        .guardian = is_yes(cell(batch, cells, GUARDIAN)),
        .scopes = row->scopes,
        .uploads = row->uploads,
        .device_digest = batch->unit,
        .unit = recusal_unit_of(request_staff(batch->request)),
        .opens_units = true,
        .idempotency = row->idempotency,
        .peer = request_peer(batch->request),
    };
}

static bool look_again(struct sql *sql, void *context, GError **error)
{
    struct row *row = context;

    return receipt_find_again(sql, row->batch->app->secrets, row->idempotency, &row->receipt, &row->existed, error);
}

static bool create(struct sql *sql, void *context, GError **error)
{
    struct row *row = context;
    const struct app *app = row->batch->app;

    const int64_t now_ms = request_now_ms(row->batch->request);
    g_autofree char *digits = text_phone(row->form.phone); /* the model's check has let it pass */
    g_autofree char *phone = identity_of(app->secrets, IDENTITY_PHONE, digits);

    return submission_create(sql, app->rules, app->secrets, &row->form, now_ms, &row->receipt, error) &&
           identity_bind_work(sql, phone, row->receipt.id, now_ms, error);
}

/* False with why this row is no work (yet). */
static bool take_row(struct row *row, GError **error)
{
    struct app *app = row->batch->app;
    const struct request *request = row->batch->request;

    if (!database_read(app->database, "submission.again", look_again, row, error)) {
        return false;
    }
    if (row->existed) {
        return true;
    }
    if (!submission_check(app->rules, &row->form, request_now_ms(request), error) ||
        !may(app->rules, request_staff(request), PERMISSION_BATCH, row->form.region, error)) {
        return false;
    }
    if (row->missing != NULL) {
        return refuse(error, HTTP_ERROR, REASON_BATCH_FILE, "a file of the row is not there");
    }
    return row->batch->only_checks || database_transact(app->database, "submission.create", create, row, error);
}

static json_t *row_json(const struct batch *batch, const struct csv_row *cells, int64_t *made)
{
    struct row row = {.batch = batch};
    g_autoptr(GError) error = NULL;
    json_t *json =
        json_pack("{s:I, s:s, s:s, s:s}", "line", (json_int_t)cells->line, "title", cell(batch, cells, TITLE), "files",
                  cell(batch, cells, FILES), "track", track_of(batch->app->rules, cell(batch, cells, TRACK)));

    read_row(&row, cells);
    if (!take_row(&row, &error)) {
        const struct reason_rule *rule = reason_rule_of(error_reason(error));
        json_object_set_new(json, "status", json_string("failed"));
        json_object_set_new(json, "reason", json_pack("{s:s, s:s}", "code", rule->code, "text", rule->detail));
        json_object_set_new(json, "file",
                            error_reason(error) == REASON_BATCH_FILE ? json_string(row.missing) : json_null());
    } else if (row.receipt.code == NULL) {
        json_object_set_new(json, "status", json_string("good"));
    } else {
        *made += !row.existed;
        json_object_set_new(json, "status", json_string(row.existed ? "existing" : "created"));
        json_object_set_new(json, "code", json_string(row.receipt.code));
        json_object_set_new(json, "pin", json_string(row.receipt.pin));
    }
    row_clear(&row);
    return json;
}

static char *unit_digest(const struct app *app, const struct request *request)
{
    return secret_mac(app->secrets, "unit", request_staff(request)->id);
}

struct record {
    const struct request *request;
    json_t *detail;
};

static bool add_record(struct sql *sql, void *context, GError **error)
{
    const struct record *record = context;
    const struct actor actor = request_actor(record->request);
    const struct ledger_entry entry = {.action = "batch.sent", .object = actor.id, .detail = record->detail};

    return ledger_add(sql, &actor, &entry, request_now_ms(record->request), error);
}

static struct response *answer_rows(struct batch *batch, struct request *request, const GPtrArray *rows, GError **error)
{
    json_auto_t *items = json_array();
    int64_t made = 0;

    for (guint i = 1; i < rows->len; i++) {
        json_array_append_new(items, row_json(batch, g_ptr_array_index(rows, i), &made));
    }
    json_auto_t *detail = json_pack("{s:I, s:I}", "rows", (json_int_t)rows->len - 1, "created", (json_int_t)made);
    struct record record = {.request = request, .detail = detail};
    if (made > 0) {
        server_wake(request_server(request), "jobs");
        if (!database_transact(batch->app->database, "batch.record", add_record, &record, error)) {
            return NULL;
        }
    }
    return response_json(200, json_pack("{s:O, s:I}", "items", items, "created", (json_int_t)made));
}

HANDLER(batch_post)
{
    json_t *json = request_json(request);
    const char *text = json_string_value(json_object_get(json, "csv"));
    g_autofree char *unit = unit_digest(app, request);
    struct batch batch = {.app = app,
                          .request = request,
                          .unit = unit,
                          .files = json_object_get(json, "files"),
                          .only_checks = json_is_true(json_object_get(json, "check"))};

    if (text == NULL || strlen(text) > TEXT_BYTES) {
        refuse(error, HTTP_ERROR, REASON_JSON, "csv");
        return NULL;
    }
    g_autoptr(GPtrArray) rows = csv_read(text, ROWS_MOST + 1, error);
    if (rows == NULL) {
        return NULL;
    }
    if (rows->len > ROWS_MOST + 1 || rows->len < 2) {
        refuse(error, HTTP_ERROR, rows->len < 2 ? REASON_BATCH_COLUMNS : REASON_BATCH_ROWS, "number of rows");
        return NULL;
    }
    return read_columns(&batch, g_ptr_array_index(rows, 0), error) ? answer_rows(&batch, request, rows, error) : NULL;
}

HANDLER(batch_works)
{
    g_autofree char *unit = unit_digest(app, request);
    json_t *items = shown_works_of(app, unit, request_now_ms(request), error);

    if (items == NULL) {
        return NULL;
    }
    struct response *response = response_json(200, json_pack("{s:o}", "items", items));
    response_header(response, "Cache-Control", "no-store");
    return response;
}
