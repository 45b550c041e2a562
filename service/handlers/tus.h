/* The header fields of tus 1.0.0 as pure functions over text from outside. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#define TUS_VERSION "1.0.0"
#define TUS_EXTENSIONS                                                                                                 \
    "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum,checksum-trailer,"            \
    "concatenation,concatenation-unfinished"
#define TUS_ALGORITHMS   "sha1,sha256,md5"
#define TUS_METADATA_MAX 16384
#define TUS_DIGEST_MAX   64

/* A length or offset: digits alone. What is beyond 2^53 (the most that every client can count) is INT64_MAX: well-formed,
 * but larger than anything that we take and unequal to every offset. */
bool tus_number(const char *text, int64_t *number);

/* Upload-Metadata: comma list of `key base64`; unique non-empty printable keys, values may be empty. */
bool tus_metadata_check(const char *metadata, GError **error);
/* The decoded value of a key: valid UTF-8 without control characters, else NULL; NULL also when absent. The caller's. */
char *tus_metadata_find(const char *metadata, const char *key);

struct tus_checksum {
    const char *algorithm; /* OpenSSL's name: "SHA1" …; NULL: none asked for */
    uint8_t digest[TUS_DIGEST_MAX];
    size_t length;
};

/* "sha1 base64". REASON_UPLOAD_CHECKSUM_ALGORITHM for one that we do not have, REASON_INPUT for nonsense. */
bool tus_checksum(const char *text, struct tus_checksum *checksum, GError **error);

/* Does `Trailer` announce that Upload-Checksum follows the body? NULL: no. */
bool tus_checksum_is_announced(const char *trailer);

#define TUS_PARTS_MAX 100

/* Upload-Concat. *parts: NULL for "partial", else the ids that "final;url url" names, in order, 1 to TUS_PARTS_MAX; the
 * caller's, for g_strfreev. REASON_UPLOAD_CONCAT for nonsense. */
bool tus_concat(const char *text, char ***parts, GError **error);

/* IMF-fixdate (RFC 9110 §5.6.7); the caller's. */
char *tus_date(int64_t ms);
