#include "service/model/id_token.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <jansson.h>

#include "common/failure.h"

enum {
    SKEW_MS = 60 * 1000,
    OLDEST_MS = 10 * 60 * 1000, /* since it was issued */
    RSA_BITS_LEAST = 2048,
    ES256_BYTES = 64,
    TOKEN_BYTES_MOST = 16 * 1024,
    SUBJECT_BYTES_MOST = 255,
};

static bool refuse_token(GError **error, const char *message)
{
    g_set_error(error, MODEL_ERROR, REASON_SIGN_ON, "ID token: %s", message);
    return false;
}

void id_token_clear(struct id_token *token)
{
    g_clear_pointer(&token->subject, g_free);
    g_clear_pointer(&token->username, g_free);
}

/* base64url without padding (RFC 4648 §5); NULL for anything else. A 0 byte stands behind the bytes. The caller's. */
static guchar *decode(const char *text, gsize *length)
{
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const size_t size = text == NULL ? 0 : strlen(text);

    if (size == 0 || size % 4 == 1 || strspn(text, ALPHABET) != size) {
        return NULL;
    }
    g_autoptr(GString) plain = g_string_new(text);
    g_string_replace(plain, "-", "+", 0);
    g_string_replace(plain, "_", "/", 0);
    while (plain->len % 4 != 0) {
        g_string_append_c(plain, '=');
    }
    return g_base64_decode(plain->str, length);
}

static json_t *decode_json(const char *text)
{
    gsize length = 0;
    g_autofree guchar *bytes = decode(text, &length);

    return bytes == NULL ? NULL : json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES, NULL);
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));

    return text == NULL ? "" : text;
}

static BIGNUM *number_of(const json_t *key, const char *name)
{
    gsize length = 0;
    g_autofree guchar *bytes = decode(text_of(key, name), &length);

    return bytes == NULL || length > 1024 ? NULL : BN_bin2bn(bytes, (int)length, NULL);
}

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *parts)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(parts);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
    BIGNUM *n = number_of(jwk, "n");
    BIGNUM *e = number_of(jwk, "e");
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;

    if (n != NULL && e != NULL && BN_num_bits(n) >= RSA_BITS_LEAST &&
        OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        key = build("RSA", parts);
    }
    OSSL_PARAM_BLD_free(parts);
    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *ec_key(const json_t *jwk)
{
    enum { SIDE = 32 };
    guchar point[1 + 2 * SIDE] = {4}; /* uncompressed (SEC 1 §2.3.3) */
    gsize x_length = 0;
    gsize y_length = 0;
    g_autofree guchar *x = decode(text_of(jwk, "x"), &x_length);
    g_autofree guchar *y = decode(text_of(jwk, "y"), &y_length);
    EVP_PKEY *key = NULL;

    if (x == NULL || y == NULL || x_length != SIDE || y_length != SIDE || strcmp(text_of(jwk, "crv"), "P-256") != 0) {
        return NULL;
    }
    memcpy(point + 1, x, SIDE);
    memcpy(point + 1 + SIDE, y, SIDE);
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    if (OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1) {
        key = build("EC", parts);
    }
    OSSL_PARAM_BLD_free(parts);
    return key;
}

/* r and s side by side (RFC 7518 §3.4) as the DER that OpenSSL reads; the caller's (OPENSSL_free). */
static guchar *der_of(const guchar *signature, size_t length, size_t *der_length)
{
    guchar *der = NULL;

    if (length != ES256_BYTES) {
        return NULL;
    }
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, ES256_BYTES / 2, NULL);
    BIGNUM *s = BN_bin2bn(signature + ES256_BYTES / 2, ES256_BYTES / 2, NULL);
    if (ECDSA_SIG_set0(pair, r, s) == 1) { /* takes both over */
        const int size = i2d_ECDSA_SIG(pair, &der);
        *der_length = size > 0 ? (size_t)size : 0;
    }
    ECDSA_SIG_free(pair);
    return der;
}

static bool is_signed(EVP_PKEY *key, const char *text, size_t text_length, const guchar *signature, size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool good = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                      EVP_DigestVerify(context, signature, length, (const guchar *)text, text_length) == 1;

    EVP_MD_CTX_free(context);
    return good;
}

/* The algorithms, each with the one type of key that it goes with. */
static const struct {
    const char *algorithm;
    const char *type;
    EVP_PKEY *(*key)(const json_t *jwk);
    bool is_pair;
} ALGORITHMS[] = {
    {"RS256", "RSA", rsa_key, false}, /* PKCS #1 v1.5, EVP's own choice for RSA keys */
    {"ES256", "EC", ec_key, true},
};

