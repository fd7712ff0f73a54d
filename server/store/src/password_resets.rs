//! Resets that wait for the secret of their mail.

use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::{AccountId, PasswordResetId, SecretHash};
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// A reset that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PasswordResetRecord {
    /// Its id.
    pub id: PasswordResetId,
    /// Whose password it resets.
    pub account_id: AccountId,
    /// The address it went to, in the form look-ups compare.
    pub email_key: String,
    /// Hash of the secret in the mailed link.
    pub link_hash: SecretHash,
    /// Hash of the code in the mail.
    pub code_hash: SecretHash,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

const INSERT: &str = "INSERT INTO password_resets (id, account_id, email_key, link_hash, code_hash, created_at, \
    expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

const FIND_BY_LINK: &str = "SELECT id, account_id, email_key, link_hash, code_hash, created_at, expires_at FROM password_resets \
    WHERE link_hash = $1";

const LIST_OF: &str = "SELECT id, account_id, email_key, link_hash, code_hash, created_at, expires_at FROM password_resets \
    WHERE account_id = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC";

const TAKE: &str = "DELETE FROM password_resets WHERE id = $1 AND expires_at > $2 \
    RETURNING id, account_id, email_key, link_hash, code_hash, created_at, expires_at";

const DELETE_FOR: &str = "DELETE FROM password_resets WHERE account_id = $1";

const DELETE_EXPIRED: &str = "DELETE FROM password_resets WHERE expires_at <= $1 AND id IN (\
    SELECT id FROM password_resets WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

pub(crate) const STATEMENTS: &[Statement] =
    listed![both: INSERT, FIND_BY_LINK, LIST_OF, TAKE, DELETE_FOR, DELETE_EXPIRED];

/// Adds a reset.
///
/// # Errors
/// Any failure of the database.
pub async fn insert(tx: &mut Tx, reset: &PasswordResetRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(reset.id)
        .bind(reset.account_id)
        .bind(&reset.email_key)
        .bind(reset.link_hash)
        .bind(reset.code_hash)
        .bind(reset.created_at)
        .bind(reset.expires_at))?;
    Ok(())
}

/// The reset of a link, expired or not.
///
/// # Errors
/// Any failure of the database.
pub async fn find_by_link(tx: &mut Tx, link: SecretHash) -> Result<Option<PasswordResetRecord>, StoreError> {
    on!(read tx, c => query_as::<_, PasswordResetRecord>(FIND_BY_LINK).bind(link).fetch_optional(c))
}

/// An account's resets that have not expired, the newest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list_of(tx: &mut Tx, account: AccountId, now: Timestamp) -> Result<Vec<PasswordResetRecord>, StoreError> {
    on!(read tx, c => query_as::<_, PasswordResetRecord>(LIST_OF).bind(account).bind(now).fetch_all(c))
}

/// Spends a reset; `None` if it was spent before, dropped, or has expired.
///
/// # Errors
/// Any failure of the database.
pub async fn take(tx: &mut Tx, id: PasswordResetId, now: Timestamp) -> Result<Option<PasswordResetRecord>, StoreError> {
    on!(write tx, c => query_as::<_, PasswordResetRecord>(TAKE).bind(id).bind(now).fetch_optional(c))
}

/// Makes an account's resets void; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_for(tx: &mut Tx, account: AccountId) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_FOR).bind(account))
}

/// Drops resets that have expired, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now).bind(most))
}

#[cfg(test)]
mod tests;
