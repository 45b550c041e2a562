-- What an administrator sets for an edition: how many people approve at which stage, the reasons in parents' words, and
-- the words to look at twice. Without rows the files of the configuration hold.
CREATE TABLE policy (                      -- who approves before a work is published
    edition        TEXT NOT NULL REFERENCES edition (key),
    region         TEXT NOT NULL REFERENCES region (code), -- a city; the province: every city without a row of its own
    first_people   INTEGER NOT NULL,       -- different people who approve at 初审; 0 leaves the stage out
    second_people  INTEGER NOT NULL,       -- at 复审
    final_people   INTEGER NOT NULL,       -- at 终审
    PRIMARY KEY (edition, region)
) STRICT;

ALTER TABLE stage ADD COLUMN people INTEGER NOT NULL DEFAULT 1; -- as rules.conf has it, where no policy is set

-- What the present revision of a work still needs: at each stage the different people who are missing for the policy
-- that holds now. Once a work is escalated, the last stage alone decides, by one person at least.
CREATE VIEW stage_need AS
SELECT n.submission AS submission, n.position AS position, n.name AS name,
       CASE WHEN n.escalated = 0 THEN n.people WHEN n.is_last = 0 THEN 0 WHEN n.people < 1 THEN 1 ELSE n.people END
       - n.approvals AS missing
FROM (SELECT s.id AS submission, g.position AS position, g.name AS name,
             COALESCE((SELECT CASE g.name WHEN 'first' THEN p.first_people WHEN 'second' THEN p.second_people
                                          ELSE p.final_people END
                       FROM policy p WHERE p.edition = s.edition AND p.region = s.city),
                      (SELECT CASE g.name WHEN 'first' THEN p.first_people WHEN 'second' THEN p.second_people
                                          ELSE p.final_people END
                       FROM policy p JOIN region c ON c.code = p.region
                       WHERE p.edition = s.edition AND c.level = 'province'),
                      g.people) AS people,
             (SELECT COUNT(*) FROM decision d WHERE d.submission = s.id AND d.revision = s.revision
                AND d.action = 'escalate' AND d.state = 'effective') AS escalated,
             CASE WHEN EXISTS (SELECT 1 FROM stage o WHERE o.edition = g.edition
                               AND ((g.name = 'first' AND o.name <> 'first') OR (g.name = 'second' AND o.name = 'final')))
                  THEN 0 ELSE 1 END AS is_last,
             (SELECT COUNT(DISTINCT d.staff) FROM decision d JOIN revision r
                  ON r.submission = d.submission AND r.number = d.revision
              WHERE d.submission = s.id AND d.revision = s.revision AND d.stage = g.position AND d.action = 'approve'
                AND d.state = 'effective' AND d.content_digest = r.content_digest) AS approvals
      FROM submission s JOIN stage g ON g.edition = s.edition) n;

CREATE TABLE reason (                      -- why a work is returned or declined
    edition   TEXT NOT NULL REFERENCES edition (key),
    code      TEXT NOT NULL,               -- as in decision.reasons; never used for another meaning
    position  INTEGER NOT NULL,            -- place in the list, from 1; 0: no longer offered, kept for old decisions
    label     TEXT NOT NULL,               -- for the reviewer
    detail    TEXT NOT NULL,               -- for the parent: what, and how to mend it
    declines  INTEGER NOT NULL,            -- 1: 不予采用 by default, 0: 退回修改
    PRIMARY KEY (edition, code)
) STRICT;

CREATE TABLE word (                        -- words to look at twice, beside config/words.tsv
    edition   TEXT NOT NULL REFERENCES edition (key),
    position  INTEGER NOT NULL,            -- place in the list, from 1
    text      TEXT NOT NULL,
    why       TEXT NOT NULL,               -- what the reviewer is told
    PRIMARY KEY (edition, position)
) STRICT;
