//! Failed proofs in a row, by keyed hash of whom they were for. Counting one is in `logins.rs`, with the handshake it spends.

use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

const FIND: &str = "SELECT failures, last_at FROM proof_failures WHERE key = $1";

const CLEAR: &str = "DELETE FROM proof_failures WHERE key = $1";

const DELETE_EXPIRED: &str = "DELETE FROM proof_failures WHERE expires_at <= $1";

pub(crate) const STATEMENTS: &[Statement] = listed![both: FIND, CLEAR, DELETE_EXPIRED];

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

/// Forgets the failures: one succeeded.
///
/// # Errors
/// Any failure of the database.
pub async fn clear(tx: &mut Tx, key: &[u8]) -> Result<(), StoreError> {
    on!(execute tx, query(CLEAR).bind(key))?;
    Ok(())
}

/// Drops rows nobody has added to for long; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now))
}

#[cfg(test)]
mod tests;
