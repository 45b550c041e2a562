-- The guard of 0001 knew one policy only: now a publication needs what stage_need asks for, on exactly this content.
DROP TRIGGER publication_needs_approval;
CREATE TRIGGER publication_needs_approval BEFORE INSERT ON publication
WHEN EXISTS (SELECT 1 FROM stage_need n WHERE n.submission = NEW.submission AND n.missing > 0)
  OR NOT EXISTS (SELECT 1 FROM decision d WHERE d.submission = NEW.submission AND d.revision = NEW.revision
                 AND d.action = 'approve' AND d.state = 'effective' AND d.content_digest = NEW.content_digest)
  OR NOT EXISTS (SELECT 1 FROM submission s JOIN revision r ON r.submission = s.id AND r.number = s.revision
                 WHERE s.id = NEW.submission AND s.revision = NEW.revision AND s.state = 'approved'
                   AND r.content_digest = NEW.content_digest)
BEGIN SELECT RAISE(ABORT, 'publication without approval'); END;
