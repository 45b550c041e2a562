/* What a store driver fills; private to this folder. Members after `space` may be NULL: see store.c for what then holds. */
#pragma once

#include "service/store/store.h"

struct store_driver {
    const char *scheme; /* "" for a folder */
    struct store *(*open)(const struct store_config *config, GError **error);
    void (*close)(struct store *store);
    bool (*put_file)(struct store *store, const char *key, const char *path, GError **error);
    struct store_reader *(*open_read)(struct store *store, const char *key, GError **error);
    bool (*verify)(struct store *store, const char *key, int64_t bytes, const char *sha256, GError **error);
    bool (*remove)(struct store *store, const char *key, GError **error);
    bool (*each)(struct store *store, const char *prefix, store_visit *visit, void *context, GError **error);
    bool (*space)(struct store *store, int64_t *free_bytes, int64_t *total_bytes, GError **error);
    /* a folder's alone */
    char *(*local_path)(struct store *store, const char *key);
    /* a remote store's alone */
    bool (*read)(struct store_reader *reader, int64_t offset, void *bytes, size_t length, GError **error);
    bool (*check)(struct store *store, GError **error);
    bool (*is_up)(const struct store *store);
    bool (*sweep)(struct store *store, int64_t before_ms, GError **error);
    char *(*presign_get)(struct store *store, const char *key, int64_t life_s);
    char *(*presign_put)(struct store *store, const char *key, const char *sha256, int64_t life_s, char ***headers);
};

/* First member of each driver's own struct. */
struct store {
    const struct store_driver *driver;
};

struct store_reader {
    struct store *store;
    char *key;
    int64_t size;
    int fd; /* -1: read by the driver's `read` */
};

/* Takes `fd` over. */
struct store_reader *store_reader_new(struct store *store, const char *key, int64_t size, int fd);

extern const struct store_driver files_driver;
extern const struct store_driver s3_driver;
