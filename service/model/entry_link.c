#include "service/model/entry_link.h"

#include "common/failure.h"
#include "service/model/secret.h"
#include "service/model/text.h"

enum {
    NAME_CHARACTERS = 40,
    TOKEN_CHARACTERS = 8, /* 40 bits: nobody guesses one, everybody can type it */
};

#define FIELDS                                                                                                         \
    "l.id AS id, l.token AS token, l.region AS region, l.name AS name, l.track AS track, l.visits AS visits,"          \
    " (SELECT COUNT(*) FROM work_link w WHERE w.link = l.id) AS works, l.created_ms AS created_ms,"                    \
    " COALESCE(l.revoked_ms, 0) AS revoked_ms FROM entry_link l"

static const char ADD[] = /* entry_link.add */
    "INSERT INTO entry_link (id, token, region, name, track, made_by, visits, created_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, 0, $7)";
static const char REVOKE[] = /* entry_link.revoke */
    "UPDATE entry_link SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL";
static const char FIND[] = /* entry_link.find */
    "SELECT " FIELDS " WHERE l.id = $1";
static const char FIND_TOKEN[] = /* entry_link.find_token */
    "SELECT " FIELDS " WHERE l.token = $1 AND l.revoked_ms IS NULL";
static const char VISIT[] = /* entry_link.visit */
    "UPDATE entry_link SET visits = visits + 1 WHERE token = $1 AND revoked_ms IS NULL";
static const char BIND[] = /* work_link.add */
    "INSERT INTO work_link (submission, link) VALUES ($1, $2) ON CONFLICT (submission) DO NOTHING";
static const char LIST[] = /* entry_link.list */
    "SELECT " FIELDS " WHERE l.created_ms < $3 AND l.region >= $1 AND l.region <= $2"
    " ORDER BY l.created_ms DESC LIMIT 200";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct entry_link, id),         SQL_FIELD(struct entry_link, token),
    SQL_FIELD(struct entry_link, region),     SQL_FIELD(struct entry_link, name),
    SQL_FIELD(struct entry_link, track),      SQL_FIELD(struct entry_link, visits),
    SQL_FIELD(struct entry_link, works),      SQL_FIELD(struct entry_link, created_ms),
    SQL_FIELD(struct entry_link, revoked_ms),
};
const struct sql_map entry_link_map = SQL_MAP(struct entry_link, COLUMNS);

void entry_link_clear(struct entry_link *link)
{
    sql_row_clear(&entry_link_map, link);
}

bool entry_link_add(struct sql *sql, struct entry_link *link, const struct actor *actor, int64_t now_ms, GError **error)
{
    g_autofree char *random = secret_id();
    g_autofree char *name = g_strstrip(g_strdup(link->name));

    if (g_utf8_strlen(name, -1) > NAME_CHARACTERS) {
        return refuse(error, MODEL_ERROR, REASON_LINK_NAME, "the name is too long");
    }
    g_free(link->id); /* of a try that was begun again */
    g_free(link->token);
    link->id = secret_id();
    link->token = g_strndup(random, TOKEN_CHARACTERS);
    link->created_ms = now_ms;
    json_auto_t *detail = json_pack("{s:s, s:s, s:s}", "region", link->region, "name", name, "track", link->track);
    const struct ledger_entry entry = {.action = "entry_link.added", .object = link->id, .detail = detail};
    return sql_run(sql, ADD,
                   SQL_VALUES(SQL_T(link->id), SQL_T(link->token), SQL_T(link->region), SQL_T(name), SQL_T(link->track),
                              SQL_T(actor->id), SQL_I(now_ms)),
                   NULL, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}

bool entry_link_revoke(struct sql *sql, const char *id, const struct actor *actor, int64_t now_ms, GError **error)
{
    const struct ledger_entry entry = {.action = "entry_link.revoked", .object = id};
    int64_t changed = 0;

    if (!sql_run(sql, REVOKE, SQL_VALUES(SQL_T(id), SQL_I(now_ms)), &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such link in force");
    }
    return ledger_add(sql, actor, &entry, now_ms, error);
}

bool entry_link_find(struct sql *sql, const char *id, struct entry_link *link, bool *found, GError **error)
{
    return sql_row(sql, FIND, SQL_VALUES(SQL_T(id)), &entry_link_map, link, found, error);
}

bool entry_link_find_token(struct sql *sql, const char *token, struct entry_link *link, bool *found, GError **error)
{
    return sql_row(sql, FIND_TOKEN, SQL_VALUES(SQL_T(token)), &entry_link_map, link, found, error);
}

bool entry_link_visit(struct sql *sql, const char *token, GError **error)
{
    return sql_run(sql, VISIT, SQL_VALUES(SQL_T(token)), NULL, error);
}

bool entry_link_bind(struct sql *sql, const char *link, const char *submission, GError **error)
{
    return sql_run(sql, BIND, SQL_VALUES(SQL_T(submission), SQL_T(link)), NULL, error);
}

struct sql_rows *entry_link_list(struct sql *sql, const char *low, const char *high, int64_t before_ms, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(low), SQL_T(high), SQL_I(before_ms)), &entry_link_map, error);
}
