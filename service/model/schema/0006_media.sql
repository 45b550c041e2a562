-- Copies of a work are found: by the digest of its files, by what it looks like, by what it sounds like.
CREATE INDEX original_by_digest ON original (sha256);

CREATE TABLE fingerprint (                 -- as the media program made it of the newest files
    submission TEXT PRIMARY KEY REFERENCES submission (id),
    work       INTEGER NOT NULL UNIQUE,    -- short for the submission in fingerprint_band; drawn by lot
    pictures   TEXT NOT NULL,              -- 32 hexadecimal digits a frame: hash of the whole, hash of its middle
    sound      TEXT NOT NULL               -- 8 hexadecimal digits an item, about eight items a second
) STRICT;

CREATE TABLE fingerprint_band (            -- parts of hashes: works that share one may be copies and are compared
    band       INTEGER NOT NULL,           -- bits, and which bits they are (model/duplicate.c)
    work       INTEGER NOT NULL
) STRICT;
CREATE INDEX fingerprint_band_work ON fingerprint_band (band, work);
