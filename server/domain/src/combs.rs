//! Powers of verifiers that were used lately, so that the next login of the same account costs less.
//!
//! They are as secret as the verifiers: in memory only, in no log, wiped when they go. One gets here after a proof that
//! was accepted and leaves the credential as it is; it goes when the credential does, when it was not used for an hour,
//! or when others need the room.
//! That an account is here can be noticed by those only who know its password: a refused proof takes as long as without.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tacit_shared::srp::engine::Comb;
use tacit_store::Timestamp;
use uuid::Uuid;

/// How long one stays that nobody uses. Other nodes are not told of a change; this is how long they keep what is of no
/// use any more.
const KEPT_UNUSED: Duration = Duration::from_hours(1);

/// A credential in the state that its powers were made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Credential {
    pub(crate) account: Uuid,
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    /// Drawn with the verifier: a database that was restored may come to the same version with another password.
    pub(crate) salt: [u8; 32],
}

/// How often something was forgotten when a comb was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forgotten(u64);

/// A bounded number of combs, those used last.
pub(crate) struct Combs {
    kept: Mutex<Kept>,
    most: usize,
}

#[derive(Default)]
struct Kept {
    by_account: HashMap<Uuid, Entry>,
    /// Accounts in the order of their last use.
    by_turn: BTreeMap<u64, Uuid>,
    next_turn: u64,
    forgotten: u64,
}

struct Entry {
    credential: Credential,
    comb: Arc<Comb>,
    used_at: Timestamp,
    turn: u64,
}

impl Combs {
    /// Room for so many accounts; for none, nothing is kept.
    pub(crate) fn new(most: usize) -> Self {
        Self { kept: Mutex::default(), most }
    }

    /// Whether anything is kept at all.
    pub(crate) const fn is_on(&self) -> bool {
        self.most > 0
    }

    /// The comb of exactly this credential, unless nobody used it for long: it may not have been thrown away yet.
    pub(crate) fn find(&self, credential: Credential, now: Timestamp) -> Option<Arc<Comb>> {
        let mut kept = self.lock();
        let entry = kept.by_account.get(&credential.account)?;
        if entry.credential == credential && !entry.is_unused(now) {
            return Some(Arc::clone(&entry.comb));
        }
        kept.remove(credential.account);
        None
    }

    /// Notes that the password was proved again; whoever only fails makes nothing stay longer.
    pub(crate) fn note_use(&self, credential: Credential, now: Timestamp) {
        let mut kept = self.lock();
        if kept.by_account.get(&credential.account).is_some_and(|entry| entry.credential == credential)
            && let Some(entry) = kept.remove(credential.account)
        {
            kept.insert(entry.credential, entry.comb, now);
        }
    }

    /// To be asked before a comb is, and shown when it is there.
    pub(crate) fn forgotten(&self) -> Forgotten {
        Forgotten(self.lock().forgotten)
    }

    /// Keeps the comb of a credential whose password was just proved.
    ///
    /// Not if an account was forgotten since it was asked for: it may be this one, and the next login makes another. Not
    /// over one of a newer state either.
    pub(crate) fn keep(&self, credential: Credential, comb: Comb, asked: Forgotten, now: Timestamp) {
        let mut kept = self.lock();
        let newer =
            |entry: &Entry| entry.credential.id == credential.id && entry.credential.version > credential.version;
        if asked != Forgotten(kept.forgotten) || kept.by_account.get(&credential.account).is_some_and(newer) {
            return;
        }
        kept.remove(credential.account);
        while kept.by_account.len() >= self.most {
            if !kept.remove_oldest() {
                return;
            }
        }
        kept.insert(credential, Arc::new(comb), now);
    }

    /// Throws away what is kept of an account: its credential is another now, or gone.
    pub(crate) fn forget(&self, account: Uuid) {
        let mut kept = self.lock();
        kept.forgotten += 1;
        kept.remove(account);
    }

    /// Throws away what was not used for long.
    pub(crate) fn forget_unused(&self, now: Timestamp) {
        let mut kept = self.lock();
        // Turns say nothing of times: a clock may have been set back.
        let Kept { by_account, by_turn, .. } = &mut *kept;
        by_account.retain(|_, entry| !entry.is_unused(now));
        by_turn.retain(|_, account| by_account.contains_key(account));
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().by_account.len()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn insert(&mut self, credential: Credential, comb: Arc<Comb>, used_at: Timestamp) {
        let turn = self.next_turn;
        self.next_turn += 1;
        self.by_turn.insert(turn, credential.account);
        self.by_account.insert(credential.account, Entry { credential, comb, used_at, turn });
    }

    fn remove(&mut self, account: Uuid) -> Option<Entry> {
        let entry = self.by_account.remove(&account)?;
        self.by_turn.remove(&entry.turn);
        Some(entry)
    }

    fn remove_oldest(&mut self) -> bool {
        self.by_turn.pop_first().is_some_and(|(_, account)| self.by_account.remove(&account).is_some())
    }
}

impl Entry {
    /// An hour ahead is as good as an hour ago: the clock was set back, and nobody knows for how long it was not used.
    fn is_unused(&self, now: Timestamp) -> bool {
        self.used_at < now - KEPT_UNUSED || self.used_at > now + KEPT_UNUSED
    }
}

#[cfg(test)]
mod tests;
