#include "service/http/origin.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include <gio/gio.h>

#include "common/failure.h"
#include "service/http/exchange.h"

bool origin_rule_read(struct origin_rule *rule, const char *proxies, const char *base_url, GError **error)
{
    if (base_url != NULL && base_url[0] != '\0') {
        g_autoptr(GUri) uri = g_uri_parse(base_url, G_URI_FLAGS_NONE, NULL);

        if (uri == NULL || g_uri_get_host(uri) == NULL) {
            g_set_error(error, HTTP_ERROR, REASON_INPUT, "base_url \"%s\" is no address", base_url);
            return false;
        }
        const int port = g_uri_get_port(uri);
        rule->base_scheme = g_strdup(g_uri_get_scheme(uri));
        rule->base_host =
            port < 0 ? g_strdup(g_uri_get_host(uri)) : g_strdup_printf("%s:%d", g_uri_get_host(uri), port);
    }
    rule->proxies = proxies == NULL ? NULL : g_strsplit_set(proxies, ", ", -1);
    return true;
}

void origin_rule_clear(struct origin_rule *rule)
{
    g_strfreev(rule->proxies);
    g_free(rule->base_scheme);
    g_free(rule->base_host);
}

void request_set_peer(struct request *request, const struct sockaddr *address)
{
    const socklen_t length = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    if (getnameinfo(address, length, request->peer, sizeof request->peer, NULL, 0, NI_NUMERICHOST) != 0) {
        request->peer[0] = '\0';
    }
    if (strncmp(request->peer, "::ffff:", 7) == 0) {
        memmove(request->peer, request->peer + 7, strlen(request->peer + 7) + 1);
    }
}

/* What the proxy says counts only when it is ours, and of its list only the last hop, the one it added itself. */
static void obey_proxy(const struct origin_rule *rule, struct request *request)
{
    if (rule->proxies == NULL || !g_strv_contains((const char *const *)rule->proxies, request->peer)) {
        return;
    }
    const char *chain = request_header(request, "X-Forwarded-For");
    const char *scheme = request_header(request, "X-Forwarded-Proto");

    if (chain != NULL) {
        const char *comma = strrchr(chain, ',');
        g_autofree char *last = g_strstrip(g_strdup(comma == NULL ? chain : comma + 1));
        if (g_hostname_is_ip_address(last)) {
            (void)g_strlcpy(request->peer, last, sizeof request->peer); /* the longest address fits */
        }
    }
    if (scheme != NULL && strcmp(scheme, "https") == 0) {
        request->scheme = "https";
    }
}

static void set_origin(const struct origin_rule *rule, struct request *request)
{
    const char *host = request_header(request, "Host");

    request->host = rule->base_host != NULL ? rule->base_host : host;
    if (rule->base_scheme != NULL) {
        request->scheme = rule->base_scheme;
    }
}

/* tus, for clients behind strict firewalls: the method is what this field says, and the actual one is ignored. One that
 * we do not know is no method of any path. The gate judges by the result, and pages of others cannot set the field. */
static void obey_override(struct request *request)
{
    static const char *const METHODS[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    const char *meant = request_header(request, "X-HTTP-Method-Override");

    if (meant == NULL) {
        return;
    }
    request->method = "?";
    for (size_t i = 0; i < G_N_ELEMENTS(METHODS); i++) {
        if (strcmp(meant, METHODS[i]) == 0) {
            request->method = METHODS[i];
        }
    }
}

void request_read_origin(struct request *request, const struct origin_rule *rule)
{
    obey_proxy(rule, request);
    set_origin(rule, request);
    obey_override(request);
}
