#include "service/model/subtitle.h"

#include <string.h>

#include "common/failure.h"

/* The clip is the file at a position of the present revision; what belonged to a file that is no longer there is not seen. */
#define OF_CLIP                                                                                                        \
    " FROM subtitle t JOIN submission s ON s.id = t.submission"                                                        \
    " JOIN original o ON o.submission = s.id AND o.revision = s.revision AND o.store_key = t.clip"
#define FIELDS                                                                                                         \
    "t.submission AS submission, o.position AS position, t.language AS language, t.digest AS digest,"                  \
    " CASE WHEN t.approver IS NULL THEN 0 ELSE 1 END AS is_approved, t.changed_ms AS changed_ms"
#define CLIP_AT                                                                                                        \
    "(SELECT o.store_key FROM original o JOIN submission s ON s.id = o.submission AND s.revision = o.revision"         \
    " WHERE s.id = $1 AND o.position = $2)"

static const char SET[] = /* subtitle.set */
    "INSERT INTO subtitle (submission, clip, language, vtt, digest, author, approver, changed_ms)"
    " SELECT $1, o.store_key, $3, $4, $5, $6, NULLIF($7, ''), $8 FROM original o"
    " JOIN submission s ON s.id = o.submission AND s.revision = o.revision WHERE s.id = $1 AND o.position = $2"
    " ON CONFLICT (submission, clip, language) DO UPDATE SET"
    " vtt = excluded.vtt, digest = excluded.digest, author = excluded.author, approver = excluded.approver,"
    " changed_ms = excluded.changed_ms";
static const char COUNT[] = /* subtitle.count */
    "SELECT COUNT(*) AS count FROM subtitle WHERE submission = $1 AND clip = " CLIP_AT " AND language <> $3";
static const char APPROVE[] = /* subtitle.approve */
    "UPDATE subtitle SET approver = $5 WHERE submission = $1 AND clip = " CLIP_AT " AND language = $3 AND digest = $4";
static const char REMOVE[] = /* subtitle.remove */
    "DELETE FROM subtitle WHERE submission = $1 AND clip = " CLIP_AT " AND language = $3";
static const char LIST[] = /* subtitle.list */
    "SELECT " FIELDS ", '' AS vtt" OF_CLIP " WHERE t.submission = $1 AND ($2 = 1 OR t.approver IS NOT NULL)"
    " ORDER BY o.position, t.language LIMIT 100";
static const char GET[] = /* subtitle.get */
    "SELECT " FIELDS ", t.vtt AS vtt" OF_CLIP " WHERE t.submission = $1 AND o.position = $2 AND t.language = $3";
static const char GET_PUBLIC[] = /* subtitle.get_public */
    "SELECT " FIELDS ", t.vtt AS vtt" OF_CLIP " JOIN publication p ON p.submission = s.id"
    " WHERE t.submission = $1 AND o.position = $2 AND t.language = $3 AND t.approver IS NOT NULL"
    " AND s.state = 'published'";

static const char WAITING[] = /* subtitle.waiting */
    "SELECT t.submission AS submission, r.title AS title, s.region AS region, o.position AS position,"
    " t.language AS language, t.changed_ms AS changed_ms" OF_CLIP
    " JOIN revision r ON r.submission = s.id AND r.number = s.revision"
    " WHERE t.approver IS NULL AND t.changed_ms > 0 AND ($1 = '' OR s.city = $1 OR s.region = $1)"
    " ORDER BY t.changed_ms, t.submission, t.language LIMIT 100";

static const struct sql_column WAITING_COLUMNS[] = {
    SQL_FIELD(struct subtitle_waiting, submission), SQL_FIELD(struct subtitle_waiting, title),
    SQL_FIELD(struct subtitle_waiting, region),     SQL_FIELD(struct subtitle_waiting, position),
    SQL_FIELD(struct subtitle_waiting, language),   SQL_FIELD(struct subtitle_waiting, changed_ms),
};
static const struct sql_map WAITING_MAP = SQL_MAP(struct subtitle_waiting, WAITING_COLUMNS);

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct subtitle, submission), SQL_FIELD(struct subtitle, position),
    SQL_FIELD(struct subtitle, language),   SQL_FIELD(struct subtitle, vtt),
    SQL_FIELD(struct subtitle, digest),     SQL_FIELD(struct subtitle, is_approved),
    SQL_FIELD(struct subtitle, changed_ms),
};
const struct sql_map subtitle_map = SQL_MAP(struct subtitle, COLUMNS);

void subtitle_clear(struct subtitle *subtitle)
{
    sql_row_clear(&subtitle_map, subtitle);
}

bool subtitle_is_language(const char *text)
{
    return text != NULL && strlen(text) <= 12 &&
           g_regex_match_simple("^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$", text, 0, 0);
}

