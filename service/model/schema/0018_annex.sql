-- Attachments 3 and 4 of the notice (各地特色亮点活动情况表, 各地开展情况汇总表), as each city fills them.
CREATE TABLE annex (
    edition    TEXT NOT NULL REFERENCES edition (key),
    number     INTEGER NOT NULL CHECK (number IN (3, 4)),
    region     TEXT NOT NULL REFERENCES region (code), -- a city, or the province for itself
    form       TEXT NOT NULL,              -- JSON, as model/annex.c checks it
    filled_by  TEXT NOT NULL REFERENCES staff (id),
    filled_ms  INTEGER NOT NULL,
    PRIMARY KEY (edition, number, region)
) STRICT;
