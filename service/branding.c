#include "service/branding.h"

#include <string.h>
#include <unistd.h>

#include <gio/gio.h>

#include "common/digest.h"
#include "common/failure.h"

#define FILE_BYTES_MOST (64 << 20) /* fifteen seconds of 1080p as cameras write them */

struct branding *branding_open(const struct rules *rules, GError **error)
{
    struct branding *branding = g_new0(struct branding, 1);

    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        char digest[DIGEST_HEX + 1];
        if (rules->branding[i] == NULL) {
            continue;
        }
        if (!digest_file(rules->branding[i], digest, &branding->part[i].bytes, error)) {
            g_prefix_error(error, "rules.conf, [branding] %s: ", MESSAGE_BRANDING_NAMES[i]);
            branding_free(branding);
            return NULL;
        }
        if (branding->part[i].bytes == 0 || branding->part[i].bytes > FILE_BYTES_MOST) {
            g_set_error(error, SETTINGS_ERROR, REASON_INPUT, "rules.conf, [branding] %s: 1 to %d bytes",
                        MESSAGE_BRANDING_NAMES[i], FILE_BYTES_MOST);
            branding_free(branding);
            return NULL;
        }
        branding->part[i].path = g_strdup(rules->branding[i]);
        branding->part[i].key = g_strconcat(BRANDING_KEYS, digest, NULL);
    }
    return branding;
}

void branding_free(struct branding *branding)
{
    if (branding == NULL) {
        return;
    }
    for (size_t i = 0; i < MESSAGE_BRANDINGS; i++) {
        g_free(branding->part[i].path);
        g_free(branding->part[i].key);
    }
    g_free(branding);
}

/* The store takes a file over, and this one is the organiser's. */
static bool put_copy(struct store *store, const char *path, const char *key, const char *spool, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s/branding-%d", spool, (int)getpid());
    g_autoptr(GFile) from = g_file_new_for_path(path), copy = g_file_new_for_path(name);

    return g_file_copy(from, copy, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error) &&
           store_put_file(store, key, name, error);
}

bool branding_keep(struct branding *branding, struct store *store, const char *spool, GError **error)
{
    for (size_t i = 0; i < MESSAGE_BRANDINGS && !branding->is_kept; i++) {
        const char *key = branding->part[i].key;
        if (key != NULL && !store_verify(store, key, branding->part[i].bytes, key + strlen(BRANDING_KEYS), NULL) &&
            !put_copy(store, branding->part[i].path, key, spool, error)) {
            g_prefix_error(error, "%s: ", MESSAGE_BRANDING_NAMES[i]);
            return false;
        }
    }
    branding->is_kept = true;
    return true;
}
