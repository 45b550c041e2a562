-- Subtitles of a work, each approved by a reviewer before anybody sees it; and how often and how long works are watched, by
-- nobody in particular.
CREATE TABLE subtitle (
    submission  TEXT NOT NULL REFERENCES submission (id) ON DELETE CASCADE,
    language    TEXT NOT NULL,             -- zh, zh-Hant, en …
    vtt         TEXT NOT NULL,             -- WebVTT as we wrote it
    digest      TEXT NOT NULL,             -- SHA-256 of it: what the approval is pinned to
    author      TEXT NOT NULL,             -- staff.id, or 'submitter'
    approver    TEXT,                      -- staff.id; NULL: waits, and is not public
    changed_ms  INTEGER NOT NULL,
    PRIMARY KEY (submission, language)
) STRICT;
CREATE TABLE view_count (
    submission  TEXT NOT NULL REFERENCES submission (id) ON DELETE CASCADE,
    day         TEXT NOT NULL,             -- 2026-11-24, of the province
    views       INTEGER NOT NULL,
    seconds     INTEGER NOT NULL,
    PRIMARY KEY (submission, day)
) STRICT;
CREATE TABLE view_part (                   -- where people stay and where they leave: twentieths of a clip
    submission  TEXT NOT NULL REFERENCES submission (id) ON DELETE CASCADE,
    part        INTEGER NOT NULL,          -- 0 … 19
    views       INTEGER NOT NULL,
    PRIMARY KEY (submission, part)
) STRICT;
CREATE TABLE view_total (
    submission  TEXT PRIMARY KEY REFERENCES submission (id) ON DELETE CASCADE,
    city        TEXT NOT NULL,             -- of the work: staff of a city sees its own
    views       INTEGER NOT NULL,
    seconds     INTEGER NOT NULL
) STRICT;
CREATE INDEX view_total_by_views ON view_total (views, submission);
CREATE INDEX view_total_by_city ON view_total (city, views, submission);
