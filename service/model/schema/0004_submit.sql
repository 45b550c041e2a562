-- What the submitter's side adds: uploads that are put together from others, and those of the second dialect.
ALTER TABLE upload ADD COLUMN concat TEXT NOT NULL DEFAULT ''; -- Upload-Concat as given: 'partial', 'final;…'; '': neither
ALTER TABLE upload ADD COLUMN declared_bytes INTEGER; -- length as a RUFH client tells it before it completes; NULL: not

CREATE TABLE upload_part (                 -- what a final upload is put together from
    final     TEXT NOT NULL REFERENCES upload (id),
    position  INTEGER NOT NULL,            -- 1, 2 …; a part may stand in it twice
    part      TEXT NOT NULL REFERENCES upload (id), -- its upload.concat is 'partial'
    PRIMARY KEY (final, position)
) STRICT;
CREATE INDEX upload_part_by_part ON upload_part (part);
