-- Guards that each engine words in its own way. They repeat what the model does, so that no slip of the program can
-- publish an unapproved work or rewrite the ledger. Class 23: to the program a guard is a constraint like any other.

-- A publication needs the current revision, approved by every stage of the edition, on exactly this content.
CREATE FUNCTION publication_needs_approval() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF EXISTS (SELECT 1 FROM stage WHERE stage.edition = NEW.edition AND NOT EXISTS (
             SELECT 1 FROM decision d JOIN submission s ON s.id = d.submission
             WHERE d.submission = NEW.submission AND d.revision = NEW.revision AND s.revision = NEW.revision
               AND d.stage = stage.position AND d.action = 'approve' AND d.state = 'effective'
               AND d.content_digest = NEW.content_digest))
      OR NOT EXISTS (SELECT 1 FROM stage WHERE stage.edition = NEW.edition)
      OR NOT EXISTS (SELECT 1 FROM submission s JOIN revision r ON r.submission = s.id AND r.number = s.revision
                     WHERE s.id = NEW.submission AND s.revision = NEW.revision AND s.state = 'approved'
                       AND r.content_digest = NEW.content_digest) THEN
        RAISE EXCEPTION 'publication without approval' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $guard$;
CREATE TRIGGER publication_needs_approval BEFORE INSERT ON publication
    FOR EACH ROW EXECUTE FUNCTION publication_needs_approval();

-- The argument is what the message says.
CREATE FUNCTION guard_refuse() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $guard$;
CREATE TRIGGER publication_is_not_changed BEFORE UPDATE ON publication
    FOR EACH ROW EXECUTE FUNCTION guard_refuse('a publication is made or removed, never changed');
CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger
    FOR EACH ROW EXECUTE FUNCTION guard_refuse('the ledger is append-only');
CREATE TRIGGER ledger_is_not_deleted BEFORE DELETE ON ledger
    FOR EACH ROW EXECUTE FUNCTION guard_refuse('the ledger is append-only');
CREATE TRIGGER ledger_is_not_truncated BEFORE TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION guard_refuse('the ledger is append-only');

CREATE FUNCTION ledger_has_no_gap() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger) THEN
        RAISE EXCEPTION 'the ledger has no gap' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $guard$;
CREATE TRIGGER ledger_has_no_gap BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_has_no_gap();
