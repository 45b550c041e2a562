-- Entry links: where a work came from (a city, a county, a school), counted; their QR codes hang on posters.
CREATE TABLE entry_link (
    id          TEXT PRIMARY KEY,
    token       TEXT NOT NULL UNIQUE,      -- what stands in the address: short, without look-alikes
    region      TEXT NOT NULL REFERENCES region (code),
    name        TEXT NOT NULL,             -- of the school or place; '' for the region itself
    made_by     TEXT NOT NULL REFERENCES staff (id),
    visits      INTEGER NOT NULL,
    created_ms  INTEGER NOT NULL,
    revoked_ms  INTEGER
) STRICT;
CREATE INDEX entry_link_by_region ON entry_link (region, created_ms);
CREATE INDEX entry_link_by_age ON entry_link (created_ms);

CREATE TABLE work_link (                   -- by which link a work came
    submission  TEXT PRIMARY KEY REFERENCES submission (id),
    link        TEXT NOT NULL REFERENCES entry_link (id)
) STRICT;
CREATE INDEX work_link_by_link ON work_link (link);
