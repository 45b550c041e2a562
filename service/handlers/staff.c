/* Signing in and out, and the accounts of staff. */
#include "service/model/staff.h"

#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/http/limits.h"
#include "service/http/server.h"

enum {
    LOGIN_SECONDS = 8 * 3600,
};

struct call {
    struct app *app;
    const struct request *request;
    const char *username;
    struct staff staff;
    bool found;
    char *token;
    char *csrf;
    const struct staff_new *new_staff;
    char *id;
    const char *password_hash;
    int active; /* -1: unchanged */
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
    return login_start(sql, &call->staff, &actor, request_now_ms(call->request), &call->token, &call->csrf, error);
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

static json_t *me_json(const struct staff *staff, const char *csrf, const struct app *app)
{
    json_t *json = staff_json(staff);

    json_object_set_new(json, "csrf", json_string(csrf));
    json_object_set_new(json, "undo_seconds", json_integer(app->settings->undo_seconds));
    json_object_set_new(json, "lease_seconds", json_integer(app->settings->lease_seconds));
    return json;
}

HANDLER(login_post)
{
    struct call call = {.app = app, .request = request};
    const char *password = NULL;
    const char *otp = NULL;
    json_error_t cause;
    struct response *response = NULL;

    if (!limits_check(server_limits(request_server(request)), LIMIT_LOGIN_PEER, request, NULL, error)) {
        return NULL; /* argon2id takes 64 MB and a core: not for everybody who asks */
    }
    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s:s, s?s}", "username", &call.username, "password",
                       &password, "otp", &otp) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    if (check(&call, password, error) && database_transact(app->database, "login.start", start, &call, error)) {
        response = response_json(200, me_json(&call.staff, call.csrf, app));
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

    (void)error; /* the gate has done the work */
    struct response *response = response_json(200, me_json(&login->staff, login->csrf, app));
    response_header(response, "Cache-Control", "no-store");
    return response;
}

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
        json_array_append_new(items, staff_json(sql_rows_at(call.rows, i)));
    }
    sql_rows_free(call.rows);
    return response_json(200, json_pack("{s:o}", "items", items));
}

static bool add(struct sql *sql, void *context, GError **error)
{
    struct call *call = context;
    const struct actor actor = request_actor(call->request);

    g_clear_pointer(&call->id, g_free);
    return staff_add(sql, call->app->rules, call->new_staff, &actor, request_now_ms(call->request), &call->id, error);
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
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s:s, s:s, s:s, s:s, s?o, s?s}", "username", &fresh.username,
                       "name", &fresh.name, "role", &fresh.role, "scope", &fresh.scope, "stages", &stages, "password",
                       &password) != 0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
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
    struct response *response =
        response_json(201, json_pack("{s:s, s:s, s:s?}", "id", call.id, "username", fresh.username, "password", made));
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

    return (call->active < 0 || staff_set_active(sql, id, call->active != 0, &actor, now_ms, error)) &&
           (call->password_hash == NULL || staff_set_password(sql, id, call->password_hash, &actor, now_ms, error));
}

HANDLER(staff_patch)
{
    struct call call = {.app = app, .request = request, .active = -1};
    const char *password = NULL;
    json_error_t cause;

    if (json_unpack_ex(request_json(request), &cause, 0, "{s?b, s?s}", "active", &call.active, "password", &password) !=
        0) {
        g_set_error(error, HTTP_ERROR, REASON_JSON, "%s", cause.text);
        return NULL;
    }
    g_autofree char *hash = NULL;
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
