/* The works of whoever asks: of this phone, of what it has shown, of a unit. */
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/model/identity.h"
#include "service/model/submission.h"

struct mine {
    const char *device;
    int64_t now_ms;
    struct sql_rows *sent;  /* by this device */
    struct sql_rows *shown; /* of what it has shown: a number, a WeChat */
};

static bool look_mine(struct sql *sql, void *context, GError **error)
{
    struct mine *mine = context;

    g_clear_pointer(&mine->sent, sql_rows_free);
    g_clear_pointer(&mine->shown, sql_rows_free);
    mine->sent = submission_list_device(sql, mine->device, error);
    mine->shown = mine->sent == NULL ? NULL : identity_list_works(sql, mine->device, mine->now_ms, error);
    return mine->shown != NULL;
}

static void add_mine(const struct app *app, const struct sql_rows *rows, json_t *items, json_t *seen)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct submission *row = sql_rows_at(rows, i);
        if (json_object_get(seen, row->code) != NULL) {
            continue;
        }
        json_object_set_new(seen, row->code, json_true());
        json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:s}", "code", row->code, "title", row->title, "status",
                                               row->state, "status_text",
                                               shown_status_text(row->state, row->stage, app->rules)));
    }
}

json_t *shown_works_of(struct app *app, const char *device, int64_t now_ms, GError **error)
{
    struct mine mine = {.device = device, .now_ms = now_ms};
    const bool found = database_read(app->database, "submission.mine", look_mine, &mine, error);
    json_t *items = found ? json_array() : NULL;

    if (found) {
        json_auto_t *seen = json_object();
        add_mine(app, mine.sent, items, seen);
        add_mine(app, mine.shown, items, seen);
    }
    sql_rows_free(mine.sent);
    sql_rows_free(mine.shown);
    return items;
}

json_t *shown_mine(struct app *app, struct request *request, GError **error)
{
    g_autofree char *device = request_device(request);

    return shown_works_of(app, device == NULL ? "" : device, request_now_ms(request), error);
}

HANDLER(submission_mine)
{
    json_t *items = shown_mine(app, request, error);

    if (items == NULL) {
        return NULL;
    }
    struct response *response = response_json(200, json_pack("{s:o}", "items", items));
    response_header(response, "Cache-Control", "no-store");
    return response;
}
