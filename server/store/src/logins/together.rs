//! How PostgreSQL opens the sessions of logins that come at the same time: in one transaction.
//!
//! Each in one of its own, they took four round trips and a commit each, and waited for each other all the same: there are
//! but sixteen audit chains, and the end of one is locked until its commit is on the disk.
//!
//! Nobody waits for a neighbour's account. A login whose account somebody else has locked, or which is not there, is left
//! out and goes alone. Ends of chains are waited for; where one is not to be had in time, all but its logins are opened.
//! Everybody goes alone when the transaction fails for another reason that may be one login's own.

use std::collections::HashMap;

use sqlx::{query, query_as};

use super::OpenedLogin;
use super::alone::{self, account};
use super::queue::Login;
use super::rows::LockRow;
use crate::audit_events::AuditHeadRecord;
use crate::backend::{Store, Tx, on};
use crate::error::{StoreError, StoreErrorKind};
use crate::ids::AccountId;
use crate::statements::{Statement, listed};

/// Ends with how ends of chains are locked.
macro_rules! lock_all_free {
    ($ends:literal) => {
        concat!(
            "WITH free AS MATERIALIZED (SELECT one.*, asked.chain FROM unnest($1::bigint[], $2::uuid[]) AS asked (chain, account_id) \
            CROSS JOIN LATERAL (SELECT ",
            account!(),
            " FROM accounts a JOIN credentials c ON c.account_id = a.id WHERE a.id = asked.account_id \
            FOR UPDATE OF a, c SKIP LOCKED) AS one), \
            ends AS MATERIALIZED (SELECT h.chain, h.sequence, h.hash, h.seal FROM audit_heads h \
            WHERE h.chain IN (SELECT chain FROM free) ORDER BY h.chain ",
            $ends,
            ") SELECT free.*, ends.sequence, ends.hash, ends.seal FROM free JOIN ends ON ends.chain = free.chain"
        )
    };
}

// Each account is asked for by itself, or the planner might read all of them for a few. Ends of chains are waited for, in
// their order: everybody who writes has one.
const LOCK_ALL_FREE_POSTGRES: &str = lock_all_free!("FOR UPDATE");
const LOCK_ALL_AT_ONCE_POSTGRES: &str = lock_all_free!("FOR UPDATE SKIP LOCKED");

// Windows are locked in their order, and the failures of one device before those of all devices of its account: as whoever
// counts an attempt does.
const OPEN_ALL_POSTGRES: &str = "WITH opened AS (INSERT INTO sessions (id, account_id, created_at, last_seen_at, auth_time, \
    expires_at, ended_at, ended_reason, amr, user_agent, ip_address, device_name, refresh_delivery, stepped_up_at, provider) \
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], \
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::text[])), \
    given AS (INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at, used_at, successor_nonce) \
    SELECT * FROM unnest($16::bytea[], $17::uuid[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bytea[])), \
    windows AS MATERIALIZED (SELECT t.scope, t.key, t.window_start, mine.logins FROM throttles t JOIN (\
    SELECT w.scope, w.key, w.window_start, COUNT(*) AS logins \
    FROM unnest($22::text[], $23::bytea[], $24::bigint[]) AS w (scope, key, window_start) GROUP BY w.scope, w.key, w.window_start\
    ) AS mine ON t.scope = mine.scope AND t.key = mine.key AND t.window_start = mine.window_start \
    ORDER BY t.scope, t.key, t.window_start FOR UPDATE OF t), \
    refunded AS (UPDATE throttles SET count = GREATEST(throttles.count - windows.logins, 0) FROM windows \
    WHERE throttles.scope = windows.scope AND throttles.key = windows.key AND throttles.window_start = windows.window_start \
    RETURNING 1), \
    cleared AS (DELETE FROM proof_failures WHERE key = ANY($25::bytea[]) AND (SELECT COUNT(*) FROM refunded) >= 0 RETURNING 1), \
    forgiven AS (DELETE FROM proof_failures WHERE key = ANY($26::bytea[]) AND (SELECT COUNT(*) FROM cleared) >= 0), \
    spent AS (INSERT INTO spent_handshakes (nonce, expires_at) SELECT * FROM unnest($27::bytea[], $28::bigint[]) \
    ON CONFLICT (nonce) DO UPDATE SET expires_at = excluded.expires_at), \
    came AS (INSERT INTO audit_origins (event_id, account_id, nonce, ip_address, user_agent) \
    SELECT * FROM unnest($29::uuid[], $30::uuid[], $31::bytea[], $32::text[], $33::text[])), \
    noted AS (INSERT INTO audit_events (chain, sequence, id, event_type, result, account_id, session_id, actor, actor_id, \
    detail, created_at, origin_hash, hash) \
    SELECT * FROM unnest($34::bigint[], $35::bigint[], $36::uuid[], $37::text[], $38::text[], $39::uuid[], $40::uuid[], \
    $41::text[], $42::uuid[], $43::text[], $44::bigint[], $45::bytea[], $46::bytea[])) \
    UPDATE audit_heads SET sequence = ends.sequence, hash = ends.hash, seal = ends.seal \
    FROM unnest($47::bigint[], $48::bigint[], $49::bytea[], $50::bytea[]) AS ends (chain, sequence, hash, seal) \
    WHERE audit_heads.chain = ends.chain";

