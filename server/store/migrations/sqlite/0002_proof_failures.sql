-- Failed proofs in a row, by keyed hash of an address or of a device. A success deletes the row.

CREATE TABLE proof_failures (
    key         BLOB    NOT NULL PRIMARY KEY,
    failures    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    previous_at INTEGER,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX proof_failures_by_expiry ON proof_failures (expires_at);
