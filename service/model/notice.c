#include "service/model/notice.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/publication.h"
#include "service/model/text.h"

#define DAY_MS INT64_C(86400000)
enum {
    OBJECTION_CHARACTERS = 500,
    CONTACT_CHARACTERS = 60,
};

#define SELECTION_FIELDS                                                                                               \
    "id, edition, track, region, name, state, quota, judges_each, places, is_levelled, seed, draw, notice_starts_ms,"  \
    " notice_ends_ms, created_ms FROM selection"
static const char DATES[] = /* selection.notice */
    "UPDATE selection SET notice_starts_ms = $2, notice_ends_ms = $3 WHERE id = $1";
static const char LIST[] = /* selection.public */
    "SELECT " SELECTION_FIELDS " WHERE edition = $1 AND state IN ('notice', 'selected')"
    " ORDER BY created_ms DESC, id DESC LIMIT 100";
static const char GET[] = /* selection.public_one */
    "SELECT " SELECTION_FIELDS " WHERE id = $1 AND state IN ('notice', 'selected')";
static const char WORKS[] = /* selection_entry.public */
    "SELECT " PUBLICATION_FIELDS " FROM selection_entry e"
    " JOIN publication p ON p.submission = e.submission AND p.content_digest = e.content_digest" PUBLICATION_JOINS
    " WHERE e.selection = $1 AND e.is_listed = 1 ORDER BY e.place, e.submission LIMIT 1000";
static const char SELECT_LISTED[] = /* selection_entry.select */
    "UPDATE selection_entry SET is_selected = 1 WHERE selection = $1 AND is_listed = 1 AND EXISTS"
    " (SELECT 1 FROM publication p WHERE p.submission = selection_entry.submission"
    " AND p.content_digest = selection_entry.content_digest)";
static const char LISTED[] = /* selection_entry.listed */
    "SELECT submission FROM selection_entry WHERE selection = $1 AND is_selected = 1 ORDER BY place LIMIT 1000";
static const char UNLIST[] = /* selection_entry.unlist */
    "UPDATE selection_entry SET is_listed = 0 WHERE selection = $1 AND submission = $2";
static const char IS_LISTED[] = /* selection_entry.is_listed */
    "SELECT submission FROM selection_entry WHERE selection = $1 AND submission = $2 AND is_listed = 1";

#define OBJECTION_FIELDS                                                                                               \
    "o.id AS id, o.selection AS selection, o.submission AS submission, COALESCE(r.title, '') AS title,"                \
    " o.text AS text, o.contact AS contact, o.state AS state, o.answer AS answer, o.made_ms AS made_ms"                \
    " FROM objection o LEFT JOIN publication p ON p.submission = o.submission"                                         \
    " LEFT JOIN revision r ON r.submission = p.submission AND r.number = p.revision"
static const char OBJECTIONS[] = /* objection.list */
    "SELECT " OBJECTION_FIELDS " WHERE o.selection = $1 ORDER BY o.made_ms, o.id LIMIT 500";
static const char OBJECTION[] = /* objection.get */
    "SELECT " OBJECTION_FIELDS " WHERE o.id = $1";
static const char OBJECTION_ADD[] = /* objection.add */
    "INSERT INTO objection (id, selection, submission, text, contact, state, made_ms)"
    " VALUES ($1, $2, NULLIF($3, ''), $4, $5, 'open', $6)";
static const char OPEN[] = /* objection.open */
    "SELECT COUNT(*) AS count FROM objection WHERE selection = $1 AND state = 'open'";
static const char ANSWER[] = /* objection.answer */
    "UPDATE objection SET state = $2, answer = $3, answered_by = $4, answered_ms = $5 WHERE id = $1 AND state = 'open'";

static const struct sql_column OBJECTION_COLUMNS[] = {
    SQL_FIELD(struct objection, id),    SQL_FIELD(struct objection, selection), SQL_FIELD(struct objection, submission),
    SQL_FIELD(struct objection, title), SQL_FIELD(struct objection, text),      SQL_FIELD(struct objection, contact),
    SQL_FIELD(struct objection, state), SQL_FIELD(struct objection, answer),    SQL_FIELD(struct objection, made_ms),
};
static const struct sql_map OBJECTION_MAP = SQL_MAP(struct objection, OBJECTION_COLUMNS);
struct named {
    char *submission;
};
static const struct sql_column NAMED_COLUMNS[] = {SQL_FIELD(struct named, submission)};
static const struct sql_map NAMED_MAP = SQL_MAP(struct named, NAMED_COLUMNS);

