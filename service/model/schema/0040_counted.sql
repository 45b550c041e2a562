-- How many works of an edition are public, so that no page has to count them. Each engine keeps it by triggers of its own, so a
-- service of the version before, during an upgrade, keeps it too.
ALTER TABLE edition ADD COLUMN works INTEGER NOT NULL DEFAULT 0;
UPDATE edition SET works = (SELECT COUNT(*) FROM publication p WHERE p.edition = edition.key);
