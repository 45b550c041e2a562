/* The media store seam: bytes by key. Drivers: files.c (a folder); an object store later.
 *
 * A key is a path of [a-z0-9._-] parts separated by '/', made by us, never by a user. A key is never written twice with
 * other bytes. Nothing is public by lying here: the publication row decides at every request. Calls block on the disk:
 * disk threads only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct store;

/* `address`: a folder (made when missing). */
struct store *store_open(const char *address, GError **error);
void store_free(struct store *store);
typedef struct store Store;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* Parts of [a-z0-9._-], none empty or beginning with a dot, at most 512 bytes. */
bool store_key_is_valid(const char *key);

/* Moves the finished file at `path` (same file system for the folder driver) to `key`; durable on return: fsync of the
 * file, rename, fsync of the folders. Putting the same key again replaces it. */
bool store_put_file(struct store *store, const char *key, const char *path, GError **error);
/* Opens for reading; the descriptor is the caller's, *size in bytes. -1 with REASON_NOT_FOUND when absent. */
int store_open_read(struct store *store, const char *key, int64_t *size, GError **error);
/* Removing what is not there succeeds. */
bool store_remove(struct store *store, const char *key, GError **error);
/* Calls `visit` for each key below `prefix`; false from it stops. */
typedef bool store_visit(void *context, const char *key, int64_t size, int64_t modified_ms);
bool store_each(struct store *store, const char *prefix, store_visit *visit, void *context, GError **error);
/* An address under which a worker on this machine reads the object: its path; NULL when the driver has none. */
char *store_local_path(struct store *store, const char *key);
/* Bytes that may still be stored, and the size of the whole. */
bool store_space(struct store *store, int64_t *free_bytes, int64_t *total_bytes, GError **error);
