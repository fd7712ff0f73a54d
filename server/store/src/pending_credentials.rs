//! Credentials that wait for their activation. Several may wait for one address; activating one drops the others.

use sqlx::{query, query_as};

use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::{PendingId, SecretHash};
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// A sign-up that nobody has confirmed yet.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PendingCredentialRecord {
    /// Its id.
    pub id: PendingId,
    /// The address as it was written.
    pub email: String,
    /// The address in the form look-ups compare.
    pub email_key: String,
    /// How the person wants to be called.
    pub display_name: Option<String>,
    /// BCP 47 tag of the language to write in.
    pub language: String,
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
    /// Hash of the ticket that whoever signed up keeps.
    pub ticket_hash: SecretHash,
    /// Hash of the secret in the mailed link.
    pub link_hash: SecretHash,
    /// Hash of the code in the mail.
    pub code_hash: SecretHash,
    /// `false` when the address had an account: link and code then lead nowhere.
    pub activatable: bool,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it can no longer be activated.
    pub expires_at: Timestamp,
    /// When the last mail was written.
    pub mailed_at: Timestamp,
}

const INSERT: &str = "INSERT INTO pending_credentials (id, email, email_key, display_name, language, identity, salt, \
    preset, key_id, verifier_sealed, ticket_hash, link_hash, code_hash, activatable, created_at, expires_at, mailed_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";

const FIND_BY_TICKET: &str = "SELECT id, email, email_key, display_name, language, identity, salt, preset, key_id, \
    verifier_sealed, ticket_hash, link_hash, code_hash, activatable, created_at, expires_at, mailed_at \
    FROM pending_credentials WHERE ticket_hash = $1";

const FIND_BY_LINK: &str = "SELECT id, email, email_key, display_name, language, identity, salt, preset, key_id, \
    verifier_sealed, ticket_hash, link_hash, code_hash, activatable, created_at, expires_at, mailed_at \
    FROM pending_credentials WHERE link_hash = $1";

const FIND: &str = "SELECT id, email, email_key, display_name, language, identity, salt, preset, key_id, \
    verifier_sealed, ticket_hash, link_hash, code_hash, activatable, created_at, expires_at, mailed_at \
    FROM pending_credentials WHERE id = $1";

const LIST_BY_KEY: &str = "SELECT id, email, email_key, display_name, language, identity, salt, preset, key_id, \
    verifier_sealed, ticket_hash, link_hash, code_hash, activatable, created_at, expires_at, mailed_at \
    FROM pending_credentials WHERE email_key = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC";

const UPDATE_MAILED: &str = "UPDATE pending_credentials SET link_hash = $2, code_hash = $3, mailed_at = $4 \
    WHERE id = $1 AND mailed_at <= $5";

const DELETE_BY_KEY: &str = "DELETE FROM pending_credentials WHERE email_key = $1";

const DELETE_EXPIRED: &str = "DELETE FROM pending_credentials WHERE expires_at <= $1 AND id IN (\
    SELECT id FROM pending_credentials WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";

pub(crate) const STATEMENTS: &[Statement] = listed![
    both: INSERT, FIND, FIND_BY_TICKET, FIND_BY_LINK, LIST_BY_KEY, UPDATE_MAILED, DELETE_BY_KEY, DELETE_EXPIRED
];

/// Adds a waiting credential.
///
/// # Errors
/// Any failure of the database.
pub async fn insert(tx: &mut Tx, pending: &PendingCredentialRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(pending.id)
        .bind(&pending.email)
        .bind(&pending.email_key)
        .bind(&pending.display_name)
        .bind(&pending.language)
        .bind(&pending.identity)
        .bind(&pending.salt)
        .bind(i64::from(pending.preset))
        .bind(&pending.key_id)
        .bind(&pending.verifier_sealed)
        .bind(pending.ticket_hash)
        .bind(pending.link_hash)
        .bind(pending.code_hash)
        .bind(pending.activatable)
        .bind(pending.created_at)
        .bind(pending.expires_at)
        .bind(pending.mailed_at))?;
    Ok(())
}

/// The one with this id, expired or not.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, id: PendingId) -> Result<Option<PendingCredentialRecord>, StoreError> {
    on!(read tx, c => query_as::<_, PendingCredentialRecord>(FIND).bind(id).fetch_optional(c))
}

/// The one whose ticket this is, expired or not.
///
/// # Errors
/// Any failure of the database.
pub async fn find_by_ticket(tx: &mut Tx, ticket: SecretHash) -> Result<Option<PendingCredentialRecord>, StoreError> {
    on!(read tx, c => query_as::<_, PendingCredentialRecord>(FIND_BY_TICKET).bind(ticket).fetch_optional(c))
}

/// The one whose link this is, expired or not.
///
/// # Errors
/// Any failure of the database.
pub async fn find_by_link(tx: &mut Tx, link: SecretHash) -> Result<Option<PendingCredentialRecord>, StoreError> {
    on!(read tx, c => query_as::<_, PendingCredentialRecord>(FIND_BY_LINK).bind(link).fetch_optional(c))
}

/// All that wait for an address and have not expired, the newest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list_by_key(
    tx: &mut Tx,
    email_key: &str,
    now: Timestamp,
) -> Result<Vec<PendingCredentialRecord>, StoreError> {
    on!(read tx, c => query_as::<_, PendingCredentialRecord>(LIST_BY_KEY).bind(email_key).bind(now).fetch_all(c))
}

/// Notes that a mail with a new link and code is written, which voids the old ones.
///
/// Does nothing and answers `false` when the last mail is younger than `only_if_mailed_before` (that time itself
/// is old enough): of two requests at once one wins.
///
/// # Errors
/// Any failure of the database.
pub async fn update_mailed(
    tx: &mut Tx,
    id: PendingId,
    link: SecretHash,
    code: SecretHash,
    now: Timestamp,
    only_if_mailed_before: Timestamp,
) -> Result<bool, StoreError> {
    let updated = on!(execute tx, query(UPDATE_MAILED)
        .bind(id)
        .bind(link)
        .bind(code)
        .bind(now)
        .bind(only_if_mailed_before))?;
    Ok(updated == 1)
}

/// Drops all that wait for an address; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_by_key(tx: &mut Tx, email_key: &str) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_BY_KEY).bind(email_key))
}

/// Drops what can no longer be activated, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_EXPIRED).bind(now).bind(most))
}

#[cfg(test)]
mod tests;
