//! The record of what happened, in chains: each event carries a keyed hash over itself and the one before it.
//!
//! Rows are only ever added. Where an event came from is a row of its own, because it is personal and goes with the
//! account; the chain holds a hash of it.

use std::ops::RangeInclusive;

use rusqlite::{Connection, params};
use sqlx::{query, query_as, query_scalar};

use crate::backend::{Engine, Tx, on};
use crate::error::StoreError;
use crate::ids::{AccountId, AuditEventId, SessionId};
use crate::statements::{Statement, listed};
use crate::text::stored_words;
use crate::thread::execute;
use crate::timestamp::Timestamp;

stored_words! {
    /// Whether what was tried was done.
    pub enum AuditResult {
        /// It was.
        Success = "success",
        /// It was not.
        Failure = "failure",
    }
}

stored_words! {
    /// Who acted.
    pub enum AuditActor {
        /// Nobody who had logged in, such as the reader of a mail.
        Anonymous = "anonymous",
        /// Somebody who had logged in.
        Account = "account",
        /// Whoever runs the server, on its command line.
        Operator = "operator",
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditEventRecord {
    /// The chain it belongs to.
    pub chain: i64,
    /// Its place there, from 1, without gaps.
    pub sequence: i64,
    /// Its id.
    pub id: AuditEventId,
    /// What was tried.
    pub event_type: String,
    /// Whether it was done.
    pub result: AuditResult,
    /// Whose account it is about.
    pub account_id: Option<AccountId>,
    /// The session it happened in.
    pub session_id: Option<SessionId>,
    /// Who acted.
    pub actor: AuditActor,
    /// The account of who acted.
    pub actor_id: Option<AccountId>,
    /// More, as a JSON object; nothing personal.
    pub detail: String,
    /// When.
    pub created_at: Timestamp,
    /// Keyed hash of where it came from.
    pub origin_hash: Vec<u8>,
    /// Keyed hash of the event before it and of all the above.
    pub hash: Vec<u8>,
}

/// Where an event came from.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditOriginRecord {
    /// The event.
    pub event_id: AuditEventId,
    /// The account of its event; it goes with that.
    pub account_id: AccountId,
    /// Random, so that the hash in the chain tells nothing once this row is gone.
    pub nonce: Vec<u8>,
    /// The client's address.
    pub ip_address: Option<String>,
    /// The client's name for itself.
    pub user_agent: Option<String>,
}

/// The end of a chain.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditHeadRecord {
    /// The chain.
    pub chain: i64,
    /// Its last event; 0 before the first.
    pub sequence: i64,
    /// The hash of that event.
    pub hash: Vec<u8>,
    /// Keyed hash over the three, apart from those of events.
    pub seal: Vec<u8>,
}

/// An event beside where it came from, if that is still known.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditEventWithOrigin {
    /// The event.
    #[sqlx(flatten)]
    pub event: AuditEventRecord,
    /// The account that its origin names.
    pub origin_account_id: Option<AccountId>,
    /// The random part of its origin.
    pub nonce: Option<Vec<u8>>,
    /// The client's address.
    pub ip_address: Option<String>,
    /// The client's name for itself.
    pub user_agent: Option<String>,
}

const FIND_HEAD: &str = "SELECT chain, sequence, hash, seal FROM audit_heads WHERE chain = $1";

const LOCK_HEAD_POSTGRES: &str = "SELECT chain, sequence, hash, seal FROM audit_heads WHERE chain = $1 FOR UPDATE";

const LIST_HEADS: &str = "SELECT chain, sequence, hash, seal FROM audit_heads ORDER BY chain";

const INSERT_HEAD_IF_ABSENT: &str = "INSERT INTO audit_heads (chain, sequence, hash, seal) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (chain) DO NOTHING";

const UPDATE_HEAD: &str = "UPDATE audit_heads SET sequence = $1, hash = $2, seal = $3 WHERE chain = $4";

