-- Who holds what now: the desk's stream looks at it, within a place.
CREATE INDEX review_lease_by_until ON review_lease (until_ms);
