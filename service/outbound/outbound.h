/* What this service asks of other people's servers: webhooks, the SMS gateway, an identity provider, WeChat, an anchor
 * kept elsewhere. One request, one bounded answer; redirects are not followed, no proxy, no cookie, no kept connection.
 * Any thread; blocks for at most `timeout_ms`, so never on a server thread. The media store has its own (store/s3_http.h).
 *
 * Where a request may go is decided on the address that is connected to, after the name was resolved: a name that
 * answers with a public address first and a private one later (DNS rebinding) gets nowhere. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* Who named the address decides how far it may reach. */
enum outbound_reach {
    OUTBOUND_PUBLIC,   /* a person in a form: https to public addresses alone */
    OUTBOUND_OPERATOR, /* the operator in the settings: http too, and the own network */
};

struct outbound_request {
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value", NULL-ended; NULL: none */
    const char *body;           /* NULL: none */
    size_t body_length;
    int64_t timeout_ms; /* of the whole, 1 to 60,000 */
    enum outbound_reach reach;
};

struct outbound_answer {
    int status;    /* HTTP */
    GString *body; /* at most 256 KiB; with a 0 byte behind it */
};

/* Before the first request and after the last; main's alone. */
bool outbound_start(GError **error);
void outbound_stop(void);

/* True with any whole answer, whatever its status. False: REASON_OUTBOUND_ADDRESS (not a place where requests may go),
 * REASON_OUTBOUND (no answer in time, or too long). Messages name the host, never path or query: they may hold keys. */
bool outbound_run(const struct outbound_request *request, struct outbound_answer *answer, GError **error);
void outbound_answer_clear(struct outbound_answer *answer);

/* Is this a public unicast address? `address` is IPv4 or IPv6 text. Loopback, private, link-local, shared (100.64/10),
 * benchmark, documentation, multicast, mapped and translated forms of them are not (RFC 6890, RFC 4291). */
bool outbound_address_is_public(const char *address);
