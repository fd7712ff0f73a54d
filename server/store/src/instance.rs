//! What is true of this installation as a whole: realm, master key fingerprint, and the like.

use sqlx::{query, query_scalar};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::statements::{Statement, listed};

const FIND: &str = "SELECT value FROM instance WHERE name = $1";

const INSERT_IF_ABSENT: &str = "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

pub(crate) const STATEMENTS: &[Statement] = listed![both: FIND, INSERT_IF_ABSENT];

/// The value pinned under a name.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, name: &str) -> Result<Option<String>, StoreError> {
    on!(read tx, c => query_scalar::<_, String>(FIND).bind(name).fetch_optional(c))
}

/// Pins a value for good; `false` if the name has one already (which stays).
///
/// # Errors
/// Any failure of the database.
pub async fn insert_if_absent(tx: &mut Tx, name: &str, value: &str) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(INSERT_IF_ABSENT).bind(name).bind(value))? == 1)
}

#[cfg(test)]
mod tests;
