-- The review desk: its queue by track, in order without a sort (by place: submission_queue and its kin), remarks and
-- visitors' reports.
CREATE INDEX queue_track ON submission (stage, track, waiting_ms, id) WHERE state = 'in_review';
CREATE INDEX queue_city_track ON submission (state, stage, city, track, waiting_ms, id); -- whole, for the counts too

CREATE TABLE remark (                      -- what is said about a work beside decisions
    id           TEXT PRIMARY KEY,
    submission   TEXT NOT NULL REFERENCES submission (id),
    revision     INTEGER NOT NULL,         -- the one that was looked at
    kind         TEXT NOT NULL CHECK (kind IN ('note', 'message')), -- among staff, or with the submitter
    author       TEXT NOT NULL,            -- staff id, or 'submitter'
    position_ms  INTEGER,                  -- the moment of the clip that a note speaks of; NULL for the whole
    text         TEXT NOT NULL,
    made_ms      INTEGER NOT NULL
) STRICT;
CREATE INDEX remark_by_submission ON remark (submission, made_ms, id);

CREATE TABLE report (                      -- a visitor's complaint about a published work
    id          TEXT PRIMARY KEY,
    submission  TEXT NOT NULL REFERENCES submission (id),
    reason      TEXT NOT NULL CHECK (reason IN ('portrait', 'privacy', 'copyright', 'unsuitable', 'other')),
    text        TEXT NOT NULL,
    contact     TEXT NOT NULL,             -- sealed; how to answer, '' when none was given
    peer_digest TEXT NOT NULL,             -- keyed digest of address block and day: one person, one open report a work
    state       TEXT NOT NULL CHECK (state IN ('open', 'kept', 'taken_down')),
    made_ms     INTEGER NOT NULL,
    closed_by   TEXT REFERENCES staff (id),
    closed_ms   INTEGER
) STRICT;
CREATE UNIQUE INDEX report_once ON report (submission, peer_digest) WHERE state = 'open';
CREATE INDEX report_open ON report (made_ms, id) WHERE state = 'open';