static bool check_with(const json_t *jwk, size_t at, const char *text, size_t text_length, const guchar *signature,
                       size_t length)
{
    EVP_PKEY *key = ALGORITHMS[at].key(jwk);
    bool good = false;

    if (key != NULL && ALGORITHMS[at].is_pair) {
        size_t der_length = 0;
        guchar *der = der_of(signature, length, &der_length);
        good = der != NULL && is_signed(key, text, text_length, der, der_length);
        OPENSSL_free(der);
    } else if (key != NULL) {
        good = is_signed(key, text, text_length, signature, length);
    }
    EVP_PKEY_free(key);
    return good;
}

/* By the key that the token names, or by any of its type when it names none. */
static bool check_signature(const json_t *header, const json_t *keys, const char *text, size_t text_length,
                            const char *encoded, GError **error)
{
    gsize length = 0;
    g_autofree guchar *signature = decode(encoded, &length);
    const char *name = text_of(header, "kid");
    size_t at = 0;
    size_t index;
    const json_t *jwk;

    while (at < G_N_ELEMENTS(ALGORITHMS) && strcmp(ALGORITHMS[at].algorithm, text_of(header, "alg")) != 0) {
        at++;
    }
    if (at == G_N_ELEMENTS(ALGORITHMS) || json_object_get(header, "crit") != NULL) {
        return refuse_token(error, "an algorithm or extension that is not taken");
    }
    json_array_foreach(json_object_get(keys, "keys"), index, jwk) {
        const char *use = text_of(jwk, "use");
        const bool fits = strcmp(text_of(jwk, "kty"), ALGORITHMS[at].type) == 0 &&
                          (*use == '\0' || strcmp(use, "sig") == 0) &&
                          (*name == '\0' || strcmp(text_of(jwk, "kid"), name) == 0);
        if (fits && signature != NULL && check_with(jwk, at, text, text_length, signature, length)) {
            return true;
        }
    }
    return refuse_token(error, "no key of the provider made this signature");
}

static bool is_for(const json_t *claims, const char *client_id)
{
    const json_t *audience = json_object_get(claims, "aud");
    const char *party = text_of(claims, "azp");
    bool found = g_strcmp0(json_string_value(audience), client_id) == 0;

    for (size_t i = 0; i < json_array_size(audience); i++) {
        found = found || g_strcmp0(json_string_value(json_array_get(audience, i)), client_id) == 0;
    }
    if (json_array_size(audience) > 1 && *party == '\0') {
        return false;
    }
    return found && (*party == '\0' || strcmp(party, client_id) == 0);
}

static int64_t ms_of(const json_t *claims, const char *name)
{
    const double seconds = json_number_value(json_object_get(claims, name));

    return seconds > 0 && seconds < 1e11 ? (int64_t)(seconds * 1000) : 0;
}

static bool check_claims(const json_t *claims, const struct id_token_expect *expect, GError **error)
{
    const char *subject = text_of(claims, "sub");

    if (strcmp(text_of(claims, "iss"), expect->issuer) != 0) {
        return refuse_token(error, "another issuer");
    }
    if (!is_for(claims, expect->client_id)) {
        return refuse_token(error, "for another client");
    }
    if (ms_of(claims, "exp") + SKEW_MS <= expect->now_ms) {
        return refuse_token(error, "expired");
    }
    if (ms_of(claims, "iat") > expect->now_ms + SKEW_MS || ms_of(claims, "iat") < expect->now_ms - OLDEST_MS) {
        return refuse_token(error, "not issued just now");
    }
    if (strcmp(text_of(claims, "nonce"), expect->nonce) != 0) {
        return refuse_token(error, "another sign-in's nonce");
    }
    return (*subject != '\0' && strlen(subject) <= SUBJECT_BYTES_MOST) || refuse_token(error, "no subject");
}

bool id_token_verify(const char *token, const char *keys, const struct id_token_expect *expect, struct id_token *claims,
                     GError **error)
{
    if (strlen(token) > TOKEN_BYTES_MOST) {
        return refuse_token(error, "too long");
    }
    g_auto(GStrv) parts = g_strsplit(token, ".", 4);
    if (g_strv_length(parts) != 3) {
        return refuse_token(error, "not three parts");
    }
    json_auto_t *header = decode_json(parts[0]);
    json_auto_t *body = decode_json(parts[1]);
    json_auto_t *set = json_loads(keys, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(header) || !json_is_object(body) || !json_is_object(set)) {
        return refuse_token(error, "header, claims or keys are no JSON");
    }
    if (!check_signature(header, set, token, strlen(parts[0]) + 1 + strlen(parts[1]), parts[2], error) ||
        !check_claims(body, expect, error)) {
        return false;
    }
    *claims = (struct id_token){g_strdup(text_of(body, "sub")), g_strdup(text_of(body, "preferred_username"))};
    return true;
}
