#include "service/model/quota.h"

#include "common/failure.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

/* THE table of quotas. Thousands of phones share a carrier's address, a teacher sends for a class, a school's link
 * stands in every class group: only what no person does is refused. */
static const struct quota_rule {
    const char *name;
    size_t source; /* offset in struct quota_source */
    int64_t most;
    int64_t window_ms;
} QUOTAS[] = {
    {"device-hour", offsetof(struct quota_source, device), 60, HOUR_MS},
    {"device-day", offsetof(struct quota_source, device), 200, DAY_MS},
    {"phone-day", offsetof(struct quota_source, phone), 500, DAY_MS},
    {"address-hour", offsetof(struct quota_source, block), 3000, HOUR_MS},
    {"link-day", offsetof(struct quota_source, link), 5000, DAY_MS},
};

static const char COUNT[] = /* quota.count: the row is locked until the transaction ends */
    "INSERT INTO quota (name, key, start_ms, count) VALUES ($1, $2, $3, 1)"
    " ON CONFLICT (name, key, start_ms) DO UPDATE SET count = quota.count + 1";
static const char GET[] = /* quota.get */
    "SELECT count FROM quota WHERE name = $1 AND key = $2 AND start_ms = $3";
static const char SWEEP[] = /* quota.sweep */
    "DELETE FROM quota WHERE start_ms < $1";

static bool take_one(struct sql *sql, const struct quota_rule *rule, const char *key, const int64_t limits[2],
                     GError **error)
{
    const struct sql_values row = SQL_VALUES(SQL_T(rule->name), SQL_T(key), SQL_I(limits[1]));
    int64_t count = 0;

    if (!sql_run(sql, COUNT, row, NULL, error) || !sql_number(sql, GET, row, &count, error)) {
        return false;
    }
    if (count <= limits[0]) {
        return true;
    }
    g_set_error(error, MODEL_ERROR, REASON_QUOTA, "more works than the quota \"%s\"", rule->name);
    return false;
}

bool quota_take(struct sql *sql, const struct secrets *secrets, const struct quota_source *source, int64_t percent,
                int64_t now_ms, GError **error)
{
    for (size_t i = 0; percent > 0 && i < G_N_ELEMENTS(QUOTAS); i++) {
        const struct quota_rule *rule = &QUOTAS[i];
        const char *text = *(const char *const *)((const char *)source + rule->source);
        const int64_t limits[2] = {MAX(rule->most * percent / 100, 1), now_ms - now_ms % rule->window_ms};
        if (text == NULL || text[0] == '\0') {
            continue;
        }
        g_autofree char *key = secret_mac(secrets, "quota", text); /* nobody reads an address or a number here */
        if (!take_one(sql, rule, key, limits, error)) {
            return false;
        }
    }
    return true;
}

bool quota_sweep(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_run(sql, SWEEP, SQL_VALUES(SQL_I(now_ms - 2 * DAY_MS)), NULL, error);
}
