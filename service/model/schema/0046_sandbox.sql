-- How far the sniffer of a service has locked itself, as workers say of theirs; '' before its first sign of life of this kind.
ALTER TABLE node ADD COLUMN sandbox TEXT NOT NULL DEFAULT '';
