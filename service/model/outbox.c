#include "service/model/outbox.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/secret.h"

#define KEPT_MS INT64_C(2592000000) /* 30 days */

#define EVENT_FIELDS                                                                                                   \
    "e.seq AS seq, e.id AS id, e.kind AS kind, e.submission AS submission, e.revision AS revision,"                    \
    " e.edition AS edition, e.track AS track, e.region AS region, e.city AS city, e.at_ms AS at_ms"

static const char LAST[] = /* outbox.last */
    "SELECT seq FROM outbox_event ORDER BY seq DESC LIMIT 1";
static const char ADD[] = /* outbox.add */
    "INSERT INTO outbox_event (seq, id, kind, submission, revision, edition, track, region, city, at_ms)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
static const char OWE[] = /* delivery.add: $3 is a pattern */
    "INSERT INTO delivery (receiver, seq, first_ms, due_ms) SELECT id, $1, $2, $2 FROM receiver"
    " WHERE revoked_ms IS NULL AND url IS NOT NULL AND kinds LIKE $3";
static const char LIST[] = /* outbox.list */
    "SELECT " EVENT_FIELDS " FROM outbox_event e"
    " WHERE e.seq > $1 AND $2 LIKE '% ' || e.kind || ' %' ORDER BY e.seq LIMIT $3";
static const char GET[] = /* outbox.get */
    "SELECT " EVENT_FIELDS " FROM outbox_event e WHERE e.seq = $1";
static const char SWEEP[] = /* outbox.sweep */
    "DELETE FROM outbox_event WHERE at_ms < $1 AND seq < (SELECT MAX(seq) FROM outbox_event)";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct outbox_event, seq),      SQL_FIELD(struct outbox_event, id),
    SQL_FIELD(struct outbox_event, kind),     SQL_FIELD(struct outbox_event, submission),
    SQL_FIELD(struct outbox_event, revision), SQL_FIELD(struct outbox_event, edition),
    SQL_FIELD(struct outbox_event, track),    SQL_FIELD(struct outbox_event, region),
    SQL_FIELD(struct outbox_event, city),     SQL_FIELD(struct outbox_event, at_ms),
};
const struct sql_map outbox_map = SQL_MAP(struct outbox_event, COLUMNS);

static const char *const KINDS[OUTBOX_KIND_COUNT] = {
    [OUTBOX_PUBLISHED] = "work.published", [OUTBOX_READY] = "work.ready",
    [OUTBOX_REVISED] = "work.revised",     [OUTBOX_CONSENTS] = "work.consents",
    [OUTBOX_WITHDRAWN] = "work.withdrawn", [OUTBOX_TAKEN_DOWN] = "work.taken_down",
};

void outbox_event_clear(struct outbox_event *event)
{
    sql_row_clear(&outbox_map, event);
}

const char *outbox_kind_name(enum outbox_kind kind)
{
    return KINDS[kind];
}

bool outbox_kind_find(const char *name, enum outbox_kind *kind)
{
    for (int i = 0; i < OUTBOX_KIND_COUNT; i++) {
        if (g_strcmp0(KINDS[i], name) == 0) {
            *kind = (enum outbox_kind)i;
            return true;
        }
    }
    return false;
}

bool outbox_last(struct sql *sql, int64_t *seq, GError **error)
{
    int64_t last = 0;

    if (!sql_number(sql, LAST, SQL_NO_VALUES, &last, error)) {
        return false;
    }
    *seq = last;
    return true;
}

bool outbox_add(struct sql *sql, enum outbox_kind kind, const struct submission *submission, int64_t now_ms,
                GError **error)
{
    g_autofree char *id = secret_id();
    g_autofree char *wanted = g_strdup_printf("%% %s %%", KINDS[kind]);
    int64_t last = 0;

    if (!sql_lock(sql, SQL_LOCK_LEDGER, error) || !outbox_last(sql, &last, error)) {
        return false;
    }
    return sql_run(sql, ADD,
                   SQL_VALUES(SQL_I(last + 1), SQL_T(id), SQL_T(KINDS[kind]), SQL_T(submission->id),
                              SQL_I(submission->revision), SQL_T(submission->edition), SQL_T(submission->track),
                              SQL_T(submission->region), SQL_T(submission->city), SQL_I(now_ms)),
                   NULL, error) &&
           sql_run(sql, OWE, SQL_VALUES(SQL_I(last + 1), SQL_I(now_ms), SQL_T(wanted)), NULL, error);
}

