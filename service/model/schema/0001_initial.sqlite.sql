-- Guards that each engine words in its own way. They repeat what the model does, so that no slip of the program can
-- publish an unapproved work or rewrite the ledger.

-- A publication needs the current revision, approved by every stage of the edition, on exactly this content.
CREATE TRIGGER publication_needs_approval BEFORE INSERT ON publication
WHEN EXISTS (SELECT 1 FROM stage WHERE stage.edition = NEW.edition AND NOT EXISTS (
         SELECT 1 FROM decision d JOIN submission s ON s.id = d.submission
         WHERE d.submission = NEW.submission AND d.revision = NEW.revision AND s.revision = NEW.revision
           AND d.stage = stage.position AND d.action = 'approve' AND d.state = 'effective'
           AND d.content_digest = NEW.content_digest))
  OR NOT EXISTS (SELECT 1 FROM stage WHERE stage.edition = NEW.edition)
  OR NOT EXISTS (SELECT 1 FROM submission s JOIN revision r ON r.submission = s.id AND r.number = s.revision
                 WHERE s.id = NEW.submission AND s.revision = NEW.revision AND s.state = 'approved'
                   AND r.content_digest = NEW.content_digest)
BEGIN SELECT RAISE(ABORT, 'publication without approval'); END;

CREATE TRIGGER publication_is_not_changed BEFORE UPDATE ON publication
BEGIN SELECT RAISE(ABORT, 'a publication is made or removed, never changed'); END;

CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_is_not_deleted BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_has_no_gap BEFORE INSERT ON ledger
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM ledger)
BEGIN SELECT RAISE(ABORT, 'the ledger has no gap'); END;
