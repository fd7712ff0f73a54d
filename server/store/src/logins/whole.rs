//! The units of a login whole, as SQLite's writer thread does them.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows::LockRow;
use super::{CountedWindow, LOCK_SQLITE, LockedLogin, OpenedLogin, Spend};
use crate::error::{StoreError, StoreErrorKind};
use crate::ids::AccountId;
use crate::sessions::SessionRecord;
use crate::thread::query_one;
use crate::{audit_events, proof_failures, refresh_tokens, sessions, spent_handshakes, throttles};

/// See [`fail`](super::fail).
pub(super) fn fail(c: &Connection, attempt: &Spend, together: Option<[u8; 32]>) -> Result<bool, StoreError> {
    let Spend { handshake, window, failures_key, now, kept_for_each } = attempt;
    if !spent_handshakes::spend_whole(c, &handshake.nonce, handshake.keep_until)? {
        return Ok(false);
    }
    if let Some(CountedWindow { scope, key, start, end }) = window {
        throttles::add_whole(c, scope, key, *start, *end)?;
    }
    for key in [*failures_key].into_iter().chain(together) {
        proof_failures::add_whole(c, &key, *now, *kept_for_each)?;
    }
    Ok(true)
}

/// See [`open`](super::open).
pub(super) fn open<T, E>(
    c: &Connection,
    account: AccountId,
    chain: i64,
    decide: impl Fn(Option<LockedLogin>) -> Result<(OpenedLogin, T), E>,
) -> Result<Result<(SessionRecord, T), E>, StoreError> {
    let locked = query_one(c, LOCK_SQLITE, params![chain, account], LockRow::read).optional()?;
    let (opened, more) = match decide(locked.map(LockRow::split)) {
        Ok(opened) => opened,
        Err(refused) => return Ok(Err(refused)),
    };
    let OpenedLogin { session, token, window, handshake, failures: [one, other], together, event, origin, head } =
        opened;
    if !spent_handshakes::spend_whole(c, &handshake.nonce, handshake.keep_until)? {
        return Err(StoreError::new(StoreErrorKind::UniqueViolation, "the handshake was spent"));
    }
    sessions::insert_whole(c, &session)?;
    refresh_tokens::insert_whole(c, &token)?;
    if let Some(CountedWindow { scope, key, start, .. }) = window {
        throttles::refund_whole(c, scope, &key, start)?;
    }
    for key in [Some(one), (other != one).then_some(other), together].into_iter().flatten() {
        proof_failures::clear_whole(c, &key)?;
    }
    audit_events::insert_origin_whole(c, &origin)?;
    audit_events::insert_whole(c, &event)?;
    audit_events::update_head_whole(c, &head)?;
    Ok(Ok((session, more)))
}
