#include "service/model/collection.h"

#include "common/failure.h"
#include "service/model/secret.h"
#include "service/model/text.h"

enum {
    TITLE_MOST = 30,
    TEXT_MOST = 300,
};

#define COLLECTION_FIELDS                                                                                              \
    "SELECT c.id AS id, c.edition AS edition, c.title AS title, c.words AS words, c.is_featured AS is_featured,"       \
    " c.is_public AS is_public, c.created_ms AS created_ms,"                                                           \
    " (SELECT COUNT(*) FROM collection_work w JOIN publication p ON p.submission = w.submission"                       \
    " WHERE w.collection = c.id) AS works,"                                                                            \
    " COALESCE((SELECT w.submission FROM collection_work w JOIN publication p ON p.submission = w.submission"          \
    " WHERE w.collection = c.id ORDER BY w.position LIMIT 1), '') AS first_work FROM collection c"

static const char LIST[] = /* collection.list */
    COLLECTION_FIELDS " WHERE c.edition = $1 AND c.is_public >= $2 ORDER BY c.created_ms DESC, c.id LIMIT 200";
static const char GET[] = /* collection.get */
    COLLECTION_FIELDS " WHERE c.id = $1 AND c.is_public >= $2";
static const char FEATURED[] = /* collection.featured */
    COLLECTION_FIELDS " WHERE c.edition = $1 AND c.is_public = 1 AND c.is_featured = 1"
                      " ORDER BY c.created_ms DESC, c.id LIMIT 1";
static const char ADD[] = /* collection.add */
    "INSERT INTO collection (id, edition, title, words, is_featured, is_public, created_ms, changed_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
static const char CHANGE[] = /* collection.change */
    "UPDATE collection SET title = $2, words = $3, is_featured = $4, is_public = $5, changed_ms = $6 WHERE id = $1";
static const char REMOVE[] = /* collection.remove */
    "DELETE FROM collection WHERE id = $1";
static const char WORKS[] = /* collection_work.list */
    "SELECT w.submission AS submission, r.title AS title, s.state AS state FROM collection_work w"
    " JOIN submission s ON s.id = w.submission JOIN revision r ON r.submission = s.id AND r.number = s.revision"
    " WHERE w.collection = $1 ORDER BY w.position LIMIT 500";
static const char PUT[] = /* collection_work.add: nothing for a work that is there already, or that there is not */
    "INSERT INTO collection_work (collection, position, submission)"
    " SELECT $1, COALESCE((SELECT MAX(position) FROM collection_work WHERE collection = $1), 0) + 1, s.id"
    " FROM submission s WHERE s.id = $2 ON CONFLICT (collection, submission) DO NOTHING";
static const char HAS[] = /* collection_work.has */
    "SELECT COUNT(*) AS works FROM collection_work WHERE collection = $1 AND submission = $2";
static const char EMPTY[] = /* collection_work.empty */
    "DELETE FROM collection_work WHERE collection = $1";
static const char LOCK[] = /* collection.lock */
    "SELECT id FROM collection WHERE id = $1 /*pg: FOR NO KEY UPDATE */";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct collection, id),          SQL_FIELD(struct collection, edition),
    SQL_FIELD(struct collection, title),       SQL_FIELD(struct collection, words),
    SQL_FIELD(struct collection, is_featured), SQL_FIELD(struct collection, is_public),
    SQL_FIELD(struct collection, created_ms),  SQL_FIELD(struct collection, works),
    SQL_FIELD(struct collection, first_work),
};
const struct sql_map collection_map = SQL_MAP(struct collection, COLUMNS);

static const struct sql_column WORK_COLUMNS[] = {
    SQL_FIELD(struct collection_work, submission),
    SQL_FIELD(struct collection_work, title),
    SQL_FIELD(struct collection_work, state),
};
static const struct sql_map WORK_MAP = SQL_MAP(struct collection_work, WORK_COLUMNS);

void collection_clear(struct collection *collection)
{
    sql_row_clear(&collection_map, collection);
}

struct sql_rows *collection_list(struct sql *sql, const char *edition, bool all, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(edition), SQL_I(all ? 0 : 1)), &collection_map, error);
}

