//! Attempts under way on a node that has the database to itself.
//!
//! A handshake is good for one look, and an attempt counts before anything is told of it. Nodes that share a database
//! write both down first, for the others to see, and take the count back after a proof that was right. A node that is
//! alone keeps both in memory while it looks, and writes once: with what a right proof opens, else that it failed.
//!
//! What is told rests on what is written in either case. Whoever breaks off has failed, and what cannot be written
//! stays counted here until it can.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tacit_store::logins::{self, Spend};
use tacit_store::proof_failures::{self as rows, ProofFailures};
use tacit_store::{Store, StoreError, Timestamp};
use tokio::runtime::Handle;

use crate::fault::Internal;

/// How many may stay unwritten before no more proofs are looked at.
const OWED_MOST: usize = 1024;
/// How many that were written are remembered for those that asked the database before.
const WRITTEN_MOST: usize = 1024;

/// All that are under way.
#[derive(Default)]
pub(crate) struct InFlight(Mutex<Table>);

#[derive(Default)]
struct Table {
    nonces: HashSet<[u8; 16]>,
    counts: HashMap<[u8; 32], ProofFailures>,
    /// The last that were written.
    written: VecDeque<Written>,
    /// How many were written altogether.
    total: u64,
    /// Those that could not be written, each with the reason.
    owed: Vec<(Seat, StoreError)>,
}

/// What somebody who asked the database before that was written there has missed.
struct Written {
    nonce: [u8; 16],
    /// Where it counted as failed; nowhere, if it did not.
    keys: Keys,
}

/// What an attempt may be counted under: its client, its address or device, and all devices of the account.
type Keys = [Option<[u8; 32]>; 3];

/// When the database was asked, as far as what is written here goes.
#[derive(Clone, Copy)]
pub(super) struct Moment(u64);

/// Whether an attempt may be looked at.
pub(super) enum Entered {
    /// It may, if there were not too many before.
    Flight(Flight, Ahead),
    /// Another is looked at, or was, for the same handshake.
    Spent,
    /// What the database said is out of date; it is to be asked again.
    Stale,
}

/// What was under way before an attempt, under its own keys.
#[derive(Clone, Copy, Default)]
pub(super) struct Ahead {
    /// From the same client.
    pub(super) client: i64,
    /// For the same address or device.
    pub(super) failures: ProofFailures,
    /// From known devices of the same account.
    pub(super) together: i64,
}

/// What an attempt is written down as, should it fail.
#[derive(Clone, Copy)]
pub(super) struct Failure {
    pub(super) spend: Spend,
    /// What all known devices of the account are counted under.
    pub(super) together: Option<[u8; 32]>,
}

/// An attempt's place among those under way. Dropped after the look has begun, without [`Flight::land`], it has failed.
pub(super) struct Flight {
    seat: Option<Box<Seat>>,
    looked: bool,
}

struct Seat {
    all: Arc<InFlight>,
    store: Store,
    failure: Failure,
}

impl InFlight {
    /// To be asked before the database is.
    pub(super) fn moment(&self) -> Moment {
        Moment(self.lock().total)
    }

    /// Counts an attempt that passed what the database had said since `asked`.
    ///
    /// # Errors
    /// Why attempts could not be written, when there are too many of them.
    pub(super) fn enter(
        self: &Arc<Self>,
        store: &Store,
        failure: Failure,
        Moment(asked): Moment,
    ) -> Result<Entered, StoreError> {
        let Spend { handshake, now, .. } = failure.spend;
        let keys = failure.keys();
        let mut table = self.lock();
        if table.owed.len() >= OWED_MOST
            && let Some((seat, why)) = table.owed.pop()
        {
            drop(table);
            seat.write_soon();
            return Err(why);
        }
        if table.has_written_since(asked, &handshake.nonce, &keys) {
            return Ok(Entered::Stale);
        }
        if !table.nonces.insert(handshake.nonce) {
            return Ok(Entered::Spent);
        }
        let [client, failures, together] = keys.map(|key| key.map(|key| table.count(key, now)).unwrap_or_default());
        drop(table);
        let seat = Box::new(Seat { all: Arc::clone(self), store: store.clone(), failure });
        let flight = Flight { seat: Some(seat), looked: false };
        Ok(Entered::Flight(flight, Ahead { client: client.failures, failures, together: together.failures }))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn has_written_since(&self, asked: u64, nonce: &[u8; 16], keys: &Keys) -> bool {
        let since = usize::try_from(self.total.saturating_sub(asked)).unwrap_or(usize::MAX);
        let mut missed = self.written.iter().rev().take(since);
        since > self.written.len()
            || missed.any(|one| {
                one.nonce == *nonce || one.keys.iter().zip(keys).any(|(there, here)| there.is_some() && there == here)
            })
    }

    /// Counts one more; answers what there was before.
    fn count(&mut self, key: [u8; 32], now: Timestamp) -> ProofFailures {
        let count = self.counts.entry(key).or_default();
        let before = *count;
        *count = ProofFailures { failures: before.failures.saturating_add(1), last_at: before.last_at.max(Some(now)) };
        before
    }

    fn leave(&mut self, failure: &Failure) {
        self.nonces.remove(&failure.spend.handshake.nonce);
        for key in failure.keys().into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(&key) {
                count.failures -= 1;
                if count.failures <= 0 {
                    self.counts.remove(&key);
                }
            }
        }
    }

