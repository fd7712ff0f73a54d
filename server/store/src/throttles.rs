//! Counts of attempts, by scope, keyed hash of what is protected, and window; and keys that are shut for a while.

use rusqlite::{Connection, params};
use sqlx::{query, query_scalar};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::in_place::Columns;
use crate::statements::{Statement, listed};
use crate::thread::{execute, query_one};
use crate::timestamp::Timestamp;

const ADD: &str = "INSERT INTO throttles (scope, key, window_start, count, expires_at) VALUES ($1, $2, $3, 1, $4) \
    ON CONFLICT (scope, key, window_start) DO UPDATE SET count = throttles.count + 1 RETURNING count";

const REFUND: &str = "UPDATE throttles SET count = count - 1 \
    WHERE scope = $1 AND key = $2 AND window_start = $3 AND count > 0";

const COUNT: &str = "SELECT count FROM throttles WHERE scope = $1 AND key = $2 AND window_start = $3";

// The one row of a scope and key stands at time zero, where no window begins.
const HOLD: &str = "INSERT INTO throttles (scope, key, window_start, count, expires_at) VALUES ($1, $2, 0, 1, $3) \
    ON CONFLICT (scope, key, window_start) DO UPDATE SET expires_at = excluded.expires_at \
    WHERE throttles.expires_at <= $4 OR throttles.expires_at > $5";

const HELD_UNTIL: &str = "SELECT expires_at FROM throttles WHERE scope = $1 AND key = $2 AND window_start = 0";

const DELETE_EXPIRED: &str = "DELETE FROM throttles WHERE expires_at <= $1 AND (scope, key, window_start) IN (\
    SELECT scope, key, window_start FROM throttles WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

pub(crate) const STATEMENTS: &[Statement] = listed![both: ADD, REFUND, COUNT, HOLD, HELD_UNTIL, DELETE_EXPIRED];

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

/// The same on the writer's thread.
pub(crate) fn add_whole(
    connection: &Connection,
    scope: &str,
    key: &[u8],
    window_start: Timestamp,
    expires_at: Timestamp,
) -> Result<i64, StoreError> {
    Ok(query_one(connection, ADD, params![scope, key, window_start, expires_at], read_count)?)
}

fn read_count(columns: &mut Columns<'_>) -> Result<i64, rusqlite::Error> {
    columns.next()
}

/// Takes an attempt back. A count never falls below zero.
///
/// # Errors
/// Any failure of the database.
pub async fn refund(tx: &mut Tx, scope: &str, key: &[u8], window_start: Timestamp) -> Result<(), StoreError> {
    on!(execute tx, query(REFUND).bind(scope).bind(key).bind(window_start))?;
    Ok(())
}

/// The same on the writer's thread.
pub(crate) fn refund_whole(
    connection: &Connection,
    scope: &str,
    key: &[u8],
    window_start: Timestamp,
) -> Result<(), StoreError> {
    execute(connection, REFUND, params![scope, key, window_start])?;
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

/// Shuts a key from `now` until a time; `false`, with nothing changed, if it is shut already. Of many at once one wins.
///
/// A key that is shut for longer than `believed` was shut by a clock that was ahead: that does not count.
///
/// # Errors
/// Any failure of the database.
pub async fn hold(
    tx: &mut Tx,
    scope: &str,
    key: &[u8],
    now: Timestamp,
    until: Timestamp,
    believed: Timestamp,
) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(HOLD).bind(scope).bind(key).bind(until).bind(now).bind(believed))? == 1)
}

/// When a key that was shut opens again.
///
/// # Errors
/// Any failure of the database.
pub async fn held_until(tx: &mut Tx, scope: &str, key: &[u8]) -> Result<Option<Timestamp>, StoreError> {
    on!(read tx, c => query_scalar::<_, Timestamp>(HELD_UNTIL).bind(scope).bind(key).fetch_optional(c))
}

/// Drops counts nobody asks for any more, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now).bind(most))
}

#[cfg(test)]
mod tests;
