CREATE VIEW revision_renditions AS
SELECT submission, revision, group_concat(kind || char(9) || name || char(9) || type || char(9) || bytes || char(9) || facts, char(10)) AS list
FROM rendition WHERE kind IN
    ('poster', 'share-card', 'thumbnail', 'preview', 'storyboard', 'storyboard-vtt', 'master', 'rung', 'review-mp4', 'photo')
GROUP BY submission, revision;
