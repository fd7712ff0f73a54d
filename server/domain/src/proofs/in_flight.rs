//! Attempts under way on a node that has the database to itself.
//!
//! A handshake is good for one look, and an attempt counts before anything is told of it. Nodes that share a database
//! write both down first, for the others to see, and take the count back after a proof that was right. A node that is
//! alone keeps both in memory while it looks, and writes once: with what a right proof opens, else that it failed.
//!
//! What is told rests on what is written in either case. Whoever breaks off has failed, and what cannot be written
//! stays counted here until it can.
//!
//! From its commit until this table hears of it a failure counts twice, in the database and here. So whoever would be refused
//! while failures under the same keys are being written waits and asks again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tacit_store::logins::{self, Spend, SpentHandshake};
use tacit_store::proof_failures::ProofFailures;
use tacit_store::{Store, StoreError, Timestamp, spent_handshakes};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::fault::Internal;

/// How many may stay unwritten before no more proofs are looked at.
const OWED_MOST: usize = 1024;
/// How long until what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How many that were written are remembered for those that asked the database before.
const WRITTEN_MOST: usize = 1024;

/// All that are under way.
pub(crate) struct InFlight {
    store: Store,
    table: Mutex<Table>,
    /// How many writings have ended, well or not.
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct Table {
    nonces: HashSet<[u8; 16]>,
    counts: HashMap<Key, Count>,
    /// The last that were written.
    written: VecDeque<Written>,
    /// How many were written altogether.
    total: u64,
    /// Those that could not be written.
    owed: VecDeque<Owed>,
    /// Whether a task tries to write them, again and again.
    is_paying: bool,
}

/// What somebody who asked the database before that was written there has missed.
struct Written {
    nonce: [u8; 16],
    /// Where it counted as failed; nowhere, if it did not.
    keys: Keys,
}

/// How many are under way under one key.
#[derive(Clone, Copy, Default)]
struct Count {
    failures: ProofFailures,
    /// How many of them are being written: the database may show them already.
    writing: i64,
}

struct Owed {
    failure: Failure,
    /// Why it could not be written.
    why: StoreError,
    /// Whether a right proof for the same address came after it: then only the handshake is spent.
    forgiven: bool,
}

/// What is counted: a client in one window, or what has no window.
type Key = ([u8; 32], Option<Timestamp>);

/// What an attempt may be counted under: its client, its address or device, and all devices of the account.
type Keys = [Option<Key>; 3];

/// When the database was asked, as far as what is written here goes.
#[derive(Clone, Copy)]
pub(super) struct Moment(u64);

/// Whether an attempt may be looked at.
pub(super) enum Entered<E> {
    /// It may; these were under way before it.
    Flight(Flight, Counts),
    /// Another is looked at for the same handshake.
    Spent,
    /// What the database said is out of date; it is to be asked again.
    Stale,
    /// Too many are under way.
    Refused(E),
    /// Too many, if the database has not shown those that are being written; it is to be asked again after
    /// [`InFlight::written_since`].
    Unsure(Writings),
}

/// How many writings had ended.
#[derive(Clone, Copy)]
pub(super) struct Writings(u64);

/// What is under way under the keys of an attempt.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Counts {
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

/// An attempt among those under way. Dropped after the look has begun, without [`Flight::land`], it has failed.
pub(super) struct Flight {
    all: Arc<InFlight>,
    /// Until it has landed or failed.
    failure: Option<Box<Failure>>,
    looked: bool,
}

impl InFlight {
    pub(crate) fn new(store: Store) -> Arc<Self> {
        Arc::new(Self { store, table: Mutex::default(), ended: watch::Sender::default() })
    }

    /// To be asked before the database is.
    pub(super) fn moment(&self) -> Moment {
        Moment(self.lock().total)
    }

