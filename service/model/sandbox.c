#include "service/model/sandbox.h"

#include <string.h>

#include "service/model/ledger.h"
#include "service/model/node.h"

#define WORKER_GONE_MS 60000 /* claims wait for at most half of it */

static const char LOWEST[] = /* sandbox.lowest */
    "SELECT COALESCE(MIN(CASE sandbox WHEN 'none' THEN 0 WHEN 'basic' THEN 1 WHEN 'strong' THEN 2 ELSE 3 END), 3) AS level"
    " FROM (SELECT sandbox FROM node WHERE seen_ms > $1 AND seen_ms <= $2 UNION ALL"
    "       SELECT sandbox FROM worker WHERE seen_ms > $3 UNION ALL"
    "       SELECT w.sandbox FROM job j JOIN worker w ON w.name = j.worker WHERE j.state = 'leased') heard";

static const struct actor SYSTEM = {"system", "system", ""};

bool sandbox_lowest(struct sql *sql, int64_t now_ms, int64_t *level, GError **error)
{
    int64_t clock_ms;

    return sql_lease_clock(sql, &clock_ms, error) &&
           sql_number(sql, LOWEST,
                      SQL_VALUES(SQL_I(clock_ms - NODE_GONE_MS), SQL_I(clock_ms + NODE_GONE_MS),
                                 SQL_I(now_ms - WORKER_GONE_MS)),
                      level, error);
}

bool sandbox_is_none(const char *level)
{
    return strcmp(level, "none") == 0;
}

bool sandbox_note_unlocked(struct sql *sql, const char *machine, int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {.action = "sandbox.unlocked", .object = machine};

    return ledger_add(sql, &SYSTEM, &entry, now_ms, error);
}
