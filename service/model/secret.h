/* Keys of this installation, and everything that needs libsodium: random ids, passwords, digests, sealed fields.
 * Thread-safe. Nothing here is ever logged. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct secrets;

/* The key of the installation: `configured` (64 hex digits), or, when that is empty, <folder>/secret.key (32 bytes, mode
 * 0600), which is made when missing. Losing it voids PINs, previews and sealed contacts. */
struct secrets *secrets_open(const char *folder, const char *configured, GError **error);
void secrets_free(struct secrets *secrets);
/* Memory that a password takes from now on, 64 at first; before other threads use them. */
void secrets_set_password_mib(struct secrets *secrets, int64_t mib);

/* 26 characters of [a-z2-7]: 128 random bits. */
char *secret_id(void);
/* 256 random bits in hex, for cookies and tokens. */
char *secret_token(void);
/* `count` random decimal digits. */
char *secret_digits(int count);
/* A receipt code such as SD26-7KQ4-M9: 30 bits without look-alikes, last character checks the others. */
char *secret_receipt_code(int year);
/* Capitals, dashes in place; NULL when the check character does not fit. */
char *secret_receipt_normalize(const char *code);

/* SHA-256 in hex of a random token: what is stored in its place. */
char *secret_digest(const char *token);
/* Keyed digest in hex; `purpose` separates uses. */
char *secret_mac(const struct secrets *secrets, const char *purpose, const char *text);
/* Comparison in constant time; false for NULL. */
bool secret_equal(const char *one, const char *other);

/* argon2id, 2 passes, 64 MiB (69 ms measured; 19 MiB 18 ms); at most two at once, more than 16 waiting is REASON_BUSY. */
char *secret_password_hash(struct secrets *secrets, const char *password, GError **error);
/* `hash` NULL takes the same time and says no: an unknown user must not be told apart. */
bool secret_password_check(struct secrets *secrets, const char *hash, const char *password, bool *right,
                           GError **error);
/* True of a hash that was made for another cost than passwords have now. */
bool secret_password_is_dated(const struct secrets *secrets, const char *hash);

/* Authenticated encryption of short texts at rest. open gives NULL when the text was changed or the key lost. */
char *secret_seal(const struct secrets *secrets, const char *text);
char *secret_open(const struct secrets *secrets, const char *sealed);

/* Ed25519 signatures of this installation; its key pair follows from the key of the installation. Hex: 64 digits a public
 * key, 128 a signature; the caller's. */
char *secret_sign(const struct secrets *secrets, const void *bytes, size_t length);
char *secret_public_key(const struct secrets *secrets);
/* False also for what is no key or signature. */
bool secret_signature_is_right(const char *public_key, const char *signature, const void *bytes, size_t length);
/* HMAC-SHA256 of a text under a key that others know too, in hex; the caller's. */
char *secret_hmac(const char *key, const char *text);
