-- Several services on one database. The bytes of an upload under way lie on the disk of the service that took the first
-- of them; '' while there is no durable byte.
ALTER TABLE upload ADD COLUMN node TEXT NOT NULL DEFAULT '';
CREATE INDEX upload_by_node ON upload (node, id) WHERE state = 'open';

CREATE TABLE installation (                -- what all services of the database must agree on
    key    TEXT PRIMARY KEY,               -- 'key': keyed digest that shows whether a service has the right secret.key
    value  TEXT NOT NULL
) STRICT;

ALTER TABLE job ADD COLUMN turn_ms INTEGER NOT NULL DEFAULT 0; -- place in the queue of its priority, see model/job.c
DROP INDEX job_queue;
CREATE INDEX job_queue ON job (state, priority, turn_ms, id);
CREATE INDEX job_by_submission ON job (submission);

ALTER TABLE worker ADD COLUMN token_id TEXT NOT NULL DEFAULT ''; -- the token it showed; '' for the installation's own

CREATE TABLE worker_token (                -- a token for one machine, beside the installation's own
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,              -- as the administrator calls the machine
    digest     TEXT NOT NULL UNIQUE,       -- SHA-256 of the token, hex
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER                     -- NULL while it is in force
) STRICT;

CREATE TABLE node (                        -- services that run on this database
    id         TEXT PRIMARY KEY,           -- as in upload.node
    version    TEXT NOT NULL,
    seen_ms    INTEGER NOT NULL            -- lease clock of the database
) STRICT;
