//! Identities: who somebody is at a provider, and which account that opens.

use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::{AccountId, IdentityId};
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// An identity that is linked to an account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct IdentityRecord {
    /// Its id.
    pub id: IdentityId,
    /// The account it opens.
    pub account_id: AccountId,
    /// The provider, by its name in the configuration when it was linked.
    pub provider: String,
    /// Who speaks for the subject.
    pub issuer: String,
    /// Who it is there; unique with the issuer.
    pub subject: String,
    /// The address the provider named last.
    pub email: Option<String>,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it last opened a session.
    pub last_used_at: Timestamp,
}

const FIND: &str = "SELECT id, account_id, provider, issuer, subject, email, created_at, last_used_at FROM identities \
    WHERE issuer = $1 AND subject = $2";

const LIST_OF: &str = "SELECT id, account_id, provider, issuer, subject, email, created_at, last_used_at \
    FROM identities WHERE account_id = $1 ORDER BY created_at, id";

const INSERT: &str = "INSERT INTO identities (id, account_id, provider, issuer, subject, email, created_at, \
    last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const UPDATE_USED: &str = "UPDATE identities SET last_used_at = $2, email = $3 WHERE id = $1";

const DELETE: &str = "DELETE FROM identities WHERE id = $1 AND account_id = $2";

const DELETE_ALL: &str = "DELETE FROM identities WHERE account_id = $1";

const DELETE_LINKED_AFTER: &str = "DELETE FROM identities WHERE account_id = $1 AND created_at > $2";

pub(crate) const STATEMENTS: &[Statement] =
    listed![both: FIND, LIST_OF, INSERT, UPDATE_USED, DELETE, DELETE_ALL, DELETE_LINKED_AFTER];

/// The identity of an issuer's subject, if it is linked.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, issuer: &str, subject: &str) -> Result<Option<IdentityRecord>, StoreError> {
    on!(read tx, c => query_as::<_, IdentityRecord>(FIND).bind(issuer).bind(subject).fetch_optional(c))
}

/// An account's identities, the oldest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list_of(tx: &mut Tx, account: AccountId) -> Result<Vec<IdentityRecord>, StoreError> {
    on!(read tx, c => query_as::<_, IdentityRecord>(LIST_OF).bind(account).fetch_all(c))
}

/// Links an identity to an account.
///
/// # Errors
/// [`UniqueViolation`](crate::StoreErrorKind::UniqueViolation) when it is linked already,
/// [`ForeignKey`](crate::StoreErrorKind::ForeignKey) when there is no such account; any failure of the database.
pub async fn insert(tx: &mut Tx, identity: &IdentityRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(identity.id)
        .bind(identity.account_id)
        .bind(&identity.provider)
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .bind(&identity.email)
        .bind(identity.created_at)
        .bind(identity.last_used_at))?;
    Ok(())
}

/// Notes that an identity opened a session, and what address its provider named.
///
/// # Errors
/// Any failure of the database.
pub async fn update_used(tx: &mut Tx, id: IdentityId, email: Option<&str>, now: Timestamp) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(UPDATE_USED).bind(id).bind(now).bind(email))? == 1)
}

/// Takes one identity of an account away; `false` if the account has no such one.
///
/// # Errors
/// Any failure of the database.
pub async fn delete(tx: &mut Tx, id: IdentityId, account: AccountId) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(DELETE).bind(id).bind(account))? == 1)
}

/// Takes all identities of an account away; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_all(tx: &mut Tx, account: AccountId) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_ALL).bind(account))
}

/// Takes away those of an account that were linked after a moment; says how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_linked_after(tx: &mut Tx, account: AccountId, moment: Timestamp) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_LINKED_AFTER).bind(account).bind(moment))
}

#[cfg(test)]
mod tests;
