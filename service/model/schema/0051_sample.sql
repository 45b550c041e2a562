-- The province's sample: of works that a policy publishes, a share is looked at afterwards, while they stay published.
ALTER TABLE policy ADD COLUMN sample_percent INTEGER NOT NULL DEFAULT 0;
UPDATE policy SET sample_percent = 5 WHERE final_people = 0;

CREATE TABLE sample (                      -- works that were drawn
    record       INTEGER PRIMARY KEY,      -- of the ledger: the publication whose hash drew it
    submission   TEXT NOT NULL REFERENCES submission (id),
    revision     INTEGER NOT NULL,
    drawn_ms     INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'sent_back', 'taken_down', 'gone')),
                                           -- gone: no longer public before anybody of the province had looked
    closed_ms    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sample_waiting ON sample (record) WHERE state = 'waiting';
CREATE INDEX sample_by_submission ON sample (submission, record);
CREATE INDEX sample_by_time ON sample (drawn_ms);
