/* Moves every row of a SQLite database into an empty PostgreSQL one of the same schema. */
#pragma once

#include "service/database/database.h"

struct relocate_report {
    void (*table)(void *context, const char *name, int64_t rows); /* after each; of an attempt that may be run again */
    void *context;
};

/* One snapshot of `from`, one transaction of `to`: all or nothing. Nobody may write to `from` meanwhile. REASON_CONFLICT
 * when `to` has rows already or other tables, REASON_UNSUPPORTED for other engines. Counts are compared at the end; what
 * the rows say (the ledger's chain) is the caller's to check. */
bool database_relocate(struct database *from, struct database *to, const struct relocate_report *report,
                       GError **error);
