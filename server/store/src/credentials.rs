//! Credentials: what an account proves its password against. One an account.

use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::{AccountId, CredentialId};
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// An active credential.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CredentialRecord {
    /// Whose it is.
    pub account_id: AccountId,
    /// Changes with every replacement.
    pub id: CredentialId,
    /// Counts the replacements, from 1.
    pub version: i64,
    /// The SRP identity, 32 hex characters.
    pub identity: String,
    /// The salt, 32 bytes.
    pub salt: Vec<u8>,
    /// Number of the group and password derivation.
    #[sqlx(try_from = "i64")]
    pub preset: u16,
    /// Under which key the verifier is sealed.
    pub key_id: String,
    /// The verifier, sealed.
    pub verifier_sealed: Vec<u8>,
    /// When it was set.
    pub created_at: Timestamp,
}

const FIND: &str = "SELECT account_id, id, version, identity, salt, preset, key_id, verifier_sealed, created_at \
    FROM credentials WHERE account_id = $1";

/// With its account's address; without an account, with none that anybody has.
const INSERT: &str = "INSERT INTO credentials (account_id, id, version, identity, salt, preset, key_id, \
    verifier_sealed, created_at, email_key) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, COALESCE((SELECT email_key FROM accounts WHERE id = $1), ''))";

const REPLACE: &str = "UPDATE credentials SET id = $2, version = $3, identity = $4, salt = $5, preset = $6, \
    key_id = $7, verifier_sealed = $8, created_at = $9 WHERE account_id = $1 AND version < $3";

const DELETE: &str = "DELETE FROM credentials WHERE account_id = $1";

const COUNT_BY_PRESET: &str = "SELECT preset, COUNT(*) FROM credentials GROUP BY preset ORDER BY preset";

pub(crate) const STATEMENTS: &[Statement] = listed![both: FIND, INSERT, REPLACE, DELETE, COUNT_BY_PRESET];

/// The credential of an account.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, account: AccountId) -> Result<Option<CredentialRecord>, StoreError> {
    on!(read tx, c => query_as::<_, CredentialRecord>(FIND).bind(account).fetch_optional(c))
}

/// Gives an account its first credential.
///
/// # Errors
/// [`UniqueViolation`](crate::StoreErrorKind::UniqueViolation) when it has one, or its address has,
/// [`ForeignKey`](crate::StoreErrorKind::ForeignKey) when there is no such account; any failure of the database.
pub async fn insert(tx: &mut Tx, credential: &CredentialRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(credential.account_id)
        .bind(credential.id)
        .bind(credential.version)
        .bind(&credential.identity)
        .bind(&credential.salt)
        .bind(i64::from(credential.preset))
        .bind(&credential.key_id)
        .bind(&credential.verifier_sealed)
        .bind(credential.created_at))?;
    Ok(())
}

/// Puts a newer credential in the place of the account's; `false` if it has none, or one as new.
///
/// # Errors
/// Any failure of the database.
pub async fn replace(tx: &mut Tx, credential: &CredentialRecord) -> Result<bool, StoreError> {
    let replaced = on!(execute tx, query(REPLACE)
        .bind(credential.account_id)
        .bind(credential.id)
        .bind(credential.version)
        .bind(&credential.identity)
        .bind(&credential.salt)
        .bind(i64::from(credential.preset))
        .bind(&credential.key_id)
        .bind(&credential.verifier_sealed)
        .bind(credential.created_at))?;
    Ok(replaced == 1)
}

/// Takes an account's credential away; `false` if it has none.
///
/// # Errors
/// Any failure of the database.
pub async fn delete(tx: &mut Tx, account: AccountId) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(DELETE).bind(account))? == 1)
}

/// How many credentials there are of each preset, by its number.
///
/// # Errors
/// Any failure of the database.
pub async fn count_by_preset(tx: &mut Tx) -> Result<Vec<(i64, i64)>, StoreError> {
    on!(read tx, c => query_as::<_, (i64, i64)>(COUNT_BY_PRESET).fetch_all(c))
}

#[cfg(test)]
mod tests;
