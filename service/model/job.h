/* The queue of work for the worker pool: add, claim with lease and fencing token, renew, finish, fail. Leases are judged
 * by the lease clock of the database (sql_lease_clock), never by the wall time of a service. Where that is the boot
 * clock of one machine (SQLite), every lease is void at the start of the service. */
#pragma once

#include "service/database/database.h"

struct job {
    char *id;
    char *kind; /* prepare, ladder, av1, cover */
    char *submission;
    int64_t revision;
    char *state;
    int64_t token;
    int64_t attempt;
    int64_t permille;
    char *reason;
    char *worker;
};
extern const struct sql_map job_map;
void job_clear(struct job *job);
typedef struct job Job;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

enum {
    JOB_ATTEMPTS = 3, /* that count against the file */
};

/* Queues a job; one that failed or was cancelled for the same revision is queued again. */
bool job_add(struct sql *sql, const char *kind, const char *submission, int64_t revision, int64_t now_ms,
             GError **error);

struct job_claim {
    const char *worker;
    const char *sandbox; /* level it reports */
    int64_t now_ms;
    int64_t boot_ms;
    int64_t lease_ms;
};
/* Next job: prepare and cover before ladder before av1, submitters in turn, oldest first. *found false when none is due. A worker
 * gets an av1 job only while it has no other job: what waits for a person never waits for what does not. */
bool job_take(struct sql *sql, const struct job_claim *claim, struct job *job, bool *found, GError **error);

/* No other job is due than those for idle times. */
bool job_none_waits(struct sql *sql, int64_t now_ms, bool *none, GError **error);

/* A lease as the worker holds it. Every call below writes only while id and token are the leased ones; else
 * REASON_STALE_TOKEN. */
struct job_lease {
    const char *id;
    int64_t token;
};
bool job_renew(struct sql *sql, const struct job_lease *lease, int64_t until_boot_ms, int64_t permille, GError **error);
/* A job for idle times goes back into the queue, uncounted, when another one has waited for two seconds: nobody had a hand
 * free. Asked at every sign of life. */
bool job_give_way(struct sql *sql, const struct job_lease *lease, int64_t now_ms, bool *gave_way, GError **error);
/* The job under this token; *is_done when it was finished or failed under it (the first answer may have been lost). */
bool job_get_leased(struct sql *sql, const struct job_lease *lease, struct job *job, bool *is_done, GError **error);
/* The caller has locked the job's work (submission_get). */
bool job_finish(struct sql *sql, const struct job_lease *lease, int64_t now_ms, GError **error);
/* Back into the queue, not before run_after_ms; `counts` says whether this try counts against the file. */
bool job_requeue(struct sql *sql, const struct job_lease *lease, const char *reason, bool counts, int64_t run_after_ms,
                 GError **error);
bool job_fail(struct sql *sql, const struct job_lease *lease, const char *reason, int64_t now_ms, GError **error);

bool job_cancel(struct sql *sql, const char *submission, int64_t now_ms, GError **error);
/* Leases that ran out go back; boot_ms of INT64_MAX voids all (start of the only service). *changed rows. */
bool job_void_leases(struct sql *sql, int64_t boot_ms, int64_t *changed, GError **error);
/* Progress of a work's running job, 0 when there is none. */
bool job_progress(struct sql *sql, const char *submission, int64_t revision, int64_t *permille, GError **error);
bool job_counts(struct sql *sql, int64_t *queued, int64_t *leased, int64_t *failed, GError **error);
