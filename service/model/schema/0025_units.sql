-- Works of several files, and who may send on tracks of units.
ALTER TABLE track ADD COLUMN takes_photos INTEGER NOT NULL DEFAULT 0; -- pictures beside the clips, in the same work
ALTER TABLE entry_link ADD COLUMN track TEXT NOT NULL DEFAULT '';     -- a track of units that it opens; '': none
