-- The first schema. One text for every engine: INTEGER is 64 bit (a driver for PostgreSQL reads it as BIGINT), STRICT
-- is SQLite's own. Times end in _ms and are milliseconds since 1970 UTC, passed in by the program; truth is 0 or 1; ids
-- are 26 characters (128 random bits, base32); JSON is TEXT and opaque to SQL. A released migration is never edited.

CREATE TABLE region (
    code     TEXT PRIMARY KEY,             -- six digits, GB/T 2260
    name     TEXT NOT NULL,                -- 历下区
    level    TEXT NOT NULL CHECK (level IN ('province', 'city', 'county')),
    parent   TEXT REFERENCES region (code) -- NULL for the province
) STRICT;

CREATE TABLE edition (                     -- 届: one year's activity week; everything below belongs to one
    key         TEXT PRIMARY KEY,          -- '2026'
    name        TEXT NOT NULL,
    year        INTEGER NOT NULL,
    is_current  INTEGER NOT NULL CHECK (is_current IN (0, 1))
) STRICT;

CREATE TABLE stage (                       -- the policy: who has to approve, in which order
    edition   TEXT NOT NULL REFERENCES edition (key),
    position  INTEGER NOT NULL,            -- 1, 2, 3
    name      TEXT NOT NULL CHECK (name IN ('first', 'second', 'final')),
    level     TEXT NOT NULL CHECK (level IN ('province', 'city', 'county')), -- lowest level whose people may decide
    PRIMARY KEY (edition, position)
) STRICT;

CREATE TABLE track (                       -- 栏目
    edition    TEXT NOT NULL REFERENCES edition (key),
    key        TEXT NOT NULL,              -- 'family-video'
    position   INTEGER NOT NULL,           -- order on the page
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('video', 'photo')),
    min_ms     INTEGER NOT NULL,           -- shortest and longest clip; 0 for photos
    max_ms     INTEGER NOT NULL,
    max_bytes  INTEGER NOT NULL,           -- of one file
    max_files  INTEGER NOT NULL,
    is_public  INTEGER NOT NULL CHECK (is_public IN (0, 1)), -- offered on the public form
    opens_ms   INTEGER NOT NULL,           -- submissions are taken from here
    closes_ms  INTEGER NOT NULL,           -- up to here
    PRIMARY KEY (edition, key)
) STRICT;

CREATE TABLE staff (
    id              TEXT PRIMARY KEY,
    username        TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,         -- as it stands in the ledger
    password        TEXT NOT NULL,         -- argon2id string
    role            TEXT NOT NULL CHECK (role IN ('reviewer', 'organiser', 'administrator', 'unit', 'auditor')),
    scope           TEXT NOT NULL REFERENCES region (code), -- sees this region and what lies in it
    stages          TEXT NOT NULL,         -- ' first final ' : stages this person may decide, blank before and after each
    is_active       INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    failures        INTEGER NOT NULL DEFAULT 0, -- wrong passwords in a row
    slowed_until_ms INTEGER NOT NULL DEFAULT 0, -- sign-in is refused until then
    created_ms      INTEGER NOT NULL
) STRICT;

CREATE TABLE login (                       -- web sessions of staff; only digests of tokens are kept
    digest      TEXT PRIMARY KEY,          -- SHA-256 of the cookie's token, hex
    staff       TEXT NOT NULL REFERENCES staff (id),
    csrf        TEXT NOT NULL,             -- expected in X-CSRF-Token
    created_ms  INTEGER NOT NULL,
    seen_ms     INTEGER NOT NULL,          -- idle limit counts from here
    peer        TEXT NOT NULL              -- address at sign-in
) STRICT;
CREATE INDEX login_by_staff ON login (staff);

