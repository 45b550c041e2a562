-- Several services on one database. The bytes of an upload under way lie on the disk of the service that took the first
-- of them; '' while there is no durable byte.
ALTER TABLE upload ADD COLUMN node TEXT NOT NULL DEFAULT '';
CREATE INDEX upload_by_node ON upload (node, id) WHERE state = 'open';

CREATE TABLE installation (                -- what all services of the database must agree on
    key    TEXT PRIMARY KEY,               -- 'key': keyed digest that shows whether a service has the right secret.key
    value  TEXT NOT NULL
) STRICT;
