#include "service/model/figures.h"

#include <string.h>

/* $1: since when; $2: city or county, '' for all. decision_due delivers the rows of the time. */
#define WITHIN " AND ($2 = '' OR s.city = $2 OR s.region = $2)"
/* Revisions whose review ended: the work has left it, or goes on as a later revision. */
#define ENDED                                                                                                                              \
    "SELECT s.id AS id, s.city AS city, d.revision AS revision, MAX(d.effective_ms) AS ended_ms"                                           \
    " FROM decision d JOIN submission s ON s.id = d.submission"                                                                            \
    " WHERE d.state = 'effective' AND d.effective_ms >= $1 AND d.stage > 0 AND (s.state <> 'in_review' OR d.revision < s.revision)" WITHIN \
    " GROUP BY s.id, s.city, d.revision"

static const char HOURS[] = /* figures.hours */
    "SELECT (e.ended_ms - r.created_ms) / 3600000 AS hours, COUNT(*) AS works FROM (" ENDED ") e"
    " JOIN revision r ON r.submission = e.id AND r.number = e.revision GROUP BY 1 ORDER BY 1";
static const char CITIES[] = /* figures.cities */
    "SELECT e.city AS city, COUNT(*) AS works FROM (" ENDED ") e GROUP BY e.city ORDER BY e.city";
static const char PEOPLE[] = /* figures.people */
    "SELECT p.name AS name, COUNT(*) AS decisions, COUNT(DISTINCT d.made_ms / 3600000) AS hours"
    " FROM decision d JOIN submission s ON s.id = d.submission JOIN staff p ON p.id = d.staff"
    " WHERE d.state = 'effective' AND d.effective_ms >= $1" WITHIN
    " GROUP BY p.id, p.name ORDER BY COUNT(*) DESC, p.id LIMIT 200";
static const char REASONS[] = /* figures.reasons */
    "SELECT d.reasons AS reasons, COUNT(*) AS decisions FROM decision d JOIN submission s ON s.id = d.submission"
    " WHERE d.state = 'effective' AND d.effective_ms >= $1 AND d.reasons <> '[]'" WITHIN
    " GROUP BY d.reasons ORDER BY COUNT(*) DESC, d.reasons LIMIT 1000";

static const char LATER[] = /* figures.later */
    "SELECT COUNT(*) AS decisions, COALESCE(SUM(CASE WHEN d.action = 'approve' THEN 0 ELSE 1 END), 0) AS overturned"
    " FROM decision d JOIN submission s ON s.id = d.submission WHERE d.state = 'effective' AND d.stage > 1"
    " AND d.action <> 'escalate' AND d.effective_ms >= $1" WITHIN;

static const char SAMPLE[] = /* figures.sample */
    "SELECT COUNT(*) AS drawn, COALESCE(SUM(CASE WHEN m.state IN ('waiting', 'gone') THEN 0 ELSE 1 END), 0) AS looked_at,"
    " COALESCE(SUM(CASE WHEN m.state IN ('sent_back', 'taken_down') THEN 1 ELSE 0 END), 0) AS overturned"
    " FROM sample m WHERE m.drawn_ms >= $1 AND ($2 = '' OR EXISTS (SELECT 1 FROM submission s WHERE s.id = m.submission"
    " AND (s.city = $2 OR s.region = $2)))";

static const struct sql_column HOURS_COLUMNS[] = {
    SQL_FIELD(struct figures_hours, hours),
    SQL_FIELD(struct figures_hours, works),
};
static const struct sql_map HOURS_MAP = SQL_MAP(struct figures_hours, HOURS_COLUMNS);
static const struct sql_column PEOPLE_COLUMNS[] = {
    SQL_FIELD(struct figures_person, name),
    SQL_FIELD(struct figures_person, decisions),
    SQL_FIELD(struct figures_person, hours),
};
static const struct sql_map PEOPLE_MAP = SQL_MAP(struct figures_person, PEOPLE_COLUMNS);
static const struct sql_column REASONS_COLUMNS[] = {
    SQL_FIELD(struct figures_reasons, reasons),
    SQL_FIELD(struct figures_reasons, decisions),
};
static const struct sql_map REASONS_MAP = SQL_MAP(struct figures_reasons, REASONS_COLUMNS);
static const struct sql_column LATER_COLUMNS[] = {
    SQL_FIELD(struct figures_later, decisions),
    SQL_FIELD(struct figures_later, overturned),
};
static const struct sql_map LATER_MAP = SQL_MAP(struct figures_later, LATER_COLUMNS);
static const struct sql_column SAMPLE_COLUMNS[] = {
    SQL_FIELD(struct figures_sample, drawn),
    SQL_FIELD(struct figures_sample, looked_at),
    SQL_FIELD(struct figures_sample, overturned),
};
static const struct sql_map SAMPLE_MAP = SQL_MAP(struct figures_sample, SAMPLE_COLUMNS);
static const struct sql_column CITIES_COLUMNS[] = {
    SQL_FIELD(struct figures_city, city),
    SQL_FIELD(struct figures_city, works),
};
static const struct sql_map CITIES_MAP = SQL_MAP(struct figures_city, CITIES_COLUMNS);

void figures_clear(struct figures *figures)
{
    g_clear_pointer(&figures->hours, sql_rows_free);
    g_clear_pointer(&figures->people, sql_rows_free);
    g_clear_pointer(&figures->reasons, sql_rows_free);
    g_clear_pointer(&figures->cities, sql_rows_free);
    g_clear_pointer(&figures->later, sql_rows_free);
    g_clear_pointer(&figures->sample, sql_rows_free);
}

bool figures_read(struct sql *sql, const struct rules *rules, const struct staff *staff, int64_t since_ms,
                  struct figures *figures, GError **error)
{
    const struct region *scope = rules_region_find(rules, staff->scope);
    /* a scope that is no region of the edition is a code no work has */
    const char *place = scope != NULL && strcmp(scope->level, "province") == 0 ? "" : staff->scope;
    const struct {
        const char *text;
        const struct sql_map *map;
        struct sql_rows **rows;
    } QUESTIONS[] = {
        {HOURS, &HOURS_MAP, &figures->hours},       {PEOPLE, &PEOPLE_MAP, &figures->people},
        {REASONS, &REASONS_MAP, &figures->reasons}, {CITIES, &CITIES_MAP, &figures->cities},
        {LATER, &LATER_MAP, &figures->later},       {SAMPLE, &SAMPLE_MAP, &figures->sample},
    };

    figures_clear(figures);
    for (size_t i = 0; i < G_N_ELEMENTS(QUESTIONS); i++) {
        *QUESTIONS[i].rows =
            sql_rows(sql, QUESTIONS[i].text, SQL_VALUES(SQL_I(since_ms), SQL_T(place)), QUESTIONS[i].map, error);
        if (*QUESTIONS[i].rows == NULL) {
            return false;
        }
    }
    return true;
}