CREATE TABLE submission (                  -- a work (作品); its texts live in revisions
    id             TEXT PRIMARY KEY,       -- also the public id once published
    code           TEXT NOT NULL UNIQUE,   -- receipt code, SD26-7KQ4-M9
    pin_digest     TEXT NOT NULL,          -- keyed digest of id and PIN
    pin_failures   INTEGER NOT NULL DEFAULT 0,
    pin_slowed_until_ms INTEGER NOT NULL DEFAULT 0,
    device_digest  TEXT,                   -- digest of the device cookie that made it
    idempotency    TEXT UNIQUE,            -- digest of device and Idempotency-Key; same key, same answer
    edition        TEXT NOT NULL,
    track          TEXT NOT NULL,
    region         TEXT NOT NULL REFERENCES region (code),
    city           TEXT NOT NULL,          -- the region's city (or the province), for queues
    state          TEXT NOT NULL CHECK (state IN ('draft', 'uploading', 'received', 'processing', 'in_review',
                       'approved', 'published', 'returned', 'declined', 'withdrawn', 'taken_down', 'failed')),
    stage          INTEGER NOT NULL DEFAULT 0, -- position of the stage that has to decide; 0 outside review
    revision       INTEGER NOT NULL,       -- the current one
    version        INTEGER NOT NULL DEFAULT 1, -- grows with every change; If-Match
    failure        TEXT,                   -- reason code of state failed
    contact_name   TEXT NOT NULL,          -- sealed
    contact_phone  TEXT NOT NULL,          -- sealed
    ai             INTEGER NOT NULL CHECK (ai IN (0, 1)), -- declared as made with AI
    waiting_ms     INTEGER NOT NULL,       -- since when it waits in its present state
    created_ms     INTEGER NOT NULL,
    updated_ms     INTEGER NOT NULL,
    FOREIGN KEY (edition, track) REFERENCES track (edition, key)
) STRICT;
CREATE INDEX submission_queue ON submission (state, stage, city, waiting_ms, id);
CREATE INDEX submission_by_device ON submission (device_digest, created_ms);

CREATE TABLE revision (                    -- what was submitted, and what is decided on
    submission     TEXT NOT NULL REFERENCES submission (id),
    number         INTEGER NOT NULL,       -- 1, 2 …
    title          TEXT NOT NULL,
    words          TEXT NOT NULL,
    content_digest TEXT,                   -- SHA-256 over files, title, words and cover; set when prepared
    facts          TEXT,                   -- JSON of the media program; NULL until prepared
    flags          TEXT NOT NULL DEFAULT ' ', -- ' black silent ': what the reviewer should look at
    created_ms     INTEGER NOT NULL,
    PRIMARY KEY (submission, number)
) STRICT;

CREATE TABLE upload (                      -- one file under way by tus
    id            TEXT PRIMARY KEY,        -- also the capability: whoever knows it may append
    state         TEXT NOT NULL CHECK (state IN ('open', 'complete', 'taken', 'refused', 'gone')),
    length_bytes  INTEGER,                 -- NULL while deferred
    offset_bytes  INTEGER NOT NULL,        -- durable: never above what is synced
    metadata      TEXT NOT NULL,           -- Upload-Metadata as given, for HEAD
    track         TEXT NOT NULL,           -- from the metadata; '' when absent
    fingerprint   TEXT NOT NULL,           -- size and head/tail digest from the page; '' when absent
    media_kind    TEXT,                    -- what the sniffer thought
    sha256        TEXT,
    refusal       TEXT,                    -- reason code of state refused
    submission    TEXT REFERENCES submission (id), -- the work it was named in
    revision      INTEGER,
    position      INTEGER,                 -- order in a photo set
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL,
    expires_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_by_expiry ON upload (state, expires_ms);
CREATE INDEX upload_by_submission ON upload (submission, revision);

CREATE TABLE original (                    -- the submitter's files, never served to the public
    submission  TEXT NOT NULL REFERENCES submission (id),
    revision    INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    store_key   TEXT NOT NULL,
    bytes       INTEGER NOT NULL,
    sha256      TEXT,                      -- computed by prepare
    PRIMARY KEY (submission, revision, position)
) STRICT;

CREATE TABLE consent (
    submission  TEXT NOT NULL REFERENCES submission (id),
    revision    INTEGER NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('licence', 'guardian')),
    version     TEXT NOT NULL,             -- of the text that was shown
    scopes      TEXT NOT NULL,             -- JSON array of uses: site, embed, exhibition, media
    given_ms    INTEGER NOT NULL,
    peer        TEXT NOT NULL,             -- sealed address
    PRIMARY KEY (submission, revision, kind)
) STRICT;

CREATE TABLE job (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL CHECK (kind IN ('prepare', 'ladder')),
    submission    TEXT NOT NULL REFERENCES submission (id),
    revision      INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'failed', 'cancelled')),
    priority      INTEGER NOT NULL,        -- lower runs first: prepare before ladder
    token         INTEGER NOT NULL DEFAULT 0, -- fencing: grows with every claim
    attempt       INTEGER NOT NULL DEFAULT 0, -- that count against the file
    lease_ms      INTEGER NOT NULL DEFAULT 0, -- boot clock; judged by the service alone, void after a restart
    run_after_ms  INTEGER NOT NULL,
    worker        TEXT NOT NULL DEFAULT '',
    sandbox       TEXT NOT NULL DEFAULT '', -- level under which it ran
    permille      INTEGER NOT NULL DEFAULT 0,
    reason        TEXT,                    -- of the last failure
    created_ms    INTEGER NOT NULL,
    finished_ms   INTEGER,
    UNIQUE (kind, submission, revision)
) STRICT;
CREATE INDEX job_queue ON job (state, priority, run_after_ms);

