/* The accounts of staff: administrators, each for the own region. */
#include "service/model/staff.h"

#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/work.h"
#include "service/model/staff_identity.h"
#include "service/model/invitation.h"
#include "service/model/otp.h"
#include "service/model/permission.h"
#include "service/model/staff_phone.h"

struct call {
    struct app *app;
    const struct request *request;
    const struct staff_new *new_staff;
    struct staff_change change;
    char *id;
    char *token; /* of an invitation */
    int64_t expires_ms;
    const char *password_hash;
    const char *phone;    /* NULL: unchanged */
    const char *identity; /* name at the identity provider */
    bool invites;
    int active; /* -1: unchanged */
    struct sql_rows *rows;
};

static bool list(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    call->rows = staff_list(sql, error);
    return call->rows != NULL;
}

HANDLER(staff_index)
{
    struct call call = {.app = app, .request = request};

    if (!database_read(app->database, "staff.list", list, &call, error)) {
        return NULL;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < call.rows->count; i++) {
        const struct staff *staff = sql_rows_at(call.rows, i);
        if (may(app->rules, request_staff(request), PERMISSION_PEOPLE, staff->scope, NULL)) {
            g_autofree char *phone = staff_phone_masked(app->secrets, staff);
            json_t *item = staff_json(staff);
            json_object_set_new(item, "phone", json_string(phone));
            json_array_append_new(items, item);
        }
    }
    sql_rows_free(call.rows);
    return response_json(200, json_pack("{s:o}", "items", items));
}

static bool set_phone(struct sql *sql, const struct call *call, const char *id, GError **error)
{
    const struct actor actor = request_actor(call->request);

    return call->phone == NULL ||
           staff_phone_set(sql, call->app->secrets, id, call->phone, &actor, request_now_ms(call->request), error);
}

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    const int64_t now_ms = request_now_ms(call->request);

    g_clear_pointer(&call->id, g_free);
    g_clear_pointer(&call->token, g_free);
    return staff_add(sql, call->app->rules, call->new_staff, &actor, now_ms, &call->id, error) &&
           set_phone(sql, call, call->id, error) &&
           (!call->invites || invitation_add(sql, call->id, &actor, now_ms, &call->token, &call->expires_ms, error));
}

/* Nobody makes or changes people beyond the own region. */
static bool in_scope(const struct call *call, const char *scope, GError **error)
{
    const struct app *app = call->app;

    return rules_region_find(app->rules, scope) == NULL || /* the model refuses it as input */
           may(app->rules, request_staff(call->request), PERMISSION_PEOPLE, scope, error);
}

/* The person of /staff/:id, who has to be in the administrator's region. */
static bool check_person(struct sql *sql, const struct call *call, GError **error)
{
    struct staff staff = {0};

    if (!staff_get(sql, request_param(call->request, "id"), &staff, error)) {
        return false;
    }
    const bool good = may(call->app->rules, request_staff(call->request), PERMISSION_PEOPLE, staff.scope, error);
    sql_row_clear(&staff_map, &staff);
    return good;
}

/* The token lies behind #, so no log of any server sees it. */
static char *invitation_url(const struct call *call)
{
    g_autofree char *base = base_url(call->app, call->request);

    return g_strdup_printf("%s/console#invitation/%s", base, call->token);
}

/* ["first", "final"] -> "first final" */
static char *stage_words(const json_t *stages)
{
    g_autoptr(GString) words = g_string_new(NULL);
    size_t index;
    json_t *stage;

    json_array_foreach(stages, index, stage) {
        g_string_append_printf(words, "%s ", json_is_string(stage) ? json_string_value(stage) : "?");
    }
    return g_strdup(words->str);
}

HANDLER(staff_post)
{
    struct staff_new fresh = {0};
    struct call call = {.app = app, .request = request, .new_staff = &fresh};
    const char *password = NULL;
    json_t *stages = NULL;
    int invites = 0;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s:s, s:s, s:s, s?o, s?s, s?b, s?s, s?s}", "username",
                       &fresh.username, "name", &fresh.name, "role", &fresh.role, "scope", &fresh.scope, "stages",
                       &stages, "password", &password, "invite", &invites, "unit", &fresh.unit, "phone",
                       &call.phone) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    if (!in_scope(&call, fresh.scope, error)) {
        return NULL;
    }
    call.invites = invites != 0;
    g_autofree char *words = stage_words(stages);
    g_autofree char *made = password == NULL ? secret_digits(16) : NULL;
    const char *chosen = password == NULL ? made : password;
    if (!staff_password_check(chosen, fresh.username, error)) {
        return NULL;
    }
    g_autofree char *hash = secret_password_hash(app->secrets, chosen, error);
    if (hash == NULL) {
        return NULL;
    }
    fresh.stages = words;
    fresh.password_hash = hash;
    if (!database_transact(app->database, "staff.add", add, &call, error)) {
        return NULL;
    }
    g_autofree char *invitation = call.invites ? invitation_url(&call) : NULL;
    /* with an invitation nobody has to know the random password */
    struct response *response =
        response_json(201, json_pack("{s:s, s:s, s:s?, s:s?}", "id", call.id, "username", fresh.username, "password",
                                     call.invites ? NULL : made, "invitation", invitation));
    g_free(call.token);
    response_header(response, "Cache-Control", "no-store");
    g_free(call.id);
    return response;
}

