-- Failed proofs in a row, by keyed hash of an address or of a device. A success deletes the row.

CREATE TABLE proof_failures (
    key         BYTEA  NOT NULL PRIMARY KEY,
    failures    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    previous_at BIGINT,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX proof_failures_by_expiry ON proof_failures (expires_at);
