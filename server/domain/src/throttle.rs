//! Fixed windows in the database: what one address may try, counted for all nodes together.

use std::time::Duration;

use tacit_store::{StoreError, Timestamp, Tx, throttles};

/// One kind of attempt, by one key.
pub(crate) struct Window<'a> {
    scope: &'static str,
    key: &'a [u8; 32],
    start: Timestamp,
    end: Timestamp,
    limit: i64,
}

impl<'a> Window<'a> {
    /// The window of length `length` that `now` lies in.
    pub(crate) fn at(scope: &'static str, key: &'a [u8; 32], limit: u32, length: Duration, now: Timestamp) -> Self {
        let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX).max(1);
        let start = now.as_millis() - now.as_millis().rem_euclid(length);
        Self {
            scope,
            key,
            start: Timestamp::from_millis(start),
            end: Timestamp::from_millis(start.saturating_add(length)),
            limit: i64::from(limit),
        }
    }

    /// Whether another attempt is allowed, without counting one.
    pub(crate) async fn is_open(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        Ok(throttles::count(tx, self.scope, self.key, self.start).await? < self.limit)
    }

    /// Counts an attempt; `false` if it was one too many.
    pub(crate) async fn count(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        Ok(throttles::add(tx, self.scope, self.key, self.start, self.end).await? <= self.limit)
    }

    /// Takes a counted attempt back.
    pub(crate) async fn refund(&self, tx: &mut Tx) -> Result<(), StoreError> {
        throttles::refund(tx, self.scope, self.key, self.start).await
    }

    /// Time until the window ends.
    pub(crate) fn remaining(&self, now: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.end.as_millis() - now.as_millis()).unwrap_or(0))
    }
}
