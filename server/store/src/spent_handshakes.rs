//! Handshakes that were answered: each is one guess at a password, whatever the outcome. Spending one is
//! in `logins.rs`, where the attempt is counted in the same breath; what is no guess, and used once as well, is spent here.

use sqlx::query;

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

const SPEND: &str = "INSERT INTO spent_handshakes (nonce, expires_at) VALUES ($1, $2) ON CONFLICT (nonce) DO NOTHING";

const TOUCH: &str = "UPDATE spent_handshakes SET expires_at = expires_at WHERE nonce = $1";

const DELETE_EXPIRED: &str = "DELETE FROM spent_handshakes WHERE expires_at <= $1";

pub(crate) const STATEMENTS: &[Statement] = listed![both: SPEND, TOUCH, DELETE_EXPIRED];

/// Records a nonce as used; `false` if it had been used before. Of two at once one wins.
///
/// # Errors
/// Any failure of the database.
pub async fn spend(tx: &mut Tx, nonce: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(SPEND).bind(nonce).bind(expires_at))? == 1)
}

/// Writes a nonce's row once more, so that the commit makes durable what was written before without waiting for the disk.
///
/// # Errors
/// Any failure of the database.
pub async fn touch(tx: &mut Tx, nonce: &[u8]) -> Result<(), StoreError> {
    on!(execute tx, query(TOUCH).bind(nonce)).map(drop)
}

/// Forgets handshakes too old to be shown again; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now))
}

#[cfg(test)]
mod tests;
