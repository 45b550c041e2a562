#include "service/model/work_file.h"

#include "common/failure.h"
#include "common/message.h"

#define ORIGINAL_FIELDS "submission, revision, position, store_key, bytes, sha256, refusal"

static const char
    TAKE_UPLOAD[] = /* upload.name_in: whoever knows the id may name it, in one work; again in its next revision */
    "UPDATE upload SET submission = $2, revision = $3, position = $4 WHERE id = $1"
    " AND (submission IS NULL OR (submission = $2 AND revision = $3 - 1)) AND state IN ('open', 'complete') AND concat <> 'partial'";
static const char KEEP_UPLOAD[] = /* upload.keep: of the revision before, at its place */
    "UPDATE upload SET revision = $2 WHERE submission = $1 AND revision = $2 - 1 AND position = $3 AND state <> 'taken'";
static const char UPLOADS_OPEN[] = /* upload.waiting */
    "SELECT COUNT(*) AS count FROM upload WHERE submission = $1 AND revision = $2 AND state = 'open'";
static const char TAKE_COMPLETE[] = /* upload.take */
    "UPDATE upload SET state = 'taken' WHERE submission = $1 AND revision = $2 AND state = 'complete'";
static const char ADD_ORIGINALS[] = /* original.add_from_uploads */
    "INSERT INTO original (submission, revision, position, store_key, bytes, sha256)"
    " SELECT submission, revision, position, 'original/' || id, offset_bytes, sha256 FROM upload"
    " WHERE submission = $1 AND revision = $2 AND state = 'complete'";
static const char COPY_ALL[] = /* original.copy */
    "INSERT INTO original (" ORIGINAL_FIELDS ")"
    " SELECT submission, revision + 1, position, store_key, bytes, sha256, refusal FROM original"
    " WHERE submission = $1 AND revision = $2";
static const char COPY_ONE[] = /* original.copy_one: a file of the revision before, at another place */
    "INSERT INTO original (" ORIGINAL_FIELDS ")"
    " SELECT submission, $2, $4, store_key, bytes, sha256, refusal FROM original"
    " WHERE submission = $1 AND revision = $2 - 1 AND position = $3";
static const char COUNT[] = /* original.count: what never became an original counts by its upload */
    "SELECT (SELECT COUNT(*) FROM original WHERE submission = $1 AND revision = $2) + (SELECT COUNT(*) FROM upload"
    " WHERE submission = $1 AND revision = $2 AND state <> 'taken') AS count";
static const char REFUSED[] = /* original.refused */
    "SELECT position, COALESCE(refusal, 'upload-expired') AS reason, metadata FROM upload"
    " WHERE submission = $1 AND revision = $2 AND state IN ('refused', 'gone')"
    " UNION ALL SELECT o.position, o.refusal, COALESCE(u.metadata, '') FROM original o"
    " LEFT JOIN upload u ON u.id = substr(o.store_key, 10)"
    " WHERE o.submission = $1 AND o.revision = $2 AND o.refusal IS NOT NULL ORDER BY position LIMIT 9";
static const char REFUSE[] = /* original.refuse */
    "UPDATE original SET refusal = $4 WHERE submission = $1 AND revision = $2 AND position = $3";

static const struct sql_column REFUSED_COLUMNS[] = {
    SQL_FIELD(struct refused_file, position),
    SQL_FIELD(struct refused_file, reason),
    SQL_FIELD(struct refused_file, metadata),
};
static const struct sql_map REFUSED_MAP = SQL_MAP(struct refused_file, REFUSED_COLUMNS);

static int64_t number_at(const json_t *positions, size_t index)
{
    return json_integer_value(json_array_get(positions, index));
}

static bool has(const json_t *positions, int64_t position)
{
    bool found = false;

    for (size_t i = 0; i < json_array_size(positions) && !found; i++) {
        found = number_at(positions, i) == position;
    }
    return found;
}

