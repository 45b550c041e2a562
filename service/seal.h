/* Signed files: a PDF or XLSX that carries the installation's signature at its end, over every byte before it. Neither format
 * minds: a PDF may be followed by a comment, and in an XLSX, a ZIP archive, it is the archive's comment, whose length is set
 * before signing. The last line is
 *
 *     %xuepai-ed25519 <public key, 64 hex digits> <signature, 128 hex digits>
 */
#pragma once

#include "service/app.h"
#include "service/model/secret.h"

/* Takes over `bytes`. */
GBytes *seal_add(const struct secrets *secrets, GBytes *bytes);

enum seal {
    SEAL_RIGHT,
    SEAL_NONE,    /* no signature at its end */
    SEAL_OTHER,   /* signed by another installation */
    SEAL_CHANGED, /* not what was signed */
};
enum seal seal_check(const char *public_key, const void *bytes, size_t length);

/* `xuepai-service --verify-sheet FILE`: by `public_key`, NULL for the key of this data folder; prints the verdict. */
bool seal_verify_command(const struct app *app, const char *path, const char *public_key, bool *right, GError **error);
