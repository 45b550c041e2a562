#include "service/model/otp.h"

#include <string.h>

#include <liboath/oath.h>

#include "common/failure.h"
#include "service/model/secret.h"

enum {
    STEP_MS = 30 * 1000,
    STEP_SECONDS = 30,
    DIGITS = 6,
    DRIFT_STEPS = 1,
    SECRET_CHARACTERS = 32, /* 160 bits, as RFC 4226 section 4 recommends */
    RECOVERY_DIGITS = 10,
};

static const char PENDING[] = /* staff.otp_pending */
    "UPDATE staff SET otp_pending = $2 WHERE id = $1 AND otp_secret = ''";
static const char STORED[] = /* staff.otp */
    "SELECT otp_secret, otp_pending, otp_step FROM staff WHERE id = $1 /*pg: FOR NO KEY UPDATE */";
static const char SET[] = /* staff.otp_set */
    "UPDATE staff SET otp_secret = otp_pending, otp_pending = '', otp_step = $2 WHERE id = $1 AND otp_secret = ''";
static const char STEP[] = /* staff.otp_step */
    "UPDATE staff SET otp_step = $2 WHERE id = $1 AND otp_step < $2";
static const char RESET[] = /* staff.otp_reset */
    "UPDATE staff SET otp_secret = '', otp_pending = '' WHERE id = $1";
static const char RECOVERY_ADD[] = /* recovery_code.add */
    "INSERT INTO recovery_code (staff, digest) VALUES ($1, $2)";
static const char RECOVERY_SPEND[] = /* recovery_code.spend */
    "UPDATE recovery_code SET used_ms = $3 WHERE staff = $1 AND digest = $2 AND used_ms = 0";
static const char RECOVERY_REMOVE[] = /* recovery_code.remove */
    "DELETE FROM recovery_code WHERE staff = $1";

struct stored {
    char *otp_secret;
    char *otp_pending;
    int64_t otp_step;
};
static const struct sql_column STORED_COLUMNS[] = {
    SQL_FIELD(struct stored, otp_secret),
    SQL_FIELD(struct stored, otp_pending),
    SQL_FIELD(struct stored, otp_step),
};
static const struct sql_map STORED_MAP = SQL_MAP(struct stored, STORED_COLUMNS);

bool otp_init(GError **error)
{
    return oath_init() == OATH_OK || refuse(error, MODEL_ERROR, REASON_INTERNAL, "liboath does not start");
}

bool otp_begin(struct sql *sql, const struct secrets *secrets, const struct staff *staff, char **secret, GError **error)
{
    g_autofree char *one = secret_id();
    g_autofree char *other = secret_id();
    g_autofree char *both = g_strconcat(one, other, NULL);
    int64_t changed = 0;

    both[SECRET_CHARACTERS] = '\0';
    g_autofree char *fresh = g_ascii_strup(both, -1);
    g_autofree char *sealed = secret_seal(secrets, fresh);
    if (!sql_run(sql, PENDING, SQL_VALUES(SQL_T(staff->id), SQL_T(sealed)), &changed, error)) {
        return false;
    }
    if (changed != 1) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "one-time codes are in use already");
    }
    *secret = g_steal_pointer(&fresh);
    return true;
}

char *otp_uri(const char *issuer, const char *username, const char *secret)
{
    g_autofree char *name = g_uri_escape_string(issuer, NULL, false);

    return g_strdup_printf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d", name,
                           username, secret, name, DIGITS, STEP_SECONDS);
}

char *otp_code(const char *secret, int64_t step)
{
    char *bytes = NULL;
    size_t length = 0;
    char code[DIGITS + 1] = {0};

    if (oath_base32_decode(secret, strlen(secret), &bytes, &length) != OATH_OK) {
        return NULL;
    }
    const int result = oath_totp_generate(bytes, length, (time_t)(step * STEP_SECONDS), STEP_SECONDS, 0, DIGITS, code);
    free(bytes);
    return result == OATH_OK ? g_strdup(code) : NULL;
}

/* The step whose code this is, later than `last`; 0 for none. */
static int64_t step_of(const struct secrets *secrets, const char *sealed, const char *code, int64_t last,
                       int64_t now_ms)
{
    g_autofree char *secret = secret_open(secrets, sealed);
    const int64_t now_step = now_ms / STEP_MS;
    int64_t found = 0;

    for (int64_t step = now_step - DRIFT_STEPS; secret != NULL && step <= now_step + DRIFT_STEPS; step++) {
        g_autofree char *right = otp_code(secret, step);
        if (secret_equal(right, code) && step > last) {
            found = step;
        }
    }
    return found;
}

