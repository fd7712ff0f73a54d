//! Sessions: one a login. Ended ones stay for a while, so that a late request learns why.

use rusqlite::{Connection, params};
use sqlx::{query, query_as, query_scalar};

use crate::accounts::{AccountRecord, AccountStatus, Role};
use crate::backend::{Tx, on};
use crate::error::StoreError;
use crate::ids::{AccountId, SessionId};
use crate::in_place::Columns;
use crate::statements::{Statement, listed};
use crate::text::stored_words;
use crate::thread::execute;
use crate::timestamp::Timestamp;

stored_words! {
    /// How a session's refresh tokens travel.
    pub enum RefreshDelivery {
        /// In the body.
        Body = "body",
        /// In an `HttpOnly` cookie.
        Cookie = "cookie",
    }
}

/// A login on one device.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRecord {
    /// Its id, the `sid` of access tokens.
    pub id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When its owner last proved who they are.
    pub auth_time: Timestamp,
    /// When it was last proved again, on purpose, after the login.
    pub stepped_up_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// Why it was ended, in a word.
    pub ended_reason: Option<String>,
    /// How it was authenticated: a JSON array of RFC 8176 words.
    pub amr: String,
    /// The browser's or program's name for itself.
    pub user_agent: Option<String>,
    /// Where it was opened from.
    pub ip_address: Option<String>,
    /// The person's name for the device.
    pub device_name: Option<String>,
    /// How its refresh tokens travel.
    pub refresh_delivery: RefreshDelivery,
    /// The provider whose word opened it; absent where it was a password.
    pub provider: Option<String>,
}

const INSERT: &str = "INSERT INTO sessions (id, account_id, created_at, last_seen_at, auth_time, expires_at, ended_at, \
    ended_reason, amr, user_agent, ip_address, device_name, refresh_delivery, stepped_up_at, provider) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

const FIND_ACTIVE: &str = "SELECT s.id, s.account_id, s.created_at, s.last_seen_at, s.auth_time, s.expires_at, \
    s.ended_at, s.ended_reason, s.amr, s.user_agent, s.ip_address, s.device_name, s.refresh_delivery, s.stepped_up_at, \
    s.provider, a.email AS account_email, a.email_key AS account_email_key, \
    a.display_name AS account_display_name, a.language AS account_language, a.role AS account_role, a.status AS account_status, \
    a.created_at AS account_created_at, a.updated_at AS account_updated_at, \
    a.activated_at AS account_activated_at, a.disabled_at AS account_disabled_at \
    FROM sessions s JOIN accounts a ON a.id = s.account_id \
    WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > $2";

const LIST_ACTIVE: &str = "SELECT id, account_id, created_at, last_seen_at, auth_time, expires_at, ended_at, \
    ended_reason, amr, user_agent, ip_address, device_name, refresh_delivery, stepped_up_at, provider FROM sessions \
    WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4";

const COUNT_ACTIVE: &str =
    "SELECT COUNT(*) FROM sessions WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2";

const END: &str = "UPDATE sessions SET ended_at = $4, ended_reason = $3 \
    WHERE id = $1 AND account_id = $2 AND ended_at IS NULL AND expires_at > $4";

const END_ALL: &str = "UPDATE sessions SET ended_at = $3, ended_reason = $2 \
    WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $3";

const END_OTHERS: &str = "UPDATE sessions SET ended_at = $3, ended_reason = $2 \
    WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $3 AND id <> $4";

const END_OF_PROVIDER: &str = "UPDATE sessions SET ended_at = $4, ended_reason = $3 \
    WHERE account_id = $1 AND provider = $2 AND ended_at IS NULL AND expires_at > $4 AND id <> $5";

const UPDATE_SEEN: &str = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";

const LIST_OF: &str = "SELECT id, account_id, created_at, last_seen_at, auth_time, expires_at, ended_at, \
    ended_reason, amr, user_agent, ip_address, device_name, refresh_delivery, stepped_up_at, provider FROM sessions \
    WHERE account_id = $1 ORDER BY created_at DESC, id DESC";

const UPDATE_STEPPED_UP: &str = "UPDATE sessions SET auth_time = $2, stepped_up_at = $2 \
    WHERE id = $1 AND ended_at IS NULL AND expires_at > $2";

const DELETE_ENDED_BEFORE: &str = "DELETE FROM sessions WHERE (ended_at < $1 OR expires_at < $1) AND id IN (\
    SELECT id FROM sessions WHERE ended_at < $1 OR expires_at < $1 LIMIT $2)";

