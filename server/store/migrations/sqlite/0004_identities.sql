-- Who somebody is at a provider: another way in to an account. An issuer's subject belongs to one account at most.

CREATE TABLE identities (
    id           BLOB    NOT NULL PRIMARY KEY,
    account_id   BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    provider     TEXT    NOT NULL,
    issuer       TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    email        TEXT,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;
CREATE INDEX identities_by_account ON identities (account_id, created_at);

-- The provider whose word opened a session; absent where it was a password.
ALTER TABLE sessions ADD COLUMN provider TEXT;