bool work_file_take_uploads(struct sql *sql, const struct submission *submission, const char *const *uploads,
                            const json_t *positions, GError **error)
{
    for (size_t i = 0; uploads[i] != NULL; i++) {
        const int64_t position = positions == NULL ? (int64_t)i + 1 : number_at(positions, i);
        int64_t changed = 0;
        if (!sql_run(sql, TAKE_UPLOAD,
                     SQL_VALUES(SQL_T(uploads[i]), SQL_T(submission->id), SQL_I(submission->revision), SQL_I(position)),
                     &changed, error)) {
            return false;
        }
        if (changed != 1) {
            return refuse(error, MODEL_ERROR, REASON_UPLOAD_UNFINISHED, "no such upload, or already in another work");
        }
    }
    return true;
}

/* Numbers from 1 to `most`, each once. */
static bool check_positions(const json_t *positions, int64_t most, GError **error)
{
    for (size_t i = 0; i < json_array_size(positions); i++) {
        const int64_t position = number_at(positions, i);
        if (position < 1 || position > most) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "no such file");
        }
        for (size_t k = 0; k < i; k++) {
            if (number_at(positions, k) == position) {
                return refuse(error, MODEL_ERROR, REASON_INPUT, "a file stands twice");
            }
        }
    }
    return true;
}

static bool copy_one(struct sql *sql, const struct submission *submission, int64_t from, int64_t to, bool *found,
                     GError **error)
{
    int64_t changed = 0;
    const bool good =
        sql_run(sql, COPY_ONE, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision), SQL_I(from), SQL_I(to)),
                &changed, error);

    *found = changed == 1;
    return good;
}

bool work_file_take_before(struct sql *sql, const struct submission *submission, const json_t *positions,
                           GError **error)
{
    if (json_array_size(positions) < 1) {
        return refuse(error, MODEL_ERROR, REASON_UPLOAD_NONE, "no file is kept");
    }
    if (!check_positions(positions, MESSAGE_INPUTS_MOST, error)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(positions); i++) {
        bool found = false;
        if (!copy_one(sql, submission, number_at(positions, i), (int64_t)i + 1, &found, error)) {
            return false;
        }
        if (!found) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "no such file");
        }
    }
    return true;
}

bool work_file_keep_others(struct sql *sql, const struct submission *submission, const json_t *positions,
                           GError **error)
{
    int64_t before = 0;
    bool found = false;

    if (!sql_number(sql, COUNT, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision - 1)), &before, error) ||
        !check_positions(positions, before, error)) {
        return false;
    }
    for (int64_t i = 1; i <= before; i++) {
        if (!has(positions, i) &&
            (!copy_one(sql, submission, i, i, &found, error) ||
             !sql_run(sql, KEEP_UPLOAD, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision), SQL_I(i)), NULL,
                      error))) {
            return false;
        }
    }
    return true;
}

bool work_file_count_open(struct sql *sql, const struct submission *submission, int64_t *count, GError **error)
{
    return sql_number(sql, UPLOADS_OPEN, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision)), count, error);
}

bool work_file_add_originals(struct sql *sql, const struct submission *submission, GError **error)
{
    const struct sql_values key = SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision));

    return sql_run(sql, ADD_ORIGINALS, key, NULL, error) && sql_run(sql, TAKE_COMPLETE, key, NULL, error);
}

bool work_file_copy_all(struct sql *sql, const struct submission *submission, GError **error)
{
    return sql_run(sql, COPY_ALL, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision)), NULL, error);
}

struct sql_rows *work_file_list_refused(struct sql *sql, const struct submission *submission, GError **error)
{
    return sql_rows(sql, REFUSED, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision)), &REFUSED_MAP, error);
}

bool work_file_refuse(struct sql *sql, const struct submission *submission, int64_t position, const char *reason,
                      GError **error)
{
    return sql_run(sql, REFUSE,
                   SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision), SQL_I(position), SQL_T(reason)), NULL,
                   error);
}
