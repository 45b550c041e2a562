-- What lists and pages show of a revision's facts, JSON. The whole is a kilobyte and more, most of it for the ladder, and reading it took a
-- quarter of a list of 24 works. '' of revisions prepared before, or by a service of the version before: their facts are read whole.
ALTER TABLE revision ADD COLUMN shown TEXT NOT NULL DEFAULT '';
