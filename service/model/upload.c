#include "service/model/upload.h"

#include <string.h>

static const char ADD[] = /* upload.add */
    "INSERT INTO upload (id, state, length_bytes, offset_bytes, metadata, track, fingerprint, created_ms, updated_ms,"
    " expires_ms, concat) VALUES ($1, 'open', CASE WHEN $2 < 0 THEN NULL ELSE $2 END, 0, $3, $4, $5, $6, $6, $7, $8)";
static const char FIND[] = /* upload.find */
    "SELECT " UPLOAD_FIELDS " FROM upload WHERE id = $1";
static const char FIND_TWIN[] = /* upload.find_twin */
    "SELECT " UPLOAD_FIELDS " FROM upload WHERE fingerprint = $1 AND track = $2 AND length_bytes = $3"
    " AND created_ms > $4 AND state = 'open' AND offset_bytes = 0 AND submission IS NULL ORDER BY created_ms DESC LIMIT 1";
static const char SET_OFFSET[] = /* upload.set_offset */
    "UPDATE upload SET offset_bytes = $2, updated_ms = $3, expires_ms = $4, node = $5"
    " WHERE id = $1 AND state = 'open' AND offset_bytes <= $2 AND node IN ('', $5)";
static const char SET_LENGTH[] = /* upload.set_length */
    "UPDATE upload SET length_bytes = $2 WHERE id = $1 AND state = 'open' AND length_bytes IS NULL";
static const char SET_DECLARED[] = /* upload.set_declared */
    "UPDATE upload SET declared_bytes = $2 WHERE id = $1 AND state = 'open'";
static const char COMPLETE[] = /* upload.complete */
    "UPDATE upload SET state = 'complete', offset_bytes = $2, updated_ms = $3"
    " WHERE id = $1 AND state = 'open' AND length_bytes = $2";
static const char TAKE[] = /* upload.take_one */
    "UPDATE upload SET state = 'taken' WHERE id = $1 AND state = 'complete'";
static const char SET_DIGEST[] = /* upload.set_digest */
    "UPDATE upload SET sha256 = $2 WHERE id = $1";
static const char REFUSE[] = /* upload.refuse */
    "UPDATE upload SET state = 'refused', refusal = $2, updated_ms = $3 WHERE id = $1 AND state = 'open'";
static const char ABANDON[] = /* upload.abandon */
    "UPDATE upload SET state = 'gone', updated_ms = $2"
    " WHERE id = $1 AND state IN ('open', 'complete', 'refused') AND submission IS NULL";
static const char OUTSTANDING[] = /* upload.outstanding */
    "SELECT CAST(COALESCE(SUM(COALESCE(length_bytes, declared_bytes) - offset_bytes), 0) AS BIGINT) AS bytes FROM upload"
    " WHERE state = 'open' AND node IN ('', $1)";
static const char LIST_OPEN[] = /* upload.list_open */
    "SELECT " UPLOAD_FIELDS " FROM upload WHERE state = 'open' AND node = $1 AND id > $2 ORDER BY id LIMIT 1000";
static const char LIST_WAITING[] = /* upload.list_waiting */
    "SELECT " UPLOAD_FIELDS " FROM upload WHERE submission = $1 AND revision = $2 AND state = 'open'"
    " ORDER BY position LIMIT 9";
static const char LIST_EXPIRED[] = /* upload.list_expired */
    "SELECT " UPLOAD_FIELDS " FROM upload WHERE state IN ('open', 'complete', 'refused') AND submission IS NULL"
    " AND expires_ms <= $1 ORDER BY expires_ms LIMIT 200";

static const char ADD_PART[] = /* upload_part.add */
    "INSERT INTO upload_part (final, position, part) VALUES ($1, $2, $3)";
static const char LIST_PARTS[] = /* upload_part.list */
    "SELECT " UPLOAD_FIELDS " FROM upload JOIN upload_part p ON p.part = id WHERE p.final = $1"
    " ORDER BY p.position LIMIT 1000";
static const char LIST_JOINABLE[] = /* upload.list_joinable */
    "SELECT " UPLOAD_FIELDS " FROM upload f WHERE state = 'open'"
    " AND EXISTS (SELECT 1 FROM upload_part p WHERE p.final = f.id AND ($1 = '' OR p.part = $1))"
    " AND NOT EXISTS (SELECT 1 FROM upload_part p JOIN upload u ON u.id = p.part"
    " WHERE p.final = f.id AND u.state <> 'complete') ORDER BY id LIMIT 200";

static const struct sql_column UPLOAD_COLUMNS[] = {
    SQL_FIELD(struct upload, id),
    SQL_FIELD(struct upload, state),
    SQL_FIELD(struct upload, length_bytes),
    SQL_FIELD(struct upload, offset_bytes),
    SQL_FIELD(struct upload, declared_bytes),
    SQL_FIELD(struct upload, metadata),
    SQL_FIELD(struct upload, track),
    SQL_FIELD(struct upload, fingerprint),
    SQL_FIELD(struct upload, concat),
    SQL_FIELD(struct upload, media_kind),
    SQL_FIELD(struct upload, refusal),
    SQL_FIELD(struct upload, created_ms),
    SQL_FIELD(struct upload, updated_ms),
    SQL_FIELD(struct upload, expires_ms),
    SQL_FIELD(struct upload, node),
};
const struct sql_map UPLOAD_MAP = SQL_MAP(struct upload, UPLOAD_COLUMNS);

void upload_clear(struct upload *upload)
{
    sql_row_clear(&UPLOAD_MAP, upload);
}

bool upload_id_is_valid(const char *id)
{
    return strlen(id) == UPLOAD_ID_LENGTH && strspn(id, "abcdefghijklmnopqrstuvwxyz234567") == UPLOAD_ID_LENGTH;
}

