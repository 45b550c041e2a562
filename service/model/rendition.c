#include "service/model/rendition.h"

#include <string.h>

#include "common/message.h"
#include "service/model/consent.h"

#define RENDITION_FIELDS "submission, revision, name, kind, type, bytes, sha256, store_key, facts"

static const char ADD[] = /* rendition.add: a second try of the same job replaces the first's row */
    "INSERT INTO rendition (submission, revision, name, kind, type, bytes, sha256, store_key, facts, created_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (submission, revision, name) DO UPDATE SET kind = excluded.kind, type = excluded.type,"
    " bytes = excluded.bytes, sha256 = excluded.sha256, store_key = excluded.store_key, facts = excluded.facts,"
    " created_ms = excluded.created_ms";
static const char LIST[] = /* rendition.list */
    "SELECT " RENDITION_FIELDS " FROM rendition WHERE submission = $1 AND revision = $2 ORDER BY name LIMIT 200";
static const char FIND[] = /* rendition.find */
    "SELECT " RENDITION_FIELDS " FROM rendition WHERE submission = $1 AND revision = $2 AND name = $3";
static const char COVERS[] = /* rendition.covers: one of each clip; of a set of photos none */
    "SELECT " RENDITION_FIELDS " FROM rendition WHERE submission = $1 AND revision = $2 AND kind = 'poster'"
    " ORDER BY name LIMIT 9";
static const char COPY[] = /* rendition.copy */
    "INSERT INTO rendition (submission, revision, name, kind, type, bytes, sha256, store_key, facts, created_ms)"
    " SELECT submission, revision + 1, name, kind, type, bytes, sha256, store_key, facts, created_ms FROM rendition"
    " WHERE submission = $1 AND revision = $2";
static const char ORIGINALS[] = /* original.list */
    "SELECT position, store_key, bytes, sha256 FROM original WHERE submission = $1 AND revision = $2"
    " ORDER BY position LIMIT 9";
static const char SET_DIGEST[] = /* original.set_digest */
    "UPDATE original SET sha256 = $4 WHERE submission = $1 AND revision = $2 AND position = $3"
    " AND (sha256 IS NULL OR sha256 = $4)";
static const char OBJECTS[] = /* rendition.objects */
    "SELECT store_key, bytes, sha256 FROM original WHERE store_key > $1"
    " UNION SELECT store_key, bytes, sha256 FROM rendition WHERE store_key > $1"
    " UNION SELECT scan_key AS store_key, scan_bytes AS bytes, scan_sha256 AS sha256 FROM annex WHERE scan_key > $1"
    " ORDER BY store_key LIMIT 1000";
static const char KEY_IS_USED[] = /* rendition.key_is_used */
    "SELECT (SELECT COUNT(*) FROM rendition WHERE store_key = $1) + (SELECT COUNT(*) FROM original WHERE store_key = $1)"
    " + (SELECT COUNT(*) FROM annex WHERE scan_key = $1)"
    " + (SELECT COUNT(*) FROM upload WHERE id = substr($1, 10) AND 'original/' || id = $1"
    " AND state IN ('complete', 'taken')) AS count";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct rendition, submission), SQL_FIELD(struct rendition, revision),  SQL_FIELD(struct rendition, name),
    SQL_FIELD(struct rendition, kind),       SQL_FIELD(struct rendition, type),      SQL_FIELD(struct rendition, bytes),
    SQL_FIELD(struct rendition, sha256),     SQL_FIELD(struct rendition, store_key), SQL_FIELD(struct rendition, facts),
};
const struct sql_map rendition_map = SQL_MAP(struct rendition, COLUMNS);

static const struct sql_column ORIGINAL_COLUMNS[] = {
    SQL_FIELD(struct original, position),
    SQL_FIELD(struct original, store_key),
    SQL_FIELD(struct original, bytes),
    SQL_FIELD(struct original, sha256),
};
const struct sql_map original_map = SQL_MAP(struct original, ORIGINAL_COLUMNS);

void rendition_clear(struct rendition *rendition)
{
    sql_row_clear(&rendition_map, rendition);
}

const char *rendition_plain_name(const char *name)
{
    const size_t digits = strspn(name, "0123456789");

    return digits > 0 && name[digits] == '-' ? name + digits + 1 : name;
}

size_t rendition_position(const char *name)
{
    const char *plain = rendition_plain_name(name);
    g_autofree char *head = plain == name ? NULL : g_strndup(name, (gsize)(plain - name - 1));
    guint64 position = 1;

    if (head != NULL && !g_ascii_string_to_unsigned(head, 10, 1, MESSAGE_INPUTS_MOST, &position, NULL)) {
        return 0;
    }
    return (size_t)position;
}

