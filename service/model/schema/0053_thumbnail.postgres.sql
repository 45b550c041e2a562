CREATE VIEW revision_renditions AS
SELECT submission, revision, string_agg(kind || chr(9) || name || chr(9) || type || chr(9) || bytes || chr(9) || facts, chr(10) ORDER BY name) AS list
FROM rendition WHERE kind IN
    ('poster', 'share-card', 'thumbnail', 'preview', 'storyboard', 'storyboard-vtt', 'master', 'rung', 'review-mp4', 'photo')
GROUP BY submission, revision;
