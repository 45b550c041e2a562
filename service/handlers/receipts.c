/* A receipt that was lost: staff tells it again after comparing name and telephone; and the link for the family, by which a
 * work's way can be looked at and nothing else. */
#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/shown.h"
#include "service/model/identity.h"
#include "service/model/ledger.h"
#include "service/model/permission.h"
#include "service/model/pin.h"
#include "service/model/submission.h"
#include "service/model/text.h"

struct call {
    struct app *app;
    const struct request *request;
    const char *name;
    char *phone;
    json_t *items;
};

/* What is told is told once more by the record: who, to whose work, when. */
static bool tell(struct sql *sql, struct call *call, const struct submission *row, GError **error)
{
    const struct actor actor = request_actor(call->request);
    g_autofree char *name = secret_open(call->app->secrets, row->contact_name);
    g_autofree char *phone = secret_open(call->app->secrets, row->contact_phone);
    const struct ledger_entry entry = {.action = "receipt.told", .object = row->id};

    if (g_strcmp0(name, call->name) != 0 || g_strcmp0(phone, call->phone) != 0 ||
        !may(call->app->rules, request_staff(call->request), PERMISSION_SEE, row->region, NULL)) {
        return true;
    }
    g_autofree char *pin = pin_of(call->app->secrets, row->id);
    json_array_append_new(call->items,
                          json_pack("{s:s, s:s, s:s}", "code", row->code, "title", row->title, "pin", pin));
    return ledger_add(sql, &actor, &entry, request_now_ms(call->request), error);
}

static bool tell_all(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    g_autofree char *identity = identity_of(call->app->secrets, IDENTITY_PHONE, call->phone);
    g_autoptr(SqlRows) rows = identity_list_works_of(sql, identity, error);

    json_array_clear(call->items); /* of a try that was begun again */
    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        if (!tell(sql, call, sql_rows_at(rows, i), error)) {
            return false;
        }
    }
    return rows != NULL;
}

HANDLER(receipt_post)
{
    json_auto_t *items = json_array();
    g_autofree char *phone = text_phone(json_string_value(json_object_get(request_json(request), "phone")));
    g_autofree char *name = g_strdup(json_string_value(json_object_get(request_json(request), "name")));
    struct call call = {.app = app, .request = request, .name = name, .phone = phone, .items = items};

    if (name == NULL || phone == NULL) {
        g_set_error_literal(error, HTTP_ERROR, phone == NULL ? REASON_PHONE_INVALID : REASON_NAME_MISSING,
                            "name, phone");
        return NULL;
    }
    (void)g_strstrip(name); /* in place */
    if (!database_transact(app->database, "receipt.tell", tell_all, &call, error)) {
        return NULL;
    }
    if (json_array_size(items) == 0) {
        g_set_error_literal(error, MODEL_ERROR, REASON_CONTACT_MISMATCH, "no work of this name and number here");
        return NULL;
    }
    struct response *response = response_json(200, json_pack("{s:O}", "items", items));
    response_header(response, "Cache-Control", "no-store");
    return response;
}

/* --- for the family ---------------------------------------------------------------------------------------------- */

char *shown_family_path(const struct app *app, const struct submission *submission)
{
    g_autofree char *mac = secret_mac(app->secrets, "family", submission->id);

    return g_strdup_printf("/family/%s/%.32s", submission->code, mac);
}

struct look {
    const char *code;
    struct submission submission;
};

static bool look(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;

    return submission_get_code(sql, look->code, &look->submission, error);
}

HANDLER(page_family)
{
    g_autofree char *code = secret_receipt_normalize(request_param(request, "code"));
    struct look asked = {.code = code == NULL ? "" : code};
    struct response *response = NULL;

    if (database_read(app->database, "submission.family", look, &asked, error)) {
        g_autofree char *wanted = shown_family_path(app, &asked.submission);
        g_autofree char *given =
            g_strdup_printf("/family/%s/%s", asked.submission.code, request_param(request, "token"));
        if (secret_equal(wanted, given)) {
            response = shown_way(app, request, &asked.submission, error);
        } else {
            g_set_error_literal(error, HTTP_ERROR, REASON_NOT_FOUND, "no such link");
        }
    }
    submission_clear(&asked.submission);
    return response;
}
