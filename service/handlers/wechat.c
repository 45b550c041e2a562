/* WeChat: a silent redirect (snsapi_base) tells who stands before us, so that works are found again on another phone; and
 * the signature by which a public page says what its shared link looks like. */
#include "service/handlers/wechat.h"

#include <string.h>

#include "common/failure.h"
#include "service/handlers/access.h"
#include "service/handlers/work.h"
#include "service/http/transfer.h"
#include "service/model/identity.h"
#include "service/wechat.h"

#define STATE_MS INT64_C(600000) /* WeChat's own codes live for five minutes */
#define SKIP     "xuepai-wx"     /* it did not work a moment ago: show the page */

enum {
    DEVICE_SECONDS = 365 * 24 * 3600,
    SKIP_SECONDS = 600,
    CODE_MOST = 128,
};

/* Bound to the device's cookie, the page to come back to and the time: nobody can make another's browser carry his code.
 * Letters and digits, as WeChat wants it. */
static char *state_of(const struct app *app, const char *device, const char *to, int64_t at_ms)
{
    g_autofree char *text = g_strdup_printf("%s|%s|%" G_GINT64_FORMAT, device, to, at_ms);
    g_autofree char *mac = secret_mac(app->secrets, "wechat-state", text);

    return g_strdup_printf("%" G_GINT64_MODIFIER "x%s", at_ms, mac);
}

static bool check_state(const struct app *app, const struct request *request, const char *to, GError **error)
{
    const char *state = request_query(request, "state");
    const size_t mac = 64;
    const size_t length = state == NULL ? 0 : strlen(state);
    g_autofree char *device = request_device(request);
    g_autofree char *head = length <= mac ? NULL : g_strndup(state, length - mac);
    guint64 at_ms = 0;

    if (head == NULL || device == NULL || !g_ascii_string_to_unsigned(head, 16, 0, G_MAXINT64, &at_ms, NULL) ||
        request_now_ms(request) - (int64_t)at_ms > STATE_MS) {
        return refuse(error, HTTP_ERROR, REASON_FORM_TOKEN, "state is missing or old, or no cookie");
    }
    g_autofree char *wanted = state_of(app, device, to, (int64_t)at_ms);
    return secret_equal(state, wanted) ||
           refuse(error, HTTP_ERROR, REASON_FORM_TOKEN, "state of another browser or page");
}

struct binding {
    const char *device;
    const char *identity;
    int64_t now_ms;
    bool has;
};

static bool look_wechat(struct sql *sql, void *context, GError **error)
{
    struct binding *binding = context;

    return identity_has_wechat(sql, binding->device, binding->now_ms, &binding->has, error);
}

static bool bind_wechat(struct sql *sql, void *context, GError **error)
{
    const struct binding *binding = context;

    return identity_bind_device(sql, binding->device, IDENTITY_WECHAT, binding->identity, binding->now_ms, error);
}

struct response *wechat_ask(struct app *app, struct request *request)
{
    const char *agent = request_header(request, "User-Agent");
    const char *cookie = request_cookie(request, cookie_name_device(request));
    g_autofree char *token = cookie == NULL ? secret_token() : g_strdup(cookie);
    g_autofree char *device = secret_digest(token);
    struct binding binding = {.device = device, .now_ms = request_now_ms(request)};

    if (!wechat_is_on(app->wechat) || agent == NULL || strstr(agent, "MicroMessenger") == NULL ||
        request_cookie(request, SKIP) != NULL ||
        !database_read(app->database, "device_identity.wechat", look_wechat, &binding, NULL) || binding.has) {
        return NULL;
    }
    g_autofree char *base = base_url(app, request);
    const char *to = request_target(request);
    g_autofree char *escaped = g_uri_escape_string(to, NULL, FALSE);
    g_autofree char *back = g_strdup_printf("%s/wx/callback?to=%s", base, escaped);
    g_autofree char *state = state_of(app, device, to, request_now_ms(request));
    g_autofree char *address = wechat_authorize_url(app->wechat, back, state);
    struct response *response = response_redirect(302, address);
    response_header(response, "Cache-Control", "no-store");
    if (cookie == NULL) {
        response_cookie(response, request, cookie_name_device(request), token, DEVICE_SECONDS, "Lax");
    }
    return response;
}

static bool take_openid(struct app *app, const struct request *request, GError **error)
{
    const char *code = request_query(request, "code");
    g_autofree char *device = request_device(request);

    if (code == NULL || strlen(code) > CODE_MOST) {
        return refuse(error, HTTP_ERROR, REASON_WECHAT, "WeChat sent no code");
    }
    g_autofree char *openid = wechat_openid(app->wechat, code, error);
    if (openid == NULL) {
        return false;
    }
    g_autofree char *identity = identity_of(app->secrets, IDENTITY_WECHAT, openid);
    struct binding binding = {.device = device, .identity = identity, .now_ms = request_now_ms(request)};
    return database_transact(app->database, "device_identity.bind", bind_wechat, &binding, error);
}

/* WeChat's trouble is not the parent's: the page comes all the same. Only a false state is refused. */
HANDLER(wechat_back)
{
    const char *to = request_query(request, "to");
    g_autoptr(GError) cause = NULL;

    if (!request_is_transferring(request)) {
        return request_transfer(request, wechat_back);
    }
    if (!check_state(app, request, to == NULL ? "" : to, error)) {
        return NULL;
    }
    const bool done = take_openid(app, request, &cause);
    struct response *response = response_redirect(302, to);
    response_header(response, "Cache-Control", "no-store");
    if (!done) {
        log_error(request_log(request), "wechat.openid", cause);
        response_cookie(response, request, SKIP, "1", SKIP_SECONDS, "Lax");
    }
    return response;
}

HANDLER(wechat_sign)
{
    if (!request_is_transferring(request)) {
        return request_transfer(request, wechat_sign);
    }
    const char *url = request_query(request, "url");
    g_autofree char *base = base_url(app, request);
    g_autofree char *nonce = secret_id();

    if (!wechat_is_on(app->wechat)) {
        refuse(error, HTTP_ERROR, REASON_WECHAT_OFF, "no AppID");
        return NULL;
    }
    if (url == NULL || !g_str_has_prefix(url, base) || url[strlen(base)] != '/' || strchr(url, '#') != NULL) {
        refuse(error, HTTP_ERROR, REASON_INPUT, "url is no page of this site");
        return NULL;
    }
    const int64_t now_ms = request_now_ms(request);
    g_autofree char *signature = wechat_signature(app->wechat, url, nonce, now_ms, error);
    return signature == NULL
               ? NULL
               : response_json(200, json_pack("{s:s, s:I, s:s, s:s}", "appId", wechat_appid(app->wechat), "timestamp",
                                              (json_int_t)(now_ms / 1000), "nonceStr", nonce, "signature", signature));
}