bool outbox_add_move(struct sql *sql, enum event event, const struct submission *submission, int64_t now_ms,
                     GError **error)
{
    static const struct {
        enum event event;
        enum outbox_kind kind;
    } TOLD[] = {
        {EVENT_PUBLISHED, OUTBOX_PUBLISHED},
        {EVENT_EDITED, OUTBOX_REVISED},
        {EVENT_SENT_BACK, OUTBOX_REVISED},
        {EVENT_WITHDRAWN, OUTBOX_WITHDRAWN},
        {EVENT_TAKEN_DOWN, OUTBOX_TAKEN_DOWN},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(TOLD); i++) {
        if (TOLD[i].event == event && !outbox_add(sql, TOLD[i].kind, submission, now_ms, error)) {
            return false;
        }
    }
    return true;
}

struct sql_rows *outbox_list(struct sql *sql, const char *kinds, int64_t after, int64_t limit, GError **error)
{
    return sql_rows(sql, LIST, SQL_VALUES(SQL_I(after), SQL_T(kinds), SQL_I(limit)), &outbox_map, error);
}

bool outbox_get(struct sql *sql, int64_t seq, struct outbox_event *event, GError **error)
{
    bool found = false;

    if (!sql_row(sql, GET, SQL_VALUES(SQL_I(seq)), &outbox_map, event, &found, error)) {
        return false;
    }
    if (!found) {
        g_set_error_literal(error, MODEL_ERROR, REASON_NOT_FOUND, "no such event any more");
    }
    return found;
}

bool outbox_sweep(struct sql *sql, int64_t now_ms, GError **error)
{
    return sql_run(sql, SWEEP, SQL_VALUES(SQL_I(now_ms - KEPT_MS)), NULL, error);
}

/* Where a work can be seen, itself and in lists. */
static json_t *paths_json(const struct outbox_event *event)
{
    static const char *const OWN[] = {"/v/%s", "/embed/%s", "/api/v1/works/%s", "/media/%s/*"};
    static const char *const LISTS[] = {"/",          "/works",   "/feed.xml",    "/feed.json",
                                        "/feed.atom", "/search*", "/sitemap.xml", "/api/v1/works*"};
    json_t *paths = json_array();

    for (size_t i = 0; i < G_N_ELEMENTS(OWN); i++) {
        const char *place = strstr(OWN[i], "%s");
        json_array_append_new(paths, json_sprintf("%.*s%s%s", (int)(place - OWN[i]), OWN[i], event->submission,
                                                  place + strlen("%s")));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(LISTS); i++) {
        json_array_append_new(paths, json_string(LISTS[i]));
    }
    json_array_append_new(paths, json_sprintf("/city/%s*", event->city));
    json_array_append_new(paths, json_sprintf("/kiosk/%s*", event->city));
    return paths;
}

json_t *outbox_json(const struct outbox_event *event, const char *base)
{
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(event->at_ms / 1000);
    g_autofree char *at_text = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
    json_t *work =
        json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:o, s:o}", "id", event->submission, "revision",
                  (json_int_t)event->revision, "edition", event->edition, "track", event->track, "region",
                  event->region, "city_code", event->city, "url", json_sprintf("%s/v/%s", base, event->submission),
                  "api_url", json_sprintf("%s/api/v1/works/%s", base, event->submission));

    return json_pack("{s:s, s:I, s:s, s:s, s:o, s:o}", "id", event->id, "seq", (json_int_t)event->seq, "kind",
                     event->kind, "at", at_text, "work", work, "paths", paths_json(event));
}
