/* The media store seam: bytes by key. Drivers: files.c (a folder), s3.c (an object store).
 *
 * A key is a path of [a-z0-9._-] parts separated by '/', made by us, never by a user. A key is never written twice with
 * other bytes. Nothing is public by lying here: the publication row decides at every request. Calls block, on the disk
 * or on the network (store_is_remote): threads made for that only. What the network or the store refuses is
 * REASON_STORE: it passes, nothing was half done, and asking again is right.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct store;
struct store_reader;

struct store_config {
    const char *address; /* a folder (made when missing), or s3://…, see s3_address.h */
    const char *key;     /* of an object store */
    const char *secret;
    const char *spool; /* a folder of this machine's disk where files wait for a remote store */
};

/* An object store need not answer yet: store_check says. */
struct store *store_open(const struct store_config *config, GError **error);
void store_free(struct store *store);
typedef struct store Store;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* Parts of [a-z0-9._-], none empty or beginning with a dot, at most 512 bytes. */
bool store_key_is_valid(const char *key);

/* True when calls wait for the network: not on a disk thread. */
bool store_is_remote(const struct store *store);
/* Asks the store whether it is there, and makes the bucket when it is missing. While the last check failed, all other
 * calls fail at once instead of each waiting for its own time-out. */
bool store_check(struct store *store, GError **error);
/* What the last check said; true before the first. Never blocks. */
bool store_is_up(const struct store *store);

/* Takes the finished file at `path` over to `key`; durable and verified on return, and the file at `path` is gone. In a
 * folder (same file system): fsync of the file, rename, fsync of the folders. Putting the same key again replaces it;
 * until the return a reader sees the old object or none, never a part. */
bool store_put_file(struct store *store, const char *key, const char *path, GError **error);

/* REASON_NOT_FOUND when absent. */
struct store_reader *store_open_read(struct store *store, const char *key, GError **error);
int64_t store_reader_size(const struct store_reader *reader);
/* Exactly `length` bytes from `offset`, or an error. One thread at a time. */
bool store_reader_read(struct store_reader *reader, int64_t offset, void *bytes, size_t length, GError **error);
/* The object as a descriptor, which is the caller's from now on; -1 when the store is remote. */
int store_reader_steal_fd(struct store_reader *reader);
void store_reader_free(struct store_reader *reader);
typedef struct store_reader StoreReader;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreReader, store_reader_free)

/* Is the object there, with this length and SHA-256 (hex)? REASON_NOT_FOUND, or REASON_CONFLICT when it is another. */
bool store_verify(struct store *store, const char *key, int64_t bytes, const char *sha256, GError **error);
/* Removing what is not there succeeds. */
bool store_remove(struct store *store, const char *key, GError **error);
/* Calls `visit` for each key below `prefix`; false from it stops. */
typedef bool store_visit(void *context, const char *key, int64_t size, int64_t modified_ms);
bool store_each(struct store *store, const char *prefix, store_visit *visit, void *context, GError **error);
/* Gives up what unfinished puts from before `before_ms` left behind. */
bool store_sweep(struct store *store, int64_t before_ms, GError **error);

/* An address under which a worker on this machine reads the object: its path; NULL when the driver has none. */
char *store_local_path(struct store *store, const char *key);

/* Addresses under which a worker reads or writes one object by itself, for `life_s` seconds; NULL when the driver has
 * none and bytes go through the service. A PUT address is good for the bytes of that SHA-256 alone, and `headers`
 * ("Name: value", NULL-ended, the caller's) must be sent with it. They are secrets: never logged, never for browsers. */
char *store_presign_get(struct store *store, const char *key, int64_t life_s);
char *store_presign_put(struct store *store, const char *key, const char *sha256, int64_t life_s, char ***headers);

/* Bytes that may still be stored, and the size of the whole; of the spool where the store is remote. Never waits for the
 * network. */
bool store_space(struct store *store, int64_t *free_bytes, int64_t *total_bytes, GError **error);
