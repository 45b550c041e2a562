-- The activity weeks of the cities, what happens on each day, and lists of works that editors put together.
CREATE TABLE week (
    edition     TEXT NOT NULL REFERENCES edition (key),
    city        TEXT NOT NULL REFERENCES region (code), -- or the province
    first_day   TEXT NOT NULL,             -- 2026-08-19, of the province
    last_day    TEXT NOT NULL,
    words       TEXT NOT NULL,             -- what the city says of its week; may be empty
    contact     TEXT NOT NULL,             -- whom to ask; may be empty
    changed_ms  INTEGER NOT NULL,
    PRIMARY KEY (edition, city)
) STRICT;
CREATE TABLE activity (
    id            TEXT PRIMARY KEY,
    edition       TEXT NOT NULL REFERENCES edition (key),
    city          TEXT NOT NULL REFERENCES region (code),
    day           TEXT NOT NULL,
    starts        TEXT NOT NULL,           -- 09:30; empty: all day
    ends          TEXT NOT NULL,           -- may be empty
    title         TEXT NOT NULL,
    place         TEXT NOT NULL,
    words         TEXT NOT NULL,
    is_highlight  INTEGER NOT NULL CHECK (is_highlight IN (0, 1)), -- 亮点活动
    version       INTEGER NOT NULL DEFAULT 1, -- grows with every change: SEQUENCE of iCalendar
    changed_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX activity_by_city ON activity (edition, city, day, starts, id);
CREATE INDEX activity_by_day ON activity (edition, day, starts, id);

CREATE TABLE collection (                  -- 专题: works chosen by people, in an order
    id           TEXT PRIMARY KEY,
    edition      TEXT NOT NULL REFERENCES edition (key),
    title        TEXT NOT NULL,
    words        TEXT NOT NULL,
    is_featured  INTEGER NOT NULL CHECK (is_featured IN (0, 1)), -- the home page shows its first works
    is_public    INTEGER NOT NULL CHECK (is_public IN (0, 1)),   -- 0: still being put together
    created_ms   INTEGER NOT NULL,
    changed_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX collection_by_edition ON collection (edition, is_public, created_ms, id);
CREATE TABLE collection_work (             -- shown while the work is public
    collection  TEXT NOT NULL REFERENCES collection (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,          -- 1, 2 …; gaps do no harm
    submission  TEXT NOT NULL REFERENCES submission (id) ON DELETE CASCADE,
    PRIMARY KEY (collection, position),
    UNIQUE (collection, submission)
) STRICT;
CREATE INDEX collection_work_by_work ON collection_work (submission);

-- An edition of past years is listed without walking through the newer ones.
CREATE INDEX publication_by_edition ON publication (edition, published_ms, submission);
