-- Signing in by an identity provider (OpenID Connect): whom it may let in as whom.
CREATE TABLE staff_identity (
    staff      TEXT PRIMARY KEY REFERENCES staff (id),
    issuer     TEXT NOT NULL,
    username   TEXT NOT NULL,              -- preferred_username that was invited; counts until the first sign-in
    subject    TEXT NOT NULL,              -- `sub`, from the first sign-in on; '' before
    linked_ms  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX staff_identity_by_subject ON staff_identity (issuer, subject) WHERE subject <> '';
CREATE UNIQUE INDEX staff_identity_by_username ON staff_identity (issuer, username) WHERE subject = '';

ALTER TABLE login ADD COLUMN is_by_provider INTEGER NOT NULL DEFAULT 0; -- 1: the provider saw to the second factor
