#include "service/handlers/access.h"

#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/app.h"
#include "service/http/request.h"
#include "service/http/response.h"
#include "service/model/identity.h"
#include "service/model/permission.h"
#include "service/model/pin.h"
#include "service/model/worker.h"

/* What each access asks for. */
static const struct {
    enum principal_kind kind;
    bool same_site;             /* a browser must come from a page of ours to write */
    enum permission permission; /* PRINCIPAL_STAFF */
} RULES[ACCESS_COUNT] = {
    [ACCESS_PUBLIC] = {PRINCIPAL_NOBODY, false, 0},
    [ACCESS_SHARED] = {PRINCIPAL_NOBODY, false, 0},
    [ACCESS_FORM] = {PRINCIPAL_NOBODY, true, 0},
    [ACCESS_SUBMITTER] = {PRINCIPAL_SUBMITTER, true, 0},
    [ACCESS_SELF] = {PRINCIPAL_STAFF, true, PERMISSION_SELF},
    [ACCESS_STAFF] = {PRINCIPAL_STAFF, true, PERMISSION_STAFF},
    [ACCESS_SEE] = {PRINCIPAL_STAFF, true, PERMISSION_SEE},
    [ACCESS_DECIDE] = {PRINCIPAL_STAFF, true, PERMISSION_DECIDE},
    [ACCESS_BULK] = {PRINCIPAL_STAFF, true, PERMISSION_BULK},
    [ACCESS_TAKE_DOWN] = {PRINCIPAL_STAFF, true, PERMISSION_TAKE_DOWN},
    [ACCESS_LEDGER] = {PRINCIPAL_STAFF, true, PERMISSION_LEDGER},
    [ACCESS_EXPORT] = {PRINCIPAL_STAFF, true, PERMISSION_EXPORT},
    [ACCESS_PEOPLE] = {PRINCIPAL_STAFF, true, PERMISSION_PEOPLE},
    [ACCESS_PEOPLE_SECRET] = {PRINCIPAL_STAFF, true, PERMISSION_PEOPLE_SECRET},
    [ACCESS_FIGURES] = {PRINCIPAL_STAFF, true, PERMISSION_FIGURES},
    [ACCESS_SELECTIONS] = {PRINCIPAL_STAFF, true, PERMISSION_SELECTIONS},
    [ACCESS_SELECT] = {PRINCIPAL_STAFF, true, PERMISSION_SELECT},
    [ACCESS_RECOMMEND] = {PRINCIPAL_STAFF, true, PERMISSION_RECOMMEND},
    [ACCESS_JUDGE] = {PRINCIPAL_STAFF, true, PERMISSION_JUDGE},
    [ACCESS_ANNEXES] = {PRINCIPAL_STAFF, true, PERMISSION_ANNEXES},
    [ACCESS_ANNEX] = {PRINCIPAL_STAFF, true, PERMISSION_ANNEX},
    [ACCESS_RULES] = {PRINCIPAL_STAFF, true, PERMISSION_RULES},
    [ACCESS_MACHINES] = {PRINCIPAL_STAFF, true, PERMISSION_MACHINES},
    [ACCESS_PROGRAMME] = {PRINCIPAL_STAFF, true, PERMISSION_PROGRAMME},
    [ACCESS_COLLECTIONS] = {PRINCIPAL_STAFF, true, PERMISSION_COLLECTIONS},
    [ACCESS_LINKS] = {PRINCIPAL_STAFF, true, PERMISSION_LINKS},
    [ACCESS_BATCH] = {PRINCIPAL_STAFF, true, PERMISSION_BATCH},
    [ACCESS_WORKER] = {PRINCIPAL_WORKER, false, 0},
    [ACCESS_RECEIVER] = {PRINCIPAL_RECEIVER, false, 0},
};

static void principal_free(gpointer data)
{
    struct principal *principal = data;

    login_clear(&principal->login);
    submission_clear(&principal->submission);
    receiver_clear(&principal->receiver);
    g_free(principal->worker_token_id);
    g_free(principal);
}

static bool is_write(const struct request *request)
{
    const char *method = request_method(request);

    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 && strcmp(method, "OPTIONS") != 0;
}

/* Browsers name the page a write comes from; programs name nothing and carry no cookie of ours by themselves. */
static bool is_same_site(const struct request *request)
{
    const char *origin = request_header(request, "Origin");
    const char *site = request_header(request, "Sec-Fetch-Site");

    if (site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
        return false;
    }
    if (origin == NULL) {
        return true;
    }
    g_autofree char *own = g_strdup_printf("%s://%s", request_scheme(request), request_host(request));
    return strcmp(origin, own) == 0;
}

