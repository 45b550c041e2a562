-- Subtitles are of one clip of a work, named by the key of its original: another order of the files, or other texts, leave
-- them where they belong. Those that are there are of the first clip. A key cannot be changed in place by both engines.
CREATE TABLE clip_subtitle (
    submission  TEXT NOT NULL REFERENCES submission (id) ON DELETE CASCADE,
    clip        TEXT NOT NULL,             -- original.store_key
    language    TEXT NOT NULL,             -- zh, zh-Hant, en …
    vtt         TEXT NOT NULL,             -- WebVTT as we wrote it
    digest      TEXT NOT NULL,             -- SHA-256 of it: what the approval is pinned to
    author      TEXT NOT NULL,             -- staff.id, or 'submitter'
    approver    TEXT,                      -- staff.id; NULL: waits, and is not public
    changed_ms  INTEGER NOT NULL,
    PRIMARY KEY (submission, clip, language)
) STRICT;
INSERT INTO clip_subtitle (submission, clip, language, vtt, digest, author, approver, changed_ms)
SELECT t.submission, o.store_key, t.language, t.vtt, t.digest, t.author, t.approver, t.changed_ms FROM subtitle t
JOIN submission s ON s.id = t.submission JOIN original o ON o.submission = s.id AND o.revision = s.revision
WHERE o.position = (SELECT COALESCE(MIN(CASE WHEN substr(n.name, 2, 1) = '-' THEN CAST(substr(n.name, 1, 1) AS INTEGER)
    ELSE 1 END), 1) FROM rendition n WHERE n.submission = s.id AND n.revision = s.revision AND n.kind = 'review-mp4');
DROP TABLE subtitle;
ALTER TABLE clip_subtitle RENAME TO subtitle;
CREATE INDEX subtitle_waiting ON subtitle (changed_ms, submission, language) WHERE approver IS NULL;
