/* Where an exhibition goes: a folder, or a zip file with the same in it. Files come one after the other, in pieces; their
 * SHA-256 are listed in SHA256SUMS at the end. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

struct pack;

/* The folder is made; it must be absent or empty. */
struct pack *pack_folder(const char *folder, GError **error);
/* Into a descriptor that stays the caller's. Files lie in it as they are: clips and pictures are compressed already. */
struct pack *pack_zip(int fd, GError **error);
void pack_free(struct pack *pack);
typedef struct pack Pack;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pack, pack_free)

/* `name`: below the pack, with at most one folder; `bytes`: what the pieces until pack_end come to. */
bool pack_begin(struct pack *pack, const char *name, int64_t bytes, GError **error);
bool pack_write(struct pack *pack, const void *piece, size_t length, GError **error);
bool pack_end(struct pack *pack, GError **error);
/* The three of a short text. */
bool pack_add(struct pack *pack, const char *name, const char *text, size_t length, GError **error);
/* SHA256SUMS, and the end. Nothing is whole before it. */
bool pack_close(struct pack *pack, GError **error);
