-- Times are unix milliseconds.

CREATE TABLE instance (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE accounts (
    id           UUID    NOT NULL PRIMARY KEY,
    email        TEXT    NOT NULL,
    email_key    TEXT    NOT NULL UNIQUE,
    display_name TEXT,
    language     TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    activated_at BIGINT,
    disabled_at  BIGINT
);

CREATE TABLE credentials (
    account_id      UUID    NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    id              UUID    NOT NULL,
    version         BIGINT  NOT NULL,
    identity        TEXT    NOT NULL,
    salt            BYTEA   NOT NULL,
    preset          BIGINT  NOT NULL,
    key_id          TEXT    NOT NULL,
    verifier_sealed BYTEA   NOT NULL,
    created_at      BIGINT  NOT NULL
);

CREATE TABLE pending_credentials (
    id              UUID    NOT NULL PRIMARY KEY,
    email           TEXT    NOT NULL,
    email_key       TEXT    NOT NULL,
    display_name    TEXT,
    language        TEXT    NOT NULL,
    identity        TEXT    NOT NULL,
    salt            BYTEA   NOT NULL,
    preset          BIGINT  NOT NULL,
    key_id          TEXT    NOT NULL,
    verifier_sealed BYTEA   NOT NULL,
    ticket_hash     BYTEA   NOT NULL UNIQUE,
    link_hash       BYTEA   NOT NULL UNIQUE,
    code_hash       BYTEA   NOT NULL,
    activatable     BOOLEAN NOT NULL,
    created_at      BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    mailed_at       BIGINT  NOT NULL
);
CREATE INDEX pending_credentials_by_email_key ON pending_credentials (email_key, created_at);
CREATE INDEX pending_credentials_by_expiry ON pending_credentials (expires_at);

CREATE TABLE invitations (
    link_hash  BYTEA   NOT NULL PRIMARY KEY,
    account_id UUID    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL
);
CREATE INDEX invitations_by_account ON invitations (account_id);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);

CREATE TABLE sessions (
    id               UUID    NOT NULL PRIMARY KEY,
    account_id       UUID    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at       BIGINT  NOT NULL,
    last_seen_at     BIGINT  NOT NULL,
    auth_time        BIGINT  NOT NULL,
    expires_at       BIGINT  NOT NULL,
    ended_at         BIGINT,
    ended_reason     TEXT,
    amr              TEXT    NOT NULL,
    user_agent       TEXT,
    ip_address       TEXT,
    device_name      TEXT,
    refresh_delivery TEXT    NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE refresh_tokens (
    hash            BYTEA   NOT NULL PRIMARY KEY,
    session_id      UUID    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at      BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    used_at         BIGINT,
    successor_nonce BYTEA
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE signing_keys (
    kid              TEXT    NOT NULL PRIMARY KEY,
    algorithm        TEXT    NOT NULL,
    state            TEXT    NOT NULL,
    public_jwk       TEXT    NOT NULL,
    key_id           TEXT    NOT NULL,
    private_sealed   BYTEA   NOT NULL,
    created_at       BIGINT  NOT NULL,
    state_changed_at BIGINT  NOT NULL
);

CREATE TABLE epoch_keys (
    epoch      BIGINT  NOT NULL PRIMARY KEY,
    key_id     TEXT    NOT NULL,
    sealed     BYTEA   NOT NULL,
    destroy_at BIGINT  NOT NULL
);
CREATE INDEX epoch_keys_by_end ON epoch_keys (destroy_at);

CREATE TABLE spent_handshakes (
    nonce      BYTEA   NOT NULL PRIMARY KEY,
    expires_at BIGINT  NOT NULL
);
CREATE INDEX spent_handshakes_by_expiry ON spent_handshakes (expires_at);

CREATE TABLE throttles (
    scope        TEXT    NOT NULL,
    key          BYTEA   NOT NULL,
    window_start BIGINT  NOT NULL,
    count        BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL,
    PRIMARY KEY (scope, key, window_start)
);
CREATE INDEX throttles_by_expiry ON throttles (expires_at);

CREATE TABLE outbox (
    id          UUID    NOT NULL PRIMARY KEY,
    kind        TEXT    NOT NULL,
    payload     TEXT    NOT NULL,
    key_id      TEXT,
    sealed      BYTEA,
    created_at  BIGINT  NOT NULL,
    due_at      BIGINT  NOT NULL,
    attempts    BIGINT  NOT NULL,
    lease_until BIGINT,
    done_at     BIGINT,
    failed_at   BIGINT,
    last_error  TEXT
);
CREATE INDEX outbox_by_due ON outbox (due_at, id) WHERE done_at IS NULL AND failed_at IS NULL;
CREATE INDEX outbox_by_done ON outbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX outbox_by_failed ON outbox (failed_at) WHERE failed_at IS NOT NULL;

CREATE TABLE demo_mails (
    id         UUID    NOT NULL PRIMARY KEY,
    recipient  TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    body_text  TEXT    NOT NULL,
    body_html  TEXT,
    created_at BIGINT  NOT NULL
);
CREATE INDEX demo_mails_by_time ON demo_mails (created_at, id);
