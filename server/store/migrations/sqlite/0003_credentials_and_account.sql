-- What people change about their own account, and the record of it.

ALTER TABLE sessions ADD COLUMN stepped_up_at INTEGER;

-- Whom a mail is for, in the form look-ups compare, so that an account's mails can go with it.
ALTER TABLE outbox ADD COLUMN recipient_key TEXT;
CREATE INDEX outbox_by_recipient ON outbox (recipient_key) WHERE recipient_key IS NOT NULL;

CREATE TABLE password_resets (
    id         BLOB    NOT NULL PRIMARY KEY,
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    email_key  TEXT    NOT NULL,
    link_hash  BLOB    NOT NULL UNIQUE,
    code_hash  BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX password_resets_by_account ON password_resets (account_id);
CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- A change of address: first it waits for the new address's word, then it can be undone from the old one.
CREATE TABLE email_changes (
    id           BLOB    NOT NULL PRIMARY KEY,
    account_id   BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    old_email    TEXT    NOT NULL,
    new_email    TEXT    NOT NULL,
    confirm_hash BLOB    NOT NULL UNIQUE,
    undo_hash    BLOB    UNIQUE,
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX email_changes_by_account ON email_changes (account_id);
CREATE INDEX email_changes_by_expiry ON email_changes (expires_at);

-- The chains of audit events. Nothing changes or deletes a row of them; account_id refers to nothing, since events
-- outlive accounts.
CREATE TABLE audit_events (
    chain       INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    id          BLOB    NOT NULL UNIQUE,
    event_type  TEXT    NOT NULL,
    result      TEXT    NOT NULL,
    account_id  BLOB,
    session_id  BLOB,
    actor       TEXT    NOT NULL,
    actor_id    BLOB,
    detail      TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    origin_hash BLOB    NOT NULL,
    hash        BLOB    NOT NULL,
    PRIMARY KEY (chain, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_events_by_time ON audit_events (created_at, id);
CREATE INDEX audit_events_by_account ON audit_events (account_id, created_at, id);

-- Where events came from: personal, and so erased with the account. The chain holds a keyed hash of each row.
CREATE TABLE audit_origins (
    event_id   BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL,
    nonce      BLOB NOT NULL,
    ip_address TEXT,
    user_agent TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_origins_by_account ON audit_origins (account_id);

-- The last event of each chain, under a seal, so that a chain cut short shows.
CREATE TABLE audit_heads (
    chain    INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    seal     BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
