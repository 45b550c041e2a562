-- The submitter's side: captions of photos, and how much came from where.
ALTER TABLE revision ADD COLUMN captions TEXT NOT NULL DEFAULT '[]'; -- JSON array: one text a file, by original.position

CREATE TABLE quota (                       -- how much of something came from somewhere; all services count in it
    name       TEXT NOT NULL,              -- the row of the table of limits in model/quota.c
    key        TEXT NOT NULL,              -- keyed digest of the device, address block, link or telephone number
    start_ms   INTEGER NOT NULL,           -- of the window that is counted
    count      INTEGER NOT NULL,           -- works in it
    PRIMARY KEY (name, key, start_ms)
) STRICT;
CREATE INDEX quota_by_start ON quota (start_ms); -- windows that are over are swept
