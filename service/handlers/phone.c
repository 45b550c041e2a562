/* Telephone numbers: a code by SMS, and with it the way to one's works from any phone. */
#include "service/handlers/phone.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/posted.h"
#include "service/handlers/shown.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/http/transfer.h"
#include "service/model/identity.h"
#include "service/model/phone_code.h"
#include "service/model/text.h"
#include "service/sms.h"

enum {
    DEVICE_SECONDS = 365 * 24 * 3600,
    RETRY_SECONDS = 60,
};

/* "138 0000 1234" -> digits, where SMS is on; the caller's. */
static char *read_phone(const struct app *app, const char *given, GError **error)
{
    char *phone = sms_is_on(app) ? text_phone(given) : NULL;

    if (phone == NULL) {
        refuse(error, HTTP_ERROR, sms_is_on(app) ? REASON_PHONE_INVALID : REASON_SMS_OFF,
               "no number, or no SMS gateway");
    }
    return phone;
}

struct ask {
    struct app *app;
    struct phone_asking asking;
    char *id;
    char *code;
};

static bool add_code(struct sql *sql, void *context, GError **error)
{
    struct ask *ask = context;

    return phone_code_add(sql, ask->app->secrets, &ask->asking, &ask->id, &ask->code, error);
}

static bool remove_code(struct sql *sql, void *context, GError **error)
{
    const struct ask *ask = context;

    return phone_code_remove(sql, ask->id, error);
}

/* Transfer threads. */
static bool send_code(struct app *app, struct request *request, const char *phone, GError **error)
{
    g_autofree char *block = limits_block_of(request_peer(request));
    struct ask ask = {.app = app, .asking = {phone, block, request_now_ms(request)}};
    json_auto_t *params = NULL;

    request_retry_after(request, RETRY_SECONDS);
    if (!database_transact(app->database, "phone_code.add", add_code, &ask, error)) {
        return false;
    }
    params = json_pack("{s:s, s:i}", "code", ask.code, "minutes", PHONE_CODE_MINUTES);
    const struct sms_text text = {.phone = phone, .template = "code", .params = params};
    const bool sent = sms_send(app, &text, error);
    if (!sent) {
        (void)database_transact(app->database, "phone_code.remove", remove_code, &ask, NULL); /* else: wait a minute */
    }
    g_free(ask.id);
    g_free(ask.code);
    return sent;
}

HANDLER(phone_post_code)
{
    if (!request_is_transferring(request)) {
        return request_transfer(request, phone_post_code);
    }
    g_autofree char *phone = read_phone(app, json_string_value(json_object_get(request_json(request), "phone")), error);

    return phone != NULL && send_code(app, request, phone, error) ? response_empty(204) : NULL;
}

struct showing {
    struct app *app;
    struct phone_showing showing;
    const char *device;
    const char *identity;
    bool right;
};

static bool look_bound(struct sql *sql, void *context, GError **error)
{
    struct showing *showing = context;

    return identity_is_bound(sql, showing->device, showing->identity, showing->showing.now_ms, &showing->right, error);
}

static bool show_code(struct sql *sql, void *context, GError **error)
{
    struct showing *showing = context;

    return phone_code_show(sql, showing->app->secrets, &showing->showing, &showing->right, error);
}

static bool bind_device(struct sql *sql, void *context, GError **error)
{
    const struct showing *showing = context;

    return identity_bind_device(sql, showing->device, IDENTITY_PHONE, showing->identity, showing->showing.now_ms,
                                error);
}

bool phone_is_shown(struct app *app, const struct request *request, const char *phone, const char *code, const char *by,
                    GError **error)
{
    g_autofree char *digits = text_phone(phone);
    g_autofree char *device = request_device(request);

    if (!sms_is_on(app) || digits == NULL) {
        return true; /* no number at all is the form's to refuse */
    }
    g_autofree char *identity = identity_of(app->secrets, IDENTITY_PHONE, digits);
    struct showing showing = {.app = app,
                              .showing = {digits, code, by, request_now_ms(request)},
                              .device = device == NULL ? "" : device,
                              .identity = identity};
    if (!database_read(app->database, "device_identity.bound", look_bound, &showing, error)) {
        return false;
    }
    if (showing.right) {
        return true;
    }
    if (code == NULL || code[0] == '\0') {
        return refuse(error, HTTP_ERROR, REASON_PHONE_CODE, "no code");
    }
    return database_transact(app->database, "phone_code.show", show_code, &showing, error) &&
           (showing.right || refuse(error, HTTP_ERROR, REASON_PHONE_CODE_WRONG, "wrong or old code"));
}

