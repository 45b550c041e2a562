/* Where a request comes from and what it calls itself: peer, proxy headers, public address, method override. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include <glib.h>

struct request;

struct origin_rule {
    char **proxies;    /* addresses whose X-Forwarded-* count; NULL: none */
    char *base_scheme; /* NULL: as the client asked */
    char *base_host;
};

/* `proxies`: a comma list; `base_url`: the public address. Both may be NULL or empty. */
bool origin_rule_read(struct origin_rule *rule, const char *proxies, const char *base_url, GError **error);
void origin_rule_clear(struct origin_rule *rule);

void request_set_peer(struct request *request, const struct sockaddr *address);
/* After the head was checked: peer and scheme behind a proxy, host, X-HTTP-Method-Override. */
void request_read_origin(struct request *request, const struct origin_rule *rule);