bool collection_get(struct sql *sql, const char *id, bool all, struct collection *collection, GError **error)
{
    bool found = false;

    return sql_row(sql, GET, SQL_VALUES(SQL_T(id), SQL_I(all ? 0 : 1)), &collection_map, collection, &found, error) &&
           (found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such collection"));
}

bool collection_find_featured(struct sql *sql, const char *edition, struct collection *collection, bool *found,
                              GError **error)
{
    return sql_row(sql, FEATURED, SQL_VALUES(SQL_T(edition)), &collection_map, collection, found, error);
}

static bool record(struct sql *sql, const char *action, const char *id, json_t *detail, const struct actor *actor,
                   int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {.action = action, .object = id, .detail = detail};

    return ledger_add(sql, actor, &entry, now_ms, error) && sql_notify(sql, SQL_TOPIC_SITE, error);
}

bool collection_set(struct sql *sql, struct collection *collection, const struct actor *actor, int64_t now_ms,
                    GError **error)
{
    g_autofree char *title = text_clean(collection->title);
    g_autofree char *words = text_clean(collection->words == NULL ? "" : collection->words);
    const bool is_new = collection->id == NULL;
    g_autofree char *id = is_new ? secret_id() : g_strdup(collection->id);
    int64_t changed = 1;

    if (title == NULL || words == NULL || title[0] == '\0' || g_utf8_strlen(title, -1) > TITLE_MOST ||
        g_utf8_strlen(words, -1) > TEXT_MOST) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "title or words of a collection");
    }
    const bool good =
        is_new ? sql_run(sql, ADD,
                         SQL_VALUES(SQL_T(id), SQL_T(collection->edition), SQL_T(title), SQL_T(words),
                                    SQL_I(collection->is_featured), SQL_I(collection->is_public), SQL_I(now_ms)),
                         NULL, error)
               : sql_run(sql, CHANGE,
                         SQL_VALUES(SQL_T(id), SQL_T(title), SQL_T(words), SQL_I(collection->is_featured),
                                    SQL_I(collection->is_public), SQL_I(now_ms)),
                         &changed, error);
    json_auto_t *detail = json_pack("{s:s, s:b}", "title", title, "is_public", (int)collection->is_public);
    if (!good || (changed != 1 && !refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such collection")) ||
        !record(sql, is_new ? "collection.added" : "collection.changed", id, detail, actor, now_ms, error)) {
        return false;
    }
    g_free(collection->id);
    collection->id = g_steal_pointer(&id);
    return true;
}

bool collection_remove(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error)
{
    int64_t changed = 0;

    return sql_run(sql, REMOVE, SQL_VALUES(SQL_T(id)), &changed, error) &&
           (changed == 1 || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such collection")) &&
           record(sql, "collection.removed", id, NULL, actor, now_ms, error);
}

static bool put(struct sql *sql, const char *id, const char *submission, GError **error)
{
    int64_t has = 0;
    int64_t changed = 0;

    if (!sql_run(sql, PUT, SQL_VALUES(SQL_T(id), SQL_T(submission)), &changed, error)) {
        return false;
    }
    if (changed == 1) {
        return true;
    }
    return sql_number(sql, HAS, SQL_VALUES(SQL_T(id), SQL_T(submission)), &has, error) &&
           (has == 1 || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such work"));
}

/* Two editors who add at once must not get one position. */
static bool hold(struct sql *sql, const char *id, GError **error)
{
    g_auto(Collection) collection = {0};

    return sql_lock_row(sql, LOCK, SQL_VALUES(SQL_T(id)), error) && collection_get(sql, id, true, &collection, error);
}

bool collection_add(struct sql *sql, const char *id, const char *submission, const struct actor *actor, int64_t now_ms,
                    GError **error)
{
    json_auto_t *detail = json_pack("{s:s}", "work", submission);

    return hold(sql, id, error) && put(sql, id, submission, error) &&
           record(sql, "collection.work_added", id, detail, actor, now_ms, error);
}

bool collection_set_works(struct sql *sql, const char *id, const json_t *submissions, const struct actor *actor,
                          int64_t now_ms, GError **error)
{
    size_t index;
    const json_t *submission;
    json_auto_t *detail = json_pack("{s:I}", "works", (json_int_t)json_array_size(submissions));

    if (!json_is_array(submissions) || json_array_size(submissions) > COLLECTION_WORKS_MOST) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "works: an array of at most 500 ids");
    }
    if (!hold(sql, id, error) || !sql_run(sql, EMPTY, SQL_VALUES(SQL_T(id)), NULL, error)) {
        return false;
    }
    json_array_foreach(submissions, index, submission) {
        if (!json_is_string(submission)) {
            return refuse(error, MODEL_ERROR, REASON_INPUT, "works: an array of ids");
        }
        if (!put(sql, id, json_string_value(submission), error)) {
            return false;
        }
    }
    return record(sql, "collection.works_set", id, detail, actor, now_ms, error);
}

struct sql_rows *collection_works(struct sql *sql, const char *id, GError **error)
{
    return sql_rows(sql, WORKS, SQL_VALUES(SQL_T(id)), &WORK_MAP, error);
}