pub(crate) const STATEMENTS: &[Statement] =
    listed![both: ; postgres: LOCK_ALL_FREE_POSTGRES, LOCK_ALL_AT_ONCE_POSTGRES, OPEN_ALL_POSTGRES];

/// Why a transaction was not to be had.
pub(super) struct Failed {
    pub(super) error: StoreError,
    /// Whether each alone would fare no better, or may have been done.
    pub(super) is_everybodys: bool,
}

impl Failed {
    const fn everybody(error: StoreError) -> Self {
        Self { error, is_everybodys: true }
    }
}

impl Failed {
    /// Whether a lock was not to be had in time.
    pub(super) fn is_of_a_lock(&self) -> bool {
        !self.is_everybodys && self.error.kind() == StoreErrorKind::Busy
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self { is_everybodys: error.kind() == StoreErrorKind::Unavailable, error }
    }
}

/// What becomes of logins whose chain's end somebody else has.
#[derive(Clone, Copy)]
pub(super) enum Ends {
    /// They wait for it, and so do all.
    Waited,
    /// They are left.
    Free,
}

/// Opens what can be opened at once; what was not decided is left.
pub(super) async fn together(store: &Store, all: &mut [Box<dyn Login>], ends: Ends) -> Result<(), Failed> {
    for login in all.iter_mut() {
        login.reconsider();
    }
    let mut tx = store.begin_in_a_hurry().await.map_err(Failed::everybody)?;
    // What makes several cheaper costs one more, here as below.
    let asked: HashMap<_, _> = all.iter().map(|login| (login.account(), login.chain())).collect();
    let free = match asked.iter().next() {
        Some((&account, &chain)) if asked.len() == 1 => {
            Vec::from_iter(alone::lock_free(&mut tx, account, chain).await?)
        }
        _ => lock_free(&mut tx, asked, ends).await?,
    };
    let free: HashMap<_, _> = free.into_iter().map(|row| (row.account(), row)).collect();
    let mut ends = HashMap::new();
    // To lock may have taken long.
    for login in all.iter_mut().filter(|login| login.is_wanted()) {
        let Some(locked) = free.get(&login.account()) else { continue };
        let mut locked = locked.clone().split();
        if let Some(end) = ends.get(&locked.head.chain) {
            locked.head = AuditHeadRecord::clone(end);
        }
        login.decide(Some(locked));
        if let Some(OpenedLogin { head, .. }) = login.opened() {
            ends.insert(head.chain, head.clone());
        }
    }
    let opened: Vec<_> = all.iter().filter_map(|login| login.opened()).collect();
    if opened.is_empty() {
        return Ok(());
    }
    match opened.as_slice() {
        [one] => alone::write(&mut tx, one).await?,
        several => write(&mut tx, several, &ends.into_values().collect::<Vec<_>>()).await?,
    }
    tx.commit().await.map_err(Failed::everybody)
}

/// Of these accounts and chains, those that nobody else has locked.
async fn lock_free(tx: &mut Tx, asked: HashMap<AccountId, i64>, ends: Ends) -> Result<Vec<LockRow>, StoreError> {
    let sql = match ends {
        Ends::Waited => LOCK_ALL_FREE_POSTGRES,
        Ends::Free => LOCK_ALL_AT_ONCE_POSTGRES,
    };
    let (accounts, chains): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
    on!(postgres tx, c => query_as::<_, LockRow>(sql).bind(chains).bind(accounts).fetch_all(c))
}

