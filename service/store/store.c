/* The part of the seam that no driver cares about: choosing the driver, and what a key may be. */
#include "service/store/store.h"

#include <string.h>

#include "common/failure.h"
#include "service/store/driver.h"

#define KEY_MAX 512

static const struct store_driver *const DRIVERS[] = {
    &files_driver, /* an address without a scheme */
};

struct store *store_open(const char *address, GError **error)
{
    g_autofree char *scheme = g_uri_parse_scheme(address);

    for (size_t i = 0; i < G_N_ELEMENTS(DRIVERS); i++) {
        if (strcmp(DRIVERS[i]->scheme, scheme == NULL ? "" : scheme) == 0) {
            return DRIVERS[i]->open(address, error);
        }
    }
    g_set_error(error, STORE_ERROR, REASON_INPUT, "no store for \"%s\"", scheme);
    return NULL;
}

void store_free(struct store *store)
{
    if (store != NULL) {
        store->driver->close(store);
    }
}

bool store_key_is_valid(const char *key)
{
    const size_t length = strlen(key);

    if (length == 0 || length > KEY_MAX || strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789._-/") != length) {
        return false;
    }
    g_auto(GStrv) parts = g_strsplit(key, "/", -1);
    for (char **part = parts; *part != NULL; part++) {
        if ((*part)[0] == '\0' || (*part)[0] == '.') { /* also "." and "..", and nothing hidden */
            return false;
        }
    }
    return true;
}

static bool check_key(const char *key, GError **error)
{
    if (!store_key_is_valid(key)) {
        g_set_error(error, STORE_ERROR, REASON_INTERNAL, "\"%s\" is no key", key);
        return false;
    }
    return true;
}

bool store_put_file(struct store *store, const char *key, const char *path, GError **error)
{
    return check_key(key, error) && store->driver->put_file(store, key, path, error);
}

int store_open_read(struct store *store, const char *key, int64_t *size, GError **error)
{
    return check_key(key, error) ? store->driver->open_read(store, key, size, error) : -1;
}

bool store_remove(struct store *store, const char *key, GError **error)
{
    return check_key(key, error) && store->driver->remove(store, key, error);
}

bool store_each(struct store *store, const char *prefix, store_visit *visit, void *context, GError **error)
{
    if (prefix[0] != '\0' && !check_key(prefix, error)) {
        return false;
    }
    return store->driver->each(store, prefix, visit, context, error);
}

char *store_local_path(struct store *store, const char *key)
{
    return store_key_is_valid(key) ? store->driver->local_path(store, key) : NULL;
}

bool store_space(struct store *store, int64_t *free_bytes, int64_t *total_bytes, GError **error)
{
    return store->driver->space(store, free_bytes, total_bytes, error);
}
