//! What the steps of a login ask of several tables at once: a round trip or two, where one a table would be ten.
//!
//! The texts keep the order in which rows are locked everywhere else: account, credential, end of the audit chain, then
//! the client's window, then the failures. PostgreSQL may run the parts of a `WITH` in any order, so where order matters
//! one part asks for the result of another.

mod rows;
mod whole;

use std::time::Duration;

use sqlx::{query, query_as};
use uuid::Uuid;

use self::rows::{LockRow, LookRow};
use crate::accounts::AccountRecord;
use crate::audit_events::{AuditEventRecord, AuditHeadRecord, AuditOriginRecord};
use crate::backend::{Engine, Store, Tx, on};
use crate::error::StoreError;
use crate::ids::{AccountId, CredentialId};
use crate::proof_failures::ProofFailures;
use crate::refresh_tokens::RefreshTokenRecord;
use crate::sessions::SessionRecord;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;
use crate::{proof_failures, spent_handshakes, throttles};

/// A count of attempts in one window.
#[derive(Clone, Copy)]
pub struct CountedWindow {
    /// What is counted.
    pub scope: &'static str,
    /// For whom, hashed.
    pub key: [u8; 32],
    /// When the window began.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

/// What of a credential a proof is checked against, an account's or a sign-up's.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCredential {
    /// The account; the credential itself, where there is none yet.
    pub owner: Uuid,
    /// Its id.
    pub id: Uuid,
    /// 0 for a sign-up's.
    pub version: i64,
    /// The SRP identity, 32 hex characters.
    pub identity: String,
    /// The salt, 32 bytes.
    pub salt: Vec<u8>,
    /// Number of the group and password derivation.
    pub preset: u16,
    /// The verifier, sealed.
    pub verifier_sealed: Vec<u8>,
}

/// What is known before a proof is looked at.
#[derive(Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the handshake was spent.
    pub is_spent: bool,
    /// Attempts counted in the client's window.
    pub counted: i64,
    /// Failures in a row.
    pub failures: ProofFailures,
    /// The credential of the account with the owner's id.
    pub account: Option<SealedCredential>,
    /// The sign-up's with that id.
    pub pending: Option<SealedCredential>,
}

/// A handshake that is spent.
#[derive(Clone, Copy)]
pub struct SpentHandshake {
    /// Names it.
    pub nonce: [u8; 16],
    /// How long it is to be known as spent.
    pub keep_until: Timestamp,
}

/// An attempt: the handshake that it spends, and what it is counted under.
#[derive(Clone, Copy)]
pub struct Spend {
    /// The handshake.
    pub handshake: SpentHandshake,
    /// Where the client's attempts are counted.
    pub window: Option<CountedWindow>,
    /// What failures in a row are counted under.
    pub failures_key: [u8; 32],
    /// When it was made.
    pub now: Timestamp,
    /// How much longer each failure keeps the count.
    pub kept_for_each: Duration,
}

/// What became of an attempt to spend a handshake.
#[derive(Default)]
pub struct Spent {
    /// `false` if it had been spent before.
    pub first: bool,
    /// Attempts counted in the client's window, with this one.
    pub counted: i64,
    /// Failures in a row, before this one was counted.
    pub failures: ProofFailures,
}

/// An account that is about to get a session, and what else is locked for it.
pub struct LockedLogin {
    /// The account.
    pub account: AccountRecord,
    /// The id of its credential.
    pub credential_id: CredentialId,
    /// The version of that.
    pub credential_version: i64,
    /// The end of its audit chain.
    pub head: AuditHeadRecord,
}