static const struct actor VISITOR = {"visitor", "visitor", ""}; /* no address in the ledger */

bool notice_begin(struct sql *sql, struct selection *selection, int64_t days, const struct actor *actor, int64_t now_ms,
                  GError **error)
{
    json_auto_t *detail = json_pack("{s:I}", "days", (json_int_t)days);

    if (days < 1 || days > NOTICE_DAYS_MOST) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "1 to 60 days");
    }
    return selection_expect(selection, "judged", error) &&
           sql_run(sql, DATES, SQL_VALUES(SQL_T(selection->id), SQL_I(now_ms), SQL_I(now_ms + days * DAY_MS)), NULL,
                   error) &&
           selection_move(sql, selection, "notice", detail, actor, now_ms, error) &&
           sql_notify(sql, SQL_TOPIC_SITE, error);
}

static bool note_selected(struct sql *sql, const struct selection *selection, const struct actor *actor, int64_t now_ms,
                          GError **error)
{
    g_autoptr(SqlRows) rows = sql_rows(sql, LISTED, SQL_VALUES(SQL_T(selection->id)), &NAMED_MAP, error);
    json_auto_t *detail = json_pack("{s:s, s:s}", "selection", selection->id, "name", selection->name);

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct named *row = sql_rows_at(rows, i);
        const struct ledger_entry entry = {.action = "submission.selected",
                                           .object = row->submission,
                                           .detail = detail};
        if (!ledger_add(sql, actor, &entry, now_ms, error)) {
            return false;
        }
    }
    return rows != NULL;
}

bool notice_settle(struct sql *sql, struct selection *selection, const struct actor *actor, int64_t now_ms,
                   GError **error)
{
    int64_t open = 0;

    if (!selection_expect(selection, "notice", error)) {
        return false;
    }
    if (now_ms < selection->notice_ends_ms) {
        return refuse(error, MODEL_ERROR, REASON_SELECTION_NOTICE, "objections are still taken");
    }
    if (!sql_number(sql, OPEN, SQL_VALUES(SQL_T(selection->id)), &open, error)) {
        return false;
    }
    if (open > 0) {
        return refuse(error, MODEL_ERROR, REASON_SELECTION_OBJECTIONS, "an objection is open");
    }
    return sql_run(sql, SELECT_LISTED, SQL_VALUES(SQL_T(selection->id)), NULL, error) &&
           selection_move(sql, selection, "selected", NULL, actor, now_ms, error) &&
           note_selected(sql, selection, actor, now_ms, error) && sql_notify(sql, SQL_TOPIC_SITE, error);
}

struct sql_rows *notice_list(struct sql *sql, const struct rules *rules, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(rules->edition)), &selection_map, error);
}

bool notice_get(struct sql *sql, const char *id, struct selection *selection, GError **error)
{
    bool found = false;

    if (!sql_row(sql, GET, SQL_VALUES(SQL_T(id)), &selection_map, selection, &found, error)) {
        return false;
    }
    return found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no public round");
}

struct sql_rows *notice_works(struct sql *sql, const char *id, GError **error)
{
    return sql_rows(sql, WORKS, SQL_VALUES(SQL_T(id)), &publication_map, error);
}

struct sql_rows *objection_list(struct sql *sql, const char *selection, GError **error)
{
    return sql_rows(sql, OBJECTIONS, SQL_VALUES(SQL_T(selection)), &OBJECTION_MAP, error);
}

static bool check_listed(struct sql *sql, const char *selection, const char *submission, GError **error)
{
    struct named row = {0};
    bool found = submission[0] == '\0';

    if (!found &&
        !sql_row(sql, IS_LISTED, SQL_VALUES(SQL_T(selection), SQL_T(submission)), &NAMED_MAP, &row, &found, error)) {
        return false;
    }
    sql_row_clear(&NAMED_MAP, &row);
    return found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "not on the list");
}

