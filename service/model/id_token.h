/* ID tokens of OpenID Connect (Core 1.0 §3.1.3.7): a JWT signed by one of the provider's keys. RS256 and ES256 alone; what
 * the token says of its algorithm has to fit the key, never the other way round. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct id_token_expect {
    const char *issuer;
    const char *client_id;
    const char *nonce;
    int64_t now_ms;
};

struct id_token {
    char *subject;
    char *username; /* preferred_username; "" when the provider tells none */
};
void id_token_clear(struct id_token *token);

/* `keys`: the provider's JWK set (RFC 7517), JSON. REASON_SIGN_ON with the cause in English for whatever does not fit. */
bool id_token_verify(const char *token, const char *keys, const struct id_token_expect *expect, struct id_token *claims,
                     GError **error);