/// What a login that succeeded writes.
pub struct OpenedLogin {
    /// The session.
    pub session: SessionRecord,
    /// Its first refresh token.
    pub token: RefreshTokenRecord,
    /// Where the attempt was counted before; a count of it is taken back.
    pub window: Option<CountedWindow>,
    /// The handshake. On SQLite this spends it; on PostgreSQL it was spent before the look, and is written once more in
    /// case the database has forgotten that.
    pub handshake: SpentHandshake,
    /// What failures were counted under; twice the same for one.
    pub failures: [[u8; 32]; 2],
    /// What those of all known devices of the account were counted under, where one of them logs in.
    pub together: Option<[u8; 32]>,
    /// The event.
    pub event: AuditEventRecord,
    /// Where it came from.
    pub origin: AuditOriginRecord,
    /// The end of its chain.
    pub head: AuditHeadRecord,
}

const LOOK: &str = "SELECT CAST(1 AS BIGINT) AS kind, version AS number, created_at AS at, account_id AS owner, id, identity, salt, \
    preset, verifier_sealed FROM credentials WHERE account_id = $1 \
    UNION ALL SELECT 2, 0, created_at, id, id, identity, salt, preset, verifier_sealed FROM pending_credentials \
    WHERE id = $1 \
    UNION ALL SELECT 3, failures, last_at, NULL, NULL, NULL, NULL, NULL, NULL FROM proof_failures WHERE key = $2 \
    UNION ALL SELECT 4, count, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM throttles \
    WHERE scope = $3 AND key = $4 AND window_start = $5 \
    UNION ALL SELECT 5, 1, expires_at, NULL, NULL, NULL, NULL, NULL, NULL FROM spent_handshakes WHERE nonce = $6";

const SPEND_POSTGRES: &str = "WITH spent AS (INSERT INTO spent_handshakes (nonce, expires_at) VALUES ($1, $2) \
    ON CONFLICT (nonce) DO NOTHING RETURNING 1), \
    counted AS (INSERT INTO throttles (scope, key, window_start, count, expires_at) \
    SELECT $3::text, $4::bytea, $5::bigint, 1, $6::bigint \
    WHERE $3::text IS NOT NULL AND (SELECT COUNT(*) FROM spent) >= 0 \
    ON CONFLICT (scope, key, window_start) DO UPDATE SET count = throttles.count + 1 RETURNING count), \
    failed AS (INSERT INTO proof_failures (key, failures, last_at, previous_at, expires_at) \
    SELECT $7::bytea, 1, $8::bigint, NULL, $8::bigint + $9::bigint WHERE (SELECT COUNT(*) FROM counted) >= 0 \
    ON CONFLICT (key) DO UPDATE SET failures = proof_failures.failures + 1, previous_at = proof_failures.last_at, \
    last_at = excluded.last_at, expires_at = excluded.last_at + $9::bigint * (proof_failures.failures + 1) RETURNING failures, previous_at) \
    SELECT 0::bigint AS kind, 1::bigint AS number, NULL::bigint AS at FROM spent \
    UNION ALL SELECT 4, count, NULL FROM counted UNION ALL SELECT 3, failures - 1, previous_at FROM failed";

const LOCK_SQLITE: &str = "SELECT a.id, a.email, a.email_key, a.display_name, a.language, a.role, a.status, \
    a.created_at, a.updated_at, a.activated_at, a.disabled_at, c.id AS credential_id, c.version AS credential_version, \
    h.chain, h.sequence, h.hash, h.seal FROM accounts a JOIN credentials c ON c.account_id = a.id \
    JOIN audit_heads h ON h.chain = $1 WHERE a.id = $2";

// All three are locked: of a row that is not, a statement that waited would go on with the version from before.
const LOCK_POSTGRES: &str = "SELECT a.id, a.email, a.email_key, a.display_name, a.language, a.role, a.status, \
    a.created_at, a.updated_at, a.activated_at, a.disabled_at, c.id AS credential_id, c.version AS credential_version, \
    h.chain, h.sequence, h.hash, h.seal FROM accounts a JOIN credentials c ON c.account_id = a.id \
    JOIN audit_heads h ON h.chain = $1 WHERE a.id = $2 FOR UPDATE OF a, c, h";

