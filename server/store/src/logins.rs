//! What the steps of a login ask of several tables at once: a round trip or two, where one a table would be ten.
//!
//! The texts keep the order in which rows are locked everywhere else: account, credential, end of the audit chain, then
//! the client's window, then the failures. PostgreSQL may run the parts of a `WITH` in any order, so where order matters
//! one part asks for the result of another.

mod alone;
mod queue;
mod rows;
mod together;
mod whole;

use std::time::Duration;

use sqlx::query_as;
use uuid::Uuid;

use self::rows::LookRow;
use crate::accounts::AccountRecord;
use crate::audit_events::{AuditEventRecord, AuditHeadRecord, AuditOriginRecord};
use crate::backend::{Engine, Store, Tx, on};
use crate::error::{StoreError, StoreErrorKind};
use crate::ids::{AccountId, CredentialId};
use crate::proof_failures::ProofFailures;
use crate::refresh_tokens::RefreshTokenRecord;
use crate::sessions::SessionRecord;
use crate::statements::{Statement, listed};
use crate::timestamp::Timestamp;
use crate::{proof_failures, spent_handshakes, throttles};

pub(crate) use self::alone::STATEMENTS as STATEMENTS_ALONE;
pub(crate) use self::queue::Logins;
pub(crate) use self::together::STATEMENTS as STATEMENTS_TOGETHER;

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
    /// Those of all known devices of the account.
    pub together: ProofFailures,
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
#[cfg_attr(test, derive(Clone))]
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

/// As a macro: another text goes on from it.
macro_rules! look {
    () => {
        "SELECT CAST(1 AS BIGINT) AS kind, version AS number, created_at AS at, account_id AS owner, id, identity, salt, \
        preset, verifier_sealed FROM credentials WHERE account_id = $1 \
        UNION ALL SELECT 2, 0, created_at, id, id, identity, salt, preset, verifier_sealed FROM pending_credentials \
        WHERE id = $1 \
        UNION ALL SELECT 3, failures, last_at, NULL, NULL, NULL, NULL, NULL, NULL FROM proof_failures WHERE key = $2 \
        UNION ALL SELECT 4, failures, last_at, NULL, NULL, NULL, NULL, NULL, NULL FROM proof_failures WHERE key = $3 \
        UNION ALL SELECT 5, count, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM throttles \
        WHERE scope = $4 AND key = $5 AND window_start = $6 \
        UNION ALL SELECT 6, 1, expires_at, NULL, NULL, NULL, NULL, NULL, NULL FROM spent_handshakes WHERE nonce = $7"
    };
}

const LOOK: &str = look!();

// Whoever comes first, with nothing counted against them, has no need to be judged. What somebody else writes at the same
// moment breaks a key, and fails the statement: a handshake or a count of failures that is there by then, or, where the
// window filled up meanwhile, the handshake itself a second time. The setting lasts until the commit, which is the
// statement's own.
const LOOK_AND_SPEND_POSTGRES: &str = concat!(
    "WITH clear AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) \
    WHERE NOT EXISTS (SELECT 1 FROM spent_handshakes WHERE nonce = $7) \
    AND NOT EXISTS (SELECT 1 FROM proof_failures WHERE key IN ($2, $3)) \
    AND ($4::text IS NULL OR $12::bigint > COALESCE((SELECT count FROM throttles \
    WHERE scope = $4 AND key = $5 AND window_start = $6), 0))), \
    spent AS (INSERT INTO spent_handshakes (nonce, expires_at) SELECT $7::bytea, $8::bigint FROM clear RETURNING 1), \
    counted AS (INSERT INTO throttles (scope, key, window_start, count, expires_at) \
    SELECT $4::text, $5::bytea, $6::bigint, 1, $9::bigint FROM spent WHERE $4::text IS NOT NULL \
    ON CONFLICT (scope, key, window_start) DO UPDATE SET count = throttles.count + 1 WHERE throttles.count < $12 RETURNING count), \
    late AS (INSERT INTO spent_handshakes (nonce, expires_at) SELECT $7::bytea, $8::bigint FROM spent \
    WHERE $4::text IS NOT NULL AND NOT EXISTS (SELECT 1 FROM counted)), \
    failed AS (INSERT INTO proof_failures (key, failures, last_at, previous_at, expires_at) \
    SELECT of.key, 1, $10::bigint, NULL, $10::bigint + $11::bigint FROM unnest(ARRAY[$2::bytea, $3::bytea]) AS of (key) \
    WHERE of.key IS NOT NULL AND EXISTS (SELECT 1 FROM spent) AND (SELECT COUNT(*) FROM counted) >= 0) ",
    look!(),
    " UNION ALL SELECT 7, count, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM counted \
    UNION ALL SELECT 8, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM spent"
);

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

