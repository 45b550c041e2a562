#include "service/model/job.h"

#include <string.h>

#include "common/failure.h"
#include "service/model/secret.h"

#define TURN_MS       60000
#define PRIORITY_IDLE 90   /* for workers that have nothing else to do */
#define PATIENCE_MS   2000 /* so long another worker may take what waits */
#define JOB_FIELDS    "id, kind, submission, revision, state, token, attempt, permille, reason, worker"

/* Fairness: a submitter's n-th waiting job takes its turn as if it had come n minutes later, so one who sends a hundred
 * clips does not keep the others waiting, and nobody waits for ever. ($7: one minute.) */
static const char ADD[] = /* job.add */
    "INSERT INTO job (id, kind, submission, revision, state, priority, run_after_ms, turn_ms, created_ms)"
    " VALUES ($1, $2, $3, $4, 'queued', $5, $6, $6 + $7 *"
    "         (SELECT COUNT(*) FROM submission mine JOIN submission other ON other.device_digest = mine.device_digest"
    "          JOIN job waiting ON waiting.submission = other.id"
    "          WHERE mine.id = $3 AND waiting.kind = $2 AND waiting.state IN ('queued', 'leased')), $6)"
    " ON CONFLICT (kind, submission, revision) DO UPDATE SET state = 'queued', run_after_ms = excluded.run_after_ms,"
    " turn_ms = excluded.turn_ms, attempt = 0, permille = 0, reason = NULL, finished_ms = NULL"
    " WHERE job.state IN ('failed', 'cancelled')";
/* PostgreSQL passes over jobs and works that are locked (another claim, or a withdrawal on its way) instead of waiting
 * for them, and holds the work it takes. */
static const char TAKE[] = /* job.take */
    "UPDATE job SET state = 'leased', token = token + 1, attempt = attempt + 1, lease_ms = $1, worker = $2,"
    " sandbox = $3, permille = 0"
    " WHERE id = (SELECT j.id FROM job j JOIN submission s ON s.id = j.submission"
    "             WHERE j.state = 'queued' AND j.run_after_ms <= $4 AND j.priority <"
    "                   (SELECT CASE WHEN EXISTS (SELECT 1 FROM job own WHERE own.state = 'leased' AND own.worker = $2)"
    "                                THEN $5 ELSE $5 + 1 END)"
    "             ORDER BY j.priority, j.turn_ms, j.id LIMIT 1"
    "             /*pg: FOR UPDATE OF j SKIP LOCKED FOR NO KEY UPDATE OF s SKIP LOCKED */)"
    "   AND state = 'queued' RETURNING " JOB_FIELDS;
static const char WAITING[] = /* job.waiting: by the index of the queue, whose first row says it in nearly all cases */
    "SELECT COUNT(*) AS count FROM (SELECT id FROM job"
    " WHERE state = 'queued' AND priority < $1 AND run_after_ms <= $2 LIMIT 1) due";
static const char LOCK_WORK[] = /* submission.lock_of_job: before the job itself, as everywhere */
    "SELECT id FROM submission WHERE id = (SELECT submission FROM job WHERE id = $1) /*pg: FOR NO KEY UPDATE */";
static const char RENEW[] = /* job.renew */
    "UPDATE job SET lease_ms = $3, permille = $4 WHERE id = $1 AND token = $2 AND state = 'leased'";
static const char GIVE_WAY[] = /* job.give_way */
    "UPDATE job SET state = 'queued', attempt = attempt - 1, permille = 0"
    " WHERE id = $1 AND token = $2 AND state = 'leased' AND priority >= $3 AND EXISTS"
    " (SELECT 1 FROM job w WHERE w.state = 'queued' AND w.priority < $3 AND w.run_after_ms < $4)";
static const char GET_LEASED[] = /* job.get_leased */
    "SELECT " JOB_FIELDS " FROM job WHERE id = $1 AND token = $2 AND state IN ('leased', 'done', 'failed')";
static const char FINISH[] = /* job.finish */
    "UPDATE job SET state = 'done', permille = 1000, reason = NULL, finished_ms = $3"
    " WHERE id = $1 AND token = $2 AND state = 'leased'";
static const char REQUEUE[] = /* job.requeue */
    "UPDATE job SET state = 'queued', reason = $3, attempt = attempt - $4, run_after_ms = $5, permille = 0"
    " WHERE id = $1 AND token = $2 AND state = 'leased'";