const OPEN_POSTGRES: &str = "WITH opened AS (INSERT INTO sessions (id, account_id, created_at, last_seen_at, auth_time, \
    expires_at, ended_at, ended_reason, amr, user_agent, ip_address, device_name, refresh_delivery, stepped_up_at, provider) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $48)), \
    given AS (INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at, used_at, successor_nonce) \
    VALUES ($15, $16, $17, $18, $19, $20)), \
    refunded AS (UPDATE throttles SET count = count - 1 \
    WHERE scope = $21 AND key = $22 AND window_start = $23 AND count > 0 RETURNING 1), \
    cleared AS (DELETE FROM proof_failures WHERE key IN ($24, $25) AND (SELECT COUNT(*) FROM refunded) >= 0), \
    spent AS (INSERT INTO spent_handshakes (nonce, expires_at) VALUES ($49, $50) \
    ON CONFLICT (nonce) DO UPDATE SET expires_at = excluded.expires_at), \
    came AS (INSERT INTO audit_origins (event_id, account_id, nonce, ip_address, user_agent) \
    VALUES ($26, $27, $28, $29, $30)), \
    noted AS (INSERT INTO audit_events (chain, sequence, id, event_type, result, account_id, session_id, actor, actor_id, \
    detail, created_at, origin_hash, hash) \
    VALUES ($31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43)) \
    UPDATE audit_heads SET sequence = $45, hash = $46, seal = $47 WHERE chain = $44";

pub(crate) const STATEMENTS: &[Statement] = listed![
    both: LOOK;
    sqlite: LOCK_SQLITE;
    postgres: SPEND_POSTGRES, LOCK_POSTGRES, OPEN_POSTGRES
];

/// How things stand before a proof is looked at: counts, and the credentials that an owner's id may stand for.
///
/// # Errors
/// Any failure of the database.
pub async fn look(
    tx: &mut Tx,
    owner: Uuid,
    failures_key: &[u8],
    window: Option<CountedWindow>,
    nonce: &[u8],
) -> Result<Standing, StoreError> {
    let scope = window.map(|window| window.scope);
    let key = window.as_ref().map(|window| window.key.as_slice());
    let start = window.map(|window| window.start);
    let rows = match tx.rows_in_place(LOOK, &[&owner, &failures_key, &scope, &key, &start, &nonce], LookRow::read) {
        Some(rows) => rows,
        None => on!(read tx, c => query_as::<_, LookRow>(LOOK)
            .bind(owner)
            .bind(failures_key)
            .bind(scope)
            .bind(key)
            .bind(start)
            .bind(nonce)
            .fetch_all(c))?,
    };
    let mut standing = Standing::default();
    for row in rows {
        match row.kind {
            1 => standing.account = row.credential(),
            2 => standing.pending = row.credential(),
            3 => standing.failures = ProofFailures { failures: row.number, last_at: row.at },
            4 => standing.counted = row.number,
            _ => standing.is_spent = true,
        }
    }
    Ok(standing)
}

/// Records a handshake as used, and counts the attempt and a failure. Whether that was one too many is for the caller to
/// judge, who then does not commit.
///
/// # Errors
/// Any failure of the database.
pub async fn spend(tx: &mut Tx, attempt: &Spend) -> Result<Spent, StoreError> {
    let Spend { handshake, window, failures_key, now, kept_for_each } = attempt;
    let mut spent = Spent::default();
    if tx.engine() == Engine::Sqlite {
        spent.first = spent_handshakes::spend(tx, &handshake.nonce, handshake.keep_until).await?;
        if let Some(CountedWindow { scope, key, start, end }) = window {
            spent.counted = throttles::add(tx, scope, key, *start, *end).await?;
        }
        spent.failures = proof_failures::add(tx, failures_key, *now, *kept_for_each).await?;
        return Ok(spent);
    }
    let rows = on!(write tx, c => query_as::<_, (i64, i64, Option<Timestamp>)>(SPEND_POSTGRES)
        .bind(handshake.nonce.as_slice())
        .bind(handshake.keep_until)
        .bind(window.map(|window| window.scope))
        .bind(window.as_ref().map(|window| window.key.as_slice()))
        .bind(window.map(|window| window.start))
        .bind(window.map(|window| window.end))
        .bind(failures_key.as_slice())
        .bind(*now)
        .bind(i64::try_from(kept_for_each.as_millis()).unwrap_or(i64::MAX))
        .fetch_all(c))?;
    for (kind, number, at) in rows {
        match kind {
            0 => spent.first = true,
            3 => spent.failures = ProofFailures { failures: number, last_at: at },
            _ => spent.counted = number,
        }
    }
    Ok(spent)
}

