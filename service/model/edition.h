/* Editions (届) as the archive shows them; the one in force is model/rules.h. */
#pragma once

#include "service/database/database.h"

struct edition {
    char *key;
    char *name;
    int64_t year;
    int64_t is_current;
    int64_t works; /* public ones; kept by triggers, schema/0040 */
};
/* Newest first. */
struct sql_rows *edition_list(struct sql *sql, GError **error);
/* One row or none. */
struct sql_rows *edition_find(struct sql *sql, const char *key, GError **error);
/* Public works of all of them. */
bool edition_count_works(struct sql *sql, int64_t *count, GError **error);
