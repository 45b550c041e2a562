/* The part of the seam that no driver cares about: choosing the driver, what a key may be, reading from descriptors. */
#include "service/store/store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/failure.h"
#include "service/store/driver.h"

#define KEY_MAX 512

static const struct store_driver *const DRIVERS[] = {
    &files_driver, /* an address without a scheme */
    &s3_driver,
};

struct store *store_open(const struct store_config *config, GError **error)
{
    g_autofree char *scheme = g_uri_parse_scheme(config->address);

    for (size_t i = 0; i < G_N_ELEMENTS(DRIVERS); i++) {
        if (strcmp(DRIVERS[i]->scheme, scheme == NULL ? "" : scheme) == 0) {
            return DRIVERS[i]->open(config, error);
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

bool store_is_remote(const struct store *store)
{
    return store->driver->read != NULL;
}

bool store_check(struct store *store, GError **error)
{
    return store->driver->check == NULL || store->driver->check(store, error);
}

bool store_is_up(const struct store *store)
{
    return store->driver->is_up == NULL || store->driver->is_up(store);
}

bool store_put_file(struct store *store, const char *key, const char *path, GError **error)
{
    return check_key(key, error) && store->driver->put_file(store, key, path, error);
}

/* --- reading --------------------------------------------------------------------------------------------------- */

struct store_reader *store_reader_new(struct store *store, const char *key, int64_t size, int fd)
{
    struct store_reader *reader = g_new(struct store_reader, 1);

    *reader = (struct store_reader){.store = store, .key = g_strdup(key), .size = size, .fd = fd};
    return reader;
}

struct store_reader *store_open_read(struct store *store, const char *key, GError **error)
{
    return check_key(key, error) ? store->driver->open_read(store, key, error) : NULL;
}

int64_t store_reader_size(const struct store_reader *reader)
{
    return reader->size;
}

static bool read_descriptor(int fd, int64_t offset, void *bytes, size_t length, GError **error)
{
    for (size_t done = 0; done < length;) {
        const ssize_t got = pread(fd, (char *)bytes + done, length - done, offset + (int64_t)done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            g_set_error(error, STORE_ERROR, REASON_IO, "cannot read: %s", got == 0 ? "it ends" : g_strerror(errno));
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

bool store_reader_read(struct store_reader *reader, int64_t offset, void *bytes, size_t length, GError **error)
{
    if (length == 0) {
        return true;
    }
    return reader->fd >= 0 ? read_descriptor(reader->fd, offset, bytes, length, error)
                           : reader->store->driver->read(reader, offset, bytes, length, error);
}

int store_reader_steal_fd(struct store_reader *reader)
{
    return g_steal_fd(&reader->fd);
}

void store_reader_free(struct store_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->fd >= 0) {
        (void)close(reader->fd); /* was only read */
    }
    g_free(reader->key);
    g_free(reader);
}

/* --- the rest -------------------------------------------------------------------------------------------------- */

bool store_verify(struct store *store, const char *key, int64_t bytes, const char *sha256, GError **error)
{
    return check_key(key, error) && store->driver->verify(store, key, bytes, sha256, error);
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

bool store_sweep(struct store *store, int64_t before_ms, GError **error)
{
    return store->driver->sweep == NULL || store->driver->sweep(store, before_ms, error);
}

char *store_local_path(struct store *store, const char *key)
{
    return store_key_is_valid(key) && store->driver->local_path != NULL ? store->driver->local_path(store, key) : NULL;
}

char *store_presign_get(struct store *store, const char *key, int64_t life_s)
{
    return store_key_is_valid(key) && store->driver->presign_get != NULL
               ? store->driver->presign_get(store, key, life_s)
               : NULL;
}

char *store_presign_put(struct store *store, const char *key, const char *sha256, int64_t life_s, char ***headers)
{
    return store_key_is_valid(key) && store->driver->presign_put != NULL
               ? store->driver->presign_put(store, key, sha256, life_s, headers)
               : NULL;
}

bool store_space(struct store *store, int64_t *free_bytes, int64_t *total_bytes, GError **error)
{
    return store->driver->space(store, free_bytes, total_bytes, error);
}
