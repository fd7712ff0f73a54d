//! How PostgreSQL opens the session of one login.

use sqlx::{query, query_as};

use super::OpenedLogin;
use super::queue::Login;
use super::rows::LockRow;
use crate::backend::{Store, Tx, on};
use crate::error::StoreError;
use crate::ids::AccountId;
use crate::statements::{Statement, listed};

/// What of an account and its credential a login is told.
macro_rules! account {
    () => {
        "a.id, a.email, a.email_key, a.display_name, a.language, a.role, a.status, a.created_at, a.updated_at, a.activated_at, \
        a.disabled_at, c.id AS credential_id, c.version AS credential_version"
    };
}
pub(super) use account;

// All three are locked: of a row that is not, a statement that waited would go on with the version from before.
const LOCK_POSTGRES: &str = concat!(
    "SELECT ",
    account!(),
    ", h.chain, h.sequence, h.hash, h.seal FROM accounts a JOIN credentials c ON c.account_id = a.id \
    JOIN audit_heads h ON h.chain = $1 WHERE a.id = $2 FOR UPDATE OF a, c, h"
);

// The same, where nobody else has the account: for the end of a chain everybody waits.
const LOCK_FREE_POSTGRES: &str = concat!(
    "WITH free AS MATERIALIZED (SELECT ",
    account!(),
    " FROM accounts a JOIN credentials c ON c.account_id = a.id WHERE a.id = $2 FOR UPDATE OF a, c SKIP LOCKED) \
    SELECT free.*, h.chain, h.sequence, h.hash, h.seal FROM free JOIN audit_heads h ON h.chain = $1 FOR UPDATE OF h"
);

const OPEN_POSTGRES: &str = "WITH opened AS (INSERT INTO sessions (id, account_id, created_at, last_seen_at, auth_time, \
    expires_at, ended_at, ended_reason, amr, user_agent, ip_address, device_name, refresh_delivery, stepped_up_at, provider) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $48)), \
    given AS (INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at, used_at, successor_nonce) \
    VALUES ($15, $16, $17, $18, $19, $20)), \
    refunded AS (UPDATE throttles SET count = count - 1 \
    WHERE scope = $21 AND key = $22 AND window_start = $23 AND count > 0 RETURNING 1), \
    cleared AS (DELETE FROM proof_failures WHERE key IN ($24, $25) AND (SELECT COUNT(*) FROM refunded) >= 0 RETURNING 1), \
    forgiven AS (DELETE FROM proof_failures WHERE key = $51 AND (SELECT COUNT(*) FROM cleared) >= 0), \
    spent AS (INSERT INTO spent_handshakes (nonce, expires_at) VALUES ($49, $50) \
    ON CONFLICT (nonce) DO UPDATE SET expires_at = excluded.expires_at), \
    came AS (INSERT INTO audit_origins (event_id, account_id, nonce, ip_address, user_agent) \
    VALUES ($26, $27, $28, $29, $30)), \
    noted AS (INSERT INTO audit_events (chain, sequence, id, event_type, result, account_id, session_id, actor, actor_id, \
    detail, created_at, origin_hash, hash) \
    VALUES ($31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43)) \
    UPDATE audit_heads SET sequence = $45, hash = $46, seal = $47 WHERE chain = $44";

pub(crate) const STATEMENTS: &[Statement] = listed![both: ; postgres: LOCK_POSTGRES, LOCK_FREE_POSTGRES, OPEN_POSTGRES];

/// Locks an account that nobody else has, its credential and the end of its chain.
///
/// # Errors
/// Any failure of the database.
pub(super) async fn lock_free(tx: &mut Tx, account: AccountId, chain: i64) -> Result<Option<LockRow>, StoreError> {
    on!(postgres tx, c => query_as::<_, LockRow>(LOCK_FREE_POSTGRES).bind(chain).bind(account).fetch_optional(c))
}

/// Opens it, and waits for whoever has its account.
///
/// # Errors
/// Any failure of the database.
pub(super) async fn open(store: &Store, login: &mut dyn Login) -> Result<(), StoreError> {
    login.reconsider();
    let mut tx = store.begin().await?;
    let locked = on!(postgres tx, c => query_as::<_, LockRow>(LOCK_POSTGRES)
        .bind(login.chain())
        .bind(login.account())
        .fetch_optional(c))?;
    if !login.is_wanted() {
        // To lock may have taken long.
        return Ok(());
    }
    login.decide(locked.map(LockRow::split));
    let Some(opened) = login.opened() else { return Ok(()) };
    write(&mut tx, opened).await?;
    tx.commit().await
}

/// Writes what it opens.
pub(super) async fn write(tx: &mut Tx, opened: &OpenedLogin) -> Result<(), StoreError> {
    let OpenedLogin { session, token, window, handshake, failures: [one, other], together, event, origin, head } =
        opened;
    on!(postgres tx, c => query(OPEN_POSTGRES)
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
        .bind(handshake.keep_until)
        .bind(together.as_ref().map(<[u8; 32]>::as_slice))
        .execute(c))?;
    Ok(())
}
