-- Other sites that show works: who they are, and how often.
CREATE TABLE embed_site (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,             -- for the administrator
    origins     TEXT NOT NULL,             -- JSON array: "https://www.jn.example.cn", "https://*.example.cn"
    key         TEXT NOT NULL UNIQUE,      -- stands in the other site's pages: names it, is no secret
    created_ms  INTEGER NOT NULL,
    revoked_ms  INTEGER                    -- from then on its frames show a card
) STRICT;
CREATE TABLE embed_count (
    day     TEXT NOT NULL,                 -- 2026-11-24, of the province
    source  TEXT NOT NULL,                 -- embed_site.id, or the host that a browser named; '' none
    frames  INTEGER NOT NULL,
    PRIMARY KEY (day, source)
) STRICT;