bool objection_add(struct sql *sql, const struct secrets *secrets, const struct selection *selection,
                   const char *submission, const char *text, const char *contact, int64_t now_ms, GError **error)
{
    g_autofree char *said = text_clean(text);
    g_autofree char *reach = text_clean(contact);
    g_autofree char *id = secret_id();

    if (!selection_expect(selection, "notice", error)) {
        return false;
    }
    if (now_ms >= selection->notice_ends_ms) {
        return refuse(error, MODEL_ERROR, REASON_SELECTION_STATE, "the time for objections is over");
    }
    if (said == NULL || reach == NULL || said[0] == '\0' || g_utf8_strlen(said, -1) > OBJECTION_CHARACTERS ||
        g_utf8_strlen(reach, -1) > CONTACT_CHARACTERS) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "a text of 1 to 500 characters, a contact of at most 60");
    }
    if (!check_listed(sql, selection->id, submission, error)) {
        return false;
    }
    g_autofree char *sealed = reach[0] == '\0' ? g_strdup("") : secret_seal(secrets, reach);
    json_auto_t *detail = json_pack("{s:s, s:s}", "objection", id, "work", submission);
    const struct ledger_entry entry = {.action = "objection.made", .object = selection->id, .detail = detail};
    return sql_run(sql, OBJECTION_ADD,
                   SQL_VALUES(SQL_T(id), SQL_T(selection->id), SQL_T(submission), SQL_T(said), SQL_T(sealed),
                              SQL_I(now_ms)),
                   NULL, error) &&
           ledger_add(sql, &VISITOR, &entry, now_ms, error) && sql_notify(sql, SQL_TOPIC_SITE, error);
}

static bool get_objection(struct sql *sql, const char *id, struct objection *objection, GError **error)
{
    bool found = false;

    if (!sql_row(sql, OBJECTION, SQL_VALUES(SQL_T(id)), &OBJECTION_MAP, objection, &found, error)) {
        return false;
    }
    return found || refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no such objection");
}

char *objection_selection(struct sql *sql, const char *id, GError **error)
{
    struct objection objection = {0};
    char *selection = NULL;

    if (get_objection(sql, id, &objection, error)) {
        selection = g_strdup(objection.selection);
        sql_row_clear(&OBJECTION_MAP, &objection);
    }
    return selection;
}

static bool answer_held(struct sql *sql, const struct objection *objection, const char *text, bool removes,
                        const struct actor *actor, int64_t now_ms, GError **error)
{
    const char *state = removes ? "removed" : "kept";
    json_auto_t *detail = json_pack("{s:s, s:s, s:s?, s:s}", "objection", objection->id, "outcome", state, "work",
                                    objection->submission, "answer", text);
    const struct ledger_entry entry = {.action = "objection.answered",
                                       .object = objection->selection,
                                       .detail = detail};
    int64_t changed = 0;

    if (removes && objection->submission == NULL) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "it names no work that could leave the list");
    }
    if (!sql_run(sql, ANSWER,
                 SQL_VALUES(SQL_T(objection->id), SQL_T(state), SQL_T(text), SQL_T(actor->id), SQL_I(now_ms)), &changed,
                 error)) {
        return false;
    }
    if (changed != 1) {
        return refuse(error, MODEL_ERROR, REASON_CONFLICT, "it was answered before");
    }
    return (!removes ||
            sql_run(sql, UNLIST, SQL_VALUES(SQL_T(objection->selection), SQL_T(objection->submission)), NULL, error)) &&
           ledger_add(sql, actor, &entry, now_ms, error) && sql_notify(sql, SQL_TOPIC_SITE, error);
}

bool objection_answer(struct sql *sql, const struct selection *selection, const char *id, const char *answer,
                      bool removes, const struct actor *actor, int64_t now_ms, GError **error)
{
    g_autofree char *text = text_clean(answer);
    struct objection objection = {0};

    if (text == NULL || text[0] == '\0' || g_utf8_strlen(text, -1) > OBJECTION_CHARACTERS) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "an answer of 1 to 500 characters");
    }
    if (!selection_expect(selection, "notice", error) || !get_objection(sql, id, &objection, error)) {
        return false;
    }
    const bool good = answer_held(sql, &objection, text, removes, actor, now_ms, error);
    sql_row_clear(&OBJECTION_MAP, &objection);
    return good;
}
