-- A return may go to the reviewers of an earlier stage instead of the submitter. Who gave it may decide on the revision once more.
ALTER TABLE decision ADD COLUMN to_stage INTEGER NOT NULL DEFAULT 0; -- position; 0: to the submitter
DROP INDEX decision_one_person;
CREATE UNIQUE INDEX decision_one_person ON decision (submission, revision, staff)
    WHERE state IN ('pending', 'effective') AND action <> 'escalate' AND to_stage = 0;