static bool change(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);
    const char *id = request_param(call->request, "id");
    const int64_t now_ms = request_now_ms(call->request);

    const bool changes = call->change.name != NULL || call->change.role != NULL || call->change.scope != NULL ||
                         call->change.stages != NULL || call->change.recusals != NULL || call->change.unit != NULL;

    return check_person(sql, call, error) &&
           (!changes || staff_change(sql, call->app->rules, id, &call->change, &actor, now_ms, error)) &&
           set_phone(sql, call, id, error) &&
           (call->active < 0 || staff_set_active(sql, id, call->active != 0, &actor, now_ms, error)) &&
           (call->password_hash == NULL || staff_set_password(sql, id, call->password_hash, &actor, now_ms, error));
}

HANDLER(staff_patch)
{
    struct call call = {.app = app, .request = request, .active = -1};
    const char *password = NULL;
    json_t *stages = NULL;
    json_t *recusals = NULL;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s?b, s?s, s?s, s?s, s?s, s?o, s?o, s?s, s?s}", "active",
                       &call.active, "password", &password, "name", &call.change.name, "role", &call.change.role,
                       "scope", &call.change.scope, "stages", &stages, "recusals", &recusals, "unit", &call.change.unit,
                       "phone", &call.phone) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    g_autofree char *stage_text = stages == NULL ? NULL : stage_words(stages);
    g_autofree char *recusal_text = recusals == NULL ? NULL : stage_words(recusals);
    g_autofree char *hash = NULL;
    call.change.stages = stage_text;
    call.change.recusals = recusal_text;
    if (call.change.scope != NULL && !in_scope(&call, call.change.scope, error)) {
        return NULL;
    }
    if (password != NULL) {
        if (!staff_password_check(password, "", error)) {
            return NULL;
        }
        hash = secret_password_hash(app->secrets, password, error);
        if (hash == NULL) {
            return NULL;
        }
        call.password_hash = hash;
    }
    return database_transact(app->database, "staff.change", change, &call, error) ? response_empty(204) : NULL;
}

static bool invite(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    g_clear_pointer(&call->token, g_free);
    return check_person(sql, call, error) &&
           invitation_add(sql, request_param(call->request, "id"), &actor, request_now_ms(call->request), &call->token,
                          &call->expires_ms, error);
}

HANDLER(invitation_post)
{
    struct call call = {.app = app, .request = request};

    if (!database_transact(app->database, "invitation.add", invite, &call, error)) {
        return NULL;
    }
    g_autofree char *url = invitation_url(&call);
    g_autofree char *expires = time_text(call.expires_ms);
    g_free(call.token);
    struct response *response = response_json(201, json_pack("{s:s, s:s}", "url", url, "expires_at", expires));
    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool reset_otp(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return check_person(sql, call, error) &&
           otp_reset(sql, request_param(call->request, "id"), &actor, request_now_ms(call->request), error);
}

HANDLER(staff_delete_otp)
{
    struct call call = {.app = app, .request = request};

    return database_transact(app->database, "otp.reset", reset_otp, &call, error) ? response_empty(204) : NULL;
}

static bool end_sessions(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct actor actor = request_actor(call->request);
    const char *id = request_param(call->request, "id");
    const struct ledger_entry entry = {.action = "staff.sessions_ended", .object = id};

    return check_person(sql, call, error) && login_end_all(sql, id, error) &&
           ledger_add(sql, &actor, &entry, request_now_ms(call->request), error);
}

HANDLER(staff_delete_sessions)
{
    struct call call = {.app = app, .request = request};

    return database_transact(app->database, "login.end_all", end_sessions, &call, error) ? response_empty(204) : NULL;
}

static bool put_identity(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return check_person(sql, call, error) &&
           staff_identity_invite(sql, request_param(call->request, "id"), call->app->settings->oidc_issuer,
                                 call->identity, &actor, request_now_ms(call->request), error);
}

HANDLER(identity_put)
{
    struct call call = {.app = app, .request = request};
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s}", "username", &call.identity) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    return database_transact(app->database, "identity.invite", put_identity, &call, error) ? response_empty(204) : NULL;
}

static bool remove_identity(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return check_person(sql, call, error) &&
           staff_identity_remove(sql, request_param(call->request, "id"), &actor, request_now_ms(call->request), error);
}

HANDLER(identity_delete)
{
    struct call call = {.app = app, .request = request};

    return database_transact(app->database, "identity.remove", remove_identity, &call, error) ? response_empty(204)
                                                                                              : NULL;
}
