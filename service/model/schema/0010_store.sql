-- Which object of the store is whose: the sweep asks it for each object that it would remove, and the check of all objects
-- walks along it.
CREATE INDEX original_by_key ON original (store_key);
CREATE INDEX rendition_by_key ON rendition (store_key);