/// One column of what is written.
fn each<'a, T>(opened: &[&'a OpenedLogin], column: impl Fn(&'a OpenedLogin) -> T) -> Vec<T> {
    opened.iter().map(|opened| column(opened)).collect()
}

async fn write(tx: &mut Tx, opened: &[&OpenedLogin], ends: &[AuditHeadRecord]) -> Result<(), StoreError> {
    let windows: Vec<_> = opened.iter().filter_map(|opened| opened.window).collect();
    let failures: Vec<_> = opened.iter().flat_map(|opened| &opened.failures).map(<[u8; 32]>::as_slice).collect();
    let together: Vec<_> =
        opened.iter().filter_map(|opened| opened.together.as_ref()).map(<[u8; 32]>::as_slice).collect();
    on!(postgres tx, c => query(OPEN_ALL_POSTGRES)
        .bind(each(opened, |o| o.session.id))
        .bind(each(opened, |o| o.session.account_id))
        .bind(each(opened, |o| o.session.created_at))
        .bind(each(opened, |o| o.session.last_seen_at))
        .bind(each(opened, |o| o.session.auth_time))
        .bind(each(opened, |o| o.session.expires_at))
        .bind(each(opened, |o| o.session.ended_at))
        .bind(each(opened, |o| o.session.ended_reason.as_deref()))
        .bind(each(opened, |o| o.session.amr.as_str()))
        .bind(each(opened, |o| o.session.user_agent.as_deref()))
        .bind(each(opened, |o| o.session.ip_address.as_deref()))
        .bind(each(opened, |o| o.session.device_name.as_deref()))
        .bind(each(opened, |o| o.session.refresh_delivery.as_str()))
        .bind(each(opened, |o| o.session.stepped_up_at))
        .bind(each(opened, |o| o.session.provider.as_deref()))
        .bind(each(opened, |o| o.token.hash.as_bytes().as_slice()))
        .bind(each(opened, |o| o.token.session_id))
        .bind(each(opened, |o| o.token.created_at))
        .bind(each(opened, |o| o.token.expires_at))
        .bind(each(opened, |o| o.token.used_at))
        .bind(each(opened, |o| o.token.successor_nonce.as_deref()))
        .bind(windows.iter().map(|window| window.scope).collect::<Vec<_>>())
        .bind(windows.iter().map(|window| window.key.as_slice()).collect::<Vec<_>>())
        .bind(windows.iter().map(|window| window.start).collect::<Vec<_>>())
        .bind(&failures)
        .bind(&together)
        .bind(each(opened, |o| o.handshake.nonce.as_slice()))
        .bind(each(opened, |o| o.handshake.keep_until))
        .bind(each(opened, |o| o.origin.event_id))
        .bind(each(opened, |o| o.origin.account_id))
        .bind(each(opened, |o| o.origin.nonce.as_slice()))
        .bind(each(opened, |o| o.origin.ip_address.as_deref()))
        .bind(each(opened, |o| o.origin.user_agent.as_deref()))
        .bind(each(opened, |o| o.event.chain))
        .bind(each(opened, |o| o.event.sequence))
        .bind(each(opened, |o| o.event.id))
        .bind(each(opened, |o| o.event.event_type.as_str()))
        .bind(each(opened, |o| o.event.result.as_str()))
        .bind(each(opened, |o| o.event.account_id))
        .bind(each(opened, |o| o.event.session_id))
        .bind(each(opened, |o| o.event.actor.as_str()))
        .bind(each(opened, |o| o.event.actor_id))
        .bind(each(opened, |o| o.event.detail.as_str()))
        .bind(each(opened, |o| o.event.created_at))
        .bind(each(opened, |o| o.event.origin_hash.as_slice()))
        .bind(each(opened, |o| o.event.hash.as_slice()))
        .bind(ends.iter().map(|end| end.chain).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.sequence).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.hash.as_slice()).collect::<Vec<_>>())
        .bind(ends.iter().map(|end| end.seal.as_slice()).collect::<Vec<_>>())
        .execute(c))?;
    Ok(())
}
