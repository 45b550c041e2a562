#include "service/model/staff_phone.h"

#include "common/failure.h"
#include "service/model/identity.h"
#include "service/model/text.h"

enum { DIGEST_SHOWN = 16 }; /* digits in the ledger: two accounts of one number can be told, the number cannot */

static const char SEAL[] = /* staff.phone */
    "UPDATE staff SET phone = $2 WHERE id = $1";
static const char LEAVE[] = /* staff_phone.leave */
    "UPDATE staff_phone SET left_ms = $2 WHERE staff = $1 AND left_ms = 0";
static const char TAKE[] = /* staff_phone.take */
    "INSERT INTO staff_phone (staff, identity, left_ms) VALUES ($1, $2, 0)"
    " ON CONFLICT (staff, identity) DO UPDATE SET left_ms = 0";
static const char SWEEP[] = /* staff_phone.sweep */
    "DELETE FROM staff_phone WHERE left_ms > 0 AND left_ms <= $1";

bool staff_phone_set(struct sql *sql, const struct secrets *secrets, const char *staff, const char *phone,
                     const struct actor *actor, int64_t now_ms, GError **error)
{
    g_autofree char *digits = phone[0] == '\0' ? g_strdup("") : text_phone(phone);
    int64_t changed = 0;

    if (digits == NULL) {
        return refuse(error, MODEL_ERROR, REASON_PHONE_INVALID, "no mobile number");
    }
    const bool is_none = digits[0] == '\0';
    g_autofree char *sealed = is_none ? g_strdup("") : secret_seal(secrets, digits);
    g_autofree char *identity = is_none ? g_strdup("") : identity_of(secrets, IDENTITY_PHONE, digits);
    g_autofree char *head = g_strndup(identity, DIGEST_SHOWN);
    json_auto_t *detail = json_pack("{s:s}", "digest", head);
    const struct ledger_entry entry = {.action = "staff.phone", .object = staff, .detail = detail};
    if (!sql_run(sql, SEAL, SQL_VALUES(SQL_T(staff), SQL_T(sealed)), &changed, error)) {
        return false;
    }
    if (changed != 1) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such person");
    }
    return sql_run(sql, LEAVE, SQL_VALUES(SQL_T(staff), SQL_I(now_ms)), NULL, error) &&
           (is_none || sql_run(sql, TAKE, SQL_VALUES(SQL_T(staff), SQL_T(identity)), NULL, error)) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}

char *staff_phone_masked(const struct secrets *secrets, const struct staff *staff)
{
    g_autofree char *digits = staff->phone[0] == '\0' ? NULL : secret_open(secrets, staff->phone);

    return digits == NULL ? g_strdup("") : text_phone_masked(digits);
}

bool staff_phone_sweep(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_run(sql, SWEEP, SQL_VALUES(SQL_I(now_ms - IDENTITY_MS)), NULL, error);
}