static const char FAIL[] = /* job.fail */
    "UPDATE job SET state = 'failed', reason = $3, finished_ms = $4 WHERE id = $1 AND token = $2 AND state = 'leased'";
static const char CANCEL[] = /* job.cancel */
    "UPDATE job SET state = 'cancelled', finished_ms = $2 WHERE submission = $1 AND state IN ('queued', 'leased')";
static const char VOID_LEASES[] = /* job.void_leases: a lost worker does not count against the file */
    "UPDATE job SET state = 'queued', attempt = attempt - 1, reason = 'infrastructure', permille = 0"
    " WHERE id IN (SELECT id FROM job WHERE state = 'leased' AND lease_ms < $1 ORDER BY id LIMIT 10000"
    "              /*pg: FOR UPDATE SKIP LOCKED */)";
static const char PROGRESS[] = /* job.progress */
    "SELECT " JOB_FIELDS " FROM job WHERE submission = $1 AND revision = $2 AND kind = 'prepare'";
static const char COUNTS[] = /* job.counts: by the index of states; those that are done are many */
    "SELECT (SELECT COUNT(*) FROM job WHERE state = 'queued') AS queued,"
    " (SELECT COUNT(*) FROM job WHERE state = 'leased') AS leased,"
    " (SELECT COUNT(*) FROM job WHERE state = 'failed') AS failed";

static const struct sql_column COLUMNS[] = {
    SQL_FIELD(struct job, id),       SQL_FIELD(struct job, kind),     SQL_FIELD(struct job, submission),
    SQL_FIELD(struct job, revision), SQL_FIELD(struct job, state),    SQL_FIELD(struct job, token),
    SQL_FIELD(struct job, attempt),  SQL_FIELD(struct job, permille), SQL_FIELD(struct job, reason),
    SQL_FIELD(struct job, worker),
};
const struct sql_map job_map = SQL_MAP(struct job, COLUMNS);

struct counts {
    int64_t queued;
    int64_t leased;
    int64_t failed;
};
static const struct sql_column COUNT_COLUMNS[] = {
    SQL_FIELD(struct counts, queued),
    SQL_FIELD(struct counts, leased),
    SQL_FIELD(struct counts, failed),
};
static const struct sql_map COUNT_MAP = SQL_MAP(struct counts, COUNT_COLUMNS);

static const struct {
    const char *kind;
    int64_t priority;
} PRIORITIES[] = {
    {"prepare", 10},
    {"cover", 10}, /* somebody waits for it too */
    {"ladder", 20},
    {"av1", PRIORITY_IDLE},
};

void job_clear(struct job *job)
{
    sql_row_clear(&job_map, job);
}

bool job_add(struct sql *sql, const char *kind, const char *submission, int64_t revision, int64_t now_ms,
             GError **error)
{
    g_autofree char *id = secret_id();
    int64_t priority = 100;

    for (size_t i = 0; i < G_N_ELEMENTS(PRIORITIES); i++) {
        priority = strcmp(PRIORITIES[i].kind, kind) == 0 ? PRIORITIES[i].priority : priority;
    }
    return sql_run(sql, ADD,
                   SQL_VALUES(SQL_T(id), SQL_T(kind), SQL_T(submission), SQL_I(revision), SQL_I(priority),
                              SQL_I(now_ms), SQL_I(TURN_MS)),
                   NULL, error) &&
           sql_notify(sql, SQL_TOPIC_JOBS, error);
}

bool job_take(struct sql *sql, const struct job_claim *claim, struct job *job, bool *found, GError **error)
{
    return sql_row(sql, TAKE,
                   SQL_VALUES(SQL_I(claim->boot_ms + claim->lease_ms), SQL_T(claim->worker), SQL_T(claim->sandbox),
                              SQL_I(claim->now_ms), SQL_I(PRIORITY_IDLE)),
                   &job_map, job, found, error);
}

bool job_none_waits(struct sql *sql, int64_t now_ms, bool *none, GError **error)
{
    int64_t count = 0;

    if (!sql_number(sql, WAITING, SQL_VALUES(SQL_I(PRIORITY_IDLE), SQL_I(now_ms)), &count, error)) {
        return false;
    }
    *none = count == 0;
    return true;
}

