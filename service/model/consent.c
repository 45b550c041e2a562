#include "service/model/consent.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/outbox.h"

static const char SCOPES[] = /* consent.scopes */
    "SELECT scopes FROM consent WHERE submission = $1 AND kind = 'licence' ORDER BY revision DESC LIMIT 1";
static const char SET_SCOPES[] = /* consent.set_scopes */
    "UPDATE consent SET scopes = $2 WHERE submission = $1 AND kind = 'licence'";

static const char GIVEN[] = /* consent.given */
    "SELECT kind, version, scopes FROM consent WHERE submission = $1 ORDER BY revision, kind LIMIT 10";

struct scopes_row {
    char *scopes;
};
struct given_row {
    char *kind;
    char *version;
    char *scopes;
};

static const struct sql_column COLUMNS[] = {SQL_FIELD(struct scopes_row, scopes)};
static const struct sql_map MAP = SQL_MAP(struct scopes_row, COLUMNS);
static const struct sql_column GIVEN_COLUMNS[] = {SQL_FIELD(struct given_row, kind),
                                                  SQL_FIELD(struct given_row, version),
                                                  SQL_FIELD(struct given_row, scopes)};
static const struct sql_map GIVEN_MAP = SQL_MAP(struct given_row, GIVEN_COLUMNS);

bool consent_scopes(struct sql *sql, const char *submission, char **scopes, GError **error)
{
    struct scopes_row row = {0};
    bool found = false;

    if (!sql_row(sql, SCOPES, SQL_VALUES(SQL_T(submission)), &MAP, &row, &found, error)) {
        return false;
    }
    *scopes = found ? row.scopes : g_strdup("[]");
    return true;
}

json_t *consent_given(struct sql *sql, const char *submission, GError **error)
{
    g_autoptr(SqlRows) rows = sql_rows(sql, GIVEN, SQL_VALUES(SQL_T(submission)), &GIVEN_MAP, error);
    json_t *list = rows == NULL ? NULL : json_array();

    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct given_row *row = sql_rows_at(rows, i);
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "kind", row->kind, "version", row->version, "scopes",
                                              json_loads(row->scopes, 0, NULL)));
    }
    return list;
}

/* Is one of the uses `after` none of those `before`? */
static bool has_more(const char *after, const char *before)
{
    json_auto_t *uses = json_loads(after, 0, NULL);
    size_t index;
    const json_t *use;

    json_array_foreach(uses, index, use) {
        g_autofree char *quoted = g_strdup_printf("\"%s\"", json_string_value(use));
        if (strstr(before, quoted) == NULL) {
            return true;
        }
    }
    return false;
}

/* What is under review is decided anew whatever changed; what is public only for a use that nobody approved, since a use
 * less takes away at once and leaves what was approved with it. */
static bool goes_back(const struct submission *submission, const char *before, const char *after)
{
    return strcmp(submission->state, "in_review") == 0 ||
           (strcmp(submission->state, "published") == 0 && has_more(after, before));
}

static bool record(struct sql *sql, const struct submission *submission, json_t *detail, const char *peer,
                   int64_t now_ms, GError **error)
{
    const struct actor actor = {"submitter", "submitter", peer};
    const struct ledger_entry entry = {.action = "consent.changed",
                                       .object = submission->id,
                                       .before = submission->state,
                                       .after = submission->state,
                                       .detail = detail};

    return ledger_add(sql, &actor, &entry, now_ms, error);
}

bool consent_set_scopes(struct sql *sql, const struct rules *rules, struct submission *submission, const char *scopes,
                        const char *peer, int64_t now_ms, GError **error)
{
    const struct submission_changes same = {0};
    const struct doer submitter = {ACTOR_SUBMITTER, {"submitter", "submitter", peer}};
    g_autofree char *before = NULL;
    int64_t changed = 0;

    if (strcmp(submission->state, "withdrawn") == 0 || strcmp(submission->state, "taken_down") == 0) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "the work is over");
    }
    if (!consent_scopes(sql, submission->id, &before, error)) {
        return false;
    }
    if (!has_more(scopes, before) && !has_more(before, scopes)) {
        return true;
    }
    if (!sql_run(sql, SET_SCOPES, SQL_VALUES(SQL_T(submission->id), SQL_T(scopes)), &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "no licence was given");
    }
    json_auto_t *detail = json_pack("{s:s, s:s, s:s}", "before", before, "after", scopes, "version", rules->consent);
    if (!record(sql, submission, detail, peer, now_ms, error)) {
        return false;
    }
    if (goes_back(submission, before, scopes)) {
        return submission_edit(sql, rules, submission, &same, &submitter, now_ms, error);
    }
    return (strcmp(submission->state, "published") != 0 ||
            outbox_add(sql, OUTBOX_CONSENTS, submission, now_ms, error)) &&
           sql_notify(sql, SQL_TOPIC_SITE, error);
}
