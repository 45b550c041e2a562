#include "service/model/identity.h"

#include "service/model/submission.h"

static const char BIND_DEVICE[] = /* device_identity.bind */
    "INSERT INTO device_identity (device, identity, kind, bound_ms) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (device, identity) DO UPDATE SET bound_ms = excluded.bound_ms";
static const char IS_BOUND[] = /* device_identity.is_bound */
    "SELECT COUNT(*) AS count FROM device_identity WHERE device = $1 AND identity = $2 AND bound_ms > $3";
static const char HAS_WECHAT[] = /* device_identity.has_wechat */
    "SELECT COUNT(*) AS count FROM device_identity WHERE device = $1 AND kind = 'wechat' AND bound_ms > $2";
static const char BIND_WORK[] = /* work_identity.bind */
    "INSERT INTO work_identity (identity, submission, made_ms) VALUES ($1, $2, $3)"
    " ON CONFLICT (identity, submission) DO NOTHING";
static const char BIND_WORK_WECHAT[] = /* work_identity.bind_wechat */
    "INSERT INTO work_identity (identity, submission, made_ms)"
    " SELECT identity, $2, $3 FROM device_identity WHERE device = $1 AND kind = 'wechat' AND bound_ms > $4"
    " ON CONFLICT (identity, submission) DO NOTHING";
static const char MAY[] = /* work_identity.may */
    "SELECT COUNT(*) AS count FROM work_identity w JOIN device_identity d ON d.identity = w.identity"
    " WHERE w.submission = $2 AND d.device = $1 AND d.bound_ms > $3";
static const char LIST_WORKS[] = /* work_identity.list_works */
    "SELECT DISTINCT " SUBMISSION_FIELDS " JOIN work_identity w ON w.submission = s.id"
    " JOIN device_identity d ON d.identity = w.identity"
    " WHERE d.device = $1 AND d.bound_ms > $2 ORDER BY created_ms DESC LIMIT 50";

static const char LIST_WORKS_OF[] = /* work_identity.list_works_of */
    "SELECT " SUBMISSION_FIELDS " JOIN work_identity w ON w.submission = s.id WHERE w.identity = $1"
    " ORDER BY w.made_ms DESC LIMIT 50";

static bool is_any(struct sql *sql, const char *text, struct sql_values values, bool *any, GError **error)
{
    int64_t count = 0;
    const bool done = sql_number(sql, text, values, &count, error);

    if (done) {
        *any = count > 0;
    }
    return done;
}

static const char *const KINDS[] = {[IDENTITY_PHONE] = "phone", [IDENTITY_WECHAT] = "wechat"};

char *identity_of(const struct secrets *secrets, enum identity_kind kind, const char *value)
{
    g_autofree char *text = g_strjoin(":", KINDS[kind], value, NULL);

    return secret_mac(secrets, "identity", text);
}

bool identity_bind_device(struct sql *sql, const char *device, enum identity_kind kind, const char *identity,
                          int64_t now_ms, GError **error)
{
    return sql_run(sql, BIND_DEVICE, SQL_VALUES(SQL_T(device), SQL_T(identity), SQL_T(KINDS[kind]), SQL_I(now_ms)),
                   NULL, error);
}

bool identity_has_wechat(struct sql *sql, const char *device, int64_t now_ms, bool *has, GError **error)
{
    return is_any(sql, HAS_WECHAT, SQL_VALUES(SQL_T(device), SQL_I(now_ms - IDENTITY_MS)), has, error);
}

bool identity_bind_work_wechat(struct sql *sql, const char *device, const char *submission, int64_t now_ms,
                               GError **error)
{
    return sql_run(sql, BIND_WORK_WECHAT,
                   SQL_VALUES(SQL_T(device), SQL_T(submission), SQL_I(now_ms), SQL_I(now_ms - IDENTITY_MS)), NULL,
                   error);
}

bool identity_is_bound(struct sql *sql, const char *device, const char *identity, int64_t now_ms, bool *has,
                       GError **error)
{
    return is_any(sql, IS_BOUND, SQL_VALUES(SQL_T(device), SQL_T(identity), SQL_I(now_ms - IDENTITY_MS)), has, error);
}

bool identity_bind_work(struct sql *sql, const char *identity, const char *submission, int64_t now_ms, GError **error)
{
    return sql_run(sql, BIND_WORK, SQL_VALUES(SQL_T(identity), SQL_T(submission), SQL_I(now_ms)), NULL, error);
}

bool identity_may(struct sql *sql, const char *device, const char *submission, int64_t now_ms, bool *may,
                  GError **error)
{
    return is_any(sql, MAY, SQL_VALUES(SQL_T(device), SQL_T(submission), SQL_I(now_ms - IDENTITY_MS)), may, error);
}

struct sql_rows *identity_list_works(struct sql *sql, const char *device, int64_t now_ms, GError **error)
{
    return sql_rows(sql, LIST_WORKS, SQL_VALUES(SQL_T(device), SQL_I(now_ms - IDENTITY_MS)), &submission_map, error);
}

struct sql_rows *identity_list_works_of(struct sql *sql, const char *identity, GError **error)
{
    return sql_rows(sql, LIST_WORKS_OF, SQL_VALUES(SQL_T(identity)), &submission_map, error);
}