/* The device's cookie: the one that came, or a new one. The caller's. */
static char *device_token(const struct request *request)
{
    const char *cookie = request_cookie(request, cookie_name_device(request));

    return cookie == NULL ? secret_token() : g_strdup(cookie);
}

/* From now on this device sees the works of the number. */
static bool sign_in(struct app *app, struct request *request, const char *phone, const char *code, const char *token,
                    GError **error)
{
    g_autofree char *identity = identity_of(app->secrets, IDENTITY_PHONE, phone);
    g_autofree char *device = secret_digest(token);
    struct showing showing = {.app = app,
                              .showing = {phone, code, device, request_now_ms(request)},
                              .device = device,
                              .identity = identity};

    if (!limits_check(server_limits(request_server(request)), LIMIT_LOGIN_PEER, request, NULL, error) ||
        !database_transact(app->database, "phone_code.show", show_code, &showing, error)) {
        return false;
    }
    return showing.right ? database_transact(app->database, "device_identity.bind", bind_device, &showing, error)
                         : refuse(error, HTTP_ERROR, REASON_PHONE_CODE_WRONG, "wrong or old code");
}

HANDLER(phone_post_session)
{
    json_t *json = request_json(request);
    const char *code = json_string_value(json_object_get(json, "code"));
    g_autofree char *phone = read_phone(app, json_string_value(json_object_get(json, "phone")), error);
    g_autofree char *token = device_token(request);

    if (phone == NULL || !sign_in(app, request, phone, code == NULL ? "" : code, token, error)) {
        return NULL;
    }
    struct response *response = response_empty(204);
    response_cookie(response, request, cookie_name_device(request), token, DEVICE_SECONDS, "Lax");
    return response;
}

/* --- the same as a page ------------------------------------------------------------------------------------------ */

static struct response *answer_page(struct app *app, struct request *request, json_t *more, int status, GError **error)
{
    json_t *data = shown_page(app, request, "用手机号找作品", "mine");

    json_object_update(data, more);
    struct response *response = shown_html(app, "phone.html", data, status, error);
    if (response != NULL) {
        response_header(response, "Cache-Control", "no-store");
    }
    return response;
}

HANDLER(page_phone)
{
    json_auto_t *more = json_object();

    if (!sms_is_on(app)) {
        refuse(error, HTTP_ERROR, REASON_SMS_OFF, "no SMS gateway");
        return NULL;
    }
    return answer_page(app, request, more, 200, error);
}

static struct response *answer_posted(struct app *app, struct request *request, struct fields *fields, GError **error)
{
    const char *code = fields_get(fields, "code");
    g_autoptr(GError) cause = NULL;
    g_autofree char *token = device_token(request);
    g_autofree char *phone = read_phone(app, fields_get(fields, "phone"), &cause);
    const bool signs_in = code[0] != '\0';
    const bool done = phone != NULL && (signs_in ? sign_in(app, request, phone, code, token, &cause)
                                                 : send_code(app, request, phone, &cause));

    if (done && signs_in) {
        struct response *response = response_redirect(303, "/status");
        response_cookie(response, request, cookie_name_device(request), token, DEVICE_SECONDS, "Lax");
        return response;
    }
    const struct reason_rule *rule = done ? NULL : reason_rule_of(error_reason(cause));
    json_auto_t *more = json_pack("{s:s, s:b, s:s}", "phone", fields_get(fields, "phone"), "is_sent",
                                  (int)(done || signs_in), "error_text", rule == NULL ? "" : rule->detail);
    return answer_page(app, request, more, rule == NULL ? 200 : failure_rule_of(rule->failure)->http_status, error);
}

HANDLER(page_phone_post)
{
    return posted_read(app, request, answer_posted, error);
}
