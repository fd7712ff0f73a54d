//! Counts of attempts, by scope, keyed hash of what is protected, and window.

use sqlx::{query, query_scalar};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

const ADD: &str = "INSERT INTO throttles (scope, key, window_start, count, expires_at) VALUES ($1, $2, $3, 1, $4) \
    ON CONFLICT (scope, key, window_start) DO UPDATE SET count = throttles.count + 1 RETURNING count";

const REFUND: &str = "UPDATE throttles SET count = count - 1 \
    WHERE scope = $1 AND key = $2 AND window_start = $3 AND count > 0";

const COUNT: &str = "SELECT count FROM throttles WHERE scope = $1 AND key = $2 AND window_start = $3";

const DELETE_EXPIRED: &str = "DELETE FROM throttles WHERE expires_at <= $1";

pub(crate) const STATEMENTS: &[Statement] = listed![both: ADD, REFUND, COUNT, DELETE_EXPIRED];

/// Counts an attempt; answers the count with it. No attempt is lost when many arrive at once.
///
/// # Errors
/// Any failure of the database.
pub async fn add(
    tx: &mut Tx,
    scope: &str,
    key: &[u8],
    window_start: Timestamp,
    expires_at: Timestamp,
) -> Result<i64, StoreError> {
    on!(write tx, c => query_scalar::<_, i64>(ADD)
        .bind(scope)
        .bind(key)
        .bind(window_start)
        .bind(expires_at)
        .fetch_one(c))
}

/// Takes an attempt back. A count never falls below zero.
///
/// # Errors
/// Any failure of the database.
pub async fn refund(tx: &mut Tx, scope: &str, key: &[u8], window_start: Timestamp) -> Result<(), StoreError> {
    on!(execute tx, query(REFUND).bind(scope).bind(key).bind(window_start))?;
    Ok(())
}

/// The attempts counted so far; zero when there were none.
///
/// # Errors
/// Any failure of the database.
pub async fn count(tx: &mut Tx, scope: &str, key: &[u8], window_start: Timestamp) -> Result<i64, StoreError> {
    let counted = on!(read tx, c => query_scalar::<_, i64>(COUNT)
        .bind(scope)
        .bind(key)
        .bind(window_start)
        .fetch_optional(c))?;
    Ok(counted.unwrap_or(0))
}

/// Drops counts nobody asks for any more; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now))
}

#[cfg(test)]
mod tests;
