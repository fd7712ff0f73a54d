-- Times are unix milliseconds. STRICT tables know INTEGER, TEXT and BLOB only: ids are 16-byte BLOBs,
-- booleans are 0 or 1.

CREATE TABLE instance (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id           BLOB    NOT NULL PRIMARY KEY,
    email        TEXT    NOT NULL,
    email_key    TEXT    NOT NULL UNIQUE,
    display_name TEXT,
    language     TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    activated_at INTEGER,
    disabled_at  INTEGER
) STRICT;

CREATE TABLE credentials (
    account_id      BLOB    NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    id              BLOB    NOT NULL,
    version         INTEGER NOT NULL,
    identity        TEXT    NOT NULL,
    salt            BLOB    NOT NULL,
    preset          INTEGER NOT NULL,
    key_id          TEXT    NOT NULL,
    verifier_sealed BLOB    NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE pending_credentials (
    id              BLOB    NOT NULL PRIMARY KEY,
    email           TEXT    NOT NULL,
    email_key       TEXT    NOT NULL,
    display_name    TEXT,
    language        TEXT    NOT NULL,
    identity        TEXT    NOT NULL,
    salt            BLOB    NOT NULL,
    preset          INTEGER NOT NULL,
    key_id          TEXT    NOT NULL,
    verifier_sealed BLOB    NOT NULL,
    ticket_hash     BLOB    NOT NULL UNIQUE,
    link_hash       BLOB    NOT NULL UNIQUE,
    code_hash       BLOB    NOT NULL,
    activatable     INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    mailed_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_credentials_by_email_key ON pending_credentials (email_key, created_at);
CREATE INDEX pending_credentials_by_expiry ON pending_credentials (expires_at);

CREATE TABLE invitations (
    link_hash  BLOB    NOT NULL PRIMARY KEY,
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invitations_by_account ON invitations (account_id);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);

CREATE TABLE sessions (
    id               BLOB    NOT NULL PRIMARY KEY,
    account_id       BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at       INTEGER NOT NULL,
    last_seen_at     INTEGER NOT NULL,
    auth_time        INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    ended_at         INTEGER,
    ended_reason     TEXT,
    amr              TEXT    NOT NULL,
    user_agent       TEXT,
    ip_address       TEXT,
    device_name      TEXT,
    refresh_delivery TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE refresh_tokens (
    hash            BLOB    NOT NULL PRIMARY KEY,
    session_id      BLOB    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    used_at         INTEGER,
    successor_nonce BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE signing_keys (
    kid              TEXT    NOT NULL PRIMARY KEY,
    algorithm        TEXT    NOT NULL,
    state            TEXT    NOT NULL,
    public_jwk       TEXT    NOT NULL,
    key_id           TEXT    NOT NULL,
    private_sealed   BLOB    NOT NULL,
    created_at       INTEGER NOT NULL,
    state_changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE epoch_keys (
    epoch      INTEGER NOT NULL PRIMARY KEY,
    key_id     TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    destroy_at INTEGER NOT NULL
) STRICT;
CREATE INDEX epoch_keys_by_end ON epoch_keys (destroy_at);

CREATE TABLE spent_handshakes (
    nonce      BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_handshakes_by_expiry ON spent_handshakes (expires_at);

CREATE TABLE throttles (
    scope        TEXT    NOT NULL,
    key          BLOB    NOT NULL,
    window_start INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (scope, key, window_start)
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_by_expiry ON throttles (expires_at);

CREATE TABLE outbox (
    id          BLOB    NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL,
    payload     TEXT    NOT NULL,
    key_id      TEXT,
    sealed      BLOB,
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    lease_until INTEGER,
    done_at     INTEGER,
    failed_at   INTEGER,
    last_error  TEXT
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due_at, id) WHERE done_at IS NULL AND failed_at IS NULL;
CREATE INDEX outbox_by_done ON outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX outbox_by_failed ON outbox (failed_at) WHERE failed_at IS NOT NULL;

CREATE TABLE demo_mails (
    id         BLOB    NOT NULL PRIMARY KEY,
    recipient  TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    body_text  TEXT    NOT NULL,
    body_html  TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX demo_mails_by_time ON demo_mails (created_at, id);
