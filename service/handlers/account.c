/* The own account: signing in and out, one-time codes, sessions, invitations. */
#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/model/invitation.h"
#include "service/model/otp.h"
#include "service/model/staff_phone.h"

enum {
    LOGIN_SECONDS = 8 * 3600,
};

struct call {
    struct app *app;
    const struct request *request;
    const char *username;
    const char *code; /* one-time code; NULL: none */
    struct staff staff;
    bool found;
    char *token;
    char *csrf;
    char **codes;
    const char *invitation;
    const char *password_hash;
    const char *phone;
    struct sql_rows *rows;
};

static bool find(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return staff_find_username(sql, call->username, &call->staff, &call->found, error);
}

static bool note_failure(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return staff_note_failure(sql, &call->staff, request_now_ms(call->request), error);
}

static bool start(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = {call->staff.id, call->staff.role, request_peer(call->request)};

    g_clear_pointer(&call->token, g_free);
    g_clear_pointer(&call->csrf, g_free);
    return otp_spend(sql, call->app->secrets, &call->staff, call->code, request_now_ms(call->request), error) &&
           (call->password_hash == NULL || staff_renew_hash(sql, &call->staff, call->password_hash, error)) &&
           login_start(sql, &call->staff, &actor, request_now_ms(call->request), &call->token, &call->csrf, error);
}

/* Right name and password? A wrong name takes as long as a wrong password and gets the same answer. */
static bool check(struct call *call, const char *password, GError **error)
{
    struct database *database = call->app->database;
    bool right = false;

    if (!database_read(database, "staff.find", find, call, error)) {
        return false;
    }
    if (call->found && call->staff.slowed_until_ms > request_now_ms(call->request)) {
        g_set_error(error, MODEL_ERROR, REASON_LOGIN_SLOWED, "too many wrong passwords");
        return false;
    }
    if (!secret_password_check(call->app->secrets, call->found ? call->staff.password : NULL, password, &right,
                               error)) {
        return false;
    }
    if (right && call->staff.is_active) {
        return true;
    }
    if (call->found && !database_transact(database, "staff.note_failure", note_failure, call, error)) {
        return false;
    }
    g_set_error(error, MODEL_ERROR, REASON_LOGIN, "wrong username or password");
    return false;
}

/* password_mib has changed since the password was set: now it is at hand. */
static bool renew_hash(struct call *call, const char *password, char **hash, GError **error)
{
    if (!secret_password_is_dated(call->app->secrets, call->staff.password)) {
        return true;
    }
    call->password_hash = *hash = secret_password_hash(call->app->secrets, password, error);
    return *hash != NULL;
}

/* A wrong one-time code counts like a wrong password. */
static bool enter(struct call *call, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (database_transact(call->app->database, "login.start", start, call, &cause)) {
        return true;
    }
    if (cause->code == REASON_OTP_WRONG &&
        !database_transact(call->app->database, "staff.note_failure", note_failure, call, error)) {
        return false;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static json_t *me_json(const struct call *call, const struct staff *staff, const char *csrf, bool is_by_provider)
{
    const struct app *app = call->app;
    g_autofree char *phone = staff_phone_masked(app->secrets, staff);
    json_t *json = staff_json(staff);

    json_object_set_new(json, "phone", json_string(phone));
    json_object_set_new(json, "otp_setup",
                        json_boolean(!is_by_provider && staff->otp_secret[0] == '\0' &&
                                     request_requires_otp(app, call->request)));
    json_object_set_new(json, "by_provider", json_boolean(is_by_provider));
    json_object_set_new(json, "csrf", json_string(csrf));
    json_object_set_new(json, "undo_seconds", json_integer(app->settings->undo_seconds));
    json_object_set_new(json, "lease_seconds", json_integer(app->settings->lease_seconds));
    return json;
}

HANDLER(login_post)
{
    struct call call = {.app = app, .request = request};
    const char *password = NULL;
    json_error_t cause;
    g_autofree char *renewed = NULL;
    struct response *response = NULL;

    if (!limits_check(server_limits(request_server(request)), LIMIT_LOGIN_PEER, request, NULL, error)) {
        return NULL; /* argon2id takes 64 MB and a core: not for everybody who asks */
    }
    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s:s, s?s}", "username", &call.username, "password",
                       &password, "otp", &call.code) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    if (check(&call, password, error) && renew_hash(&call, password, &renewed, error) && enter(&call, error)) {
        response = response_json(200, me_json(&call, &call.staff, call.csrf, false));
        response_cookie(response, request, cookie_name_login(request), call.token, LOGIN_SECONDS, "Strict");
        response_header(response, "Cache-Control", "no-store");
    }
    sql_row_clear(&staff_map, &call.staff);
    g_free(call.token);
    g_free(call.csrf);
    return response;
}

static bool end(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    return login_end(sql, request_login(call->request)->digest, error);
}

HANDLER(logout_post)
{
    struct call call = {.app = app, .request = request};

    if (!database_transact(app->database, "login.end", end, &call, error)) {
        return NULL;
    }
    struct response *response = response_empty(204);
    response_cookie(response, request, cookie_name_login(request), "", 0, "Strict");
    return response;
}

HANDLER(me_show)
{
    const struct login *login = request_login(request);
    const struct call call = {.app = app, .request = request};

    (void)error; /* the gate has done the work */
    struct response *response = response_json(200, me_json(&call, &login->staff, login->csrf, login->is_by_provider));
    response_header(response, "Cache-Control", "no-store");
    return response;
}

