#include "service/model/staff.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/text.h"

enum {
    IDLE_MS = 15 * 60 * 1000,
    ABSOLUTE_MS = 8 * 3600 * 1000,
    FREE_FAILURES = 5,
    SLOWEST_MS = 900 * 1000,
    PASSWORD_SHORTEST = 12,
    PASSWORD_LONGEST = 128,
};

static const char ADD[] = /* staff.add */
    "INSERT INTO staff (id, username, name, password, role, scope, stages, is_active, created_ms, unit)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9) ON CONFLICT (username) DO NOTHING";
static const char BY_USERNAME[] = /* staff.by_username */
    "SELECT " STAFF_FIELDS " FROM staff s WHERE username = $1";
static const char LIST[] = /* staff.list */
    "SELECT " STAFF_FIELDS " FROM staff s ORDER BY username LIMIT 1000";
static const char ANY[] = /* staff.any */
    "SELECT " STAFF_FIELDS " FROM staff s LIMIT 1";
static const char SET_ACTIVE[] = /* staff.set_active */
    "UPDATE staff SET is_active = $2 WHERE id = $1 AND is_active <> $2";
static const char SET_PASSWORD[] = /* staff.set_password */
    "UPDATE staff SET password = $2, failures = 0, slowed_until_ms = 0 WHERE id = $1";
static const char RENEW_HASH[] = /* staff.renew_hash */
    "UPDATE staff SET password = $3 WHERE id = $1 AND password = $2";
static const char FAILURES[] = /* staff.failures: as they are now, one wrong password at a time */
    "SELECT failures FROM staff WHERE id = $1 /*pg: FOR NO KEY UPDATE */";
static const char NOTE_FAILURE[] = /* staff.note_failure */
    "UPDATE staff SET failures = failures + 1, slowed_until_ms = $2 WHERE id = $1";
static const char CLEAR_FAILURES[] = /* staff.clear_failures */
    "UPDATE staff SET failures = 0, slowed_until_ms = 0 WHERE id = $1";
static const char END_ALL[] = /* login.end_all */
    "DELETE FROM login WHERE staff = $1";
static const char LOGIN_ADD[] = /* login.add */
    "INSERT INTO login (digest, staff, csrf, created_ms, seen_ms, peer, confirmed_ms)"
    " VALUES ($1, $2, $3, $4, $4, $5, $4)";
static const char LOGIN_FIND[] = /* login.find */
    "SELECT " STAFF_FIELDS ", l.csrf AS csrf, l.digest AS digest, l.confirmed_ms AS confirmed_ms,"
    " l.is_by_provider AS is_by_provider"
    " FROM login l JOIN staff s ON s.id = l.staff"
    " WHERE l.digest = $1 AND s.is_active = 1 AND l.seen_ms > $2 AND l.created_ms > $3";
static const char LOGIN_TOUCH[] = /* login.touch */
    "UPDATE login SET seen_ms = $2 WHERE digest = $1 AND seen_ms < $2 - 60000";
static const char LOGIN_BY_PROVIDER[] = /* login.by_provider */
    "UPDATE login SET is_by_provider = 1 WHERE digest = $1";
static const char LOGIN_END[] = /* login.end */
    "DELETE FROM login WHERE digest = $1";
static const char LOGIN_CONFIRM[] = /* login.confirm */
    "UPDATE login SET confirmed_ms = $2 WHERE digest = $1";
static const char LOGIN_LIST[] = /* login.list */
    "SELECT substr(digest, 1, 16) AS id, created_ms, seen_ms, peer FROM login WHERE staff = $1"
    " ORDER BY created_ms DESC LIMIT 100";
static const char LOGIN_END_ONE[] = /* login.end_one */
    "DELETE FROM login WHERE staff = $1 AND substr(digest, 1, 16) = $2";
static const char BY_ID[] = /* staff.by_id */
    "SELECT " STAFF_FIELDS " FROM staff s WHERE s.id = $1";
static const char CHANGE[] = /* staff.change */
    "UPDATE staff SET name = $2, role = $3, scope = $4, stages = $5, recusals = $6, unit = $7 WHERE id = $1";
