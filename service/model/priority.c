#include "service/model/priority.h"

#include "service/model/local_time.h"
#include "service/model/programme.h"

static const char LOOK[] = /* priority.look: $1 edition, $2 city, $3 today, $4 the work */
    "SELECT (SELECT COUNT(*) FROM week w WHERE w.edition = $1 AND w.city = $2 AND w.first_day <= $3 AND w.last_day >= $3)"
    " AS weeks, (SELECT COUNT(*) FROM report p WHERE p.submission = $4 AND p.state = 'open') AS reports";
static const char BEGIN_WEEKS[] = /* priority.begin_weeks: $3 stage, $4 what a week takes off, $5 how many */
    "UPDATE submission SET due_ms = due_ms - $4, week_ms = $4 WHERE week_ms = 0 AND state = 'in_review' AND stage = $3"
    " AND id IN (SELECT s.id FROM week w JOIN submission s ON s.city = w.city AND s.state = 'in_review' AND s.stage = $3"
    " WHERE w.edition = $1 AND w.first_day <= $2 AND w.last_day >= $2 AND s.edition = w.edition AND s.week_ms = 0 LIMIT $5)";

struct pressing {
    int64_t weeks;
    int64_t reports;
};
static const struct sql_column COLUMNS[] = {SQL_FIELD(struct pressing, weeks), SQL_FIELD(struct pressing, reports)};
static const struct sql_map MAP = SQL_MAP(struct pressing, COLUMNS);

/* THE table of what presses, in hours that it takes off. */
enum cause { CAUSE_WEEK, CAUSE_MENDED, CAUSE_REPORTED, CAUSE_ESCALATED, CAUSE_COUNT };
static const int64_t EARLIER_MS[CAUSE_COUNT] = {
    [CAUSE_WEEK] = 24 * PRIORITY_HOUR_MS,     /* the exhibition is on, the family comes to look */
    [CAUSE_MENDED] = 24 * PRIORITY_HOUR_MS,   /* they waited once already */
    [CAUSE_REPORTED] = 48 * PRIORITY_HOUR_MS, /* it was public and may harm somebody */
    [CAUSE_ESCALATED] = -PRIORITY_LATEST_MS,  /* seniors take their time for what is difficult */
};
_Static_assert(24 + 24 + 48 == PRIORITY_EARLIEST_MS / PRIORITY_HOUR_MS, "what the header says");

bool priority_of(struct sql *sql, const struct submission *submission, enum event event, int64_t waiting_ms,
                 int64_t now_ms, struct priority *priority, GError **error)
{
    g_autofree char *today = local_day(now_ms);
    struct pressing pressing = {0};
    bool found = false;

    if (!sql_row(sql, LOOK,
                 SQL_VALUES(SQL_T(submission->edition), SQL_T(submission->city), SQL_T(today), SQL_T(submission->id)),
                 &MAP, &pressing, &found, error)) {
        return false;
    }
    const bool is_due_to[CAUSE_COUNT] = {
        [CAUSE_WEEK] = pressing.weeks > 0,
        [CAUSE_MENDED] = submission->revision > 1 || event == EVENT_EDITED,
        [CAUSE_REPORTED] = pressing.reports > 0,
        [CAUSE_ESCALATED] = event == EVENT_ESCALATED,
    };
    *priority = (struct priority){waiting_ms, is_due_to[CAUSE_WEEK] ? EARLIER_MS[CAUSE_WEEK] : 0};
    for (int i = 0; i < CAUSE_COUNT; i++) {
        priority->due_ms -= is_due_to[i] ? EARLIER_MS[i] : 0;
    }
    return true;
}

bool priority_begin_weeks(struct sql *sql, const struct rules *rules, int64_t stage, int64_t now_ms, int64_t *moved,
                          GError **error)
{
    g_autofree char *today = local_day(now_ms);

    return sql_run(sql, BEGIN_WEEKS,
                   SQL_VALUES(SQL_T(rules->edition), SQL_T(today), SQL_I(stage), SQL_I(EARLIER_MS[CAUSE_WEEK]),
                              SQL_I(PRIORITY_PIECE)),
                   moved, error);
}
