//! Failed proofs in a row, by keyed hash of whom they were for. The one that comes with a handshake is counted in
//! `logins.rs`, where that is spent.

use std::time::Duration;

use rusqlite::{Connection, params};
use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::statements::{Statement, listed};
use crate::thread::{execute, query_one};
use crate::timestamp::Timestamp;

const FIND: &str = "SELECT failures, last_at FROM proof_failures WHERE key = $1";

const ADD: &str = "INSERT INTO proof_failures (key, failures, last_at, previous_at, expires_at) \
    VALUES ($1, 1, $2, NULL, CAST($2 AS BIGINT) + CAST($3 AS BIGINT)) ON CONFLICT (key) DO UPDATE \
    SET failures = proof_failures.failures + 1, previous_at = proof_failures.last_at, last_at = $2, \
    expires_at = CAST($2 AS BIGINT) + CAST($3 AS BIGINT) * (proof_failures.failures + 1) \
    RETURNING failures - 1 AS failures, previous_at AS last_at";

const CLEAR: &str = "DELETE FROM proof_failures WHERE key = $1";

const DELETE_EXPIRED: &str = "DELETE FROM proof_failures WHERE expires_at <= $1 AND key IN (\
    SELECT key FROM proof_failures WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

pub(crate) const STATEMENTS: &[Statement] = listed![both: FIND, ADD, CLEAR, DELETE_EXPIRED];

/// How often it failed since it last succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct ProofFailures {
    /// Failures in a row.
    pub failures: i64,
    /// The last of them.
    pub last_at: Option<Timestamp>,
}

/// The failures so far.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, key: &[u8]) -> Result<ProofFailures, StoreError> {
    let found = on!(read tx, c => query_as::<_, ProofFailures>(FIND).bind(key).fetch_optional(c))?;
    Ok(found.unwrap_or_default())
}

/// Counts one more; answers how things stood before it. Others that count the same key wait for this transaction.
///
/// The row is kept for `each` from now on, as often as there were failures.
///
/// # Errors
/// Any failure of the database.
pub async fn add(tx: &mut Tx, key: &[u8], now: Timestamp, each: Duration) -> Result<ProofFailures, StoreError> {
    let each = i64::try_from(each.as_millis()).unwrap_or(i64::MAX);
    on!(write tx, c => query_as::<_, ProofFailures>(ADD).bind(key).bind(now).bind(each).fetch_one(c))
}

/// The same on the writer's thread.
pub(crate) fn add_whole(
    connection: &Connection,
    key: &[u8],
    now: Timestamp,
    each: Duration,
) -> Result<ProofFailures, StoreError> {
    let each = i64::try_from(each.as_millis()).unwrap_or(i64::MAX);
    let before = query_one(connection, ADD, params![key, now, each], |columns| {
        Ok(ProofFailures { failures: columns.next()?, last_at: columns.next()? })
    });
    Ok(before?)
}

/// Forgets the failures: one succeeded.
///
/// # Errors
/// Any failure of the database.
pub async fn clear(tx: &mut Tx, key: &[u8]) -> Result<(), StoreError> {
    on!(execute tx, query(CLEAR).bind(key))?;
    Ok(())
}

/// The same on the writer's thread.
pub(crate) fn clear_whole(connection: &Connection, key: &[u8]) -> Result<(), StoreError> {
    execute(connection, CLEAR, [key])?;
    Ok(())
}

/// Drops rows nobody has added to for long, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now).bind(most))
}

#[cfg(test)]
mod tests;