static const char LOGIN_SWEEP[] = /* login.sweep */
    "DELETE FROM login WHERE seen_ms <= $1 OR created_ms <= $2";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct staff, id),         SQL_FIELD(struct staff, username),
    SQL_FIELD(struct staff, name),       SQL_FIELD(struct staff, password),
    SQL_FIELD(struct staff, role),       SQL_FIELD(struct staff, scope),
    SQL_FIELD(struct staff, stages),     SQL_FIELD(struct staff, is_active),
    SQL_FIELD(struct staff, failures),   SQL_FIELD(struct staff, slowed_until_ms),
    SQL_FIELD(struct staff, created_ms), SQL_FIELD(struct staff, otp_secret),
    SQL_FIELD(struct staff, recusals),   SQL_FIELD(struct staff, phone),
    SQL_FIELD(struct staff, unit),
};
const struct sql_map staff_map = SQL_MAP(struct staff, COLUMNS);

struct session {
    char *csrf;
    char *digest;
    int64_t confirmed_ms;
    int64_t is_by_provider;
};
static const struct sql_column SESSION_COLUMNS[] = {
    SQL_FIELD(struct session, csrf),
    SQL_FIELD(struct session, digest),
    SQL_FIELD(struct session, confirmed_ms),
    SQL_FIELD(struct session, is_by_provider),
};
static const struct sql_map SESSION_MAP = SQL_MAP(struct session, SESSION_COLUMNS);

static const struct sql_column LOGIN_COLUMNS[] = {
    SQL_FIELD(struct login_row, id),
    SQL_FIELD(struct login_row, created_ms),
    SQL_FIELD(struct login_row, seen_ms),
    SQL_FIELD(struct login_row, peer),
};
static const struct sql_map LOGIN_MAP = SQL_MAP(struct login_row, LOGIN_COLUMNS);

static const char *const ROLES[ROLE_COUNT] = {
    [ROLE_REVIEWER] = "reviewer", [ROLE_ORGANISER] = "organiser", [ROLE_ADMINISTRATOR] = "administrator",
    [ROLE_UNIT] = "unit",         [ROLE_AUDITOR] = "auditor",
};

const char *role_name(enum role role)
{
    return ROLES[role];
}

bool role_find(const char *name, enum role *role)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        if (strcmp(ROLES[i], name) == 0) {
            *role = (enum role)i;
            return true;
        }
    }
    return false;
}

bool staff_may_stage(const struct staff *staff, const char *stage)
{
    g_autofree char *word = g_strdup_printf(" %s ", stage);

    return strstr(staff->stages, word) != NULL;
}

static bool username_is_good(const char *username)
{
    const size_t length = strlen(username);

    return length >= 3 && length <= 32 && strspn(username, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

/* " first final " out of "first final"; NULL for an unknown word. */
static char *stages_canonical(const struct rules *rules, const char *stages)
{
    g_auto(GStrv) words = g_strsplit(stages, " ", -1);
    g_autoptr(GString) text = g_string_new(" ");

    for (char **word = words; *word != NULL; word++) {
        if ((*word)[0] == '\0') {
            continue;
        }
        if (rules_stage_find(rules, *word) == NULL) {
            return NULL;
        }
        g_string_append_printf(text, "%s ", *word);
    }
    return g_strdup(text->str);
}

/* NULL for what is no name. */
static char *unit_canonical(const char *unit)
{
    g_autofree char *clean = text_clean(unit == NULL ? "" : unit);

    return clean == NULL || g_utf8_strlen(clean, -1) > UNIT_CHARACTERS ? NULL : g_steal_pointer(&clean);
}

bool staff_add(struct sql *sql, const struct rules *rules, const struct staff_new *new_staff, const struct actor *actor,
               int64_t now_ms, char **id, GError **error)
{
    enum role role;
    int64_t changed = 0;
    const glong name_length = g_utf8_strlen(new_staff->name, -1);

    if (!username_is_good(new_staff->username)) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "username: 3 to 32 of a-z 0-9 . _ -");
    }
    if (name_length < 1 || name_length > NAME_CHARACTERS || !role_find(new_staff->role, &role) ||
        rules_region_find(rules, new_staff->scope) == NULL) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "name, role or scope");
    }
    g_autofree char *stages = stages_canonical(rules, new_staff->stages);
    g_autofree char *unit = unit_canonical(new_staff->unit);
    if (stages == NULL || unit == NULL) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "stages or unit");
    }
    g_autofree char *fresh = secret_id();
    if (!sql_run(sql, ADD,
                 SQL_VALUES(SQL_T(fresh), SQL_T(new_staff->username), SQL_T(new_staff->name),
                            SQL_T(new_staff->password_hash), SQL_T(new_staff->role), SQL_T(new_staff->scope),
                            SQL_T(stages), SQL_I(now_ms), SQL_T(unit)),
                 &changed, error)) {
        return false;
    }
    if (changed != 1) {
        g_set_error(error, MODEL_ERROR, REASON_CONFLICT, "the username is taken");
        return false;
    }
    json_auto_t *detail = json_pack("{s:s, s:s, s:s, s:s, s:s}", "username", new_staff->username, "role",
                                    new_staff->role, "scope", new_staff->scope, "stages", stages, "unit", unit);
    const struct ledger_entry entry = {.action = "staff.added", .object = fresh, .detail = detail};
    if (!ledger_add(sql, actor, &entry, now_ms, error)) {
        return false;
    }
    *id = g_steal_pointer(&fresh);
    return true;
}

