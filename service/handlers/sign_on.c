/* Signing in by the province's identity provider: OpenID Connect, authorization code with PKCE (RFC 7636), state and nonce.
 * What a sign-in has to remember between its two halves is sealed in a cookie of ten minutes. The provider's documents are
 * read anew each time: sign-ins are few, and a key that was changed counts at once. On transfer threads, because the
 * provider may be slow. */
#include <string.h>

#include "common/failure.h"
#include "common/settings.h"
#include "service/handlers/access.h"
#include "service/handlers/handlers.h"
#include "service/handlers/work.h"
#include "service/http/limits.h"
#include "service/http/server.h"
#include "service/http/transfer.h"
#include "service/model/id_token.h"
#include "service/model/staff_identity.h"
#include "service/outbound/outbound.h"

enum {
    MEMORY_SECONDS = 600,
    LOGIN_SECONDS = 8 * 3600,
    TIMEOUT_MS = 10000,
};

static const char *memory_cookie(const struct request *request)
{
    return strcmp(request_scheme(request), "https") == 0 ? "__Host-xuepai-sign-on" : "xuepai-sign-on";
}

/* JSON of the provider; NULL with *error. The caller's. */
static json_t *ask(const struct outbound_request *asked, GError **error)
{
    struct outbound_answer answer = {0};

    if (!outbound_run(asked, &answer, error)) {
        return NULL;
    }
    json_t *json = answer.status == 200 ? json_loadb(answer.body->str, answer.body->len, 0, NULL) : NULL;
    if (!json_is_object(json)) {
        g_set_error(error, HTTP_ERROR, REASON_SIGN_ON, "the provider answered with %d, or with no JSON", answer.status);
        g_clear_pointer(&json, json_decref);
    }
    outbound_answer_clear(&answer);
    return json;
}

static json_t *read_json(const char *url, GError **error)
{
    const struct outbound_request asked = {.method = "GET",
                                           .url = url,
                                           .timeout_ms = TIMEOUT_MS,
                                           .reach = OUTBOUND_OPERATOR};

    return ask(&asked, error);
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text == NULL ? "" : text;
}

/* The provider's own description (Discovery 1.0 §4); its issuer has to be the one that is set. */
static json_t *discover(const struct app *app, GError **error)
{
    const char *issuer = app->settings->oidc_issuer;
    g_autofree char *url = g_strdup_printf("%s/.well-known/openid-configuration", issuer);

    if (issuer[0] == '\0') {
        (void)refuse(error, HTTP_ERROR, REASON_NOT_FOUND, "no identity provider is set");
        return NULL;
    }
    json_t *provider = read_json(url, error);
    if (provider != NULL && strcmp(text_of(provider, "issuer"), issuer) != 0) {
        (void)refuse(error, HTTP_ERROR, REASON_SIGN_ON, "the provider names another issuer");
        g_clear_pointer(&provider, json_decref);
    }
    return provider;
}

static char *return_url(const struct app *app, const struct request *request)
{
    g_autofree char *base = base_url(app, request);

    return g_strconcat(base, "/login/oidc/callback", NULL);
}

/* base64url of the SHA-256 (RFC 7636 §4.2); the caller's. */
static char *challenge_of(const char *verifier)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize length = sizeof digest;

    g_checksum_update(checksum, (const guchar *)verifier, -1);
    g_checksum_get_digest(checksum, digest, &length);
    g_autofree char *text = g_base64_encode(digest, length);
    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    text[strcspn(text, "=")] = '\0';
    return g_steal_pointer(&text);
}

static void add_field(GString *text, const char *name, const char *value)
{
    g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);

    g_string_append_printf(text, "%s%s=%s", text->len == 0 || g_str_has_suffix(text->str, "?") ? "" : "&", name,
                           escaped);
}

HANDLER(sign_on_begin)
{
    if (!limits_check(server_limits(request_server(request)), LIMIT_LOGIN_PEER, request, NULL, error)) {
        return NULL;
    }
    if (!request_is_transferring(request)) {
        return request_transfer(request, sign_on_begin);
    }
    json_auto_t *provider = discover(app, error);
    if (provider == NULL) {
        return NULL;
    }
    g_autofree char *state = secret_token();
    g_autofree char *nonce = secret_token();
    g_autofree char *verifier = secret_token();
    g_autofree char *challenge = challenge_of(verifier);
    g_autofree char *back = return_url(app, request);
    const char *endpoint = text_of(provider, "authorization_endpoint");
    g_autoptr(GString) url = g_string_new(endpoint);
    json_auto_t *memory = json_pack("{s:s, s:s, s:s, s:I}", "state", state, "nonce", nonce, "verifier", verifier,
                                    "until_ms", (json_int_t)(request_now_ms(request) + MEMORY_SECONDS * 1000));
    g_autofree char *text = json_dumps(memory, JSON_COMPACT);
    g_autofree char *sealed = secret_seal(app->secrets, text);

    g_string_append_c(url, strchr(endpoint, '?') == NULL ? '?' : '&');
    add_field(url, "response_type", "code");
    g_string_append(url, "&scope=openid%20profile");
    add_field(url, "client_id", app->settings->oidc_client_id);
    add_field(url, "redirect_uri", back);
    add_field(url, "state", state);
    add_field(url, "nonce", nonce);
    add_field(url, "code_challenge", challenge);
    g_string_append(url, "&code_challenge_method=S256");
    if (g_strcmp0(request_query(request, "again"), "1") == 0) {
        g_string_append(url, "&prompt=login&max_age=0"); /* before what weighs much */
    }
    struct response *response = response_redirect(303, url->str);
    response_header(response, "Cache-Control", "no-store");
    response_cookie(response, request, memory_cookie(request), sealed, MEMORY_SECONDS, "Lax");
    return response;
}