const INSERT: &str = "INSERT INTO audit_events (chain, sequence, id, event_type, result, account_id, session_id, actor, \
    actor_id, detail, created_at, origin_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

const INSERT_ORIGIN_SQLITE: &str = "INSERT INTO audit_origins (event_id, account_id, nonce, ip_address, user_agent) \
    SELECT $1, id, $2, $3, $4 FROM accounts WHERE id = $5";

/// Waits for a deletion of the account that is under way: where it came first, nothing is left to be erased by it.
const INSERT_ORIGIN_POSTGRES: &str = "INSERT INTO audit_origins (event_id, account_id, nonce, ip_address, user_agent) \
    SELECT $1::uuid, id, $2::bytea, $3::text, $4::text FROM accounts WHERE id = $5 FOR KEY SHARE";

/// An origin is of its event's account: by its own, an index would be written with each event for the day of a deletion.
const DELETE_ORIGINS_OF: &str =
    "DELETE FROM audit_origins WHERE event_id IN (SELECT id FROM audit_events WHERE account_id = $1)";

const LIST: &str = "SELECT e.chain, e.sequence, e.id, e.event_type, e.result, e.account_id, e.session_id, e.actor, \
    e.actor_id, e.detail, e.created_at, e.origin_hash, e.hash, o.account_id AS origin_account_id, o.nonce, \
    o.ip_address, o.user_agent \
    FROM audit_events e LEFT JOIN audit_origins o ON o.event_id = e.id \
    ORDER BY e.created_at DESC, e.id DESC LIMIT $1 OFFSET $2";

const LIST_OF: &str = "SELECT e.chain, e.sequence, e.id, e.event_type, e.result, e.account_id, e.session_id, e.actor, \
    e.actor_id, e.detail, e.created_at, e.origin_hash, e.hash, o.account_id AS origin_account_id, o.nonce, \
    o.ip_address, o.user_agent \
    FROM audit_events e LEFT JOIN audit_origins o ON o.event_id = e.id WHERE e.account_id = $1 \
    ORDER BY e.created_at DESC, e.id DESC LIMIT $2 OFFSET $3";

const LIST_CHAIN: &str = "SELECT e.chain, e.sequence, e.id, e.event_type, e.result, e.account_id, e.session_id, e.actor, \
    e.actor_id, e.detail, e.created_at, e.origin_hash, e.hash, o.account_id AS origin_account_id, o.nonce, \
    o.ip_address, o.user_agent \
    FROM audit_events e LEFT JOIN audit_origins o ON o.event_id = e.id WHERE e.chain = $1 AND e.sequence >= $2 \
    ORDER BY e.sequence LIMIT $3";

const FIND_SEQUENCE: &str =
    "SELECT sequence FROM audit_events WHERE chain = $1 AND sequence >= $2 ORDER BY sequence LIMIT 1";

const FIND_LAST: &str = "SELECT sequence, hash FROM audit_events WHERE chain = $1 ORDER BY sequence DESC LIMIT 1";

const LIST_PLACES_OUTSIDE: &str = "SELECT chain, sequence FROM audit_events WHERE chain < $1 OR chain > $2 LIMIT $3";

const ANY: &str = "SELECT CAST(1 AS BIGINT) FROM audit_events LIMIT 1";

// Chains have no gaps, and nothing is ever taken from them: their ends say it, however many there are.
const COUNT: &str = "SELECT CAST(COALESCE(SUM(sequence), 0) AS BIGINT) FROM audit_heads";

const COUNT_OF: &str = "SELECT COUNT(*) FROM audit_events WHERE account_id = $1";

pub(crate) const STATEMENTS: &[Statement] = listed![
    both: FIND_HEAD, LIST_HEADS, INSERT_HEAD_IF_ABSENT, UPDATE_HEAD, INSERT, DELETE_ORIGINS_OF, LIST, LIST_OF,
        LIST_CHAIN, FIND_SEQUENCE, FIND_LAST, LIST_PLACES_OUTSIDE, ANY, COUNT, COUNT_OF;
    sqlite: INSERT_ORIGIN_SQLITE;
    postgres: LOCK_HEAD_POSTGRES, INSERT_ORIGIN_POSTGRES
];