bool staff_get(struct sql *sql, const char *id, struct staff *staff, GError **error)
{
    bool found = false;

    if (!sql_row(sql, BY_ID, SQL_VALUES(SQL_T(id)), &staff_map, staff, &found, error)) {
        return false;
    }
    if (!found) {
        g_set_error(error, MODEL_ERROR, REASON_NOT_FOUND, "no such person");
    }
    return found;
}

/* " 370102 370103 " out of "370102 370103"; NULL for an unknown code. */
static char *regions_canonical(const struct rules *rules, const char *codes)
{
    g_auto(GStrv) words = g_strsplit(codes, " ", -1);
    g_autoptr(GString) text = g_string_new(" ");

    for (char **word = words; *word != NULL; word++) {
        if ((*word)[0] != '\0' && rules_region_find(rules, *word) == NULL) {
            return NULL;
        }
        if ((*word)[0] != '\0') {
            g_string_append_printf(text, "%s ", *word);
        }
    }
    return g_strdup(text->str);
}

bool staff_change(struct sql *sql, const struct rules *rules, const char *id, const struct staff_change *change,
                  const struct actor *actor, int64_t now_ms, GError **error)
{
    struct staff staff = {0};
    enum role role;

    if (!staff_get(sql, id, &staff, error)) {
        return false;
    }
    g_autofree char *stages = stages_canonical(rules, change->stages == NULL ? staff.stages : change->stages);
    g_autofree char *recusals = regions_canonical(rules, change->recusals == NULL ? staff.recusals : change->recusals);
    g_autofree char *name = g_strdup(change->name == NULL ? staff.name : change->name);
    g_autofree char *unit = unit_canonical(change->unit == NULL ? staff.unit : change->unit);
    g_autofree char *role_text = g_strdup(change->role == NULL ? staff.role : change->role);
    g_autofree char *scope = g_strdup(change->scope == NULL ? staff.scope : change->scope);
    json_auto_t *before = staff_json(&staff);
    sql_row_clear(&staff_map, &staff);
    const glong name_length = g_utf8_strlen(name, -1);
    if (stages == NULL || recusals == NULL || unit == NULL || name_length < 1 || name_length > NAME_CHARACTERS ||
        !role_find(role_text, &role) || rules_region_find(rules, scope) == NULL) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "name, role, scope, stages, recusals or unit");
    }
    json_auto_t *detail = json_pack("{s:O, s:s, s:s, s:s, s:s, s:s, s:s}", "before", before, "name", name, "role",
                                    role_text, "scope", scope, "stages", stages, "recusals", recusals, "unit", unit);
    const struct ledger_entry entry = {.action = "staff.changed", .object = id, .detail = detail};
    return sql_run(sql, CHANGE,
                   SQL_VALUES(SQL_T(id), SQL_T(name), SQL_T(role_text), SQL_T(scope), SQL_T(stages), SQL_T(recusals),
                              SQL_T(unit)),
                   NULL, error) &&
           login_end_all(sql, id, error) && ledger_add(sql, actor, &entry, now_ms, error);
}

