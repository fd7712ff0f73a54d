//! Keys that seal handshakes, shared by the nodes and destroyed soon after their epoch.

use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// The key of one epoch, wrapped.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct EpochKeyRecord {
    /// Number of the epoch.
    pub epoch: i64,
    /// Under which key it is sealed.
    pub key_id: String,
    /// The key, sealed.
    pub sealed: Vec<u8>,
    /// When it must be gone.
    pub destroy_at: Timestamp,
}

const INSERT_IF_ABSENT: &str = "INSERT INTO epoch_keys (epoch, key_id, sealed, destroy_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (epoch) DO NOTHING";

const FIND: &str = "SELECT epoch, key_id, sealed, destroy_at FROM epoch_keys WHERE epoch = $1";

const DELETE_EXPIRED: &str = "DELETE FROM epoch_keys WHERE destroy_at <= $1";

pub(crate) const STATEMENTS: &[Statement] = listed![both: INSERT_IF_ABSENT, FIND, DELETE_EXPIRED];

/// Adds an epoch's key; `false` if another node was first (its key is the one to use).
///
/// # Errors
/// Any failure of the database.
pub async fn insert_if_absent(tx: &mut Tx, key: &EpochKeyRecord) -> Result<bool, StoreError> {
    let inserted = on!(execute tx, query(INSERT_IF_ABSENT)
        .bind(key.epoch)
        .bind(&key.key_id)
        .bind(&key.sealed)
        .bind(key.destroy_at))?;
    Ok(inserted == 1)
}

/// The key of an epoch.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, epoch: i64) -> Result<Option<EpochKeyRecord>, StoreError> {
    on!(read tx, c => query_as::<_, EpochKeyRecord>(FIND).bind(epoch).fetch_optional(c))
}

/// Destroys the keys whose time has come; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now))
}

#[cfg(test)]
mod tests;
