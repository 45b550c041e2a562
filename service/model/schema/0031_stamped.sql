-- The stamped scan of an attachment's printed form, as the city gives it back. Another content of the form voids it.
ALTER TABLE annex ADD COLUMN scan_key TEXT NOT NULL DEFAULT '';    -- in the media store; '' none
ALTER TABLE annex ADD COLUMN scan_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE annex ADD COLUMN scan_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE annex ADD COLUMN stamped_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX annex_by_scan ON annex (scan_key); -- the sweep of the store asks for each object
