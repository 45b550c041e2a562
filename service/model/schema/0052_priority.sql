-- The queue's order is kept in a column, which is set when a work comes to a stage, so that an index delivers it: since when a work
-- waits, earlier or later by what presses (service/model/priority.h).
ALTER TABLE submission ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submission ADD COLUMN week_ms INTEGER NOT NULL DEFAULT 0; -- of that: what its city's week took off; 0: not yet
UPDATE submission SET due_ms = waiting_ms;

DROP INDEX submission_queue;
DROP INDEX submission_queue_region;
DROP INDEX submission_queue_all;
DROP INDEX queue_track;
DROP INDEX queue_city_track;
CREATE INDEX submission_queue ON submission (state, stage, city, due_ms, id);
CREATE INDEX submission_queue_region ON submission (state, stage, region, due_ms, id);
CREATE INDEX submission_queue_all ON submission (state, stage, due_ms, id);
CREATE INDEX queue_track ON submission (stage, track, due_ms, id) WHERE state = 'in_review';
CREATE INDEX queue_city_track ON submission (state, stage, city, track, due_ms, id, waiting_ms); -- whole, for the counts too
