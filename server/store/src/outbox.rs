//! What must happen later, written in the transaction that decided it, and done by a worker.
//!
//! A worker claims rows for a while (its lease). If it dies, the lease runs out and another takes them: work is
//! done at least once. A secret a row carries is sealed, and erased as soon as the work is done or given up.

use sqlx::{query, query_as, query_scalar};

use crate::backend::{Engine, Tx, on};
use crate::error::StoreError;
use crate::ids::OutboxId;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;

/// A piece of work.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OutboxRecord {
    /// Its id.
    pub id: OutboxId,
    /// What to do.
    pub kind: String,
    /// What it needs to know, as JSON; no secrets.
    pub payload: String,
    /// Under which key the secrets are sealed.
    pub key_id: Option<String>,
    /// The secrets it needs, sealed.
    pub sealed: Option<Vec<u8>>,
    /// When it was decided.
    pub created_at: Timestamp,
    /// Not to be done before.
    pub due_at: Timestamp,
    /// How often it was claimed.
    pub attempts: i64,
    /// Until when a worker has it.
    pub lease_until: Option<Timestamp>,
    /// When it was done.
    pub done_at: Option<Timestamp>,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Whom it is for: an address in the form look-ups compare.
    pub recipient_key: Option<String>,
}

const PUSH: &str = "INSERT INTO outbox (id, kind, payload, key_id, sealed, created_at, due_at, attempts, lease_until, \
    done_at, failed_at, last_error, recipient_key) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

// Two ranges of the index, of which the second is empty as a rule: one condition for both would pass all that waits.
const CLAIM_SQLITE: &str = "UPDATE outbox SET lease_until = $2, attempts = attempts + 1 WHERE id IN (\
    SELECT id FROM (SELECT id FROM outbox WHERE done_at IS NULL AND failed_at IS NULL AND due_at <= $1 \
    AND (lease_until IS NULL OR lease_until <= $1 OR lease_until > $4) ORDER BY due_at, id LIMIT $3) \
    UNION ALL SELECT id FROM (SELECT id FROM outbox WHERE done_at IS NULL AND failed_at IS NULL AND due_at > $4 \
    AND (lease_until IS NULL OR lease_until <= $1 OR lease_until > $4) ORDER BY due_at, id LIMIT $3) LIMIT $3) \
    RETURNING id, kind, payload, key_id, sealed, created_at, due_at, attempts, lease_until, done_at, failed_at, \
    last_error, recipient_key";

/// The rows are chosen in materialised steps of their own: inside `IN (…)` the planner may run the choice twice,
/// and with `SKIP LOCKED` the second time sees other rows.
const CLAIM_POSTGRES: &str = "WITH due AS MATERIALIZED (\
    SELECT id FROM outbox WHERE done_at IS NULL AND failed_at IS NULL AND due_at <= $1 \
    AND (lease_until IS NULL OR lease_until <= $1 OR lease_until > $4) ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED), \
    beyond AS MATERIALIZED (SELECT id FROM outbox WHERE done_at IS NULL AND failed_at IS NULL AND due_at > $4 \
    AND (lease_until IS NULL OR lease_until <= $1 OR lease_until > $4) ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED), \
    chosen AS MATERIALIZED (SELECT id FROM due UNION ALL SELECT id FROM beyond LIMIT $3) \
    UPDATE outbox SET lease_until = $2, attempts = outbox.attempts + 1 FROM chosen WHERE outbox.id = chosen.id \
    RETURNING outbox.id, outbox.kind, outbox.payload, outbox.key_id, outbox.sealed, outbox.created_at, outbox.due_at, \
    outbox.attempts, outbox.lease_until, outbox.done_at, outbox.failed_at, outbox.last_error, outbox.recipient_key";

const FINISH: &str = "UPDATE outbox SET done_at = $2, lease_until = NULL, key_id = NULL, sealed = NULL, \
    payload = '{}', recipient_key = NULL, last_error = NULL \
    WHERE id = $1 AND done_at IS NULL AND failed_at IS NULL";

const TAKE: &str = "DELETE FROM outbox WHERE id = $1 AND done_at IS NULL AND failed_at IS NULL";

const RETRY: &str = "UPDATE outbox SET due_at = $2, last_error = $3, lease_until = NULL \
    WHERE id = $1 AND done_at IS NULL AND failed_at IS NULL";

const FAIL: &str = "UPDATE outbox SET failed_at = $2, last_error = $3, lease_until = NULL, key_id = NULL, sealed = NULL \
    WHERE id = $1 AND done_at IS NULL AND failed_at IS NULL";

const COUNT_OPEN: &str = "SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND failed_at IS NULL";

const DELETE_FOR: &str = "DELETE FROM outbox WHERE recipient_key = $1";

const DELETE_KIND_FOR: &str = "DELETE FROM outbox WHERE recipient_key = $1 AND kind = $2";

const LIST_FOR: &str = "SELECT id, kind, payload, key_id, sealed, created_at, due_at, attempts, lease_until, done_at, \
    failed_at, last_error, recipient_key FROM outbox WHERE recipient_key = $1 ORDER BY created_at DESC, id DESC";

const LIST_FAILED: &str = "SELECT id, kind, payload, key_id, sealed, created_at, due_at, attempts, lease_until, done_at, \
    failed_at, last_error, recipient_key FROM outbox WHERE failed_at IS NOT NULL ORDER BY failed_at, id LIMIT $1";

