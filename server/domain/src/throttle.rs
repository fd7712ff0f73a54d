//! Fixed windows in the database: what one address, client or session may try, counted for all nodes together.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tacit_store::logins::CountedWindow;
use tacit_store::{AccountId, SessionId, StoreError, Timestamp, Tx, throttles};

use crate::core::Core;

/// How far a window is used up, as its client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Attempts in one window.
    pub limit: u32,
    /// Attempts left.
    pub remaining: u32,
    /// When the next window begins.
    pub resets_at: Timestamp,
}

/// Where a request's way through the rules leaves the state of its client's window, whatever the outcome.
///
/// Windows by address are never noted here: that one was refunded would tell that somebody logged in.
#[derive(Clone, Default)]
pub struct Meter(Arc<Mutex<Option<Usage>>>);

impl Meter {
    /// What was noted last.
    #[must_use]
    pub fn read(&self) -> Option<Usage> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, usage: Usage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(usage);
    }
}

/// One kind of attempt, by one key.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    scope: &'static str,
    key: [u8; 32],
    start: Timestamp,
    end: Timestamp,
    limit: u32,
}

impl Window {
    /// The window of length `length` that `now` lies in.
    pub(crate) fn at(scope: &'static str, key: [u8; 32], limit: u32, length: Duration, now: Timestamp) -> Self {
        let (start, end) = bounds(length, now);
        Self { scope, key, start, end, limit }
    }

    /// As rows have it.
    pub(crate) const fn row(&self) -> CountedWindow {
        CountedWindow { scope: self.scope, key: self.key, start: self.start, end: self.end }
    }

    /// Whether another attempt is allowed, without counting one.
    pub(crate) async fn is_open(&self, tx: &mut Tx, meter: &Meter) -> Result<bool, StoreError> {
        let counted = throttles::count(tx, self.scope, &self.key, self.start).await?;
        Ok(self.has_room(counted, meter))
    }

    /// How many attempts are allowed.
    pub(crate) fn limit(&self) -> i64 {
        i64::from(self.limit)
    }

    /// Lets the client know that so many attempts are counted.
    pub(crate) fn note(&self, counted: i64, meter: &Meter) {
        meter.note(self.usage(counted));
    }

    /// Whether another attempt is allowed after so many.
    pub(crate) fn has_room(&self, counted: i64, meter: &Meter) -> bool {
        self.note(counted, meter);
        counted < i64::from(self.limit)
    }

    /// Whether so many attempts are allowed, the last of them counted.
    pub(crate) fn had_room(&self, counted: i64, meter: &Meter) -> bool {
        self.note(counted, meter);
        counted <= i64::from(self.limit)
    }

    /// Counts an attempt; `false` if it was one too many.
    pub(crate) async fn count(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        Ok(throttles::add(tx, self.scope, &self.key, self.start, self.end).await? <= i64::from(self.limit))
    }

    /// Counts an attempt and lets the client know; `false` if it was one too many.
    pub(crate) async fn count_openly(&self, tx: &mut Tx, meter: &Meter) -> Result<bool, StoreError> {
        let counted = throttles::add(tx, self.scope, &self.key, self.start, self.end).await?;
        meter.note(self.usage(counted));
        Ok(counted <= i64::from(self.limit))
    }

    /// Takes a counted attempt back.
    pub(crate) async fn refund(&self, tx: &mut Tx) -> Result<(), StoreError> {
        throttles::refund(tx, self.scope, &self.key, self.start).await
    }

    /// Time until the window ends.
    pub(crate) fn remaining(&self, now: Timestamp) -> Duration {
        self.end.since(now)
    }

    /// The same after an attempt was taken back.
    pub(crate) fn note_refund(&self, meter: &Meter) {
        if let Some(usage) = meter.read() {
            meter.note(Usage { remaining: usage.remaining.saturating_add(1).min(self.limit), ..usage });
        }
    }

    fn usage(&self, counted: i64) -> Usage {
        let counted = u32::try_from(counted).unwrap_or(u32::MAX);
        Usage { limit: self.limit, remaining: self.limit.saturating_sub(counted), resets_at: self.end }
    }
}

/// What leaves an event, done in one session, in an hour: nobody needs more, and the record only grows.
const BY_SESSION: &str = "session_events";
const SESSION_EVENTS: u32 = 60;
const HOUR: Duration = Duration::from_hours(1);

impl Core {
    /// A session's window for what its account changes about itself. Not the account's: whoever stole a token would use it
    /// up, and keep the owner from changing the password.
    pub(crate) fn session_window(&self, session: SessionId, now: Timestamp) -> Window {
        let key = self.address_hash(BY_SESSION, &session.to_string());
        Window::at(BY_SESSION, key, SESSION_EVENTS, HOUR, now)
    }
}

/// Mails about what was done with one account, in an hour, whatever sessions did it.
const NOTICES: &str = "account_notices";
const ACCOUNT_NOTICES: u32 = 20;

impl Core {
    /// An account's window for mails that tell its owner what was done with it.
    pub(crate) fn notice_window(&self, account: AccountId, now: Timestamp) -> Window {
        let key = self.address_hash(NOTICES, &account.to_string());
        Window::at(NOTICES, key, ACCOUNT_NOTICES, HOUR, now)
    }
}

/// Begin and end of the window of this length that `now` lies in.
pub(crate) fn bounds(length: Duration, now: Timestamp) -> (Timestamp, Timestamp) {
    let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX).max(1);
    let start = now.as_millis() - now.as_millis().rem_euclid(length);
    (Timestamp::from_millis(start), Timestamp::from_millis(start.saturating_add(length)))
}