/// The end of a chain, kept from other writers until the transaction ends.
///
/// # Errors
/// Any failure of the database; [`ReadOnly`](crate::StoreErrorKind::ReadOnly) outside a transaction.
pub async fn lock_head(tx: &mut Tx, chain: i64) -> Result<Option<AuditHeadRecord>, StoreError> {
    let sql = match tx.engine() {
        // The transaction holds the whole database's write lock already.
        Engine::Sqlite => FIND_HEAD,
        Engine::Postgres => LOCK_HEAD_POSTGRES,
    };
    on!(write tx, c => query_as::<_, AuditHeadRecord>(sql).bind(chain).fetch_optional(c))
}

/// The ends of all chains.
///
/// # Errors
/// Any failure of the database.
pub async fn list_heads(tx: &mut Tx) -> Result<Vec<AuditHeadRecord>, StoreError> {
    on!(read tx, c => query_as::<_, AuditHeadRecord>(LIST_HEADS).fetch_all(c))
}

/// Begins a chain; `false` if it has begun.
///
/// # Errors
/// Any failure of the database.
pub async fn insert_head_if_absent(tx: &mut Tx, head: &AuditHeadRecord) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(INSERT_HEAD_IF_ABSENT)
        .bind(head.chain)
        .bind(head.sequence)
        .bind(&head.hash)
        .bind(&head.seal))?
        == 1)
}

/// Moves the end of a chain.
///
/// # Errors
/// Any failure of the database.
pub async fn update_head(tx: &mut Tx, head: &AuditHeadRecord) -> Result<(), StoreError> {
    on!(execute tx, query(UPDATE_HEAD).bind(head.sequence).bind(&head.hash).bind(&head.seal).bind(head.chain))?;
    Ok(())
}

/// The same on the writer's thread.
pub(crate) fn update_head_whole(connection: &Connection, head: &AuditHeadRecord) -> Result<(), StoreError> {
    execute(connection, UPDATE_HEAD, params![head.sequence, head.hash, head.seal, head.chain])?;
    Ok(())
}

/// Adds an event.
///
/// # Errors
/// [`UniqueViolation`](crate::StoreErrorKind::UniqueViolation) when its place is taken; any failure of the database.
pub async fn insert(tx: &mut Tx, event: &AuditEventRecord) -> Result<(), StoreError> {
    on!(execute tx, query(INSERT)
        .bind(event.chain)
        .bind(event.sequence)
        .bind(event.id)
        .bind(&event.event_type)
        .bind(event.result)
        .bind(event.account_id)
        .bind(event.session_id)
        .bind(event.actor)
        .bind(event.actor_id)
        .bind(&event.detail)
        .bind(event.created_at)
        .bind(&event.origin_hash)
        .bind(&event.hash))?;
    Ok(())
}

/// The same on the writer's thread.
pub(crate) fn insert_whole(connection: &Connection, event: &AuditEventRecord) -> Result<(), StoreError> {
    execute(
        connection,
        INSERT,
        params![
            event.chain,
            event.sequence,
            event.id,
            event.event_type,
            event.result,
            event.account_id,
            event.session_id,
            event.actor,
            event.actor_id,
            event.detail,
            event.created_at,
            event.origin_hash,
            event.hash,
        ],
    )?;
    Ok(())
}

/// Adds where an event came from; `false`, and nothing is kept, if its account is gone.
///
/// # Errors
/// Any failure of the database.
pub async fn insert_origin(tx: &mut Tx, origin: &AuditOriginRecord) -> Result<bool, StoreError> {
    let sql = match tx.engine() {
        Engine::Sqlite => INSERT_ORIGIN_SQLITE,
        Engine::Postgres => INSERT_ORIGIN_POSTGRES,
    };
    let inserted = on!(execute tx, query(sql)
        .bind(origin.event_id)
        .bind(&origin.nonce)
        .bind(&origin.ip_address)
        .bind(&origin.user_agent)
        .bind(origin.account_id))?;
    Ok(inserted == 1)
}