/// Writes down an attempt that failed, for the known devices of an account together as well where they are counted; `false`,
/// and nothing is written, if its handshake was spent before.
///
/// # Errors
/// Any failure of the database.
pub async fn fail(store: &Store, attempt: Spend, together: Option<[u8; 32]>) -> Result<bool, StoreError> {
    if let Some(thread) = store.thread()? {
        return thread.run(move |c| whole::fail(c, &attempt, together)).await;
    }
    let mut tx = store.begin().await?;
    if !spend(&mut tx, &attempt).await?.first {
        return Ok(false);
    }
    if let Some(key) = together {
        proof_failures::add(&mut tx, &key, attempt.now, attempt.kept_for_each).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Opens a session, takes back what was counted before, and writes the event that says so, in a unit of work of its own.
///
/// `decide` is told of the account, its credential and the end of this audit chain, kept from other writers until all is
/// written; `None` where one of them is missing. It waits for nothing: on SQLite everybody who writes waits for it. What it
/// refuses, nothing is written for.
///
/// # Errors
/// [`UniqueViolation`](crate::StoreErrorKind::UniqueViolation) when the event's place is taken, and on SQLite when the
/// handshake was spent; any failure of the database.
pub async fn open<T: Send + 'static, E: Send + 'static>(
    store: &Store,
    account: AccountId,
    chain: i64,
    decide: impl FnOnce(Option<LockedLogin>) -> Result<(OpenedLogin, T), E> + Send + 'static,
) -> Result<Result<(SessionRecord, T), E>, StoreError> {
    if let Some(thread) = store.thread()? {
        return thread.run(move |c| whole::open(c, account, chain, decide)).await;
    }
    let mut tx = store.begin().await?;
    let locked = on!(write tx, c => query_as::<_, LockRow>(LOCK_POSTGRES).bind(chain).bind(account).fetch_optional(c))?;
    let (opened, more) = match decide(locked.map(LockRow::split)) {
        Ok(opened) => opened,
        Err(refused) => return Ok(Err(refused)),
    };
    open_in(&mut tx, &opened).await?;
    if let Some(key) = &opened.together {
        proof_failures::clear(&mut tx, key).await?;
    }
    tx.commit().await?;
    Ok(Ok((opened.session, more)))
}

async fn open_in(tx: &mut Tx, opened: &OpenedLogin) -> Result<(), StoreError> {
    let OpenedLogin { session, token, window, handshake, failures: [one, other], event, origin, head, .. } = opened;
    on!(execute tx, query(OPEN_POSTGRES)
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
        .bind(token.hash)
        .bind(token.session_id)
        .bind(token.created_at)
        .bind(token.expires_at)
        .bind(token.used_at)
        .bind(&token.successor_nonce)
        .bind(window.map(|window| window.scope))
        .bind(window.as_ref().map(|window| window.key.as_slice()))
        .bind(window.map(|window| window.start))
        .bind(one.as_slice())
        .bind(other.as_slice())
        .bind(origin.event_id)
        .bind(origin.account_id)
        .bind(&origin.nonce)
        .bind(&origin.ip_address)
        .bind(&origin.user_agent)
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
        .bind(&event.hash)
        .bind(head.chain)
        .bind(head.sequence)
        .bind(&head.hash)
        .bind(&head.seal)
        .bind(&session.provider)
        .bind(handshake.nonce.as_slice())
        .bind(handshake.keep_until))?;
    Ok(())
}

#[cfg(test)]
mod tests;
