-- What other systems are told of published works: facts in one order, who wants to hear of them, and what is still owed.
CREATE TABLE outbox_event (
    seq         INTEGER PRIMARY KEY,       -- dense, in the order of the commits: given under the ledger's lock
    id          TEXT NOT NULL UNIQUE,      -- the same at every delivery
    kind        TEXT NOT NULL,             -- work.published …
    submission  TEXT NOT NULL,             -- no reference: what is told outlives what is kept
    revision    INTEGER NOT NULL,
    edition     TEXT NOT NULL,
    track       TEXT NOT NULL,
    region      TEXT NOT NULL,
    city        TEXT NOT NULL,
    at_ms       INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_event_by_time ON outbox_event (at_ms);

CREATE TABLE receiver (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,           -- for the administrator
    url           TEXT,                    -- it is called there; NULL: it asks by itself
    secret        TEXT,                    -- sealed: signs what is sent to url; NULL without one
    token_digest  TEXT UNIQUE,             -- of the token it asks with; NULL with a url
    kinds         TEXT NOT NULL,           -- ' work.published work.withdrawn ': blank before and after each
    acked         INTEGER NOT NULL,        -- what it said to have; without a url
    created_ms    INTEGER NOT NULL,
    revoked_ms    INTEGER
) STRICT;

CREATE TABLE delivery (                    -- one event for one receiver with a url
    receiver  TEXT NOT NULL REFERENCES receiver (id),
    seq       INTEGER NOT NULL REFERENCES outbox_event (seq) ON DELETE CASCADE,
    attempts  INTEGER NOT NULL DEFAULT 0,
    outcome   TEXT NOT NULL DEFAULT '',    -- of the last attempt: 'ok', 'http-500', 'outbound' …
    first_ms  INTEGER NOT NULL,            -- since when it is owed
    due_ms    INTEGER,                     -- the next attempt; NULL: over
    PRIMARY KEY (receiver, seq)
) STRICT;
CREATE INDEX delivery_by_seq ON delivery (seq);
CREATE INDEX delivery_due ON delivery (receiver, due_ms) WHERE due_ms IS NOT NULL;