struct look {
    struct app *app;
    const struct request *request;
    struct principal *principal;
    const char *key; /* token or code */
    const char *pin; /* NULL: none */
    bool found;
};

static bool look_login(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;

    return login_find(sql, look->key, request_now_ms(look->request), &look->principal->login, &look->found, error);
}

static bool touch_login(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;

    return login_touch(sql, look->principal->login.digest, request_now_ms(look->request), error);
}

/* What is no clear no is a yes. */
bool request_requires_otp(const struct app *app, const struct request *request)
{
    static const char *const OFF[] = {"false", "0", "off", NULL};
    const char *setting = app->settings->require_otp;

    return strcmp(setting, "auto") == 0 ? strcmp(request_scheme(request), "https") == 0
                                        : !g_strv_contains(OFF, setting);
}

static bool admit_staff(struct look *look, enum permission permission, GError **error)
{
    const struct request *request = look->request;

    look->key = request_cookie(request, cookie_name_login(request));
    if (look->key == NULL || !database_read(look->app->database, "login", look_login, look, error)) {
        return look->key != NULL ? false : refuse(error, HTTP_ERROR, REASON_UNAUTHENTICATED, "no login cookie");
    }
    if (!look->found) {
        return refuse(error, HTTP_ERROR, REASON_UNAUTHENTICATED, "the login is over");
    }
    const struct login *login = &look->principal->login;
    if (!may(look->app->rules, &login->staff, permission, NULL, error)) {
        return false;
    }
    if (is_write(request) && !secret_equal(request_header(request, "X-CSRF-Token"), login->csrf)) {
        return refuse(error, HTTP_ERROR, REASON_FORM_TOKEN, "X-CSRF-Token does not fit the login");
    }
    const struct asking asking = {.requires_otp = request_requires_otp(look->app, request),
                                  .is_deletion = strcmp(request_method(request), "DELETE") == 0,
                                  .now_ms = request_now_ms(request)};
    if (!may_now(login, permission, &asking, error)) {
        return false;
    }
    return !is_write(request) || database_transact(look->app->database, "login.touch", touch_login, look, error);
}

bool access_is_staff(struct app *app, const struct request *request, enum permission permission, const char *region)
{
    struct principal principal = {0};
    struct look look = {.app = app, .request = request, .principal = &principal};
    g_autoptr(GError) no = NULL;
    const bool is =
        admit_staff(&look, permission, &no) && may(app->rules, &principal.login.staff, permission, region, &no);

    login_clear(&principal.login);
    return is;
}

static bool look_submission(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;

    return submission_get_code(sql, look->key, &look->principal->submission, error);
}

static bool check_pin(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;
    return pin_check(sql, look->app->secrets, &look->principal->submission, look->pin, request_now_ms(look->request),
                     &look->found, error);
}

static bool look_identity(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;
    g_autofree char *device = request_device(look->request);

    return identity_may(sql, device, look->principal->submission.id, request_now_ms(look->request), &look->found,
                        error);
}

