/* SHA-256 of files, for service and worker: OpenSSL's, 1.7 GB/s a core with SHA instructions against 0.36 of GLib. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

enum {
    DIGEST_HEX = 64, /* characters of a SHA-256 in hex */
};

/* Reads the whole descriptor from its start by pread; `hex` gets 64 characters and NUL. Blocks on the disk. */
bool digest_descriptor(int fd, char hex[DIGEST_HEX + 1], GError **error);
/* The same of what lies in memory. */
void digest_bytes(GBytes *bytes, char hex[DIGEST_HEX + 1]);
bool digest_file(const char *path, char hex[DIGEST_HEX + 1], int64_t *bytes, GError **error);

/* The digest of `length` bytes from `offset` by a named algorithm ("SHA1", "SHA256", "MD5"); `digest` has room for 64
 * bytes. */
bool digest_range(int fd, const char *algorithm, int64_t offset, int64_t length, uint8_t *digest, size_t *digest_length,
                  GError **error);
/* SHA-256 of `length` bytes from `offset`. */
bool digest_range_hex(int fd, int64_t offset, int64_t length, char hex[DIGEST_HEX + 1], GError **error);
