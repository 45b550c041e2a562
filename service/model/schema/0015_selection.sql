-- Selection (择优): rounds in which places recommend published works, judges score them blind, and what is chosen is put
-- up for objections before it counts.
CREATE TABLE selection (
    id                TEXT PRIMARY KEY,
    edition           TEXT NOT NULL,
    track             TEXT NOT NULL,
    region            TEXT NOT NULL REFERENCES region (code), -- who selects: the province out of its cities, a city out of
                                                              -- its counties
    name              TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('recommending', 'judging', 'judged', 'notice', 'selected', 'cancelled')),
    quota             INTEGER NOT NULL,       -- works that each place may recommend, unless selection_quota says otherwise
    judges_each       INTEGER NOT NULL,       -- judges for a work
    places            INTEGER NOT NULL,       -- works to be selected
    is_levelled       INTEGER NOT NULL CHECK (is_levelled IN (0, 1)), -- strict judges are brought to the others' mean
    seed              TEXT NOT NULL,          -- of the draw; '' before judging, public from then on
    draw              TEXT NOT NULL DEFAULT '', -- what went into it, JSON: works, judges, who stands aside where
    notice_starts_ms  INTEGER NOT NULL DEFAULT 0, -- objections are taken from here
    notice_ends_ms    INTEGER NOT NULL DEFAULT 0, -- up to here
    created_ms        INTEGER NOT NULL,
    FOREIGN KEY (edition, track) REFERENCES track (edition, key)
) STRICT;
CREATE INDEX selection_by_edition ON selection (edition, created_ms, id);

CREATE TABLE selection_criterion (            -- the scoring form
    selection  TEXT NOT NULL REFERENCES selection (id),
    position   INTEGER NOT NULL,              -- 1, 2 …
    name       TEXT NOT NULL,
    weight     INTEGER NOT NULL,              -- percent; together 100
    PRIMARY KEY (selection, position)
) STRICT;

CREATE TABLE selection_quota (
    selection  TEXT NOT NULL REFERENCES selection (id),
    region     TEXT NOT NULL REFERENCES region (code),
    quota      INTEGER NOT NULL,
    PRIMARY KEY (selection, region)
) STRICT;

CREATE TABLE selection_judge (
    selection  TEXT NOT NULL REFERENCES selection (id),
    staff      TEXT NOT NULL REFERENCES staff (id),
    PRIMARY KEY (selection, staff)
) STRICT;
CREATE INDEX selection_judge_by_staff ON selection_judge (staff);

CREATE TABLE selection_entry (                -- a recommended work
    selection       TEXT NOT NULL REFERENCES selection (id),
    submission      TEXT NOT NULL REFERENCES submission (id),
    content_digest  TEXT NOT NULL,            -- what was recommended; another revision is another work
    source          TEXT NOT NULL REFERENCES region (code), -- the city, or county, that recommended it
    recommended_by  TEXT NOT NULL REFERENCES staff (id),
    recommended_ms  INTEGER NOT NULL,
    number          INTEGER NOT NULL DEFAULT 0, -- what judges know it by; 0 before the draw
    place           INTEGER NOT NULL DEFAULT 0, -- rank; 0: none
    score           INTEGER NOT NULL DEFAULT 0, -- 1/100,000 point
    is_listed       INTEGER NOT NULL DEFAULT 0 CHECK (is_listed IN (0, 1)), -- stands on the list of the notice
    is_selected     INTEGER NOT NULL DEFAULT 0 CHECK (is_selected IN (0, 1)),
    PRIMARY KEY (selection, submission)
) STRICT;
CREATE INDEX selection_entry_by_number ON selection_entry (selection, number);
CREATE INDEX selection_entry_by_source ON selection_entry (selection, source);
CREATE INDEX selection_entry_selected ON selection_entry (submission) WHERE is_selected = 1;

CREATE TABLE selection_task (                 -- one judge, one work
    selection    TEXT NOT NULL,
    submission   TEXT NOT NULL,
    judge        TEXT NOT NULL REFERENCES staff (id),
    state        TEXT NOT NULL CHECK (state IN ('open', 'scored', 'aside')),
    is_drawn     INTEGER NOT NULL CHECK (is_drawn IN (0, 1)), -- 0: in place of somebody who stood aside
    points       TEXT NOT NULL DEFAULT '[]',  -- JSON array by criterion
    note         TEXT NOT NULL DEFAULT '',
    changed_ms   INTEGER NOT NULL,
    PRIMARY KEY (selection, submission, judge),
    FOREIGN KEY (selection, submission) REFERENCES selection_entry (selection, submission)
) STRICT;
CREATE INDEX selection_task_by_judge ON selection_task (judge, selection);

CREATE TABLE objection (                      -- to the list of a notice
    id           TEXT PRIMARY KEY,
    selection    TEXT NOT NULL REFERENCES selection (id),
    submission   TEXT,                        -- the work it is about; NULL: the list as a whole
    text         TEXT NOT NULL,
    contact      TEXT NOT NULL,               -- sealed; '' when none was given
    state        TEXT NOT NULL CHECK (state IN ('open', 'kept', 'removed')), -- open ones freeze the list
    answer       TEXT NOT NULL DEFAULT '',
    answered_by  TEXT REFERENCES staff (id),
    made_ms      INTEGER NOT NULL,
    answered_ms  INTEGER
) STRICT;
CREATE INDEX objection_by_selection ON objection (selection, made_ms, id);