/* A wrong code and a wrong PIN are answered alike. */
static bool admit_submitter(struct look *look, GError **error)
{
    g_autofree char *device = request_device(look->request);
    g_autoptr(GError) cause = NULL;

    if (!database_read(look->app->database, "submission.by_code", look_submission, look, &cause)) {
        if (cause->code == REASON_NOT_FOUND) {
            return refuse(error, HTTP_ERROR, REASON_PIN_WRONG, "no such receipt code");
        }
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (secret_equal(device, look->principal->submission.device_digest)) {
        return true;
    }
    if (device != NULL && !database_read(look->app->database, "work_identity.may", look_identity, look, error)) {
        return false;
    }
    if (look->found) {
        return true;
    }
    if (look->pin == NULL) {
        return refuse(error, HTTP_ERROR, REASON_PIN_WRONG, "neither device cookie nor PIN");
    }
    if (!database_transact(look->app->database, "submission.pin", check_pin, look, error)) {
        return false;
    }
    return look->found || refuse(error, HTTP_ERROR, REASON_PIN_WRONG, "wrong PIN");
}

static bool look_worker(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;

    g_clear_pointer(&look->principal->worker_token_id, g_free);
    return worker_token_find(sql, look->key, &look->principal->worker_token_id, error);
}

bool access_submission(struct app *app, const struct request *request, const struct receipt *receipt,
                       struct submission *submission, GError **error)
{
    struct principal principal = {0};
    struct look look = {
        .app = app, .request = request, .principal = &principal, .key = receipt->code, .pin = receipt->pin};
    const bool admitted = admit_submitter(&look, error);

    if (admitted) {
        *submission = principal.submission;
    } else {
        submission_clear(&principal.submission);
    }
    return admitted;
}

/* "" when there is none. */
static const char *bearer_of(const struct request *request)
{
    const char *header = request_header(request, "Authorization");

    return header != NULL && g_str_has_prefix(header, "Bearer ") ? header + strlen("Bearer ") : "";
}

static bool look_receiver(struct sql *sql, void *context, GError **error)
{
    struct look *look = context;

    return receiver_find_token(sql, look->key, &look->principal->receiver, &look->found, error);
}

static bool admit_receiver(struct look *look, GError **error)
{
    look->key = bearer_of(look->request);
    if (look->key[0] != '\0' &&
        !database_read(look->app->database, "receiver.find_token", look_receiver, look, error)) {
        return false;
    }
    return look->found ||
           refuse(error, HTTP_ERROR, REASON_UNAUTHENTICATED, "no, a wrong or a revoked token of a receiver");
}

static bool admit_worker(struct look *look, GError **error)
{
    look->key = bearer_of(look->request);
    if (secret_equal(look->key, look->app->worker_token)) {
        look->principal->worker_token_id = g_strdup("");
        return true;
    }
    if (look->key[0] != '\0' && !database_read(look->app->database, "worker_token.find", look_worker, look, error)) {
        return false;
    }
    return look->principal->worker_token_id != NULL ||
           refuse(error, HTTP_ERROR, REASON_UNAUTHENTICATED, "no, a wrong or a revoked worker token");
}

bool access_gate(struct app *app, const struct route *route, struct request *request, GError **error)
{
    struct principal *principal = g_new0(struct principal, 1);
    struct look look = {.app = app, .request = request, .principal = principal};

    g_assert(route->access >= 0 && route->access < ACCESS_COUNT);
    principal->kind = RULES[route->access].kind;
    request_set_principal(request, principal, principal_free);
    if (RULES[route->access].same_site && is_write(request) && !is_same_site(request)) {
        return refuse(error, HTTP_ERROR, REASON_DENIED, "a write from another site's page");
    }
    switch (principal->kind) {
    case PRINCIPAL_NOBODY:
        return true;
    case PRINCIPAL_SUBMITTER:
        look.key = request_param(request, "code");
        look.pin = request_header(request, "X-Pin");
        return admit_submitter(&look, error);
    case PRINCIPAL_STAFF:
        return admit_staff(&look, RULES[route->access].permission, error);
    case PRINCIPAL_WORKER:
        return admit_worker(&look, error);
    case PRINCIPAL_RECEIVER:
        return admit_receiver(&look, error);
    }
    return refuse(error, HTTP_ERROR, REASON_DENIED, "no rule");
}

const struct login *request_login(const struct request *request)
{
    const struct principal *principal = request_principal(request);

    g_assert(principal != NULL && principal->kind == PRINCIPAL_STAFF);
    return &principal->login;
}

const struct staff *request_staff(const struct request *request)
{
    return &request_login(request)->staff;
}

struct actor request_actor(const struct request *request)
{
    const struct staff *staff = request_staff(request);

    return (struct actor){staff->id, staff->role, request_peer(request)};
}

struct submission *request_submission(const struct request *request)
{
    struct principal *principal = request_principal(request);

    g_assert(principal != NULL && principal->kind == PRINCIPAL_SUBMITTER);
    return &principal->submission;
}

const char *request_worker_token(const struct request *request)
{
    const struct principal *principal = request_principal(request);

    g_assert(principal != NULL && principal->kind == PRINCIPAL_WORKER);
    return principal->worker_token_id;
}

const struct receiver *request_receiver(const struct request *request)
{
    const struct principal *principal = request_principal(request);

    g_assert(principal != NULL && principal->kind == PRINCIPAL_RECEIVER);
    return &principal->receiver;
}

static bool is_tls(const struct request *request)
{
    return strcmp(request_scheme(request), "https") == 0;
}

const char *cookie_name_login(const struct request *request)
{
    return is_tls(request) ? "__Host-xuepai" : "xuepai";
}

const char *cookie_name_device(const struct request *request)
{
    return is_tls(request) ? "__Host-xuepai-device" : "xuepai-device";
}

char *request_device(const struct request *request)
{
    const char *cookie = request_cookie(request, cookie_name_device(request));

    return cookie == NULL ? NULL : secret_digest(cookie);
}

void response_cookie(struct response *response, const struct request *request, const char *name, const char *value,
                     int64_t max_age_seconds, const char *same_site)
{
    response_headerf(response, "Set-Cookie", "%s=%s; Path=/; HttpOnly; SameSite=%s; Max-Age=%" G_GINT64_FORMAT "%s",
                     name, value, same_site, max_age_seconds, is_tls(request) ? "; Secure" : "");
}
