/* What the service asks of WeChat: the openid of who stands before us (snsapi_base), and the ticket by which pages may set
 * what a shared link looks like. Blocks on the network: transfer threads. Off (every call REASON_WECHAT_OFF) until the
 * operator gives an AppID. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct settings;
struct wechat;

/* Owns what is kept for two hours: token and ticket. Thread-safe. */
struct wechat *wechat_open(const struct settings *settings);
void wechat_free(struct wechat *wechat);
bool wechat_is_on(const struct wechat *wechat);
const char *wechat_appid(const struct wechat *wechat);

/* Where the browser is sent to; comes back to `back` with ?code=…&state=…. The caller's. */
char *wechat_authorize_url(const struct wechat *wechat, const char *back, const char *state);
/* The openid that a code stands for; the caller's. REASON_WECHAT. */
char *wechat_openid(const struct wechat *wechat, const char *code, GError **error);

/* Signature of JS-SDK for a page's address without its fragment; the caller's. REASON_WECHAT. */
char *wechat_signature(struct wechat *wechat, const char *url, const char *nonce, int64_t now_ms, GError **error);