/* What the first half remembered, for the same browser; NULL with *error. The caller's. */
static json_t *recall(const struct app *app, const struct request *request, GError **error)
{
    const char *cookie = request_cookie(request, memory_cookie(request));
    g_autofree char *text = cookie == NULL ? NULL : secret_open(app->secrets, cookie);
    json_t *memory = text == NULL ? NULL : json_loads(text, 0, NULL);

    if (memory == NULL || json_integer_value(json_object_get(memory, "until_ms")) < request_now_ms(request) ||
        !secret_equal(text_of(memory, "state"), request_query(request, "state"))) {
        (void)refuse(error, HTTP_ERROR, REASON_SIGN_ON, "not begun in this browser, or too long ago");
        g_clear_pointer(&memory, json_decref);
    }
    return memory;
}

/* The code for an ID token (Core 1.0 §3.1.3), with client_secret_basic; NULL with *error. The caller's. */
static char *redeem(const struct app *app, const struct request *request, const json_t *provider, const json_t *memory,
                    GError **error)
{
    g_autofree char *back = return_url(app, request);
    g_autofree char *id = g_uri_escape_string(app->settings->oidc_client_id, NULL, FALSE);
    g_autofree char *secret = g_uri_escape_string(app->settings->oidc_client_secret, NULL, FALSE);
    g_autofree char *pair = g_strdup_printf("%s:%s", id, secret);
    g_autofree char *basic = g_base64_encode((const guchar *)pair, strlen(pair));
    g_autofree char *authorization = g_strdup_printf("Authorization: Basic %s", basic);
    g_autoptr(GString) body = g_string_new(NULL);
    const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", authorization, NULL};

    add_field(body, "grant_type", "authorization_code");
    add_field(body, "code", request_query(request, "code"));
    add_field(body, "redirect_uri", back);
    add_field(body, "code_verifier", text_of(memory, "verifier"));
    const struct outbound_request asked = {.method = "POST",
                                           .url = text_of(provider, "token_endpoint"),
                                           .headers = headers,
                                           .body = body->str,
                                           .body_length = body->len,
                                           .timeout_ms = TIMEOUT_MS,
                                           .reach = OUTBOUND_OPERATOR};
    json_auto_t *tokens = ask(&asked, error);
    return tokens == NULL ? NULL : g_strdup(text_of(tokens, "id_token"));
}

struct entry {
    const struct app *app;
    const struct request *request;
    struct id_token claims;
    struct staff staff;
    char *token;
    char *csrf;
};

static bool enter(struct sql *sql, void *context, GError **error)
{
    struct entry *entry = context;
    const int64_t now_ms = request_now_ms(entry->request);

    g_clear_pointer(&entry->token, g_free);
    g_clear_pointer(&entry->csrf, g_free);
    if (!staff_identity_find(sql, entry->app->settings->oidc_issuer, entry->claims.subject, entry->claims.username,
                             now_ms, &entry->staff, error)) {
        return false;
    }
    const struct actor actor = {entry->staff.id, entry->staff.role, request_peer(entry->request)};
    return login_start(sql, &entry->staff, &actor, now_ms, &entry->token, &entry->csrf, error) &&
           login_by_provider(sql, entry->token, error);
}

/* Who comes back with a code; false with *error. */
static bool identify(struct app *app, struct request *request, struct id_token *claims, GError **error)
{
    json_auto_t *memory = recall(app, request, error);
    json_auto_t *provider = memory == NULL ? NULL : discover(app, error);

    if (provider == NULL) {
        return false;
    }
    if (request_query(request, "code") == NULL) {
        return refuse(error, HTTP_ERROR, REASON_SIGN_ON, "the provider gave no code");
    }
    g_autofree char *token = redeem(app, request, provider, memory, error);
    json_auto_t *keys = token == NULL ? NULL : read_json(text_of(provider, "jwks_uri"), error);
    if (keys == NULL) {
        return false;
    }
    g_autofree char *key_text = json_dumps(keys, JSON_COMPACT);
    const struct id_token_expect expect = {.issuer = app->settings->oidc_issuer,
                                           .client_id = app->settings->oidc_client_id,
                                           .nonce = text_of(memory, "nonce"),
                                           .now_ms = request_now_ms(request)};
    return id_token_verify(token, key_text, &expect, claims, error);
}

HANDLER(sign_on_return)
{
    struct entry entry = {.app = app, .request = request};
    struct response *response = NULL;

    if (!request_is_transferring(request)) {
        return request_transfer(request, sign_on_return);
    }
    if (identify(app, request, &entry.claims, error) &&
        database_transact(app->database, "sign_on.enter", enter, &entry, error)) {
        response = response_redirect(303, "/console");
        response_header(response, "Cache-Control", "no-store");
        response_cookie(response, request, cookie_name_login(request), entry.token, LOGIN_SECONDS, "Strict");
        response_cookie(response, request, memory_cookie(request), "", 0, "Lax");
    }
    id_token_clear(&entry.claims);
    sql_row_clear(&staff_map, &entry.staff);
    g_free(entry.token);
    g_free(entry.csrf);
    return response;
}
