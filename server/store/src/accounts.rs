//! Accounts: who may log in. The credential is a row of its own.

use sqlx::{query, query_as, query_scalar};

use crate::backend::{Engine, Tx, on};
use crate::error::StoreError;
use crate::ids::AccountId;
use crate::statements::{Statement, listed};
use crate::text::stored_words;
use crate::timestamp::Timestamp;

stored_words! {
    /// What an account may do.
    pub enum Role {
        /// Its own affairs.
        User = "user",
        /// The operator's too.
        Admin = "admin",
    }
}

stored_words! {
    /// Where an account stands in its life.
    pub enum AccountStatus {
        /// Made by an administrator; nobody has set a password yet.
        Invited = "invited",
        /// May log in.
        Active = "active",
        /// Shut by an administrator.
        Disabled = "disabled",
    }
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AccountRecord {
    /// Its id, the `sub` of access tokens.
    pub id: AccountId,
    /// The address as its owner wrote it.
    pub email: String,
    /// The address in the form look-ups compare; unique.
    pub email_key: String,
    /// How the person wants to be called.
    pub display_name: Option<String>,
    /// BCP 47 tag of the language mails are written in.
    pub language: String,
    /// What it may do.
    pub role: Role,
    /// Where it stands in its life.
    pub status: AccountStatus,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
    /// When its owner proved to read the address.
    pub activated_at: Option<Timestamp>,
    /// Since when it is shut.
    pub disabled_at: Option<Timestamp>,
}

const FIND: &str = "SELECT id, email, email_key, display_name, language, role, status, created_at, updated_at, \
    activated_at, disabled_at FROM accounts WHERE id = $1";

const FIND_BY_KEY: &str = "SELECT id, email, email_key, display_name, language, role, status, created_at, updated_at, \
    activated_at, disabled_at FROM accounts WHERE email_key = $1";

const LOCK_POSTGRES: &str = "SELECT id, email, email_key, display_name, language, role, status, created_at, updated_at, \
    activated_at, disabled_at FROM accounts WHERE id = $1 FOR UPDATE";

const INSERT: &str = "INSERT INTO accounts (id, email, email_key, display_name, language, role, status, created_at, \
    updated_at, activated_at, disabled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const UPDATE_ACTIVATED: &str = "UPDATE accounts SET status = 'active', activated_at = $2, updated_at = $2 \
    WHERE id = $1 AND status = 'invited'";

const UPDATE_RECLAIMED: &str = "UPDATE accounts SET email = $2, display_name = $3, language = $4, activated_at = $5, \
    updated_at = $5 WHERE id = $1 AND activated_at IS NULL";

const UPDATE_STATUS: &str = "UPDATE accounts SET status = $2, disabled_at = $3, updated_at = $4 WHERE id = $1";

const UPDATE_PROFILE: &str = "UPDATE accounts SET display_name = $2, language = $3, updated_at = $4 WHERE id = $1";

const UPDATE_EMAIL: &str = "UPDATE accounts SET email = $2, email_key = $3, updated_at = $4, \
    activated_at = COALESCE(activated_at, $4) WHERE id = $1";

const UPDATE_EMAIL_OF_CREDENTIAL: &str = "UPDATE credentials SET email_key = $2 WHERE account_id = $1";

const DELETE: &str = "DELETE FROM accounts WHERE id = $1";

const COUNT: &str = "SELECT COUNT(*) FROM accounts";

pub(crate) const STATEMENTS: &[Statement] = listed![
    both: FIND, FIND_BY_KEY, INSERT, UPDATE_ACTIVATED, UPDATE_RECLAIMED, UPDATE_STATUS, UPDATE_PROFILE,
        UPDATE_EMAIL, UPDATE_EMAIL_OF_CREDENTIAL, DELETE, COUNT;
    postgres: LOCK_POSTGRES
];

/// The account with this id.
///
/// # Errors
/// Any failure of the database.
pub async fn find(tx: &mut Tx, id: AccountId) -> Result<Option<AccountRecord>, StoreError> {
    on!(read tx, c => query_as::<_, AccountRecord>(FIND).bind(id).fetch_optional(c))
}

/// The account with this address, in the form look-ups compare.
///
/// # Errors
/// Any failure of the database.
pub async fn find_by_key(tx: &mut Tx, email_key: &str) -> Result<Option<AccountRecord>, StoreError> {
    on!(read tx, c => query_as::<_, AccountRecord>(FIND_BY_KEY).bind(email_key).fetch_optional(c))
}

/// The account with this id, kept from other writers until the transaction ends.
///
/// # Errors
/// Any failure of the database; [`ReadOnly`](crate::StoreErrorKind::ReadOnly) outside a transaction.
pub async fn lock(tx: &mut Tx, id: AccountId) -> Result<Option<AccountRecord>, StoreError> {
    let sql = match tx.engine() {
        // The transaction holds the whole database's write lock already.
        Engine::Sqlite => FIND,
        Engine::Postgres => LOCK_POSTGRES,
    };
    on!(write tx, c => query_as::<_, AccountRecord>(sql).bind(id).fetch_optional(c))
}

/// Adds an account.
///
/// # Errors
/// [`UniqueViolation`](crate::StoreErrorKind::UniqueViolation) when the address has one; any failure of the database.
pub async fn insert(tx: &mut Tx, account: &AccountRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(account.id)
        .bind(&account.email)
        .bind(&account.email_key)
        .bind(&account.display_name)
        .bind(&account.language)
        .bind(account.role)
        .bind(account.status)
        .bind(account.created_at)
        .bind(account.updated_at)
        .bind(account.activated_at)
        .bind(account.disabled_at))?;
    Ok(())
}

