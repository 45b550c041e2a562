-- Who a submitter is beyond one phone's cookie: a telephone number that was shown by a code, an openid that WeChat told.
-- All of it is kept as keyed digests; nobody reads a number here.
CREATE TABLE phone_code (                  -- codes sent by SMS
    id          TEXT PRIMARY KEY,
    phone       TEXT NOT NULL,             -- keyed digest
    block       TEXT NOT NULL,             -- keyed digest of the address block that asked
    code        TEXT NOT NULL,             -- keyed digest over phone and code
    sent_ms     INTEGER NOT NULL,
    tries       INTEGER NOT NULL,          -- wrong ones
    used_by     TEXT NOT NULL              -- who showed it first may show it again; '': nobody yet
) STRICT;
CREATE UNIQUE INDEX phone_code_once ON phone_code (phone, (sent_ms / 60000)); -- two at the same moment are one
CREATE INDEX phone_code_by_phone ON phone_code (phone, sent_ms);
CREATE INDEX phone_code_by_block ON phone_code (block, sent_ms);
CREATE INDEX phone_code_by_age ON phone_code (sent_ms);

CREATE TABLE device_identity (             -- what a device has shown
    device      TEXT NOT NULL,             -- digest of its cookie
    identity    TEXT NOT NULL,             -- keyed digest of "phone:…" or "wechat:…"
    kind        TEXT NOT NULL CHECK (kind IN ('phone', 'wechat')),
    bound_ms    INTEGER NOT NULL,
    PRIMARY KEY (device, identity)
) STRICT;

CREATE TABLE work_identity (               -- whose a work is
    identity    TEXT NOT NULL,
    submission  TEXT NOT NULL REFERENCES submission (id),
    made_ms     INTEGER NOT NULL,
    PRIMARY KEY (identity, submission)
) STRICT;
CREATE INDEX work_identity_by_submission ON work_identity (submission);

CREATE TABLE sms_message (                 -- to be told by SMS; goes when it was sent or given up
    id          TEXT PRIMARY KEY,
    submission  TEXT NOT NULL REFERENCES submission (id),
    template    TEXT NOT NULL,             -- returned, published
    due_ms      INTEGER NOT NULL,
    tries       INTEGER NOT NULL
) STRICT;
CREATE INDEX sms_message_by_due ON sms_message (due_ms);

CREATE TABLE sms_cursor (                  -- how far the ledger was read for what is to be told
    name        TEXT PRIMARY KEY,
    seq         INTEGER NOT NULL
) STRICT;