    /// Counts an attempt that passed what the database had said since `asked`, unless `judge` refuses it for what is under way.
    ///
    /// # Errors
    /// Why attempts could not be written, when there are too many of them.
    pub(super) fn enter<E>(
        self: &Arc<Self>,
        failure: Failure,
        Moment(asked): Moment,
        judge: impl FnOnce(&Counts) -> Result<(), E>,
    ) -> Result<Entered<E>, StoreError> {
        let Spend { handshake, now, .. } = failure.spend;
        let keys = failure.keys();
        let mut table = self.lock();
        if table.owed.len() >= OWED_MOST
            && let Some(Owed { why, .. }) = table.owed.front()
        {
            return Err(why.clone());
        }
        if table.has_written_since(asked, &handshake.nonce, &keys) {
            return Ok(Entered::Stale);
        }
        if table.nonces.contains(&handshake.nonce) {
            return Ok(Entered::Spent);
        }
        let counts = keys.map(|key| key.and_then(|key| table.counts.get(&key).copied()).unwrap_or_default());
        let ahead = Counts::of(counts.map(|count| count.failures));
        if let Err(refused) = judge(&ahead) {
            let is_unsure = counts.iter().any(|count| count.writing > 0);
            let ended = Writings(*self.ended.borrow());
            return Ok(if is_unsure { Entered::Unsure(ended) } else { Entered::Refused(refused) });
        }
        table.count(handshake.nonce, keys, now);
        drop(table);
        let flight = Flight { all: Arc::clone(self), failure: Some(Box::new(failure)), looked: false };
        Ok(Entered::Flight(flight, ahead))
    }

    /// Waits until another writing has ended, well or not.
    pub(super) async fn written_since(&self, Writings(before): Writings) {
        // It fails only without the sender, which is here.
        drop(self.ended.subscribe().wait_for(|ended| *ended != before).await);
    }

    /// Writes that an attempt failed.
    async fn write(self: Arc<Self>, failure: Failure) -> Result<(), StoreError> {
        self.lock().mark_writing(&failure, 1);
        let written = failure.write(&self.store).await;
        let mut table = self.lock();
        self.end_writing(&mut table, &failure);
        match &written {
            Ok(()) => table.settle(&failure, failure.keys()),
            Err(why) => {
                table.owed.push_back(Owed { failure, why: why.clone(), forgiven: false });
                if !std::mem::replace(&mut table.is_paying, true) {
                    tokio::spawn(Arc::clone(&self).pay());
                }
            }
        }
        drop(table);
        written
    }

    fn end_writing(&self, table: &mut Table, failure: &Failure) {
        table.mark_writing(failure, -1);
        self.ended.send_modify(|ended| *ended += 1);
    }

    /// Writes what is owed as soon as it can be.
    async fn pay(self: Arc<Self>) {
        loop {
            tokio::time::sleep(AGAIN).await;
            loop {
                let Some((failure, forgiven)) = self.lock().next_owed() else { return };
                let keys = if forgiven { Keys::default() } else { failure.keys() };
                let written =
                    if forgiven { failure.spend_only(&self.store).await } else { failure.write(&self.store).await };
                let mut table = self.lock();
                self.end_writing(&mut table, &failure);
                if written.is_err() {
                    // Perhaps it is only this one.
                    table.owed.rotate_left(1);
                    break;
                }
                table.owed.pop_front();
                table.settle(&failure, keys);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Counts one more.
    fn count(&mut self, nonce: [u8; 16], keys: Keys, now: Timestamp) {
        self.nonces.insert(nonce);
        for key in keys.into_iter().flatten() {
            let Count { failures, .. } = self.counts.entry(key).or_default();
            *failures = ProofFailures { failures: failures.failures.saturating_add(1), last_at: Some(now) };
        }
    }

    /// One more is being written, or one less.
    fn mark_writing(&mut self, failure: &Failure, change: i64) {
        for key in failure.keys().into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(&key) {
                count.writing += change;
            }
        }
    }

    /// It is no longer counted here.
    fn leave(&mut self, failure: &Failure) {
        self.nonces.remove(&failure.spend.handshake.nonce);
        for key in failure.keys().into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(&key) {
                count.failures.failures -= 1;
                if count.failures.failures <= 0 {
                    self.counts.remove(&key);
                }
            }
        }
    }

    /// What is written next, and whether it is forgiven; where there is nothing the trying is over.
    fn next_owed(&mut self) -> Option<(Failure, bool)> {
        let next = self.owed.front().map(|owed| (owed.failure, owed.forgiven));
        self.is_paying = next.is_some();
        if let Some((failure, _)) = &next {
            self.mark_writing(failure, 1);
        }
        next
    }

    /// A right proof begins the count of failures anew, of those too that are not written yet.
    fn forgive(&mut self, failures_key: [u8; 32]) {
        for owed in self.owed.iter_mut().filter(|owed| owed.failure.spend.failures_key == failures_key) {
            owed.forgiven = true;
        }
    }

    /// It is written, and counted under these keys.
    fn settle(&mut self, failure: &Failure, keys: Keys) {
        self.leave(failure);
        if self.written.len() >= WRITTEN_MOST {
            self.written.pop_front();
        }
        self.written.push_back(Written { nonce: failure.spend.handshake.nonce, keys });
        self.total += 1;
    }
}

impl Flight {
    /// From here on it has failed unless it lands.
    pub(super) const fn begin_look(&mut self) {
        self.looked = true;
    }

