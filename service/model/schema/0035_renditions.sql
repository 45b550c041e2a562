-- What lists and pages show of a revision's renditions, beside its texts: a page of works needs one statement. Each engine
-- keeps it by triggers of its own, so a service of the version before, during an upgrade, keeps it too. One line each:
-- kind, name, type, bytes and facts (JSON), with a tab between; none of them has tabs or line ends (common/message.c).
-- Lines and not JSON: reading 24 works' JSON took a third of what the whole page takes.
ALTER TABLE revision ADD COLUMN renditions TEXT NOT NULL DEFAULT '';