const DELETE_TOKENS_OF: &str = "DELETE FROM refresh_tokens WHERE hash IN (\
    SELECT hash FROM refresh_tokens WHERE session_id IN (\
    SELECT id FROM sessions WHERE account_id = $1 ORDER BY created_at LIMIT $2) LIMIT $2)";

const DELETE_OTHERS_OF: &str = "DELETE FROM sessions WHERE id IN (\
    SELECT id FROM sessions WHERE account_id = $1 AND id <> $2 ORDER BY created_at LIMIT $3)";

pub(crate) const STATEMENTS: &[Statement] = listed![
    both: DELETE_TOKENS_OF, DELETE_OTHERS_OF, INSERT, FIND_ACTIVE, LIST_ACTIVE, COUNT_ACTIVE, END, END_ALL, END_OTHERS, END_OF_PROVIDER, UPDATE_SEEN, DELETE_ENDED_BEFORE,
        LIST_OF, UPDATE_STEPPED_UP
];

/// Opens a session.
///
/// # Errors
/// [`ForeignKey`](crate::StoreErrorKind::ForeignKey) when there is no such account; any failure of the database.
pub async fn insert(tx: &mut Tx, session: &SessionRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(session.id)
        .bind(session.account_id)
        .bind(session.created_at)
        .bind(session.last_seen_at)
        .bind(session.auth_time)
        .bind(session.expires_at)
        .bind(session.ended_at)
        .bind(&session.ended_reason)
        .bind(&session.amr)
        .bind(&session.user_agent)
        .bind(&session.ip_address)
        .bind(&session.device_name)
        .bind(session.refresh_delivery)
        .bind(session.stepped_up_at)
        .bind(&session.provider))?;
    Ok(())
}

/// The same on the writer's thread.
pub(crate) fn insert_whole(connection: &Connection, session: &SessionRecord) -> Result<(), StoreError> {
    execute(
        connection,
        INSERT,
        params![
            session.id,
            session.account_id,
            session.created_at,
            session.last_seen_at,
            session.auth_time,
            session.expires_at,
            session.ended_at,
            session.ended_reason,
            session.amr,
            session.user_agent,
            session.ip_address,
            session.device_name,
            session.refresh_delivery,
            session.stepped_up_at,
            session.provider,
        ],
    )?;
    Ok(())
}

/// A session that is neither ended nor expired, and whose account it is, in one statement.
///
/// Whatever the account's status: that is for the caller to judge.
///
/// # Errors
/// Any failure of the database.
pub async fn find_active(
    tx: &mut Tx,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<(SessionRecord, AccountRecord)>, StoreError> {
    let row = match tx.rows_in_place(FIND_ACTIVE, &[&id, &now], ActiveRow::read) {
        Some(mut rows) => rows.pop(),
        None => on!(read tx, c => query_as::<_, ActiveRow>(FIND_ACTIVE).bind(id).bind(now).fetch_optional(c))?,
    };
    Ok(row.map(ActiveRow::split))
}

/// A page of an account's sessions that are neither ended nor expired, the newest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list_active(
    tx: &mut Tx,
    account: AccountId,
    now: Timestamp,
    limit: i64,
    offset: i64,
) -> Result<Vec<SessionRecord>, StoreError> {
    on!(read tx, c => query_as::<_, SessionRecord>(LIST_ACTIVE)
        .bind(account)
        .bind(now)
        .bind(limit)
        .bind(offset)
        .fetch_all(c))
}

/// How many of an account's sessions are neither ended nor expired.
///
/// # Errors
/// Any failure of the database.
pub async fn count_active(tx: &mut Tx, account: AccountId, now: Timestamp) -> Result<i64, StoreError> {
    on!(read tx, c => query_scalar::<_, i64>(COUNT_ACTIVE).bind(account).bind(now).fetch_one(c))
}

/// Ends one session of an account; `false` if the account has no such active one.
///
/// # Errors
/// Any failure of the database.
pub async fn end(
    tx: &mut Tx,
    id: SessionId,
    account: AccountId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(END).bind(id).bind(account).bind(reason).bind(now))? == 1)
}

/// Ends an account's active sessions, all or all but one; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn end_all(
    tx: &mut Tx,
    account: AccountId,
    except: Option<SessionId>,
    reason: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    if let Some(kept) = except {
        return on!(execute tx, query(END_OTHERS).bind(account).bind(reason).bind(now).bind(kept));
    }
    on!(execute tx, query(END_ALL).bind(account).bind(reason).bind(now))
}

