#include "service/model/staff_identity.h"

#include <string.h>

#include "common/failure.h"

enum { USERNAME_BYTES_MOST = 255 };

static const char BY_SUBJECT[] = /* staff_identity.by_subject */
    "SELECT staff FROM staff_identity WHERE issuer = $1 AND subject = $2 AND subject <> ''";
static const char BY_USERNAME[] = /* staff_identity.by_username */
    "SELECT staff FROM staff_identity WHERE issuer = $1 AND username = $2 AND subject = ''";
static const char PUT[] = /* staff_identity.put */
    "INSERT INTO staff_identity (staff, issuer, username, subject, linked_ms) VALUES ($1, $2, $3, '', $4)"
    " ON CONFLICT (staff) DO UPDATE SET issuer = excluded.issuer, username = excluded.username, subject = '',"
    " linked_ms = excluded.linked_ms";
static const char BIND[] = /* staff_identity.bind */
    "UPDATE staff_identity SET subject = $2, linked_ms = $3 WHERE staff = $1 AND subject = ''";
static const char REMOVE[] = /* staff_identity.remove */
    "DELETE FROM staff_identity WHERE staff = $1";

struct linked {
    char *staff;
};
static const struct sql_column COLUMNS[] = {SQL_FIELD(struct linked, staff)};
static const struct sql_map MAP = SQL_MAP(struct linked, COLUMNS);

static bool look(struct sql *sql, const char *text, const char *issuer, const char *name, char **staff, GError **error)
{
    struct linked row = {0};
    bool found = false;

    *staff = NULL;
    if (!sql_row(sql, text, SQL_VALUES(SQL_T(issuer), SQL_T(name)), &MAP, &row, &found, error)) {
        return false;
    }
    *staff = found ? g_strdup(row.staff) : NULL;
    sql_row_clear(&MAP, &row);
    return true;
}

bool staff_identity_invite(struct sql *sql, const char *staff, const char *issuer, const char *username,
                           const struct actor *actor, int64_t now_ms, GError **error)
{
    g_autofree char *other = NULL;
    json_auto_t *detail = json_pack("{s:s, s:s}", "issuer", issuer, "username", username);
    const struct ledger_entry entry = {.action = "staff.identity_invited", .object = staff, .detail = detail};

    if (issuer[0] == '\0' || username[0] == '\0' || strlen(username) > USERNAME_BYTES_MOST) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "no provider is set, or no name of it was given");
    }
    if (!look(sql, BY_USERNAME, issuer, username, &other, error)) {
        return false;
    }
    if (other != NULL && strcmp(other, staff) != 0) {
        return refuse(error, MODEL_ERROR, REASON_CONFLICT, "invited for another account");
    }
    return sql_run(sql, PUT, SQL_VALUES(SQL_T(staff), SQL_T(issuer), SQL_T(username), SQL_I(now_ms)), NULL, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}

bool staff_identity_remove(struct sql *sql, const char *staff, const struct actor *actor, int64_t now_ms,
                           GError **error)
{
    const struct ledger_entry entry = {.action = "staff.identity_removed", .object = staff};
    int64_t changed = 0;

    return sql_run(sql, REMOVE, SQL_VALUES(SQL_T(staff)), &changed, error) &&
           (changed == 0 || (login_end_all(sql, staff, error) && ledger_add(sql, actor, &entry, now_ms, error)));
}

static bool bind_subject(struct sql *sql, const char *staff, const char *subject, int64_t now_ms, GError **error)
{
    static const struct actor PROVIDER = {"provider", "system", ""};
    json_auto_t *detail = json_pack("{s:s}", "subject", subject);
    const struct ledger_entry entry = {.action = "staff.identity_linked", .object = staff, .detail = detail};
    int64_t changed = 0;

    return sql_run(sql, BIND, SQL_VALUES(SQL_T(staff), SQL_T(subject), SQL_I(now_ms)), &changed, error) &&
           (changed == 1 || refuse(error, MODEL_ERROR, REASON_SIGN_ON_UNKNOWN, "bound by somebody else just now")) &&
           ledger_add(sql, &PROVIDER, &entry, now_ms, error);
}

bool staff_identity_find(struct sql *sql, const char *issuer, const char *subject, const char *username, int64_t now_ms,
                         struct staff *staff, GError **error)
{
    g_autofree char *id = NULL;

    if (!look(sql, BY_SUBJECT, issuer, subject, &id, error)) {
        return false;
    }
    if (id == NULL && username[0] != '\0') {
        if (!look(sql, BY_USERNAME, issuer, username, &id, error) ||
            (id != NULL && !bind_subject(sql, id, subject, now_ms, error))) {
            return false;
        }
    }
    if (id == NULL) {
        return refuse(error, MODEL_ERROR, REASON_SIGN_ON_UNKNOWN, "nobody was invited under this name");
    }
    return staff_get(sql, id, staff, error) &&
           (staff->is_active != 0 || refuse(error, MODEL_ERROR, REASON_SIGN_ON_UNKNOWN, "the account is switched off"));
}