static struct response *no_store(struct response *response)
{
    response_header(response, "Cache-Control", "no-store");
    return response;
}

static bool begin_otp(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    g_clear_pointer(&call->token, g_free);
    return otp_begin(sql, call->app->secrets, request_staff(call->request), &call->token, error);
}

HANDLER(me_post_otp)
{
    struct call call = {.app = app, .request = request};

    if (!database_transact(app->database, "otp.begin", begin_otp, &call, error)) {
        return NULL;
    }
    g_autofree char *secret = call.token;
    g_autofree char *uri = otp_uri(app->settings->site_name, request_staff(request)->username, secret);
    return no_store(response_json(200, json_pack("{s:s, s:s}", "secret", secret, "uri", uri)));
}

static bool confirm_otp(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    g_clear_pointer(&call->codes, g_strfreev);
    return otp_confirm(sql, call->app->secrets, request_staff(call->request), call->code, &actor,
                       request_now_ms(call->request), &call->codes, error);
}

HANDLER(me_confirm_otp)
{
    const char *code = json_string_value(json_object_get(request_json(request), "code"));
    struct call call = {.app = app, .request = request, .code = code == NULL ? "" : code};

    if (!limits_check(server_limits(request_server(request)), LIMIT_LOGIN_PEER, request, NULL, error) ||
        !database_transact(app->database, "otp.confirm", confirm_otp, &call, error)) {
        return NULL;
    }
    json_t *codes = json_array();
    for (char **one = call.codes; *one != NULL; one++) {
        json_array_append_new(codes, json_string(*one));
    }
    g_strfreev(call.codes);
    return no_store(response_json(200, json_pack("{s:o}", "recovery_codes", codes)));
}

static bool spend_and_confirm(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const int64_t now_ms = request_now_ms(call->request);

    return otp_spend(sql, call->app->secrets, &call->staff, call->code, now_ms, error) &&
           login_confirm(sql, request_login(call->request)->digest, now_ms, error);
}

HANDLER(me_confirm)
{
    struct call call = {.app = app, .request = request, .username = request_staff(request)->username};
    const char *password = NULL;
    json_error_t cause;

    if (!limits_check(server_limits(request_server(request)), LIMIT_LOGIN_PEER, request, NULL, error)) {
        return NULL;
    }
    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s?s}", "password", &password, "otp", &call.code) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    const bool good = check(&call, password, error) &&
                      database_transact(app->database, "login.confirm", spend_and_confirm, &call, error);
    sql_row_clear(&staff_map, &call.staff);
    return good ? response_empty(204) : NULL;
}

static bool set_phone(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;
    const struct actor actor = request_actor(call->request);

    return staff_phone_set(sql, call->app->secrets, actor.id, call->phone, &actor, request_now_ms(call->request),
                           error);
}

/* {phone}; "" for none */
HANDLER(me_put_phone)
{
    struct call call = {.app = app, .request = request};
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s}", "phone", &call.phone) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    return database_transact(app->database, "staff.phone", set_phone, &call, error) ? response_empty(204) : NULL;
}

static bool list_sessions(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    call->rows = login_list(sql, request_staff(call->request)->id, error);
    return call->rows != NULL;
}

HANDLER(me_sessions)
{
    struct call call = {.app = app, .request = request};

    if (!database_read(app->database, "login.list", list_sessions, &call, error)) {
        return NULL;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < call.rows->count; i++) {
        const struct login_row *row = sql_rows_at(call.rows, i);
        json_array_append_new(items, json_pack("{s:s, s:I, s:I, s:s, s:b}", "id", row->id, "created_ms",
                                               (json_int_t)row->created_ms, "seen_ms", (json_int_t)row->seen_ms, "peer",
                                               row->peer, "current",
                                               g_str_has_prefix(request_login(request)->digest, row->id)));
    }
    sql_rows_free(call.rows);
    return no_store(response_json(200, json_pack("{s:o}", "items", items)));
}

static bool end_one(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    return login_end_one(sql, request_staff(call->request)->id, request_param(call->request, "id"), error);
}

HANDLER(me_delete_session)
{
    struct call call = {.app = app, .request = request};

    return database_transact(app->database, "login.end_one", end_one, &call, error) ? response_empty(204) : NULL;
}

static bool look_invitation(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;

    return invitation_find(sql, call->invitation, request_now_ms(call->request), &call->staff, error);
}

static bool accept_invitation(struct sql *sql, void *context, GError **error)
{
    const struct call *call = context;

    return invitation_accept(sql, call->invitation, call->password_hash, request_peer(call->request),
                             request_now_ms(call->request), error);
}

HANDLER(invitation_accept_post)
{
    struct call call = {.app = app, .request = request};
    const char *password = NULL;
    json_error_t cause;

    if (!limits_check(server_limits(request_server(request)), LIMIT_LOGIN_PEER, request, NULL, error)) {
        return NULL;
    }
    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s:s}", "token", &call.invitation, "password",
                       &password) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    if (!database_read(app->database, "invitation.find", look_invitation, &call, error)) {
        return NULL;
    }
    g_autofree char *username = g_strdup(call.staff.username);
    sql_row_clear(&staff_map, &call.staff);
    if (!staff_password_check(password, username, error)) {
        return NULL;
    }
    g_autofree char *hash = secret_password_hash(app->secrets, password, error);
    call.password_hash = hash;
    if (hash == NULL || !database_transact(app->database, "invitation.accept", accept_invitation, &call, error)) {
        return NULL;
    }
    return no_store(response_json(200, json_pack("{s:s}", "username", username)));
}