/* A guarded write: exactly one row, or the lease is somebody else's. */
static bool leased_write(struct sql *sql, const char *text, struct sql_values values, GError **error)
{
    int64_t changed = 0;

    if (!sql_run(sql, text, values, &changed, error)) {
        return false;
    }
    if (changed != 1) {
        g_set_error(error, MODEL_ERROR, REASON_STALE_TOKEN, "the lease is no longer held");
        return false;
    }
    return true;
}

bool job_renew(struct sql *sql, const struct job_lease *lease, int64_t until_boot_ms, int64_t permille, GError **error)
{
    return leased_write(sql, RENEW,
                        SQL_VALUES(SQL_T(lease->id), SQL_I(lease->token), SQL_I(until_boot_ms), SQL_I(permille)),
                        error);
}

bool job_give_way(struct sql *sql, const struct job_lease *lease, int64_t now_ms, bool *gave_way, GError **error)
{
    int64_t changed = 0;

    if (!sql_run(sql, GIVE_WAY,
                 SQL_VALUES(SQL_T(lease->id), SQL_I(lease->token), SQL_I(PRIORITY_IDLE), SQL_I(now_ms - PATIENCE_MS)),
                 &changed, error)) {
        return false;
    }
    *gave_way = changed == 1;
    return true;
}

bool job_get_leased(struct sql *sql, const struct job_lease *lease, struct job *job, bool *is_done, GError **error)
{
    bool found = false;

    if (!sql_row(sql, GET_LEASED, SQL_VALUES(SQL_T(lease->id), SQL_I(lease->token)), &job_map, job, &found, error)) {
        return false;
    }
    if (!found) {
        g_set_error(error, MODEL_ERROR, REASON_STALE_TOKEN, "the lease is no longer held");
        return false;
    }
    *is_done = strcmp(job->state, "leased") != 0;
    return true;
}

bool job_finish(struct sql *sql, const struct job_lease *lease, int64_t now_ms, GError **error)
{
    return leased_write(sql, FINISH, SQL_VALUES(SQL_T(lease->id), SQL_I(lease->token), SQL_I(now_ms)), error);
}

bool job_requeue(struct sql *sql, const struct job_lease *lease, const char *reason, bool counts, int64_t run_after_ms,
                 GError **error)
{
    return leased_write(sql, REQUEUE,
                        SQL_VALUES(SQL_T(lease->id), SQL_I(lease->token), SQL_T(reason), SQL_I(counts ? 0 : 1),
                                   SQL_I(run_after_ms)),
                        error);
}

bool job_fail(struct sql *sql, const struct job_lease *lease, const char *reason, int64_t now_ms, GError **error)
{
    return sql_lock_row(sql, LOCK_WORK, SQL_VALUES(SQL_T(lease->id)), error) &&
           leased_write(sql, FAIL, SQL_VALUES(SQL_T(lease->id), SQL_I(lease->token), SQL_T(reason), SQL_I(now_ms)),
                        error);
}

bool job_cancel(struct sql *sql, const char *submission, int64_t now_ms, GError **error)
{
    return sql_run(sql, CANCEL, SQL_VALUES(SQL_T(submission), SQL_I(now_ms)), NULL, error);
}

bool job_void_leases(struct sql *sql, int64_t boot_ms, int64_t *changed, GError **error)
{
    return sql_run(sql, VOID_LEASES, SQL_VALUES(SQL_I(boot_ms)), changed, error);
}

bool job_progress(struct sql *sql, const char *submission, int64_t revision, int64_t *permille, GError **error)
{
    g_auto(Job) job = {0};
    bool found = false;

    if (!sql_row(sql, PROGRESS, SQL_VALUES(SQL_T(submission), SQL_I(revision)), &job_map, &job, &found, error)) {
        return false;
    }
    *permille = job.permille;
    return true;
}

bool job_counts(struct sql *sql, int64_t *queued, int64_t *leased, int64_t *failed, GError **error)
{
    struct counts counts = {0};
    bool found = false;

    if (!sql_row(sql, COUNTS, SQL_NO_VALUES, &COUNT_MAP, &counts, &found, error)) {
        return false;
    }
    *queued = counts.queued;
    *leased = counts.leased;
    *failed = counts.failed;
    return true;
}
