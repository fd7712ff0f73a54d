-- What people change about their own account, and the record of it.

-- The order of addresses is that of their bytes, as on SQLite, whatever the database's own collation.
ALTER TABLE accounts ALTER COLUMN email_key TYPE TEXT COLLATE "C";

ALTER TABLE sessions ADD COLUMN stepped_up_at BIGINT;

-- Whom a mail is for, in the form look-ups compare, so that an account's mails can go with it.
ALTER TABLE outbox ADD COLUMN recipient_key TEXT;
CREATE INDEX outbox_by_recipient ON outbox (recipient_key) WHERE recipient_key IS NOT NULL;

CREATE TABLE password_resets (
    id         UUID   NOT NULL PRIMARY KEY,
    account_id UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    email_key  TEXT   NOT NULL,
    link_hash  BYTEA  NOT NULL UNIQUE,
    code_hash  BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX password_resets_by_account ON password_resets (account_id);
CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- A change of address: first it waits for the new address's word, then it can be undone from the old one.
CREATE TABLE email_changes (
    id           UUID   NOT NULL PRIMARY KEY,
    account_id   UUID   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    old_email    TEXT   NOT NULL,
    new_email    TEXT   NOT NULL,
    confirm_hash BYTEA  NOT NULL UNIQUE,
    undo_hash    BYTEA  UNIQUE,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX email_changes_by_account ON email_changes (account_id);
CREATE INDEX email_changes_by_expiry ON email_changes (expires_at);

-- The chains of audit events. Nothing changes or deletes a row of them; account_id refers to nothing, since events
-- outlive accounts.
CREATE TABLE audit_events (
    chain       BIGINT NOT NULL,
    sequence    BIGINT NOT NULL,
    id          UUID   NOT NULL UNIQUE,
    event_type  TEXT   NOT NULL,
    result      TEXT   NOT NULL,
    account_id  UUID,
    session_id  UUID,
    actor       TEXT   NOT NULL,
    actor_id    UUID,
    detail      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    origin_hash BYTEA  NOT NULL,
    hash        BYTEA  NOT NULL,
    PRIMARY KEY (chain, sequence)
);
CREATE INDEX audit_events_by_time ON audit_events (created_at, id);
CREATE INDEX audit_events_by_account ON audit_events (account_id, created_at, id);

-- Where events came from: personal, and so erased with the account. The chain holds a keyed hash of each row.
CREATE TABLE audit_origins (
    event_id   UUID  NOT NULL PRIMARY KEY,
    account_id UUID  NOT NULL,
    nonce      BYTEA NOT NULL,
    ip_address TEXT,
    user_agent TEXT
);
CREATE INDEX audit_origins_by_account ON audit_origins (account_id);

-- The last event of each chain, under a seal, so that a chain cut short shows.
CREATE TABLE audit_heads (
    chain    BIGINT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash     BYTEA  NOT NULL,
    seal     BYTEA  NOT NULL
);