char *upload_key(const char *id)
{
    return g_strconcat("original/", id, NULL);
}

bool upload_is_state(const struct upload *upload, const char *state)
{
    return strcmp(upload->state, state) == 0;
}

bool upload_is_partial(const struct upload *upload)
{
    return strcmp(upload->concat, "partial") == 0;
}

bool upload_is_final(const struct upload *upload)
{
    return upload->concat[0] != '\0' && !upload_is_partial(upload);
}

static bool run(struct sql *sql, const char *text, struct sql_values values, bool *changed, GError **error)
{
    int64_t rows = 0;

    if (!sql_run(sql, text, values, &rows, error)) {
        return false;
    }
    *changed = rows == 1;
    return true;
}

bool upload_add(struct sql *sql, const struct upload *upload, GError **error)
{
    return sql_run(sql, ADD,
                   SQL_VALUES(SQL_T(upload->id), SQL_I(upload->length_bytes), SQL_T(upload->metadata),
                              SQL_T(upload->track), SQL_T(upload->fingerprint), SQL_I(upload->created_ms),
                              SQL_I(upload->expires_ms), SQL_T(upload->concat)),
                   NULL, error);
}

bool upload_find(struct sql *sql, const char *id, struct upload *upload, bool *found, GError **error)
{
    return sql_row(sql, FIND, SQL_VALUES(SQL_T(id)), &UPLOAD_MAP, upload, found, error);
}

bool upload_find_twin(struct sql *sql, const struct upload *wanted, int64_t since_ms, struct upload *upload,
                      bool *found, GError **error)
{
    return sql_row(sql, FIND_TWIN,
                   SQL_VALUES(SQL_T(wanted->fingerprint), SQL_T(wanted->track), SQL_I(wanted->length_bytes),
                              SQL_I(since_ms)),
                   &UPLOAD_MAP, upload, found, error);
}

bool upload_set_offset(struct sql *sql, const struct upload *upload, bool *changed, GError **error)
{
    return run(sql, SET_OFFSET,
               SQL_VALUES(SQL_T(upload->id), SQL_I(upload->offset_bytes), SQL_I(upload->updated_ms),
                          SQL_I(upload->expires_ms), SQL_T(upload->node)),
               changed, error);
}

bool upload_set_length(struct sql *sql, const char *id, int64_t length_bytes, bool *changed, GError **error)
{
    return run(sql, SET_LENGTH, SQL_VALUES(SQL_T(id), SQL_I(length_bytes)), changed, error);
}

bool upload_complete(struct sql *sql, const char *id, int64_t length_bytes, int64_t now_ms, bool *changed,
                     GError **error)
{
    return run(sql, COMPLETE, SQL_VALUES(SQL_T(id), SQL_I(length_bytes), SQL_I(now_ms)), changed, error);
}

bool upload_take(struct sql *sql, const char *id, bool *changed, GError **error)
{
    return run(sql, TAKE, SQL_VALUES(SQL_T(id)), changed, error);
}

bool upload_set_declared(struct sql *sql, const char *id, int64_t declared_bytes, GError **error)
{
    return sql_run(sql, SET_DECLARED, SQL_VALUES(SQL_T(id), SQL_I(declared_bytes)), NULL, error);
}

bool upload_set_digest(struct sql *sql, const char *id, const char *sha256, GError **error)
{
    return sql_run(sql, SET_DIGEST, SQL_VALUES(SQL_T(id), SQL_T(sha256)), NULL, error);
}

bool upload_refuse(struct sql *sql, const char *id, const char *code, int64_t now_ms, bool *changed, GError **error)
{
    return run(sql, REFUSE, SQL_VALUES(SQL_T(id), SQL_T(code), SQL_I(now_ms)), changed, error);
}

bool upload_abandon_row(struct sql *sql, const char *id, int64_t now_ms, bool *changed, GError **error)
{
    return run(sql, ABANDON, SQL_VALUES(SQL_T(id), SQL_I(now_ms)), changed, error);
}

bool upload_outstanding(struct sql *sql, const char *node, int64_t *bytes, GError **error)
{
    return sql_number(sql, OUTSTANDING, SQL_VALUES(SQL_T(node)), bytes, error);
}

struct sql_rows *upload_list_open(struct sql *sql, const char *node, const char *after, GError **error)
{
    return sql_rows(sql, LIST_OPEN, SQL_VALUES(SQL_T(node), SQL_T(after)), &UPLOAD_MAP, error);
}

struct sql_rows *upload_list_waiting(struct sql *sql, const char *submission, int64_t revision, GError **error)
{
    return sql_rows(sql, LIST_WAITING, SQL_VALUES(SQL_T(submission), SQL_I(revision)), &UPLOAD_MAP, error);
}

struct sql_rows *upload_list_expired(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_rows(sql, LIST_EXPIRED, SQL_VALUES(SQL_I(now_ms)), &UPLOAD_MAP, error);
}

bool upload_add_part(struct sql *sql, const char *final, int64_t position, const char *part, GError **error)
{
    return sql_run(sql, ADD_PART, SQL_VALUES(SQL_T(final), SQL_I(position), SQL_T(part)), NULL, error);
}

struct sql_rows *upload_list_parts(struct sql *sql, const char *final, GError **error)
{
    return sql_rows(sql, LIST_PARTS, SQL_VALUES(SQL_T(final)), &UPLOAD_MAP, error);
}

struct sql_rows *upload_list_joinable(struct sql *sql, const char *part, GError **error)
{
    return sql_rows(sql, LIST_JOINABLE, SQL_VALUES(SQL_T(part)), &UPLOAD_MAP, error);
}
