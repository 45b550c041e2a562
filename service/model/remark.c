#include "service/model/remark.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/secret.h"
#include "service/model/text.h"

enum { TEXT_CHARACTERS = 200 };

static const char ADD[] = /* remark.add */
    "INSERT INTO remark (id, submission, revision, kind, author, position_ms, text, made_ms)"
    " VALUES ($1, $2, $3, $4, $5, NULLIF($6, -1), $7, $8)";
static const char LIST[] = /* remark.list */
    "SELECT m.id AS id, m.revision AS revision, m.kind AS kind, COALESCE(s.name, m.author) AS author,"
    " COALESCE(m.position_ms, -1) AS position_ms, m.text AS text, m.made_ms AS made_ms"
    " FROM remark m LEFT JOIN staff s ON s.id = m.author"
    " WHERE m.submission = $1 AND ($2 = '' OR m.kind = $2) ORDER BY m.made_ms, m.id LIMIT 200";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct remark, id),      SQL_FIELD(struct remark, revision),    SQL_FIELD(struct remark, kind),
    SQL_FIELD(struct remark, author),  SQL_FIELD(struct remark, position_ms), SQL_FIELD(struct remark, text),
    SQL_FIELD(struct remark, made_ms),
};
static const struct sql_map MAP = SQL_MAP(struct remark, COLUMNS);

bool remark_add(struct sql *sql, const struct submission *submission, const struct actor *actor,
                const struct remark_new *remark, int64_t now_ms, GError **error)
{
    g_autofree char *text = text_clean(remark->text);
    g_autofree char *id = secret_id();
    const bool is_note = strcmp(remark->kind, "note") == 0;
    json_auto_t *detail =
        json_pack("{s:s, s:s, s:I}", "remark", id, "kind", remark->kind, "revision", (json_int_t)submission->revision);
    const struct ledger_entry entry = {.action = is_note ? "remark.noted" : "remark.sent",
                                       .object = submission->id,
                                       .before = submission->state,
                                       .after = submission->state,
                                       .detail = detail};

    if (text == NULL || text[0] == '\0' || g_utf8_strlen(text, -1) > TEXT_CHARACTERS || remark->position_ms < -1 ||
        (!is_note && remark->position_ms != -1)) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "text or position of a remark");
    }
    return sql_run(sql, ADD,
                   SQL_VALUES(SQL_T(id), SQL_T(submission->id), SQL_I(submission->revision), SQL_T(remark->kind),
                              SQL_T(actor->id), SQL_I(remark->position_ms), SQL_T(text), SQL_I(now_ms)),
                   NULL, error) &&
           ledger_add(sql, actor, &entry, now_ms, error);
}

struct sql_rows *remark_list(struct sql *sql, const char *submission, const char *kind, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(submission), SQL_T(kind == NULL ? "" : kind)), &MAP, error);
}