const char *subtitle_label(const char *language)
{
    static const struct {
        const char *language;
        const char *label;
    } LABELS[] = {{"zh", "中文"}, {"zh-Hans", "中文"}, {"zh-Hant", "繁體中文"}, {"en", "English"}};

    for (size_t i = 0; i < G_N_ELEMENTS(LABELS); i++) {
        if (strcmp(LABELS[i].language, language) == 0) {
            return LABELS[i].label;
        }
    }
    return language;
}

static bool record(struct sql *sql, const char *action, const struct submission *submission,
                   const struct subtitle_name *name, const char *digest, const struct doer *doer, int64_t now_ms,
                   GError **error)
{
    json_auto_t *detail = json_pack("{s:I, s:s, s:s}", "position", (json_int_t)name->position, "language",
                                    name->language, "digest", digest);
    const struct ledger_entry entry = {.action = action,
                                       .object = submission->id,
                                       .before = submission->state,
                                       .after = submission->state,
                                       .detail = detail};

    return ledger_add(sql, &doer->actor, &entry, now_ms, error) &&
           (strcmp(submission->state, "published") != 0 || sql_notify(sql, SQL_TOPIC_SITE, error));
}

bool subtitle_set(struct sql *sql, const struct submission *submission, const struct subtitle_name *name,
                  const char *vtt, const struct doer *doer, int64_t now_ms, GError **error)
{
    g_autofree char *digest = secret_digest(vtt);
    const bool is_reviewer = doer->kind == ACTOR_REVIEWER;
    int64_t others = 0;
    int64_t changed = 0;

    if (!subtitle_is_language(name->language)) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "language");
    }
    if (strcmp(submission->state, "withdrawn") == 0 || strcmp(submission->state, "taken_down") == 0) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "the work is over");
    }
    if (!sql_number(sql, COUNT, SQL_VALUES(SQL_T(submission->id), SQL_I(name->position), SQL_T(name->language)),
                    &others, error)) {
        return false;
    }
    if (others >= SUBTITLES_MOST) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "as many subtitles as there may be");
    }
    return sql_run(sql, SET,
                   SQL_VALUES(SQL_T(submission->id), SQL_I(name->position), SQL_T(name->language), SQL_T(vtt),
                              SQL_T(digest), SQL_T(doer->actor.id), SQL_T(is_reviewer ? doer->actor.id : ""),
                              SQL_I(now_ms)),
                   &changed, error) &&
           (changed == 1 || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such clip")) &&
           record(sql, is_reviewer ? "subtitle.approved" : "subtitle.sent", submission, name, digest, doer, now_ms,
                  error);
}

bool subtitle_approve(struct sql *sql, const struct submission *submission, const struct subtitle_name *name,
                      const char *digest, const struct doer *doer, int64_t now_ms, GError **error)
{
    int64_t changed = 0;

    return sql_run(sql, APPROVE,
                   SQL_VALUES(SQL_T(submission->id), SQL_I(name->position), SQL_T(name->language), SQL_T(digest),
                              SQL_T(doer->actor.id)),
                   &changed, error) &&
           (changed == 1 || refuse(error, MODEL_ERROR, REASON_VERSION, "not the text that was looked at")) &&
           record(sql, "subtitle.approved", submission, name, digest, doer, now_ms, error);
}

bool subtitle_remove(struct sql *sql, const struct submission *submission, const struct subtitle_name *name,
                     const struct doer *doer, int64_t now_ms, GError **error)
{
    int64_t changed = 0;

    return sql_run(sql, REMOVE, SQL_VALUES(SQL_T(submission->id), SQL_I(name->position), SQL_T(name->language)),
                   &changed, error) &&
           (changed == 1 || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such subtitle")) &&
           record(sql, "subtitle.removed", submission, name, "", doer, now_ms, error);
}

struct sql_rows *subtitle_list(struct sql *sql, const char *submission, bool all, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(submission), SQL_I(all ? 1 : 0)), &subtitle_map, error);
}

struct sql_rows *subtitle_list_waiting(struct sql *sql, const char *scope, GError **error)
{
    return sql_rows(sql, WAITING, SQL_VALUES(SQL_T(scope)), &WAITING_MAP, error);
}

bool subtitle_get(struct sql *sql, const char *submission, const struct subtitle_name *name, bool all,
                  struct subtitle *subtitle, GError **error)
{
    bool found = false;

    return sql_row(sql, all ? GET : GET_PUBLIC,
                   SQL_VALUES(SQL_T(submission), SQL_I(name->position), SQL_T(name->language)), &subtitle_map, subtitle,
                   &found, error) &&
           (found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such subtitle"));
}
