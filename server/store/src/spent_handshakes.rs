//! Handshakes that were answered: each is one guess at a password, whatever the outcome. Most are spent in `logins.rs`, in
//! the same breath as the attempt is counted or the session opened.

use rusqlite::{Connection, params};
use sqlx::query;

use crate::backend::{Tx, on};
use crate::error::{StoreError, StoreErrorKind};
use crate::statements::{Statement, listed};
use crate::thread::execute;
use crate::timestamp::Timestamp;

const SPEND: &str = "INSERT INTO spent_handshakes (nonce, expires_at) VALUES ($1, $2) ON CONFLICT (nonce) DO NOTHING";

const RENEW: &str = "INSERT INTO spent_handshakes (nonce, expires_at) VALUES ($1, $2) \
    ON CONFLICT (nonce) DO UPDATE SET expires_at = excluded.expires_at";

const TOUCH: &str = "UPDATE spent_handshakes SET expires_at = expires_at WHERE nonce = $1";

const DELETE_EXPIRED: &str = "DELETE FROM spent_handshakes WHERE expires_at <= $1 AND nonce IN (\
    SELECT nonce FROM spent_handshakes WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

pub(crate) const STATEMENTS: &[Statement] = listed![both: SPEND, RENEW, TOUCH, DELETE_EXPIRED];

/// Records a nonce as used; `false` if it had been used before. Of two at once one wins.
///
/// # Errors
/// Any failure of the database.
pub async fn spend(tx: &mut Tx, nonce: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(SPEND).bind(nonce).bind(expires_at))? == 1)
}

/// The same on the writer's thread.
pub(crate) fn spend_whole(connection: &Connection, nonce: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
    Ok(execute(connection, SPEND, params![nonce, expires_at])? == 1)
}

/// Makes sure that a nonce is recorded as used, and that the commit waits for the disk, whatever it found.
///
/// # Errors
/// Any failure of the database.
pub async fn renew(tx: &mut Tx, nonce: &[u8], expires_at: Timestamp) -> Result<(), StoreError> {
    on!(execute tx, query(RENEW).bind(nonce).bind(expires_at)).map(drop)
}

/// Writes a nonce's row once more, so that the commit takes to the disk what was committed before without waiting for it.
///
/// # Errors
/// [`Unavailable`](StoreErrorKind::Unavailable) when the row is gone: then so is what was committed with it, for the database
/// came back from before it. Any failure of the database.
pub async fn touch(tx: &mut Tx, nonce: &[u8]) -> Result<(), StoreError> {
    match on!(execute tx, query(TOUCH).bind(nonce))? {
        0 => Err(StoreError::new(StoreErrorKind::Unavailable, "the database has forgotten an attempt")),
        _ => Ok(()),
    }
}

/// Forgets handshakes too old to be shown again, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now).bind(most))
}

#[cfg(test)]
mod tests;
