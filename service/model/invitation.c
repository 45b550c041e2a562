#include "service/model/invitation.h"

#include "common/failure.h"
#include "service/model/secret.h"

enum { LIFE_MS = 3 * 24 * 3600 * 1000 };

static const char REMOVE[] = /* invitation.remove */
    "DELETE FROM invitation WHERE staff = $1 AND used_ms = 0";
static const char ADD[] = /* invitation.add */
    "INSERT INTO invitation (digest, staff, expires_ms) VALUES ($1, $2, $3)";
static const char FIND[] = /* invitation.find */
    "SELECT " STAFF_FIELDS " FROM invitation i JOIN staff s ON s.id = i.staff"
    " WHERE i.digest = $1 AND i.used_ms = 0 AND i.expires_ms > $2 AND s.is_active = 1";
static const char SPEND[] = /* invitation.spend */
    "UPDATE invitation SET used_ms = $2 WHERE digest = $1 AND used_ms = 0 AND expires_ms > $2";

bool invitation_add(struct sql *sql, const char *staff, const struct actor *actor, int64_t now_ms, char **token,
                    int64_t *expires_ms, GError **error)
{
    g_autofree char *fresh = secret_token();
    g_autofree char *digest = secret_digest(fresh);
    const struct ledger_entry entry = {.action = "staff.invited", .object = staff};

    if (!sql_run(sql, REMOVE, SQL_VALUES(SQL_T(staff)), NULL, error) ||
        !sql_run(sql, ADD, SQL_VALUES(SQL_T(digest), SQL_T(staff), SQL_I(now_ms + LIFE_MS)), NULL, error) ||
        !ledger_add(sql, actor, &entry, now_ms, error)) {
        return false;
    }
    *token = g_steal_pointer(&fresh);
    *expires_ms = now_ms + LIFE_MS;
    return true;
}

bool invitation_find(struct sql *sql, const char *token, int64_t now_ms, struct staff *staff, GError **error)
{
    g_autofree char *digest = secret_digest(token);
    bool found = false;

    if (!sql_row(sql, FIND, SQL_VALUES(SQL_T(digest), SQL_I(now_ms)), &staff_map, staff, &found, error)) {
        return false;
    }
    if (!found) {
        g_set_error_literal(error, MODEL_ERROR, REASON_INVITATION, "no such invitation");
    }
    return found;
}

bool invitation_accept(struct sql *sql, const char *token, const char *password_hash, const char *peer, int64_t now_ms,
                       GError **error)
{
    g_autofree char *digest = secret_digest(token);
    struct staff staff = {0};
    int64_t changed = 0;

    if (!invitation_find(sql, token, now_ms, &staff, error)) {
        return false;
    }
    const struct actor actor = {staff.id, staff.role, peer};
    bool good = sql_run(sql, SPEND, SQL_VALUES(SQL_T(digest), SQL_I(now_ms)), &changed, error);
    if (good && changed != 1) {
        g_set_error_literal(error, MODEL_ERROR, REASON_INVITATION, "spent at the same moment");
        good = false;
    }
    good = good && staff_set_password(sql, staff.id, password_hash, &actor, now_ms, error);
    sql_row_clear(&staff_map, &staff);
    return good;
}
