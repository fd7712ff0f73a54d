//! Where logins wait on PostgreSQL while others are opened.
//!
//! Nobody waits for others to come: what finds none under way begins at once, alone. Nor is what takes long waited for.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use super::together::{Ends, Failed, together};
use super::{LockedLogin, OpenedLogin, alone};
use crate::backend::Store;
use crate::batch::{TURN, busy, over};
use crate::error::StoreError;
use crate::ids::AccountId;
use crate::sessions::SessionRecord;
use crate::tray::Tray;

/// How many are opened together: whoever comes meanwhile is not to wait long.
const MOST: usize = 64;
/// How long those under way are waited for: longer than for one lock (`BEGIN_IN_A_HURRY`), which the next would want as well.
const WAIT: Duration = Duration::from_secs(3);

/// Those that wait.
pub(crate) struct Logins {
    state: Mutex<State>,
    /// How many may go alone at once: some connections are to be left for others.
    alone: Semaphore,
}

#[derive(Default)]
struct State {
    tray: Tray<Box<dyn Login>>,
    is_under_way: bool,
}

impl Logins {
    pub(crate) fn new(connections: u32) -> Arc<Self> {
        let alone = usize::try_from(connections / 2).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self { state: Mutex::default(), alone: Semaphore::new(alone) })
    }

    /// Has one opened; answers its number.
    fn ask(self: &Arc<Self>, store: &Store, login: Box<dyn Login>) -> u64 {
        let mut state = self.lock();
        let number = state.tray.put(login);
        let is_under_way = std::mem::replace(&mut state.is_under_way, true);
        drop(state);
        if !is_under_way {
            tokio::spawn(Arc::clone(self).work(store.clone()));
        }
        number
    }

    /// Takes back what was not begun; `false` if it was.
    fn withdraw(&self, number: u64) -> bool {
        // Dropped after the lock is free again.
        let taken = self.lock().tray.withdraw(number);
        taken.is_some()
    }

    async fn work(self: Arc<Self>, store: Store) {
        while let Some(all) = self.next() {
            // In a task of its own: what breaks off, or does not come to an end, takes nobody with it who comes later.
            let opening = tokio::spawn(Arc::clone(&self).open_all(store.clone(), all));
            drop(tokio::time::timeout(WAIT, opening).await);
        }
    }

    /// The next that are to be opened together; where nothing waits none is under way any more.
    fn next(&self) -> Option<Vec<Box<dyn Login>>> {
        let mut state = self.lock();
        let all: Vec<_> = std::iter::from_fn(|| state.tray.take()).take(MOST).collect();
        state.is_under_way = !all.is_empty();
        drop(state);
        (!all.is_empty()).then_some(all)
    }

    async fn open_all(self: Arc<Self>, store: Store, mut all: Vec<Box<dyn Login>>) {
        all.retain(|login| login.is_wanted());
        if all.is_empty() {
            return;
        }
        let mut ended = together(&store, &mut all, Ends::Waited).await;
        if all.len() > 1 && ended.as_ref().is_err_and(Failed::is_of_a_lock) {
            // Somebody keeps the end of a chain: that is not to hold up logins of all the others.
            ended = together(&store, &mut all, Ends::Free).await;
        }
        for login in all {
            match &ended {
                Ok(()) if login.is_decided() => login.tell(Ok(())),
                Err(Failed { error, is_everybodys: true }) => login.tell(Err(error.clone())),
                // Not waited for here: somebody may have its account for long.
                _ => drop(tokio::spawn(Arc::clone(&self).open_alone(store.clone(), login))),
            }
        }
    }

    async fn open_alone(self: Arc<Self>, store: Store, mut login: Box<dyn Login>) {
        let ended = match tokio::time::timeout(TURN, self.alone.acquire()).await {
            Ok(Ok(_permit)) if login.is_wanted() => alone::open(&store, login.as_mut()).await,
            _ => Err(busy()),
        };
        login.tell(ended);
    }

    /// Lets those that come wait for [`Logins::resume`].
    #[cfg(test)]
    fn hold_up(&self) {
        self.lock().is_under_way = true;
    }

    #[cfg(test)]
    fn resume(self: &Arc<Self>, store: &Store) {
        tokio::spawn(Arc::clone(self).work(store.clone()));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A login that waits for its session.
pub(super) trait Login: Send {
    fn account(&self) -> AccountId;
    fn chain(&self) -> i64;
    fn is_wanted(&self) -> bool;
    /// Whether it was told of its account.
    fn is_decided(&self) -> bool;
    /// What is to be written for it, once that is decided.
    fn opened(&self) -> Option<&OpenedLogin>;
    fn decide(&mut self, locked: Option<LockedLogin>);
    /// Forgets what was decided in a transaction that came to nothing.
    fn reconsider(&mut self);
    /// Answers what came of it, or why it could not be done.
    fn tell(self: Box<Self>, ended: Result<(), StoreError>);
}

type Outcome<T, E> = Result<(SessionRecord, T), E>;
type Decided<T, E> = Result<(OpenedLogin, T), E>;

struct Asked<T, E, D> {
    account: AccountId,
    chain: i64,
    decide: D,
    /// An error where deciding broke off.
    decided: Option<Result<Decided<T, E>, StoreError>>,
    told: oneshot::Sender<Result<Outcome<T, E>, StoreError>>,
}

impl<T, E, D> Login for Asked<T, E, D>
where
    T: Send,
    E: Send,
    D: Fn(Option<LockedLogin>) -> Decided<T, E> + Send,
{
    fn account(&self) -> AccountId {
        self.account
    }

    fn chain(&self) -> i64 {
        self.chain
    }

    fn is_wanted(&self) -> bool {
        !self.told.is_closed()
    }

    fn is_decided(&self) -> bool {
        self.decided.is_some()
    }

    fn opened(&self) -> Option<&OpenedLogin> {
        match &self.decided {
            Some(Ok(Ok((opened, _)))) => Some(opened),
            _ => None,
        }
    }

    fn decide(&mut self, locked: Option<LockedLogin>) {
        // Whoever breaks off takes nobody with them.
        let decided = std::panic::catch_unwind(AssertUnwindSafe(|| (self.decide)(locked)));
        self.decided = Some(decided.map_err(|_| over()));
    }

    fn reconsider(&mut self) {
        self.decided = None;
    }

    fn tell(self: Box<Self>, ended: Result<(), StoreError>) {
        let Self { decided, told, .. } = *self;
        let decided = ended.and_then(|()| decided.unwrap_or_else(|| Err(over())));
        let outcome = decided.map(|decided| decided.map(|(opened, more)| (opened.session, more)));
        // Whoever has gone does not want to know.
        drop(told.send(outcome));
    }
}

/// See [`open`](super::open).
pub(super) async fn open<T: Send + 'static, E: Send + 'static>(
    store: &Store,
    account: AccountId,
    chain: i64,
    decide: impl Fn(Option<LockedLogin>) -> Decided<T, E> + Send + 'static,
) -> Result<Outcome<T, E>, StoreError> {
    let logins = store.logins()?;
    let (told, mut outcome) = oneshot::channel();
    let number = logins.ask(store, Box::new(Asked { account, chain, decide, decided: None, told }));
    if let Ok(answer) = tokio::time::timeout(TURN, &mut outcome).await {
        return answer.unwrap_or_else(|_| Err(over()));
    }
    if logins.withdraw(number) {
        return Err(busy());
    }
    outcome.await.unwrap_or_else(|_| Err(over()))
}

#[cfg(test)]
mod tests;