    /// It is written, with whatever it opened.
    pub(super) fn land(&mut self) {
        if let Some(failure) = self.failure.take() {
            let mut table = self.all.lock();
            table.forgive(failure.spend.failures_key);
            table.settle(&failure, Keys::default());
        }
    }

    /// Writes that it failed, if it has not landed.
    ///
    /// # Errors
    /// Any failure of the database. Nothing may be told of the proof then.
    pub(super) async fn fail(&mut self) -> Result<(), Internal> {
        let Some(failure) = self.failure.take() else { return Ok(()) };
        // In a task of its own: whoever asked may go away.
        let written = tokio::spawn(Arc::clone(&self.all).write(*failure)).await;
        Ok(written.map_err(|_| Internal::Lost)??)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        match (self.failure.take(), Handle::try_current()) {
            (Some(failure), Ok(runtime)) if self.looked => {
                runtime.spawn(Arc::clone(&self.all).write(*failure));
            }
            // Without a runtime the process ends, and with it the key that the handshake was sealed with.
            (Some(failure), _) => self.all.lock().leave(&failure),
            (None, _) => {}
        }
    }
}

impl Failure {
    fn keys(&self) -> Keys {
        let Spend { window, failures_key, .. } = self.spend;
        [
            window.map(|window| (window.key, Some(window.start))),
            Some((failures_key, None)),
            self.together.map(|key| (key, None)),
        ]
    }

    async fn write(&self, store: &Store) -> Result<(), StoreError> {
        // Where it was spent it is written, with what the proof opened; only nobody was there any more to say so.
        logins::fail(store, self.spend, self.together).await.map(drop)
    }

    async fn spend_only(&self, store: &Store) -> Result<(), StoreError> {
        let SpentHandshake { nonce, keep_until } = self.spend.handshake;
        let mut tx = store.begin().await?;
        spent_handshakes::spend(&mut tx, &nonce, keep_until).await?;
        tx.commit().await
    }
}

impl Counts {
    const fn of([client, failures, together]: [ProofFailures; 3]) -> Self {
        Self { client: client.failures, failures, together: together.failures }
    }

    /// Failures in a row, if all that are under way fail.
    pub(super) fn after(&self, stood: ProofFailures) -> ProofFailures {
        ProofFailures {
            failures: stood.failures.saturating_add(self.failures.failures),
            last_at: self.failures.last_at.or(stood.last_at),
        }
    }

    /// The same of all known devices.
    pub(super) const fn after_together(&self, stood: ProofFailures) -> ProofFailures {
        ProofFailures { failures: stood.failures.saturating_add(self.together), ..stood }
    }
}

#[cfg(test)]
mod tests;
