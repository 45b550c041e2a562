-- The review desk: its queue in order without a sort, by place and by track. Most hold works in review alone, so
-- that they stay small while an edition fills.
CREATE INDEX queue_everywhere ON submission (stage, waiting_ms, id) WHERE state = 'in_review';
CREATE INDEX queue_region ON submission (stage, region, waiting_ms, id) WHERE state = 'in_review';
CREATE INDEX queue_track ON submission (stage, track, waiting_ms, id) WHERE state = 'in_review';
CREATE INDEX queue_city_track ON submission (state, stage, city, track, waiting_ms, id); -- whole, for the counts too

CREATE INDEX IF NOT EXISTS decision_by_submission ON decision (submission, made_ms, id); -- the history of a work

-- What these replace.
DROP INDEX IF EXISTS submission_queue_city;
DROP INDEX IF EXISTS submission_queue_region;
DROP INDEX IF EXISTS submission_queue_all;
