-- Subtitles that wait for a reviewer's look, without walking through all.
CREATE INDEX subtitle_waiting ON subtitle (changed_ms, submission, language) WHERE approver IS NULL;
