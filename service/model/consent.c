#include "service/model/consent.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/outbox.h"

static const char SCOPES[] = /* consent.scopes */
    "SELECT scopes FROM consent WHERE submission = $1 AND kind = 'licence' ORDER BY revision DESC LIMIT 1";
static const char SET_SCOPES[] = /* consent.set_scopes */
    "UPDATE consent SET scopes = $2 WHERE submission = $1 AND kind = 'licence'";

struct scopes_row {
    char *scopes;
};

static const struct sql_column COLUMNS[] = {SQL_FIELD(struct scopes_row, scopes)};
static const struct sql_map MAP = SQL_MAP(struct scopes_row, COLUMNS);

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

bool consent_set_scopes(struct sql *sql, const struct rules *rules, const struct submission *submission,
                        const char *scopes, const char *peer, int64_t now_ms, GError **error)
{
    const struct actor actor = {"submitter", "submitter", peer};
    g_autofree char *before = NULL;
    int64_t changed = 0;

    if (strcmp(submission->state, "withdrawn") == 0 || strcmp(submission->state, "taken_down") == 0) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "the work is over");
    }
    if (!consent_scopes(sql, submission->id, &before, error) ||
        !sql_run(sql, SET_SCOPES, SQL_VALUES(SQL_T(submission->id), SQL_T(scopes)), &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return refuse(error, MODEL_ERROR, REASON_STATE, "no licence was given");
    }
    json_auto_t *detail = json_pack("{s:s, s:s, s:s}", "before", before, "after", scopes, "version", rules->consent);
    const struct ledger_entry entry = {.action = "consent.changed",
                                       .object = submission->id,
                                       .before = submission->state,
                                       .after = submission->state,
                                       .detail = detail};
    return ledger_add(sql, &actor, &entry, now_ms, error) &&
           (strcmp(submission->state, "published") != 0 ||
            outbox_add(sql, OUTBOX_CONSENTS, submission, now_ms, error)) &&
           sql_notify(sql, SQL_TOPIC_SITE, error);
}
