#include "service/seal.h"

#include <stdio.h>
#include <string.h>

#include "common/failure.h"
#include "common/settings.h"

#define HEAD "%xuepai-ed25519 "
enum {
    KEY_DIGITS = 64,
    SIGNATURE_DIGITS = 128,
    LINE_BYTES = sizeof HEAD - 1 + KEY_DIGITS + 1 + SIGNATURE_DIGITS + 1, /* with its line feed */
    ZIP_END_BYTES = 22,                                                   /* end of central directory, APPNOTE 4.3.16 */
};

/* The line becomes the archive's comment: its length stands in the last two bytes, little-endian. */
static void announce_comment(GByteArray *file)
{
    static const guint8 MARK[] = {'P', 'K', 5, 6};

    if (file->len >= ZIP_END_BYTES && memcmp(file->data + file->len - ZIP_END_BYTES, MARK, sizeof MARK) == 0) {
        file->data[file->len - 2] = LINE_BYTES & 0xff;
        file->data[file->len - 1] = LINE_BYTES >> 8;
    }
}

GBytes *seal_add(const struct secrets *secrets, GBytes *bytes)
{
    GByteArray *file = g_bytes_unref_to_array(bytes);

    announce_comment(file);
    g_autofree char *key = secret_public_key(secrets);
    g_autofree char *signature = secret_sign(secrets, file->data, file->len);
    g_autofree char *line = g_strdup_printf("%s%s %s\n", HEAD, key, signature);
    (void)g_byte_array_append(file, (const guint8 *)line, LINE_BYTES); /* the same array */
    return g_byte_array_free_to_bytes(file);
}

enum seal seal_check(const char *public_key, const void *bytes, size_t length)
{
    if (length < LINE_BYTES) {
        return SEAL_NONE;
    }
    const size_t signed_bytes = length - LINE_BYTES;
    g_autofree char *line = g_strndup((const char *)bytes + signed_bytes, LINE_BYTES);
    if (strlen(line) != LINE_BYTES || !g_str_has_prefix(line, HEAD) || line[LINE_BYTES - 1] != '\n') {
        return SEAL_NONE;
    }
    g_autofree char *key = g_strndup(line + strlen(HEAD), KEY_DIGITS);
    g_autofree char *signature = g_strndup(line + strlen(HEAD) + KEY_DIGITS + 1, SIGNATURE_DIGITS);
    if (strcmp(key, public_key) != 0) {
        return SEAL_OTHER;
    }
    return secret_signature_is_right(public_key, signature, bytes, signed_bytes) ? SEAL_RIGHT : SEAL_CHANGED;
}

static const char *const VERDICTS[] = {
    [SEAL_RIGHT] = "right: as the installation signed it",
    [SEAL_NONE] = "unsigned: it does not end in a signature",
    [SEAL_OTHER] = "foreign: another installation signed it",
    [SEAL_CHANGED] = "changed: it is not what the installation signed",
};

/* The key of the data folder; never makes one. NULL with *error. The caller's. */
static char *own_key(const struct app *app, GError **error)
{
    g_autofree char *path = g_build_filename(app->data, "secret.key", NULL);

    if (app->settings->secret_key[0] == '\0' && !g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "%s is not there: name the data folder, or --public-key", path);
        return NULL;
    }
    struct secrets *secrets = secrets_open(app->data, app->settings->secret_key, error);
    char *key = secrets == NULL ? NULL : secret_public_key(secrets);
    secrets_free(secrets);
    return key;
}

bool seal_verify_command(const struct app *app, const char *path, const char *public_key, bool *right, GError **error)
{
    g_autofree char *bytes = NULL;
    g_autoptr(GError) cause = NULL;
    gsize length = 0;

    if (!g_file_get_contents(path, &bytes, &length, &cause)) {
        g_set_error(error, MODEL_ERROR, REASON_INPUT, "%s", cause->message);
        return false;
    }
    g_autofree char *key = public_key == NULL ? own_key(app, error) : g_strdup(public_key);
    if (key == NULL) {
        return false;
    }
    const enum seal verdict = seal_check(key, bytes, length);
    printf("sheet %s (key %s)\n", VERDICTS[verdict], key);
    *right = verdict == SEAL_RIGHT;
    return true;
}