static char *recovery_digest(const struct secrets *secrets, const char *staff, const char *code)
{
    g_autofree char *text = g_strconcat(staff, " ", code, NULL);

    return secret_mac(secrets, "recovery-code", text);
}

static bool add_recovery_codes(struct sql *sql, const struct secrets *secrets, const char *staff, char **codes,
                               GError **error)
{
    if (!sql_run(sql, RECOVERY_REMOVE, SQL_VALUES(SQL_T(staff)), NULL, error)) {
        return false;
    }
    for (int i = 0; i < RECOVERY_CODES; i++) {
        codes[i] = secret_digits(RECOVERY_DIGITS);
        g_autofree char *digest = recovery_digest(secrets, staff, codes[i]);
        if (!sql_run(sql, RECOVERY_ADD, SQL_VALUES(SQL_T(staff), SQL_T(digest)), NULL, error)) {
            return false;
        }
    }
    return true;
}

bool otp_confirm(struct sql *sql, const struct secrets *secrets, const struct staff *staff, const char *code,
                 const struct actor *actor, int64_t now_ms, char ***codes, GError **error)
{
    g_auto(GStrv) fresh = g_new0(char *, RECOVERY_CODES + 1);
    const struct ledger_entry entry = {.action = "staff.otp_set", .object = staff->id};
    struct stored stored = {0};
    bool found = false;
    int64_t changed = 0;

    if (!sql_row(sql, STORED, SQL_VALUES(SQL_T(staff->id)), &STORED_MAP, &stored, &found, error)) {
        return false;
    }
    const int64_t step = found && stored.otp_pending[0] != '\0'
                             ? step_of(secrets, stored.otp_pending, code, stored.otp_step, now_ms)
                             : 0;
    sql_row_clear(&STORED_MAP, &stored);
    if (step == 0) {
        return refuse(error, MODEL_ERROR, REASON_OTP_WRONG, "not a code of the pending secret");
    }
    if (!sql_run(sql, SET, SQL_VALUES(SQL_T(staff->id), SQL_I(step)), &changed, error)) {
        return false;
    }
    if (changed != 1) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "one-time codes are in use already");
    }
    if (!add_recovery_codes(sql, secrets, staff->id, fresh, error) || !ledger_add(sql, actor, &entry, now_ms, error)) {
        return false;
    }
    *codes = g_steal_pointer(&fresh);
    return true;
}

bool otp_spend(struct sql *sql, const struct secrets *secrets, const struct staff *staff, const char *code,
               int64_t now_ms, GError **error)
{
    struct stored stored = {0};
    bool found = false;
    int64_t changed = 0;

    if (!sql_row(sql, STORED, SQL_VALUES(SQL_T(staff->id)), &STORED_MAP, &stored, &found, error)) {
        return false;
    }
    const bool is_set = found && stored.otp_secret[0] != '\0';
    const int64_t step =
        is_set && code != NULL ? step_of(secrets, stored.otp_secret, code, stored.otp_step, now_ms) : 0;
    sql_row_clear(&STORED_MAP, &stored);
    if (!is_set) {
        return true;
    }
    if (code == NULL || code[0] == '\0') {
        return refuse(error, MODEL_ERROR, REASON_OTP, "a one-time code is needed");
    }
    if (step != 0) {
        return sql_run(sql, STEP, SQL_VALUES(SQL_T(staff->id), SQL_I(step)), &changed, error) &&
               (changed == 1 || refuse(error, MODEL_ERROR, REASON_OTP_WRONG, "the code was used at the same moment"));
    }
    g_autofree char *digest = recovery_digest(secrets, staff->id, code);
    return sql_run(sql, RECOVERY_SPEND, SQL_VALUES(SQL_T(staff->id), SQL_T(digest), SQL_I(now_ms)), &changed, error) &&
           (changed == 1 || refuse(error, MODEL_ERROR, REASON_OTP_WRONG, "neither a fresh code nor a recovery code"));
}

bool otp_reset(struct sql *sql, const char *staff, const struct actor *actor, int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {.action = "staff.otp_reset", .object = staff};

    return sql_run(sql, RESET, SQL_VALUES(SQL_T(staff)), NULL, error) &&
           sql_run(sql, RECOVERY_REMOVE, SQL_VALUES(SQL_T(staff)), NULL, error) && login_end_all(sql, staff, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}