CREATE TABLE rendition (                   -- every file made from an original
    submission  TEXT NOT NULL REFERENCES submission (id),
    revision    INTEGER NOT NULL,
    name        TEXT NOT NULL,             -- 480p.mp4, poster.jpg
    kind        TEXT NOT NULL,             -- poster, storyboard, sheet, review-mp4, rung, playlist, master, photo …
    type        TEXT NOT NULL,             -- media type it is served as
    bytes       INTEGER NOT NULL,
    sha256      TEXT NOT NULL,
    store_key   TEXT NOT NULL,
    facts       TEXT NOT NULL,             -- JSON: width, height, codecs, bandwidth_bps
    created_ms  INTEGER NOT NULL,
    PRIMARY KEY (submission, revision, name)
) STRICT;

CREATE TABLE review_lease (                -- who has a work open; soft
    submission  TEXT PRIMARY KEY REFERENCES submission (id),
    staff       TEXT NOT NULL REFERENCES staff (id),
    until_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE decision (
    id              TEXT PRIMARY KEY,
    submission      TEXT NOT NULL REFERENCES submission (id),
    revision        INTEGER NOT NULL,
    stage           INTEGER NOT NULL,      -- position
    staff           TEXT NOT NULL REFERENCES staff (id),
    action          TEXT NOT NULL CHECK (action IN ('approve', 'return', 'decline', 'escalate')),
    reasons         TEXT NOT NULL,         -- JSON array of reason codes
    note            TEXT NOT NULL,
    content_digest  TEXT NOT NULL,         -- what was decided on
    state           TEXT NOT NULL CHECK (state IN ('pending', 'effective', 'cancelled', 'void')),
    made_ms         INTEGER NOT NULL,
    effective_ms    INTEGER NOT NULL       -- end of the undo window
) STRICT;
CREATE UNIQUE INDEX decision_one_pending ON decision (submission) WHERE state = 'pending';
CREATE UNIQUE INDEX decision_one_person ON decision (submission, revision, staff)
    WHERE state IN ('pending', 'effective') AND action <> 'escalate';
CREATE INDEX decision_due ON decision (state, effective_ms);

CREATE TABLE publication (                 -- THE row that makes a work public; there is no other way
    submission      TEXT PRIMARY KEY REFERENCES submission (id),
    revision        INTEGER NOT NULL,
    content_digest  TEXT NOT NULL,
    edition         TEXT NOT NULL,
    track           TEXT NOT NULL,
    region          TEXT NOT NULL,
    city            TEXT NOT NULL,
    search          TEXT NOT NULL,         -- lower-case title, words and place names
    approver        TEXT NOT NULL REFERENCES staff (id), -- the last one: responsible editor
    published_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX publication_latest ON publication (published_ms, submission);
CREATE INDEX publication_by_city ON publication (city, published_ms, submission);

CREATE TABLE ledger (                      -- append-only, hash-chained
    seq        INTEGER PRIMARY KEY,        -- 1, 2, 3 without a gap
    at_ms      INTEGER NOT NULL,
    actor      TEXT NOT NULL,              -- staff id, 'submitter', 'worker', 'system'
    role       TEXT NOT NULL,
    peer       TEXT NOT NULL,
    action     TEXT NOT NULL,              -- submission.published, decision.made, staff.added …
    object     TEXT NOT NULL,              -- id of what it was done to
    before     TEXT NOT NULL,              -- state before, '' when none
    after      TEXT NOT NULL,
    detail     TEXT NOT NULL,              -- JSON
    previous   TEXT NOT NULL,              -- hash of seq - 1; 64 zeros for the first
    hash       TEXT NOT NULL               -- SHA-256 over all of the above, hex
) STRICT;
CREATE INDEX ledger_by_object ON ledger (object, seq);

CREATE TABLE worker (                      -- machines that claim jobs
    name       TEXT PRIMARY KEY,
    version    TEXT NOT NULL,
    sandbox    TEXT NOT NULL,
    seen_ms    INTEGER NOT NULL
) STRICT;
