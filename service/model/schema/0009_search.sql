-- The public lists in order without a sort, and search: every pair of neighbouring characters of what a work can be
-- found by. Chinese has no spaces, and many of its words are just two characters long.
CREATE INDEX publication_by_region ON publication (region, published_ms, submission);
CREATE INDEX publication_by_track ON publication (track, published_ms, submission);
CREATE INDEX publication_by_city_track ON publication (city, track, published_ms, submission);
CREATE INDEX publication_by_region_track ON publication (region, track, published_ms, submission);

CREATE TABLE publication_term (            -- no reference to publication: it would want an index as large as the table
    term          TEXT NOT NULL,           -- two characters of publication.search
    published_ms  INTEGER NOT NULL,        -- of the publication: hits come newest first
    submission    TEXT NOT NULL,
    PRIMARY KEY (term, published_ms, submission)
) STRICT, WITHOUT ROWID;
INSERT INTO publication_term (term, published_ms, submission)
    WITH RECURSIVE place(submission, published_ms, text, n) AS (
        SELECT submission, published_ms, search, 1 FROM publication
        UNION ALL SELECT submission, published_ms, text, n + 1 FROM place WHERE n + 1 < length(text))
    SELECT DISTINCT substr(text, n, 2), published_ms, submission FROM place
    WHERE length(substr(text, n, 2)) = 2 AND substr(text, n, 2) NOT LIKE '% %';
