//! One-time activations of accounts an administrator made.

use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::{AccountId, SecretHash};
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// A link that lets its bearer set the first password of an account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct InvitationRecord {
    /// Hash of the secret in the link.
    pub link_hash: SecretHash,
    /// The account it opens.
    pub account_id: AccountId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

const INSERT: &str = "INSERT INTO invitations (link_hash, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";

const FIND: &str = "SELECT link_hash, account_id, created_at, expires_at FROM invitations WHERE link_hash = $1";

const TAKE: &str = "DELETE FROM invitations WHERE link_hash = $1 AND expires_at > $2 \
    RETURNING link_hash, account_id, created_at, expires_at";

const DELETE_FOR: &str = "DELETE FROM invitations WHERE account_id = $1";

const DELETE_EXPIRED: &str = "DELETE FROM invitations WHERE expires_at <= $1 AND link_hash IN (\
    SELECT link_hash FROM invitations WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

pub(crate) const STATEMENTS: &[Statement] = listed![both: INSERT, FIND, TAKE, DELETE_FOR, DELETE_EXPIRED];

/// Adds an invitation.
///
/// # Errors
/// [`ForeignKey`](crate::StoreErrorKind::ForeignKey) when there is no such account; any failure of the database.
pub async fn insert(tx: &mut Tx, invitation: &InvitationRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(invitation.link_hash)
        .bind(invitation.account_id)
        .bind(invitation.created_at)
        .bind(invitation.expires_at))?;
    Ok(())
}

/// The invitation whose link this is, expired or not; it stays.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, link: SecretHash) -> Result<Option<InvitationRecord>, StoreError> {
    on!(read tx, c => query_as::<_, InvitationRecord>(FIND).bind(link).fetch_optional(c))
}

/// Removes and answers the invitation, unless it has expired. Of two takers one gets it.
///
/// # Errors
/// Any failure of the database.
pub async fn take(tx: &mut Tx, link: SecretHash, now: Timestamp) -> Result<Option<InvitationRecord>, StoreError> {
    on!(write tx, c => query_as::<_, InvitationRecord>(TAKE).bind(link).bind(now).fetch_optional(c))
}

/// Drops every invitation to an account; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_for(tx: &mut Tx, account: AccountId) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_FOR).bind(account))
}

/// Drops what no longer works, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now).bind(most))
}

#[cfg(test)]
mod tests;