    fn note(&mut self, written: Written) {
        if self.written.len() >= WRITTEN_MOST {
            self.written.pop_front();
        }
        self.written.push_back(written);
        self.total += 1;
    }
}

impl Failure {
    fn keys(&self) -> Keys {
        let Spend { window, failures_key, .. } = self.spend;
        [window.map(|window| window.key), Some(failures_key), self.together]
    }
}

impl Flight {
    /// From here on it has failed unless it lands.
    pub(super) const fn begin_look(&mut self) {
        self.looked = true;
    }

    /// It is written, with whatever it opened.
    pub(super) fn land(&mut self) {
        if let Some(seat) = self.seat.take() {
            seat.settle(Keys::default());
        }
    }

    /// Writes that it failed, if it has not landed.
    ///
    /// # Errors
    /// Any failure of the database. Nothing may be told of the proof then.
    pub(super) async fn fail(&mut self) -> Result<(), Internal> {
        let Some(seat) = self.seat.take() else { return Ok(()) };
        // In a task of its own: whoever asked may go away.
        Ok(tokio::spawn(seat.write()).await.map_err(|_| Internal::Lost)??)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        match self.seat.take() {
            Some(seat) if self.looked => seat.write_soon(),
            Some(seat) => seat.leave(),
            None => {}
        }
    }
}

impl Seat {
    /// It was not looked at.
    fn leave(self) {
        self.all.lock().leave(&self.failure);
    }

    /// It is written, and counted under these keys.
    fn settle(self, keys: Keys) {
        let mut table = self.all.lock();
        table.leave(&self.failure);
        table.note(Written { nonce: self.failure.spend.handshake.nonce, keys });
        // What could not be written before may be now.
        let owed = std::mem::take(&mut table.owed);
        drop(table);
        if let (false, Ok(runtime)) = (owed.is_empty(), Handle::try_current()) {
            runtime.spawn(async move {
                for (seat, _) in owed {
                    // Where it fails again it is owed again.
                    drop(Box::pin(seat.write()).await);
                }
            });
        }
    }

    async fn write(self) -> Result<(), StoreError> {
        match self.failure.write(&self.store).await {
            Ok(()) => {
                let keys = self.failure.keys();
                self.settle(keys);
                Ok(())
            }
            Err(error) => {
                let all = Arc::clone(&self.all);
                all.lock().owed.push((self, error.clone()));
                Err(error)
            }
        }
    }

    fn write_soon(self) {
        // Without a runtime the process ends, and with it the key that the handshake was sealed with.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.write());
        }
    }
}

impl Failure {
    async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let Spend { now, kept_for_each, .. } = self.spend;
        let (mut tx, spent) = logins::spend(store, self.spend).await?;
        if !spent.first {
            // It was written, with what the proof opened; only nobody was there any more to say so.
            return Ok(());
        }
        if let Some(key) = &self.together {
            rows::add(&mut tx, key, now, kept_for_each).await?;
        }
        tx.commit().await
    }
}

impl Ahead {
    /// Failures in a row, if all that are under way fail.
    pub(super) fn after(&self, stood: ProofFailures) -> ProofFailures {
        ProofFailures {
            failures: stood.failures.saturating_add(self.failures.failures),
            last_at: stood.last_at.max(self.failures.last_at),
        }
    }

    /// The same of all known devices.
    pub(super) const fn after_together(&self, stood: ProofFailures) -> ProofFailures {
        ProofFailures { failures: stood.failures.saturating_add(self.together), ..stood }
    }
}

#[cfg(test)]
mod tests;
