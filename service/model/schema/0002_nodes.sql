-- Several services on one database. The bytes of an upload under way lie on the disk of the service that took them, so
-- its row names that service; '' where one service has the database for itself.
ALTER TABLE upload ADD COLUMN node TEXT NOT NULL DEFAULT '';

CREATE TABLE installation (                -- what all services of the database must agree on
    key    TEXT PRIMARY KEY,               -- 'secret': keyed digest that shows whether a service has the right key
    value  TEXT NOT NULL
) STRICT;
