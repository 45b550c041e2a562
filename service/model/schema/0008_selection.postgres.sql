-- The guard of 0001 knew one policy only: now a publication needs what stage_need asks for, on exactly this content.
CREATE OR REPLACE FUNCTION publication_needs_approval() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF EXISTS (SELECT 1 FROM stage_need n WHERE n.submission = NEW.submission AND n.missing > 0)
      OR NOT EXISTS (SELECT 1 FROM decision d WHERE d.submission = NEW.submission AND d.revision = NEW.revision
                     AND d.action = 'approve' AND d.state = 'effective' AND d.content_digest = NEW.content_digest)
      OR NOT EXISTS (SELECT 1 FROM submission s JOIN revision r ON r.submission = s.id AND r.number = s.revision
                     WHERE s.id = NEW.submission AND s.revision = NEW.revision AND s.state = 'approved'
                       AND r.content_digest = NEW.content_digest) THEN
        RAISE EXCEPTION 'publication without approval' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $guard$;