/// Turns an invited account into an active one; `false` if it was not an invited one.
///
/// # Errors
/// Any failure of the database.
pub async fn update_activated(tx: &mut Tx, id: AccountId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(UPDATE_ACTIVATED).bind(id).bind(now))? == 1)
}

/// Gives an account whose address nobody had proved to whoever did; `false` if somebody had.
///
/// # Errors
/// Any failure of the database.
pub async fn update_reclaimed(
    tx: &mut Tx,
    id: AccountId,
    email: &str,
    display_name: Option<&str>,
    language: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let updated = on!(execute tx, query(UPDATE_RECLAIMED)
        .bind(id)
        .bind(email)
        .bind(display_name)
        .bind(language)
        .bind(now))?;
    Ok(updated == 1)
}

/// Sets the status, and with it since when the account is shut; `false` if there is no such account.
///
/// # Errors
/// Any failure of the database.
pub async fn update_status(
    tx: &mut Tx,
    id: AccountId,
    status: AccountStatus,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let disabled_at = (status == AccountStatus::Disabled).then_some(now);
    Ok(on!(execute tx, query(UPDATE_STATUS).bind(id).bind(status).bind(disabled_at).bind(now))? == 1)
}

/// Sets what the person is called and written to in; `false` if there is no such account.
///
/// # Errors
/// Any failure of the database.
pub async fn update_profile(
    tx: &mut Tx,
    id: AccountId,
    display_name: Option<&str>,
    language: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(UPDATE_PROFILE).bind(id).bind(display_name).bind(language).bind(now))? == 1)
}

/// Gives an account another address, which has answered; `false` if there is no such account.
///
/// # Errors
/// [`UniqueViolation`](crate::StoreErrorKind::UniqueViolation) when another account has the address; any failure of
/// the database.
pub async fn update_email(
    tx: &mut Tx,
    id: AccountId,
    email: &str,
    email_key: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let updated = on!(execute tx, query(UPDATE_EMAIL).bind(id).bind(email).bind(email_key).bind(now))?;
    on!(execute tx, query(UPDATE_EMAIL_OF_CREDENTIAL).bind(id).bind(email_key))?;
    Ok(updated == 1)
}

/// Deletes an account with everything that belongs to it: credential, sessions, invitations, resets, changes of
/// address. `false` if there is no such account.
///
/// # Errors
/// Any failure of the database.
pub async fn delete(tx: &mut Tx, id: AccountId) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(DELETE).bind(id))? == 1)
}

/// How many accounts there are.
///
/// # Errors
/// Any failure of the database.
pub async fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    on!(read tx, c => query_scalar::<_, i64>(COUNT).fetch_one(c))
}

#[cfg(test)]
mod tests;
