CREATE VIEW revision_renditions AS
SELECT submission, revision, group_concat(kind || char(9) || name || char(9) || type || char(9) || bytes || char(9) || facts, char(10)) AS list
FROM rendition WHERE kind IN
    ('poster', 'share-card', 'preview', 'storyboard', 'storyboard-vtt', 'master', 'rung', 'review-mp4', 'photo')
GROUP BY submission, revision;

CREATE TRIGGER rendition_is_shown AFTER INSERT ON rendition BEGIN
    UPDATE revision SET renditions = COALESCE((SELECT v.list FROM revision_renditions v
        WHERE v.submission = NEW.submission AND v.revision = NEW.revision), '')
    WHERE submission = NEW.submission AND number = NEW.revision;
END;
CREATE TRIGGER rendition_is_shown_anew AFTER UPDATE ON rendition BEGIN
    UPDATE revision SET renditions = COALESCE((SELECT v.list FROM revision_renditions v
        WHERE v.submission = NEW.submission AND v.revision = NEW.revision), '')
    WHERE submission = NEW.submission AND number = NEW.revision;
END;

UPDATE revision SET renditions = COALESCE((SELECT v.list FROM revision_renditions v
    WHERE v.submission = revision.submission AND v.revision = revision.number), '');
