//! Handshakes that were answered: each is one guess at a password, whatever the outcome. Spending one is
//! in `logins.rs`, where the attempt is counted in the same breath.

use sqlx::query;

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

const DELETE_EXPIRED: &str = "DELETE FROM spent_handshakes WHERE expires_at <= $1";

pub(crate) const STATEMENTS: &[Statement] = listed![both: DELETE_EXPIRED];

/// Forgets handshakes too old to be shown again; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now))
}

#[cfg(test)]
mod tests;
