//! What is true of this installation as a whole: realm, master key fingerprint, and the like.

use sqlx::{query, query_scalar};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::statements::{Statement, listed};

const FIND: &str = "SELECT value FROM instance WHERE name = $1";

const INSERT_IF_ABSENT: &str = "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

const REPLACE: &str = "UPDATE instance SET value = $3 WHERE name = $1 AND value = $2";

/// Changes something at each call: a write that changes nothing needs no disk.
const TOUCH: &str = "INSERT INTO instance (name, value) VALUES ('write_trial', '0') \
    ON CONFLICT (name) DO UPDATE SET value = CASE instance.value WHEN '0' THEN '1' ELSE '0' END";

pub(crate) const STATEMENTS: &[Statement] = listed![both: FIND, INSERT_IF_ABSENT, REPLACE, TOUCH];

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

/// Puts a value in the place of another; `false` if the name does not have that other one (any more).
///
/// # Errors
/// Any failure of the database.
pub async fn replace(tx: &mut Tx, name: &str, from: &str, to: &str) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(REPLACE).bind(name).bind(from).bind(to))? == 1)
}

/// Writes something that means nothing, to see whether writes work.
///
/// # Errors
/// Any failure of the database.
pub async fn touch(tx: &mut Tx) -> Result<(), StoreError> {
    on!(execute tx, query(TOUCH))?;
    Ok(())
}

#[cfg(test)]
mod tests;
