#include "service/wechat.h"

#include <string.h>

#include <jansson.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/outbound/outbound.h"

#define EARLY_MS   INT64_C(300000) /* renewed before it ends: pages sign with it for a while */
#define TIMEOUT_MS 5000

struct wechat {
    const struct settings *settings;
    GMutex lock; /* also held while a ticket is fetched: one asks, the others wait for it */
    /* under lock */
    char *ticket;
    int64_t ticket_until_ms;
    /* end of lock */
};

struct wechat *wechat_open(const struct settings *settings)
{
    struct wechat *wechat = g_new0(struct wechat, 1);

    wechat->settings = settings;
    g_mutex_init(&wechat->lock);
    return wechat;
}

void wechat_free(struct wechat *wechat)
{
    if (wechat == NULL) {
        return;
    }
    g_mutex_clear(&wechat->lock);
    g_free(wechat->ticket);
    g_free(wechat);
}

bool wechat_is_on(const struct wechat *wechat)
{
    return wechat->settings->wechat_appid[0] != '\0';
}

const char *wechat_appid(const struct wechat *wechat)
{
    return wechat->settings->wechat_appid;
}

char *wechat_authorize_url(const struct wechat *wechat, const char *back, const char *state)
{
    g_autofree char *escaped = g_uri_escape_string(back, NULL, FALSE);

    return g_strdup_printf("%s/connect/oauth2/authorize?appid=%s&redirect_uri=%s&response_type=code&scope=snsapi_base"
                           "&state=%s#wechat_redirect",
                           wechat->settings->wechat_open, wechat->settings->wechat_appid, escaped, state);
}

/* Asks `path` of the API; its JSON, or REASON_WECHAT. Errors come with status 200 and an errcode. */
static json_t *ask(const struct wechat *wechat, const char *path, const char *body, GError **error)
{
    g_autofree char *url = g_strconcat(wechat->settings->wechat_api, path, NULL);
    const struct outbound_request request = {
        .method = body == NULL ? "GET" : "POST",
        .url = url,
        .headers = (const char *const[]){"Content-Type: application/json", NULL},
        .body = body,
        .body_length = body == NULL ? 0 : strlen(body),
        .timeout_ms = TIMEOUT_MS,
        .reach = OUTBOUND_OPERATOR,
    };
    struct outbound_answer answer = {0};

    if (!wechat_is_on(wechat)) {
        g_set_error_literal(error, HTTP_ERROR, REASON_WECHAT_OFF, "no AppID");
        return NULL;
    }
    if (!outbound_run(&request, &answer, error)) {
        return NULL;
    }
    json_auto_t *json = json_loadb(answer.body->str, answer.body->len, JSON_REJECT_DUPLICATES, NULL);
    const json_int_t code = json_integer_value(json_object_get(json, "errcode"));
    const bool good = answer.status == 200 && json_is_object(json) && code == 0;
    if (!good) {
        g_set_error(error, HTTP_ERROR, REASON_WECHAT, "WeChat answers %d, errcode %" JSON_INTEGER_FORMAT, answer.status,
                    code);
    }
    outbound_answer_clear(&answer);
    return good ? json_incref(json) : NULL;
}

static char *take_text(const json_t *json, const char *key, GError **error)
{
    const char *text = json_string_value(json_object_get(json, key));

    if (text == NULL || text[0] == '\0') {
        g_set_error(error, HTTP_ERROR, REASON_WECHAT, "WeChat's answer lacks %s", key);
        return NULL;
    }
    return g_strdup(text);
}

char *wechat_openid(const struct wechat *wechat, const char *code, GError **error)
{
    g_autofree char *escaped = g_uri_escape_string(code, NULL, FALSE);
    g_autofree char *path =
        g_strdup_printf("/sns/oauth2/access_token?appid=%s&secret=%s&code=%s&grant_type=authorization_code",
                        wechat->settings->wechat_appid, wechat->settings->wechat_secret, escaped);
    json_auto_t *json = ask(wechat, path, NULL, error);

    return json == NULL ? NULL : take_text(json, "openid", error);
}

/* The stable one: asking for it anew does not end what other services of the installation hold. */
static char *fetch_token(const struct wechat *wechat, GError **error)
{
    json_auto_t *asked = json_pack("{s:s, s:s, s:s}", "grant_type", "client_credential", "appid",
                                   wechat->settings->wechat_appid, "secret", wechat->settings->wechat_secret);
    g_autofree char *body = json_dumps(asked, JSON_COMPACT);
    json_auto_t *json = ask(wechat, "/cgi-bin/stable_token", body, error);

    return json == NULL ? NULL : take_text(json, "access_token", error);
}

/* The caller holds the lock. */
static bool renew_ticket(struct wechat *wechat, int64_t now_ms, GError **error)
{
    if (wechat->ticket != NULL && now_ms < wechat->ticket_until_ms) {
        return true;
    }
    g_autofree char *token = fetch_token(wechat, error);
    g_autofree char *escaped = token == NULL ? NULL : g_uri_escape_string(token, NULL, FALSE);
    g_autofree char *path = g_strdup_printf("/cgi-bin/ticket/getticket?type=jsapi&access_token=%s", escaped);
    json_auto_t *json = token == NULL ? NULL : ask(wechat, path, NULL, error);
    char *ticket = json == NULL ? NULL : take_text(json, "ticket", error);

    if (ticket == NULL) {
        return false;
    }
    g_free(wechat->ticket);
    wechat->ticket = ticket;
    wechat->ticket_until_ms =
        now_ms + (int64_t)json_integer_value(json_object_get(json, "expires_in")) * 1000 - EARLY_MS;
    return true;
}

char *wechat_signature(struct wechat *wechat, const char *url, const char *nonce, int64_t now_ms, GError **error)
{
    char *signature = NULL;

    g_mutex_lock(&wechat->lock);
    if (renew_ticket(wechat, now_ms, error)) {
        g_autofree char *text = g_strdup_printf("jsapi_ticket=%s&noncestr=%s&timestamp=%" G_GINT64_FORMAT "&url=%s",
                                                wechat->ticket, nonce, now_ms / 1000, url);
        signature = g_compute_checksum_for_string(G_CHECKSUM_SHA1, text, -1); /* WeChat's own choice */
    }
    g_mutex_unlock(&wechat->lock);
    return signature;
}