/// Ends an account's active sessions that a provider opened, all but one; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn end_of_provider(
    tx: &mut Tx,
    account: AccountId,
    provider: &str,
    except: SessionId,
    reason: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    on!(execute tx, query(END_OF_PROVIDER).bind(account).bind(provider).bind(reason).bind(now).bind(except))
}

/// Notes a use. An earlier time than the one noted changes nothing.
///
/// # Errors
/// Any failure of the database.
pub async fn update_seen(tx: &mut Tx, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    on!(execute tx, query(UPDATE_SEEN).bind(id).bind(now))?;
    Ok(())
}

/// All of an account's sessions that are still kept, ended ones too, the newest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list_of(tx: &mut Tx, account: AccountId) -> Result<Vec<SessionRecord>, StoreError> {
    on!(read tx, c => query_as::<_, SessionRecord>(LIST_OF).bind(account).fetch_all(c))
}

/// Notes that its owner proved again who they are; `false` for a session that is over.
///
/// # Errors
/// Any failure of the database.
pub async fn update_stepped_up(tx: &mut Tx, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(UPDATE_STEPPED_UP).bind(id).bind(now))? == 1)
}

/// Drops sessions that were over before a time, and their refresh tokens, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_ended_before(tx: &mut Tx, time: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_ENDED_BEFORE).bind(time).bind(most))
}

/// Drops some of the oldest of an account's sessions but one, and of their refresh tokens, at most so many rows or one session
/// more; whether there may be others. Of one session there may be a hundred thousand tokens, so they go first.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_some_of(
    tx: &mut Tx,
    account: AccountId,
    but: Option<SessionId>,
    most: i64,
) -> Result<bool, StoreError> {
    let reaches = |rows: u64, most: i64| i64::try_from(rows).is_ok_and(|rows| rows >= most);
    let tokens: u64 = on!(execute tx, query(DELETE_TOKENS_OF).bind(account).bind(most))?;
    if reaches(tokens, most) {
        return Ok(true);
    }
    // One fewer: the one that stays may be among those whose tokens went.
    let but = but.unwrap_or_else(|| SessionId::from_uuid(uuid::Uuid::nil()));
    let sessions: u64 = on!(execute tx, query(DELETE_OTHERS_OF).bind(account).bind(but).bind(most - 1))?;
    Ok(reaches(sessions, most - 1))
}

/// A session beside its account.
#[derive(sqlx::FromRow)]
struct ActiveRow {
    #[sqlx(flatten)]
    session: SessionRecord,
    account_email: String,
    account_email_key: String,
    account_display_name: Option<String>,
    account_language: String,
    account_role: Role,
    account_status: AccountStatus,
    account_created_at: Timestamp,
    account_updated_at: Timestamp,
    account_activated_at: Option<Timestamp>,
    account_disabled_at: Option<Timestamp>,
}

impl ActiveRow {
    fn read(columns: &mut Columns<'_>) -> Result<Self, rusqlite::Error> {
        let session = SessionRecord {
            id: columns.next()?,
            account_id: columns.next()?,
            created_at: columns.next()?,
            last_seen_at: columns.next()?,
            auth_time: columns.next()?,
            expires_at: columns.next()?,
            ended_at: columns.next()?,
            ended_reason: columns.next()?,
            amr: columns.next()?,
            user_agent: columns.next()?,
            ip_address: columns.next()?,
            device_name: columns.next()?,
            refresh_delivery: columns.next()?,
            stepped_up_at: columns.next()?,
            provider: columns.next()?,
        };
        Ok(Self {
            session,
            account_email: columns.next()?,
            account_email_key: columns.next()?,
            account_display_name: columns.next()?,
            account_language: columns.next()?,
            account_role: columns.next()?,
            account_status: columns.next()?,
            account_created_at: columns.next()?,
            account_updated_at: columns.next()?,
            account_activated_at: columns.next()?,
            account_disabled_at: columns.next()?,
        })
    }

    fn split(self) -> (SessionRecord, AccountRecord) {
        let account = AccountRecord {
            id: self.session.account_id,
            email: self.account_email,
            email_key: self.account_email_key,
            display_name: self.account_display_name,
            language: self.account_language,
            role: self.account_role,
            status: self.account_status,
            created_at: self.account_created_at,
            updated_at: self.account_updated_at,
            activated_at: self.account_activated_at,
            disabled_at: self.account_disabled_at,
        };
        (self.session, account)
    }
}

#[cfg(test)]
mod tests;