const DELETE_DONE_BEFORE: &str = "DELETE FROM outbox WHERE (done_at < $1 OR failed_at < $1) AND id IN (\
    SELECT id FROM outbox WHERE done_at < $1 OR failed_at < $1 LIMIT $2)";

pub(crate) const STATEMENTS: &[Statement] = listed![
    both: PUSH, FINISH, TAKE, RETRY, FAIL, COUNT_OPEN, DELETE_FOR, DELETE_KIND_FOR, LIST_FOR, LIST_FAILED,
        DELETE_DONE_BEFORE;
    sqlite: CLAIM_SQLITE;
    postgres: CLAIM_POSTGRES
];

/// Adds work.
///
/// # Errors
/// Any failure of the database.
pub async fn push(tx: &mut Tx, work: &OutboxRecord) -> Result<(), StoreError> {
    on!(execute tx, query(PUSH)
        .bind(work.id)
        .bind(&work.kind)
        .bind(&work.payload)
        .bind(&work.key_id)
        .bind(&work.sealed)
        .bind(work.created_at)
        .bind(work.due_at)
        .bind(work.attempts)
        .bind(work.lease_until)
        .bind(work.done_at)
        .bind(work.failed_at)
        .bind(&work.last_error)
        .bind(&work.recipient_key))?;
    Ok(())
}

/// Takes what is due and nobody has, the longest due first, and counts the attempt.
///
/// Two workers never get the same row while its lease runs. Times beyond `horizon` are not believed: nothing is put off
/// that far, so they come from a clock that was ahead, and waiting for them could take days.
///
/// # Errors
/// Any failure of the database.
pub async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    lease_until: Timestamp,
    limit: i64,
    horizon: Timestamp,
) -> Result<Vec<OutboxRecord>, StoreError> {
    let sql = match tx.engine() {
        Engine::Sqlite => CLAIM_SQLITE,
        Engine::Postgres => CLAIM_POSTGRES,
    };
    let mut claimed = on!(write tx, c => query_as::<_, OutboxRecord>(sql)
        .bind(now)
        .bind(lease_until)
        .bind(limit)
        .bind(horizon)
        .fetch_all(c))?;
    // `RETURNING` promises no order.
    claimed.sort_by_key(|work| (work.due_at, work.id));
    Ok(claimed)
}

/// Marks work as done and erases what it needed to know, its secrets first; `false` if it was done or given up before.
///
/// # Errors
/// Any failure of the database.
pub async fn finish(tx: &mut Tx, id: OutboxId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(FINISH).bind(id).bind(now))? == 1)
}

/// Drops work that is done and that nobody will look up; `false` if it was done, dropped or given up before.
///
/// # Errors
/// Any failure of the database.
pub async fn take(tx: &mut Tx, id: OutboxId) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(TAKE).bind(id))? == 1)
}

/// Gives work back, to be claimed again from `due_at` on; `false` if it was done or given up before.
///
/// # Errors
/// Any failure of the database.
pub async fn retry(tx: &mut Tx, id: OutboxId, due_at: Timestamp, error: &str) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(RETRY).bind(id).bind(due_at).bind(error))? == 1)
}

/// Gives work up and erases its secrets; `false` if it was done or given up before.
///
/// # Errors
/// Any failure of the database.
pub async fn fail(tx: &mut Tx, id: OutboxId, now: Timestamp, error: &str) -> Result<bool, StoreError> {
    Ok(on!(execute tx, query(FAIL).bind(id).bind(now).bind(error))? == 1)
}

/// How much work is neither done nor given up.
///
/// # Errors
/// Any failure of the database.
pub async fn count_open(tx: &mut Tx) -> Result<i64, StoreError> {
    on!(read tx, c => query_scalar::<_, i64>(COUNT_OPEN).fetch_one(c))
}

/// Drops what is still to be done, or was given up, for an address; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_for(tx: &mut Tx, recipient_key: &str) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_FOR).bind(recipient_key))
}

/// The same for one kind of work.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_kind_for(tx: &mut Tx, recipient_key: &str, kind: &str) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_KIND_FOR).bind(recipient_key).bind(kind))
}

/// Work that was given up and is still kept, the oldest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list_failed(tx: &mut Tx, limit: i64) -> Result<Vec<OutboxRecord>, StoreError> {
    on!(read tx, c => query_as::<_, OutboxRecord>(LIST_FAILED).bind(limit).fetch_all(c))
}

/// What is still to be done, or was given up, for an address, the newest first.
///
/// # Errors
/// Any failure of the database.
pub async fn list_for(tx: &mut Tx, recipient_key: &str) -> Result<Vec<OutboxRecord>, StoreError> {
    on!(read tx, c => query_as::<_, OutboxRecord>(LIST_FOR).bind(recipient_key).fetch_all(c))
}

/// Drops what was done or given up before a time, at most so many; answers how many.
///
/// # Errors
/// Any failure of the database.
pub async fn delete_done_before(tx: &mut Tx, time: Timestamp, most: i64) -> Result<u64, StoreError> {
    on!(execute tx, query(DELETE_DONE_BEFORE).bind(time).bind(most))
}

#[cfg(test)]
mod tests;
