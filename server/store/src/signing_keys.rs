//! Keys that sign access tokens, in their three states.

use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::statements::{Statement, listed};
use crate::text::stored_words;
use crate::timestamp::Timestamp;

stored_words! {
    /// Where a signing key stands in its life. All three are in the JWKS.
    pub enum KeyState {
        /// Known to verifiers, not used yet.
        Published = "published",
        /// Signs.
        Signing = "signing",
        /// No longer signs; what it signed is still verified.
        Retired = "retired",
    }
}

/// A signing key.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SigningKeyRecord {
    /// Its name in JWT headers and the JWKS.
    pub kid: String,
    /// Its JWS algorithm.
    pub algorithm: String,
    /// Where it stands in its life.
    pub state: KeyState,
    /// The public half, as JSON.
    pub public_jwk: String,
    /// Under which key the private half is sealed.
    pub key_id: String,
    /// The private half, sealed.
    pub private_sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it came into its state.
    pub state_changed_at: Timestamp,
}

const LIST: &str = "SELECT kid, algorithm, state, public_jwk, key_id, private_sealed, created_at, state_changed_at \
    FROM signing_keys ORDER BY created_at, kid";

const INSERT: &str = "INSERT INTO signing_keys (kid, algorithm, state, public_jwk, key_id, private_sealed, created_at, \
    state_changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const UPDATE_STATE: &str = "UPDATE signing_keys SET state = $3, state_changed_at = $4 WHERE kid = $1 AND state = $2";

const DELETE: &str = "DELETE FROM signing_keys WHERE kid = $1";

pub(crate) const STATEMENTS: &[Statement] = listed![both: LIST, INSERT, UPDATE_STATE, DELETE];

/// All keys, the oldest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list(tx: &mut Tx) -> Result<Vec<SigningKeyRecord>, StoreError> {
    on!(read tx, c => query_as::<_, SigningKeyRecord>(LIST).fetch_all(c))
}

/// Adds a key.
///
/// # Errors
/// [`UniqueViolation`](crate::StoreErrorKind::UniqueViolation) when its name is taken; any failure of the database.
pub async fn insert(tx: &mut Tx, key: &SigningKeyRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(&key.kid)
        .bind(&key.algorithm)
        .bind(key.state)
        .bind(&key.public_jwk)
        .bind(&key.key_id)
        .bind(&key.private_sealed)
        .bind(key.created_at)
        .bind(key.state_changed_at))?;
    Ok(())
}

/// Moves a key from one state to another; `false` if it was not in the first, so of two nodes one wins.
///
/// # Errors
/// Any failure of the database.
pub async fn update_state(
    tx: &mut Tx,
    kid: &str,
    from: KeyState,
    to: KeyState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(UPDATE_STATE).bind(kid).bind(from).bind(to).bind(now))? == 1)
}

/// Drops a key; `false` if there was none.
///
/// # Errors
/// Any failure of the database.
pub async fn delete(tx: &mut Tx, kid: &str) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(DELETE).bind(kid))? == 1)
}

#[cfg(test)]
mod tests;
