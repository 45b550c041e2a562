/* Works whose files never came: one that waits in `uploading` must not wait for ever. */
#pragma once

#include "common/failure.h"
#include "service/database/database.h"

/* open -> refused, and the work that waits for it fails with the same reason; its files may then be replaced. *changed
 * false when it was not open. */
bool unfinished_refuse(struct sql *sql, const char *upload, enum reason reason, int64_t now_ms, bool *changed,
                       GError **error);
/* Open uploads that a work names and whose time is over, as struct upload; at most 200. */
struct sql_rows *unfinished_list(struct sql *sql, int64_t now_ms, GError **error);
/* open -> gone, and the work that waits for it fails; *changed false when bytes came meanwhile. */
bool unfinished_expire(struct sql *sql, const char *upload, int64_t now_ms, bool *changed, GError **error);