/// The same on the writer's thread.
pub(crate) fn insert_origin_whole(connection: &Connection, origin: &AuditOriginRecord) -> Result<bool, StoreError> {
    let AuditOriginRecord { event_id, account_id, nonce, ip_address, user_agent } = origin;
    let values = params![event_id, nonce, ip_address, user_agent, account_id];
    Ok(execute(connection, INSERT_ORIGIN_SQLITE, values)? == 1)
}

/// Erases where an account's events came from; answers how many rows went. The events stay.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_origins_of(tx: &mut Tx, account: AccountId) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_ORIGINS_OF).bind(account))
}

/// A page of events, of one account or of all, the newest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list(
    tx: &mut Tx,
    account: Option<AccountId>,
    limit: i64,
    offset: i64,
) -> Result<Vec<AuditEventWithOrigin>, StoreError> {
    let Some(account) = account else {
        return on!(read tx, c => query_as::<_, AuditEventWithOrigin>(LIST).bind(limit).bind(offset).fetch_all(c));
    };
    on!(read tx, c => query_as::<_, AuditEventWithOrigin>(LIST_OF)
        .bind(account)
        .bind(limit)
        .bind(offset)
        .fetch_all(c))
}

/// How many events there are, of one account, or of all by the ends of the chains.
///
/// # Errors
/// Any failure of the database.
pub async fn count(tx: &mut Tx, account: Option<AccountId>) -> Result<i64, StoreError> {
    let Some(account) = account else {
        return on!(read tx, c => query_scalar::<_, i64>(COUNT).fetch_one(c));
    };
    on!(read tx, c => query_scalar::<_, i64>(COUNT_OF).bind(account).fetch_one(c))
}

/// Whether there is an event.
///
/// # Errors
/// Any failure of the database.
pub async fn any(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(on!(read tx, c => query_scalar::<_, i64>(ANY).fetch_optional(c))?.is_some())
}

/// The events of a chain from a place on, in their order.
///
/// # Errors
/// Any failure of the database; [`Other`](crate::StoreErrorKind::Other) when a row among them cannot be read.
pub async fn list_chain(
    tx: &mut Tx,
    chain: i64,
    from: i64,
    limit: i64,
) -> Result<Vec<AuditEventWithOrigin>, StoreError> {
    on!(read tx, c => query_as::<_, AuditEventWithOrigin>(LIST_CHAIN).bind(chain).bind(from).bind(limit).fetch_all(c))
}

/// The first place of a chain, from one on, where an event stands; whatever else is in its row.
///
/// # Errors
/// Any failure of the database.
pub async fn find_sequence(tx: &mut Tx, chain: i64, from: i64) -> Result<Option<i64>, StoreError> {
    on!(read tx, c => query_scalar::<_, i64>(FIND_SEQUENCE).bind(chain).bind(from).fetch_optional(c))
}

/// Place and hash of a chain's last event.
///
/// # Errors
/// Any failure of the database.
pub async fn find_last(tx: &mut Tx, chain: i64) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    on!(read tx, c => query_as::<_, (i64, Vec<u8>)>(FIND_LAST).bind(chain).fetch_optional(c))
}

/// Chain and place of events in chains other than these, as far as they come.
///
/// # Errors
/// Any failure of the database.
pub async fn list_places_outside(
    tx: &mut Tx,
    chains: RangeInclusive<i64>,
    limit: i64,
) -> Result<Vec<(i64, i64)>, StoreError> {
    on!(read tx, c => query_as::<_, (i64, i64)>(LIST_PLACES_OUTSIDE)
        .bind(chains.start())
        .bind(chains.end())
        .bind(limit)
        .fetch_all(c))
}

#[cfg(test)]
mod tests;
