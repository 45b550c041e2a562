/* What a store driver fills; private to this folder. */
#pragma once

#include "service/store/store.h"

struct store_driver {
    const char *scheme; /* "" for a folder */
    struct store *(*open)(const char *address, GError **error);
    void (*close)(struct store *store);
    bool (*put_file)(struct store *store, const char *key, const char *path, GError **error);
    int (*open_read)(struct store *store, const char *key, int64_t *size, GError **error);
    bool (*remove)(struct store *store, const char *key, GError **error);
    bool (*each)(struct store *store, const char *prefix, store_visit *visit, void *context, GError **error);
    char *(*local_path)(struct store *store, const char *key);
    bool (*space)(struct store *store, int64_t *free_bytes, int64_t *total_bytes, GError **error);
};

/* First member of each driver's own struct. */
struct store {
    const struct store_driver *driver;
};

extern const struct store_driver files_driver;