bool rendition_name_is_good(const char *name)
{
    const size_t length = strlen(name);

    return length >= 1 && length <= 64 && g_ascii_isalnum(name[0]) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

bool rendition_add(struct sql *sql, const struct rendition *rendition, int64_t now_ms, GError **error)
{
    return sql_later(sql, ADD,
                     SQL_VALUES(SQL_T(rendition->submission), SQL_I(rendition->revision), SQL_T(rendition->name),
                                SQL_T(rendition->kind), SQL_T(rendition->type), SQL_I(rendition->bytes),
                                SQL_T(rendition->sha256), SQL_T(rendition->store_key), SQL_T(rendition->facts),
                                SQL_I(now_ms)),
                     error);
}

struct sql_rows *rendition_list(struct sql *sql, const char *submission, int64_t revision, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(submission), SQL_I(revision)), &rendition_map, error);
}

bool rendition_find(struct sql *sql, const char *submission, int64_t revision, const char *name,
                    struct rendition *rendition, bool *found, GError **error)
{
    return sql_row(sql, FIND, SQL_VALUES(SQL_T(submission), SQL_I(revision), SQL_T(name)), &rendition_map, rendition,
                   found, error);
}

bool rendition_copy(struct sql *sql, const char *submission, int64_t revision, GError **error)
{
    return sql_run(sql, COPY, SQL_VALUES(SQL_T(submission), SQL_I(revision)), NULL, error);
}

struct sql_rows *original_list(struct sql *sql, const char *submission, int64_t revision, GError **error)
{
    return sql_rows(sql, ORIGINALS, SQL_VALUES(SQL_T(submission), SQL_I(revision)), &original_map, error);
}

bool original_set_digest(struct sql *sql, const struct submission *submission, int64_t position, const char *sha256,
                         GError **error)
{
    return sql_run(sql, SET_DIGEST,
                   SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision), SQL_I(position), SQL_T(sha256)), NULL,
                   error);
}

/* Digests of the covers, a line each. The caller's; NULL with an error. */
static char *covers_digest(struct sql *sql, const struct submission *submission, GError **error)
{
    g_autoptr(SqlRows) rows = sql_rows(sql, COVERS, SQL_VALUES(SQL_T(submission->id), SQL_I(submission->revision)),
                                       &rendition_map, error);
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct rendition *cover = sql_rows_at(rows, i);
        g_string_append_printf(text, "%s%s", i == 0 ? "" : "\n", cover->sha256);
    }
    return rows == NULL ? NULL : g_strdup(text->str);
}

bool rendition_content_digest(struct sql *sql, const struct submission *submission, char **digest, GError **error)
{
    g_autoptr(SqlRows) originals = original_list(sql, submission->id, submission->revision, error);
    json_auto_t *given = originals == NULL ? NULL : consent_given(sql, submission->id, error);
    g_autofree char *covers = given == NULL ? NULL : covers_digest(sql, submission, error);

    if (covers == NULL) {
        return false;
    }
    g_autofree char *consents = json_dumps(given, JSON_COMPACT | JSON_SORT_KEYS);
    g_autofree const char **files = g_new0(const char *, originals->count + 1);
    for (size_t i = 0; i < originals->count; i++) {
        const struct original *original = sql_rows_at(originals, i);
        files[i] = original->sha256 == NULL ? "" : original->sha256;
    }
    *digest = submission_content_digest(files, submission, covers, consents);
    return true;
}

struct sql_rows *rendition_list_objects(struct sql *sql, const char *after, GError **error)
{
    static const struct sql_column OBJECT_COLUMNS[] = {
        SQL_FIELD(struct stored_object, store_key),
        SQL_FIELD(struct stored_object, bytes),
        SQL_FIELD(struct stored_object, sha256),
    };
    static const struct sql_map OBJECT_MAP = SQL_MAP(struct stored_object, OBJECT_COLUMNS);

    return sql_rows(sql, OBJECTS, SQL_VALUES(SQL_T(after)), &OBJECT_MAP, error);
}

bool rendition_key_is_used(struct sql *sql, const char *store_key, bool *used, GError **error)
{
    int64_t count = 0;

    if (!sql_number(sql, KEY_IS_USED, SQL_VALUES(SQL_T(store_key)), &count, error)) {
        return false;
    }
    *used = count > 0;
    return true;
}
