/* How many works may come from one device, telephone number, address block or entry link in a time. The counts are rows,
 * so all services of an installation share them, and a restart forgets nothing. Each source has a count of its own: a
 * flood from one does not stop others. Buckets in memory (http/limits.h) stand before this and brake requests. */
#pragma once

#include "service/database/database.h"
#include "service/model/secret.h"

/* Where a work comes from; NULL or "": not known, not counted. */
struct quota_source {
    const char *device; /* digest of the cookie */
    const char *phone;  /* digits */
    const char *block;  /* of the address (limits_block_of) */
    const char *link;   /* token of the poster's or school's link */
};

/* Counts one work. REASON_QUOTA where it would be one too many; the caller's transaction then ends without it. `percent`
 * of the table's limits, at least one; 0: nothing is limited or counted. Locks its rows: last in the order of locks. */
bool quota_take(struct sql *sql, const struct secrets *secrets, const struct quota_source *source, int64_t percent,
                int64_t now_ms, GError **error);
/* Windows that are over. */
bool quota_sweep(struct sql *sql, int64_t now_ms, GError **error);
