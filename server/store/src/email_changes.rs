//! Changes of address: one that waits for the new address's word, and those that the old address can take back.

use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::{AccountId, EmailChangeId, SecretHash};
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// A change of address that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EmailChangeRecord {
    /// Its id.
    pub id: EmailChangeId,
    /// Whose address it is.
    pub account_id: AccountId,
    /// The address it takes the place of, as it was written.
    pub old_email: String,
    /// The address that is to be the account's, as it was written.
    pub new_email: String,
    /// Hash of the secret that went to the new address.
    pub confirm_hash: SecretHash,
    /// Hash of the secret that went to the old address; there is one once the change was confirmed.
    pub undo_hash: Option<SecretHash>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When it can no longer be confirmed or, once it was, undone.
    pub expires_at: Timestamp,
}

/// What the confirmation of a change adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// The address it takes the place of, as it is at this moment.
    pub old_email: String,
    /// Hash of the secret that goes to that address.
    pub undo_hash: SecretHash,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
    /// When it can no longer be undone.
    pub expires_at: Timestamp,
}

const INSERT: &str = "INSERT INTO email_changes (id, account_id, old_email, new_email, confirm_hash, undo_hash, \
    created_at, confirmed_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const FIND_BY_CONFIRM: &str = "SELECT id, account_id, old_email, new_email, confirm_hash, undo_hash, created_at, \
    confirmed_at, expires_at FROM email_changes WHERE confirm_hash = $1";

const FIND_BY_UNDO: &str = "SELECT id, account_id, old_email, new_email, confirm_hash, undo_hash, created_at, \
    confirmed_at, expires_at FROM email_changes WHERE undo_hash = $1";

const LIST_OF: &str = "SELECT id, account_id, old_email, new_email, confirm_hash, undo_hash, created_at, \
    confirmed_at, expires_at FROM email_changes WHERE account_id = $1 ORDER BY created_at DESC, id DESC";

const UPDATE_CONFIRMED: &str = "UPDATE email_changes SET old_email = $2, undo_hash = $3, confirmed_at = $4, \
    expires_at = $5 WHERE id = $1 AND confirmed_at IS NULL AND expires_at > $6";

const TAKE: &str = "DELETE FROM email_changes WHERE id = $1 AND undo_hash IS NOT NULL AND expires_at > $2 \
    RETURNING id, account_id, old_email, new_email, confirm_hash, undo_hash, created_at, confirmed_at, expires_at";

const DELETE_WAITING_OF: &str = "DELETE FROM email_changes WHERE account_id = $1 AND confirmed_at IS NULL";

const DELETE_CONFIRMED_FROM: &str = "DELETE FROM email_changes WHERE account_id = $1 AND confirmed_at >= $2";

const DELETE_EXPIRED: &str = "DELETE FROM email_changes WHERE expires_at <= $1 AND id IN (\
    SELECT id FROM email_changes WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

pub(crate) const STATEMENTS: &[Statement] = listed![
    both: INSERT, FIND_BY_CONFIRM, FIND_BY_UNDO, LIST_OF, UPDATE_CONFIRMED, TAKE, DELETE_WAITING_OF,
        DELETE_CONFIRMED_FROM, DELETE_EXPIRED
];

/// Adds a change.
///
/// # Errors
/// [`ForeignKey`](crate::StoreErrorKind::ForeignKey) when there is no such account; any failure of the database.
pub async fn insert(tx: &mut Tx, change: &EmailChangeRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(change.id)
        .bind(change.account_id)
        .bind(&change.old_email)
        .bind(&change.new_email)
        .bind(change.confirm_hash)
        .bind(change.undo_hash)
        .bind(change.created_at)
        .bind(change.confirmed_at)
        .bind(change.expires_at))?;
    Ok(())
}

/// The change whose new address has this secret, in whatever state.
///
/// # Errors
/// Any failure of the database.
pub async fn find_by_confirm(tx: &mut Tx, secret: SecretHash) -> Result<Option<EmailChangeRecord>, StoreError> {
    on!(read tx, c => query_as::<_, EmailChangeRecord>(FIND_BY_CONFIRM).bind(secret).fetch_optional(c))
}

/// The change whose old address has this secret, expired or not.
///
/// # Errors
/// Any failure of the database.
pub async fn find_by_undo(tx: &mut Tx, secret: SecretHash) -> Result<Option<EmailChangeRecord>, StoreError> {
    on!(read tx, c => query_as::<_, EmailChangeRecord>(FIND_BY_UNDO).bind(secret).fetch_optional(c))
}

/// An account's changes that are still kept, the newest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list_of(tx: &mut Tx, account: AccountId) -> Result<Vec<EmailChangeRecord>, StoreError> {
    on!(read tx, c => query_as::<_, EmailChangeRecord>(LIST_OF).bind(account).fetch_all(c))
}

/// Confirms a change; `false` if it was confirmed before, dropped, or has expired: of two at once one wins.
///
/// # Errors
/// Any failure of the database.
pub async fn update_confirmed(
    tx: &mut Tx,
    id: EmailChangeId,
    confirmation: &Confirmation,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let updated = on!(execute tx, query(UPDATE_CONFIRMED)
        .bind(id)
        .bind(&confirmation.old_email)
        .bind(confirmation.undo_hash)
        .bind(confirmation.confirmed_at)
        .bind(confirmation.expires_at)
        .bind(now))?;
    Ok(updated == 1)
}

/// Takes a confirmed change, to undo it; `None` if it was taken before, dropped, or has expired.
///
/// # Errors
/// Any failure of the database.
pub async fn take(tx: &mut Tx, id: EmailChangeId, now: Timestamp) -> Result<Option<EmailChangeRecord>, StoreError> {
    on!(write tx, c => query_as::<_, EmailChangeRecord>(TAKE).bind(id).bind(now).fetch_optional(c))
}

/// Makes void what of an account waits for its confirmation; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_waiting_of(tx: &mut Tx, account: AccountId) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_WAITING_OF).bind(account))
}

/// Makes void the undoing of an account's changes that were confirmed at a time or later; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_confirmed_from(tx: &mut Tx, account: AccountId, time: Timestamp) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_CONFIRMED_FROM).bind(account).bind(time))
}

/// Drops changes that can neither be confirmed nor undone, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now).bind(most))
}

#[cfg(test)]
mod tests;
