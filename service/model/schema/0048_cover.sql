-- Covers of one's own choice: which moment of which clip, and a kind of job that makes the picture. As in 0024 the table of jobs is
-- made anew, because a check cannot be changed in place by both engines; its columns stay as they were.
ALTER TABLE revision ADD COLUMN covers TEXT NOT NULL DEFAULT '{}'; -- JSON: position of the clip -> ms
CREATE TABLE job_with_cover (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL CHECK (kind IN ('prepare', 'ladder', 'av1', 'cover')),
    submission    TEXT NOT NULL REFERENCES submission (id),
    revision      INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'failed', 'cancelled')),
    priority      INTEGER NOT NULL,        -- lower runs first: prepare and cover, ladder, av1
    token         INTEGER NOT NULL DEFAULT 0, -- fencing: grows with every claim
    attempt       INTEGER NOT NULL DEFAULT 0, -- that count against the file
    lease_ms      INTEGER NOT NULL DEFAULT 0, -- on the database's lease clock
    run_after_ms  INTEGER NOT NULL,
    worker        TEXT NOT NULL DEFAULT '',
    sandbox       TEXT NOT NULL DEFAULT '', -- level under which it ran
    permille      INTEGER NOT NULL DEFAULT 0,
    reason        TEXT,                    -- of the last failure
    created_ms    INTEGER NOT NULL,
    finished_ms   INTEGER,
    turn_ms       INTEGER NOT NULL DEFAULT 0, -- place in the queue of its priority, see model/job.c
    UNIQUE (kind, submission, revision)
) STRICT;
INSERT INTO job_with_cover (id, kind, submission, revision, state, priority, token, attempt, lease_ms, run_after_ms, worker,
                            sandbox, permille, reason, created_ms, finished_ms, turn_ms)
SELECT id, kind, submission, revision, state, priority, token, attempt, lease_ms, run_after_ms, worker,
       sandbox, permille, reason, created_ms, finished_ms, turn_ms
FROM job;
DROP TABLE job;
ALTER TABLE job_with_cover RENAME TO job;
CREATE INDEX job_queue ON job (state, priority, turn_ms, id);
CREATE INDEX job_by_submission ON job (submission);
