#include "service/model/report.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/text.h"

enum {
    TEXT_CHARACTERS = 200,
    CONTACT_CHARACTERS = 60,
    DAY_MS = 24 * 3600 * 1000,
};

static const char PUBLISHED[] = /* report.published */
    "SELECT submission AS submission FROM publication WHERE submission = $1";
static const char ADD[] = /* report.add */
    "INSERT INTO report (id, submission, reason, text, contact, peer_digest, state, made_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, 'open', $7) ON CONFLICT (submission, peer_digest) WHERE state = 'open' DO NOTHING";
/* What harms a person weighs most; each report adds its weight. */
static const char LIST[] = /* report.list */
    "SELECT p.id AS id, p.submission AS submission, r.title AS title, s.region AS region, p.reason AS reason,"
    " p.text AS text, p.contact AS contact, p.made_ms AS made_ms,"
    " (SELECT COUNT(*) FROM report o WHERE o.submission = p.submission AND o.state = 'open') AS reports,"
    " (SELECT SUM(CASE o.reason WHEN 'portrait' THEN 3 WHEN 'privacy' THEN 3 WHEN 'unsuitable' THEN 3 WHEN 'copyright'"
    " THEN 2 ELSE 1 END) FROM report o WHERE o.submission = p.submission AND o.state = 'open') AS priority"
    " FROM report p JOIN submission s ON s.id = p.submission"
    " JOIN revision r ON r.submission = s.id AND r.number = s.revision"
    " WHERE p.state = 'open' AND s.state = 'published' AND ($1 = '' OR s.city = $1 OR s.region = $1) "
    " ORDER BY priority DESC, p.submission, p.made_ms, p.id LIMIT 200";
static const char CLOSE[] = /* report.close */
    "UPDATE report SET state = $2, closed_by = $3, closed_ms = $4 WHERE submission = $1 AND state = 'open'";

static const char *const REASONS[] = {"portrait", "privacy", "copyright", "unsuitable", "other"};

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct report, id),       SQL_FIELD(struct report, submission), SQL_FIELD(struct report, title),
    SQL_FIELD(struct report, region),   SQL_FIELD(struct report, reason),     SQL_FIELD(struct report, text),
    SQL_FIELD(struct report, contact),  SQL_FIELD(struct report, made_ms),    SQL_FIELD(struct report, reports),
    SQL_FIELD(struct report, priority),
};
static const struct sql_map MAP = SQL_MAP(struct report, COLUMNS);

struct published {
    char *submission;
};
static const struct sql_column PUBLISHED_COLUMNS[] = {SQL_FIELD(struct published, submission)};
static const struct sql_map PUBLISHED_MAP = SQL_MAP(struct published, PUBLISHED_COLUMNS);

static bool is_reason(const char *text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(REASONS); i++) {
        if (strcmp(REASONS[i], text) == 0) {
            return true;
        }
    }
    return false;
}

bool report_add(struct sql *sql, const struct secrets *secrets, const struct report_new *report, int64_t now_ms,
                GError **error)
{
    static const struct actor VISITOR = {"visitor", "visitor", ""}; /* no address in the ledger */
    g_autofree char *text = text_clean(report->text);
    g_autofree char *contact = text_clean(report->contact);
    g_autofree char *day = g_strdup_printf("%s %" G_GINT64_FORMAT, report->peer, now_ms / DAY_MS);
    g_autofree char *peer = secret_mac(secrets, "report", day);
    g_autofree char *id = secret_id();
    struct published published = {0};
    bool found = false;
    int64_t changed = 0;

    if (!is_reason(report->reason) || g_utf8_strlen(text, -1) > TEXT_CHARACTERS ||
        g_utf8_strlen(contact, -1) > CONTACT_CHARACTERS) {
        return refuse(error, MODEL_ERROR, REASON_INPUT, "reason, text or contact");
    }
    if (!sql_row(sql, PUBLISHED, SQL_VALUES(SQL_T(report->work)), &PUBLISHED_MAP, &published, &found, error)) {
        return false;
    }
    sql_row_clear(&PUBLISHED_MAP, &published);
    if (!found) {
        return refuse(error, MODEL_ERROR, REASON_NOT_FOUND, "no published work");
    }
    g_autofree char *sealed = contact[0] == '\0' ? g_strdup("") : secret_seal(secrets, contact);
    if (!sql_run(sql, ADD,
                 SQL_VALUES(SQL_T(id), SQL_T(report->work), SQL_T(report->reason), SQL_T(text), SQL_T(sealed),
                            SQL_T(peer), SQL_I(now_ms)),
                 &changed, error)) {
        return false;
    }
    json_auto_t *detail = json_pack("{s:s, s:s}", "report", id, "reason", report->reason);
    const struct ledger_entry entry = {.action = "report.made", .object = report->work, .detail = detail};
    return changed == 0 || ledger_add(sql, &VISITOR, &entry, now_ms, error);
}

struct sql_rows *report_list(struct sql *sql, const struct rules *rules, const struct staff *staff, GError **error)
{
    const struct region *scope = rules_region_find(rules, staff->scope);
    const bool is_all = scope != NULL && strcmp(scope->level, "province") == 0;

    return sql_rows(sql, LIST, SQL_VALUES(SQL_T(is_all ? "" : staff->scope)), &MAP, error);
}

bool report_close(struct sql *sql, const char *submission, const char *state, const struct actor *actor, int64_t now_ms,
                  GError **error)
{
    json_auto_t *detail = json_pack("{s:s}", "outcome", state);
    const struct ledger_entry entry = {.action = "report.closed", .object = submission, .detail = detail};
    int64_t changed = 0;

    if (!sql_run(sql, CLOSE, SQL_VALUES(SQL_T(submission), SQL_T(state), SQL_T(actor->id), SQL_I(now_ms)), &changed,
                 error)) {
        return false;
    }
    return changed == 0 || ledger_add(sql, actor, &entry, now_ms, error);
}