bool staff_set_active(struct sql *sql, const char *id, bool active, const struct actor *actor, int64_t now_ms,
                      GError **error)
{
    const struct ledger_entry entry = {.action = active ? "staff.enabled" : "staff.disabled", .object = id};
    int64_t changed = 0;

    if (!sql_run(sql, SET_ACTIVE, SQL_VALUES(SQL_T(id), SQL_I(active)), &changed, error) ||
        !sql_run(sql, END_ALL, SQL_VALUES(SQL_T(id)), NULL, error)) {
        return false;
    }
    return changed == 0 || ledger_add(sql, actor, &entry, now_ms, error);
}

bool staff_renew_hash(struct sql *sql, const struct staff *staff, const char *password_hash, GError **error)
{
    return sql_run(sql, RENEW_HASH, SQL_VALUES(SQL_T(staff->id), SQL_T(staff->password), SQL_T(password_hash)), NULL,
                   error);
}

bool staff_set_password(struct sql *sql, const char *id, const char *password_hash, const struct actor *actor,
                        int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {.action = "staff.password", .object = id};
    int64_t changed = 0;

    if (!sql_run(sql, SET_PASSWORD, SQL_VALUES(SQL_T(id), SQL_T(password_hash)), &changed, error) ||
        !sql_run(sql, END_ALL, SQL_VALUES(SQL_T(id)), NULL, error)) {
        return false;
    }
    if (changed != 1) {
        g_set_error(error, MODEL_ERROR, REASON_NOT_FOUND, "no such person");
        return false;
    }
    return ledger_add(sql, actor, &entry, now_ms, error);
}

bool staff_find_username(struct sql *sql, const char *username, struct staff *staff, bool *found, GError **error)
{
    return sql_row(sql, BY_USERNAME, SQL_VALUES(SQL_T(username)), &staff_map, staff, found, error);
}

struct sql_rows *staff_list(struct sql *sql, GError **error)
{
    return sql_rows(sql, LIST, SQL_NO_VALUES, &staff_map, error);
}

bool staff_is_empty(struct sql *sql, bool *empty, GError **error)
{
    struct staff staff = {0};
    bool found = false;

    if (!sql_row(sql, ANY, SQL_NO_VALUES, &staff_map, &staff, &found, error)) {
        return false;
    }
    sql_row_clear(&staff_map, &staff);
    *empty = !found;
    return true;
}

static bool refuse_password(GError **error, const char *message)
{
    return refuse(error, MODEL_ERROR, REASON_PASSWORD, message);
}

bool staff_password_check(const char *password, const char *username, GError **error)
{
    static const char *const COMMON[] = {"123456789012", "password1234", "qwertyuiop12", "111111111111",
                                         "1234567890ab", "admin1234567", "woaini1314520"};
    const glong length = g_utf8_validate(password, -1, NULL) ? g_utf8_strlen(password, -1) : 0;

    if (length < PASSWORD_SHORTEST || length > PASSWORD_LONGEST) {
        return refuse_password(error, "a password has 12 to 128 characters");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(COMMON); i++) {
        if (g_ascii_strcasecmp(password, COMMON[i]) == 0) {
            return refuse_password(error, "the password is one of the most common");
        }
    }
    if (g_ascii_strncasecmp(password, username, strlen(username)) == 0 && (size_t)length < strlen(username) + 6) {
        return refuse_password(error, "the password is the username");
    }
    return true;
}

static json_t *words_json(const char *text)
{
    json_t *array = json_array();
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        if ((*word)[0] != '\0') {
            json_array_append_new(array, json_string(*word));
        }
    }
    return array;
}

json_t *staff_json(const struct staff *staff)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:b, s:o, s:s}", "id", staff->id, "username", staff->username,
                     "name", staff->name, "role", staff->role, "scope", staff->scope, "stages",
                     words_json(staff->stages), "active", (int)staff->is_active, "otp", staff->otp_secret[0] != '\0',
                     "recusals", words_json(staff->recusals), "unit", staff->unit);
}

bool staff_note_failure(struct sql *sql, const struct staff *staff, int64_t now_ms, GError **error)
{
    int64_t wait_ms = 0;
    int64_t failures = 0;

    if (!sql_number(sql, FAILURES, SQL_VALUES(SQL_T(staff->id)), &failures, error)) {
        return false;
    }
    if (failures + 1 >= FREE_FAILURES) {
        const int64_t doublings = MIN(failures + 1 - FREE_FAILURES, 10);
        wait_ms = MIN(INT64_C(1000) << doublings, SLOWEST_MS);
    }
    return sql_run(sql, NOTE_FAILURE, SQL_VALUES(SQL_T(staff->id), SQL_I(wait_ms == 0 ? 0 : now_ms + wait_ms)), NULL,
                   error);
}

