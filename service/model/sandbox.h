/* How far the media program is locked in on the machines of this installation (design S36): workers say so with each claim,
 * services of their sniffers with each sign of life. */
#pragma once

#include "service/database/database.h"

enum {
    SANDBOX_NONE,    /* nothing holds the program that opens untrusted files */
    SANDBOX_FULL = 3 /* also when no machine was heard of */
};

/* The lowest level, 0 to 3, of the services heard of lately, and of the workers that were or that hold a job. */
bool sandbox_lowest(struct sql *sql, int64_t now_ms, int64_t *level, GError **error);
bool sandbox_is_none(const char *level);
/* One record of the ledger: an unlocked machine has started. */
bool sandbox_note_unlocked(struct sql *sql, const char *machine, int64_t now_ms, GError **error);
