CREATE VIEW revision_renditions AS
SELECT submission, revision, string_agg(kind || chr(9) || name || chr(9) || type || chr(9) || bytes || chr(9) || facts, chr(10) ORDER BY name) AS list
FROM rendition WHERE kind IN
    ('poster', 'share-card', 'preview', 'storyboard', 'storyboard-vtt', 'master', 'rung', 'review-mp4', 'photo')
GROUP BY submission, revision;

CREATE FUNCTION rendition_is_shown() RETURNS trigger LANGUAGE plpgsql AS $shown$
BEGIN
    UPDATE revision SET renditions = COALESCE((SELECT v.list FROM revision_renditions v
        WHERE v.submission = NEW.submission AND v.revision = NEW.revision), '')
    WHERE submission = NEW.submission AND number = NEW.revision;
    RETURN NULL;
END $shown$;
CREATE TRIGGER rendition_is_shown AFTER INSERT OR UPDATE ON rendition
    FOR EACH ROW EXECUTE FUNCTION rendition_is_shown();

UPDATE revision SET renditions = COALESCE((SELECT v.list FROM revision_renditions v
    WHERE v.submission = revision.submission AND v.revision = revision.number), '');