void login_clear(struct login *login)
{
    sql_row_clear(&staff_map, &login->staff);
    g_clear_pointer(&login->csrf, g_free);
    g_clear_pointer(&login->digest, g_free);
}

bool login_start(struct sql *sql, const struct staff *staff, const struct actor *actor, int64_t now_ms, char **token,
                 char **csrf, GError **error)
{
    g_autofree char *fresh = secret_token();
    g_autofree char *digest = secret_digest(fresh);
    g_autofree char *guard = secret_token();
    const struct ledger_entry entry = {.action = "staff.login", .object = staff->id};

    if (!sql_run(sql, CLEAR_FAILURES, SQL_VALUES(SQL_T(staff->id)), NULL, error) ||
        !sql_run(sql, LOGIN_ADD,
                 SQL_VALUES(SQL_T(digest), SQL_T(staff->id), SQL_T(guard), SQL_I(now_ms), SQL_T(actor->peer)), NULL,
                 error) ||
        !ledger_add(sql, actor, &entry, now_ms, error)) {
        return false;
    }
    *token = g_steal_pointer(&fresh);
    *csrf = g_steal_pointer(&guard);
    return true;
}

bool login_find(struct sql *sql, const char *token, int64_t now_ms, struct login *login, bool *found, GError **error)
{
    g_autofree char *digest = secret_digest(token);
    const struct sql_values values = SQL_VALUES(SQL_T(digest), SQL_I(now_ms - IDLE_MS), SQL_I(now_ms - ABSOLUTE_MS));
    struct session session = {0};

    if (!sql_row(sql, LOGIN_FIND, values, &staff_map, &login->staff, found, error)) {
        return false;
    }
    if (!*found) {
        return true;
    }
    if (!sql_row(sql, LOGIN_FIND, values, &SESSION_MAP, &session, found, error)) {
        login_clear(login);
        return false;
    }
    login->csrf = session.csrf;
    login->digest = session.digest;
    login->confirmed_ms = session.confirmed_ms;
    login->is_by_provider = session.is_by_provider != 0;
    return true;
}

bool login_touch(struct sql *sql, const char *digest, int64_t now_ms, GError **error)
{
    return sql_run(sql, LOGIN_TOUCH, SQL_VALUES(SQL_T(digest), SQL_I(now_ms)), NULL, error);
}

bool login_by_provider(struct sql *sql, const char *token, GError **error)
{
    g_autofree char *digest = secret_digest(token);

    return sql_run(sql, LOGIN_BY_PROVIDER, SQL_VALUES(SQL_T(digest)), NULL, error);
}

bool login_end(struct sql *sql, const char *digest, GError **error)
{
    return sql_run(sql, LOGIN_END, SQL_VALUES(SQL_T(digest)), NULL, error);
}

bool login_sweep(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_run(sql, LOGIN_SWEEP, SQL_VALUES(SQL_I(now_ms - IDLE_MS), SQL_I(now_ms - ABSOLUTE_MS)), NULL, error);
}

bool login_end_all(struct sql *sql, const char *staff, GError **error)
{
    return sql_run(sql, END_ALL, SQL_VALUES(SQL_T(staff)), NULL, error);
}

bool login_confirm(struct sql *sql, const char *digest, int64_t now_ms, GError **error)
{
    return sql_run(sql, LOGIN_CONFIRM, SQL_VALUES(SQL_T(digest), SQL_I(now_ms)), NULL, error);
}

struct sql_rows *login_list(struct sql *sql, const char *staff, GError **error)
{
    return sql_rows(sql, LOGIN_LIST, SQL_VALUES(SQL_T(staff)), &LOGIN_MAP, error);
}

bool login_end_one(struct sql *sql, const char *staff, const char *id, GError **error)
{
    int64_t changed = 0;

    if (!sql_run(sql, LOGIN_END_ONE, SQL_VALUES(SQL_T(staff), SQL_T(id)), &changed, error)) {
        return false;
    }
    if (changed != 1) {
        g_set_error(error, MODEL_ERROR, REASON_NOT_FOUND, "no such session");
    }
    return changed == 1;
}
