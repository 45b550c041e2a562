-- Who leaves which works to others: telephone numbers, so that two accounts of one person count as one and nobody decides on
-- what came from the own phone; and the school or office that people and works are of.
CREATE TABLE staff_phone (                 -- numbers that a person has or had
    staff     TEXT NOT NULL REFERENCES staff (id),
    identity  TEXT NOT NULL,               -- keyed digest, as in work_identity
    left_ms   INTEGER NOT NULL,            -- 0: has it now; else until when. Counts half a year longer
    PRIMARY KEY (staff, identity)
) STRICT;
CREATE INDEX staff_phone_by_identity ON staff_phone (identity);
CREATE INDEX staff_phone_by_left ON staff_phone (left_ms);

ALTER TABLE staff ADD COLUMN phone TEXT NOT NULL DEFAULT '';     -- sealed; '' none
ALTER TABLE staff ADD COLUMN unit TEXT NOT NULL DEFAULT '';      -- school or office; '' none
ALTER TABLE submission ADD COLUMN unit TEXT NOT NULL DEFAULT ''; -- of the link it came by or the account that sent it; '' none