pub(crate) const STATEMENTS: &[Statement] = listed![
    both: LOOK;
    sqlite: LOCK_SQLITE;
    postgres: LOOK_AND_SPEND_POSTGRES, SPEND_POSTGRES
];

/// What an attempt would be counted under.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    /// Failures in a row.
    pub failures_key: &'a [u8],
    /// Those of all known devices of the account, for one of them.
    pub together: Option<&'a [u8]>,
    /// The client's attempts.
    pub window: Option<CountedWindow>,
}

/// How things stand before a proof is looked at: counts, and the credentials that an owner's id may stand for.
///
/// # Errors
/// Any failure of the database.
pub async fn look(tx: &mut Tx, owner: Uuid, under: Under<'_>, nonce: &[u8]) -> Result<Standing, StoreError> {
    let Under { failures_key, together, window } = under;
    let scope = window.map(|window| window.scope);
    let key = window.as_ref().map(|window| window.key.as_slice());
    let start = window.map(|window| window.start);
    let in_place =
        tx.rows_in_place(LOOK, &[&owner, &failures_key, &together, &scope, &key, &start, &nonce], LookRow::read);
    let rows = match in_place {
        Some(rows) => rows,
        None => on!(read tx, c => query_as::<_, LookRow>(LOOK)
            .bind(owner)
            .bind(failures_key)
            .bind(together)
            .bind(scope)
            .bind(key)
            .bind(start)
            .bind(nonce)
            .fetch_all(c))?,
    };
    Ok(LookRow::gather(rows).0)
}

/// The same and, where nothing is counted against whom the attempt is of and fewer than `most` of the client are in its window,
/// spends the handshake and counts the attempt and a failure, for `together` as well: whether that was done. On PostgreSQL,
/// where it is one statement, and on the disk with whatever is next.
///
/// # Errors
/// Any failure of the database.
pub async fn look_and_spend(
    store: &Store,
    owner: Uuid,
    attempt: &Spend,
    together: Option<[u8; 32]>,
    most: i64,
) -> Result<(Standing, bool), StoreError> {
    let Spend { handshake, window, failures_key, now, kept_for_each } = attempt;
    let together = together.as_ref().map(<[u8; 32]>::as_slice);
    let mut tx = store.outright().await?;
    let rows = on!(postgres tx, c => query_as::<_, LookRow>(LOOK_AND_SPEND_POSTGRES)
        .bind(owner)
        .bind(failures_key.as_slice())
        .bind(together)
        .bind(window.map(|window| window.scope))
        .bind(window.as_ref().map(|window| window.key.as_slice()))
        .bind(window.map(|window| window.start))
        .bind(handshake.nonce.as_slice())
        .bind(handshake.keep_until)
        .bind(window.map(|window| window.end))
        .bind(*now)
        .bind(i64::try_from(kept_for_each.as_millis()).unwrap_or(i64::MAX))
        .bind(most)
        .fetch_all(c));
    match rows {
        Ok(rows) => Ok(LookRow::gather(rows)),
        // Somebody was there at the same moment: how things stand now is for the caller to judge.
        Err(error) if error.kind() == StoreErrorKind::UniqueViolation => {
            let under = Under { failures_key, together, window: *window };
            Ok((look(&mut tx, owner, under, &handshake.nonce).await?, false))
        }
        Err(error) => Err(error),
    }
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
/// written; `None` where one of them is missing. It waits for nothing: others who log in wait for it. What it refuses, nothing
/// is written for; where something else was in the way it is asked again.
///
/// # Errors
/// [`UniqueViolation`](crate::StoreErrorKind::UniqueViolation) when the event's place is taken, and on SQLite when the
/// handshake was spent; any failure of the database.
pub async fn open<T: Send + 'static, E: Send + 'static>(
    store: &Store,
    account: AccountId,
    chain: i64,
    decide: impl Fn(Option<LockedLogin>) -> Result<(OpenedLogin, T), E> + Send + 'static,
) -> Result<Result<(SessionRecord, T), E>, StoreError> {
    if let Some(thread) = store.thread()? {
        return thread.run(move |c| whole::open(c, account, chain, decide)).await;
    }
    queue::open(store, account, chain, decide).await
}

#[cfg(test)]
mod tests;
