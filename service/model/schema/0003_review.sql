-- The review desk: second factor and invitations of staff, editable reasons, messages, word lists, visitors' reports.

ALTER TABLE staff ADD COLUMN otp_secret TEXT NOT NULL DEFAULT '';  -- sealed TOTP secret; '' while not set up
ALTER TABLE staff ADD COLUMN otp_pending TEXT NOT NULL DEFAULT ''; -- sealed, shown and not yet confirmed by a code
ALTER TABLE staff ADD COLUMN otp_step INTEGER NOT NULL DEFAULT 0;  -- time step of the last code used: each works once
ALTER TABLE staff ADD COLUMN recusals TEXT NOT NULL DEFAULT ' ';   -- ' 370102 ': regions whose works this person leaves
                                                                   -- to others, blank before and after each
ALTER TABLE login ADD COLUMN confirmed_ms INTEGER NOT NULL DEFAULT 0; -- last time password and code were given

CREATE TABLE recovery_code (               -- instead of a one-time code when the phone is lost
    staff    TEXT NOT NULL REFERENCES staff (id),
    digest   TEXT NOT NULL,                -- keyed digest of the code
    used_ms  INTEGER NOT NULL DEFAULT 0,   -- 0: still good
    PRIMARY KEY (staff, digest)
) STRICT;

CREATE TABLE invitation (                  -- a link by which a person chooses the password
    digest      TEXT PRIMARY KEY,          -- SHA-256 of the link's token, hex
    staff       TEXT NOT NULL REFERENCES staff (id),
    expires_ms  INTEGER NOT NULL,
    used_ms     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX invitation_by_staff ON invitation (staff);

-- The queue of a county and of the province, in its own order without sorting; a city has submission_queue.
CREATE INDEX submission_queue_region ON submission (state, stage, region, waiting_ms, id);
CREATE INDEX submission_queue_all ON submission (state, stage, waiting_ms, id);
CREATE INDEX decision_by_submission ON decision (submission, made_ms, id);
