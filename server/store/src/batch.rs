//! Several units of work in one commit of SQLite's.
//!
//! SQLite has one writer, and a commit waits for the disk: one unit of work after the other, each with a commit of its
//! own, are as many a second as the disk can sync. So units that come while another works or commits join one
//! transaction. Each is behind a savepoint and can be undone alone; whoever commits waits until the transaction that
//! holds its unit is on the disk. Nothing is acknowledged before, and no reader sees anything before.
//!
//! Who goes on when: a lock that is handed on in the order in which it was asked for. The first unit that is done asks
//! for it again, in a task of its own, to end the transaction: units that had asked before that are in it, units that
//! ask later are in the next. A unit that is alone is committed at once. Whoever writes on a connection of their own
//! (`thread.rs`) asks for the same lock, and what is open then is committed first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::raw_sql;
use sqlx_sqlite::SqliteConnection;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};

use crate::condition::Condition;
use crate::error::{StoreError, StoreErrorKind};
use crate::pool::{Lent, Pool, discard};
use crate::tx::Patience;

/// How long to wait for the units before.
pub(crate) const TURN: Duration = Duration::from_secs(5);

const UNDO: &str = "ROLLBACK TO unit";

/// The writer of a SQLite file, and the units that share its commit.
pub(crate) struct Batches {
    writer: Pool<SqliteConnection>,
    turn: Arc<Mutex<Batch>>,
    condition: Arc<Condition>,
    /// Whether a unit is done whose commit is not.
    unsettled: AtomicBool,
    /// Told whenever a transaction has ended.
    ended: Notify,
    /// Transactions that somebody waited for and that were not committed.
    lost: AtomicU64,
}

/// A transaction and what is in it.
#[derive(Default)]
struct Batch {
    /// There while a transaction is open.
    connection: Option<Lent<SqliteConnection>>,
    /// Whether something was done behind the savepoint that is to stay.
    used: bool,
    /// Whether a unit is in the middle of it.
    under_way: bool,
    /// Those who wait for the commit.
    waiting: Vec<Waiting>,
    /// Whether a task is on its way to end it.
    ending: bool,
}

type Waiting = oneshot::Sender<Result<(), StoreError>>;

/// The writer's turn while no transaction is open.
pub(crate) struct Turn {
    _held: OwnedMutexGuard<Batch>,
}

/// A unit's turn. Dropped without [`Unit::commit`], what it wrote is undone.
pub(crate) struct Unit {
    batches: Arc<Batches>,
    batch: Option<OwnedMutexGuard<Batch>>,
    /// How the database failed it, if it did: SQLite may have undone all that was in the transaction by then.
    failed: Option<StoreError>,
}

impl Batches {
    pub(crate) fn new(writer: Pool<SqliteConnection>, condition: Arc<Condition>) -> Arc<Self> {
        let (turn, ended) = (Arc::default(), Notify::new());
        Arc::new(Self { writer, turn, condition, unsettled: AtomicBool::new(false), ended, lost: AtomicU64::new(0) })
    }

    /// Waits for its turn, and begins.
    pub(crate) async fn begin(self: &Arc<Self>) -> Result<Unit, StoreError> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turn).lock_owned()).await;
        let batch = turn.map_err(|_| busy())?;
        let unit = Unit { batches: Arc::clone(self), batch: Some(batch), failed: None };
        // In a task of its own: whoever asked may go away between two of its statements.
        let opened = tokio::spawn(unit.open()).await;
        opened.map_err(|_| StoreError::new(StoreErrorKind::Other, "a task ended early"))?
    }

    /// Waits for the turn, for whoever writes on a connection of their own. What units before have left open is committed first.
    pub(crate) async fn turn(self: &Arc<Self>) -> Turn {
        let mut batch = Arc::clone(&self.turn).lock_owned().await;
        self.finish(&mut batch).await;
        Turn { _held: batch }
    }

    /// How many commits failed so far: what was seen meanwhile may have been theirs.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Acquire)
    }

    /// Waits until all that was seen up to now is on the disk, and none of it was lost since `before`.
    ///
    /// Not in the writers' queue: what was seen was done, so its end is on its way, and of a writer that is kept waiting
    /// nothing was seen.
    pub(crate) async fn settled(&self, before: u64) -> Result<(), StoreError> {
        let ended = self.ended.notified();
        if self.unsettled.load(Ordering::Acquire) {
            ended.await;
        }
        if self.lost() == before { Ok(()) } else { Err(lost()) }
    }

    /// Ends the transaction when it is its turn, and tells those who wait.
    async fn end(self: Arc<Self>) {
        let mut batch = self.turn.lock().await;
        batch.ending = false;
        self.finish(&mut batch).await;
    }

    /// Commits a transaction that is open.
    async fn finish(&self, batch: &mut Batch) {
        if batch.under_way {
            // Whoever undoes it was not there any more: the runtime ends.
            return self.give_up(batch, &over()).await;
        }
        let Some(mut connection) = batch.connection.take() else { return };
        let waiting = std::mem::take(&mut batch.waiting);
        let how = if waiting.is_empty() { "ROLLBACK" } else { "COMMIT" };
        let ended = match run(&mut connection, how).await {
            // What went into a file that was taken away meanwhile must not be acknowledged. The connection stays with that file:
            // one to what is in its place would write there what others wait to write.
            Ok(()) => self.condition.check_file(),
            Err(error) => {
                self.condition.note(&error, true);
                take_back(connection, &error).await;
                Err(error)
            }
        };
        self.tell(waiting, &ended);
    }

    /// Takes back all that is in a batch: the connection, or the disk, cannot be relied upon.
    async fn give_up(&self, batch: &mut Batch, error: &StoreError) {
        (batch.used, batch.under_way) = (false, false);
        if let Some(connection) = batch.connection.take() {
            take_back(connection, error).await;
        }
        self.tell(std::mem::take(&mut batch.waiting), &Err(error.clone()));
    }

    fn tell(&self, waiting: Vec<Waiting>, ended: &Result<(), StoreError>) {
        if ended.is_err() && !waiting.is_empty() {
            self.lost.fetch_add(1, Ordering::Release);
        }
        self.unsettled.store(false, Ordering::Release);
        self.ended.notify_waiters();
        for one in waiting {
            // Whoever has gone does not want to know.
            drop(one.send(ended.clone()));
        }
    }
}

impl Batch {
    async fn connect(&mut self, batches: &Batches) -> Result<&mut SqliteConnection, StoreError> {
        let connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            // Whoever waited long for their turn looks again: a connection that is made now goes to whatever has the name.
            batches.condition.check_file()?;
            batches.writer.get().await?
        };
        Ok(self.connection.insert(connection))
    }
}

impl Unit {
    async fn open(mut self) -> Result<Self, StoreError> {
        let batches = Arc::clone(&self.batches);
        let Some(batch) = self.batch.as_deref_mut() else { return Err(over()) };
        let open = match batch.connection {
            None => "BEGIN IMMEDIATE; SAVEPOINT unit",
            Some(_) if batch.used => "RELEASE unit; SAVEPOINT unit",
            // What the unit before wrote was undone: its savepoint stands as it was.
            Some(_) => "",
        };
        batch.under_way = true;
        let opened = match batch.connect(&batches).await {
            Ok(connection) if !open.is_empty() => run(connection, open).await,
            connected => connected.map(drop),
        };
        batch.used = false;
        match opened {
            Ok(()) => Ok(self),
            // Who knows how far it came: whether there is a savepoint, and what the one before had written.
            Err(error) => {
                self.batches.condition.note(&error, true);
                self.batches.give_up(batch, &error).await;
                Err(error)
            }
        }
    }

    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let batch = self.batch.as_deref_mut().ok_or_else(over)?;
        batch.connection.as_deref_mut().ok_or_else(over)
    }

    /// Leaves what was written to the commit, and waits for that.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let mut batch = self.batch.take().ok_or_else(over)?;
        let (told, outcome) = oneshot::channel();
        (batch.used, batch.under_way) = (true, false);
        batch.waiting.push(told);
        self.batches.unsettled.store(true, Ordering::Release);
        Self::end_soon(&self.batches, &mut batch);
        drop(batch);
        outcome.await.unwrap_or_else(|_| Err(over()))
    }

    /// Remembers a failure of the database's own. There is nothing to be done in this unit any more.
    pub(crate) fn fail(&mut self, error: &StoreError) {
        self.failed.get_or_insert_with(|| error.clone());
    }

    fn end_soon(batches: &Arc<Batches>, batch: &mut Batch) {
        if !std::mem::replace(&mut batch.ending, true) {
            tokio::spawn(Arc::clone(batches).end());
        }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        // Without a runtime nobody is left who would commit it.
        let (Some(mut batch), Ok(runtime)) = (self.batch.take(), Handle::try_current()) else { return };
        let (batches, failed) = (Arc::clone(&self.batches), self.failed.take());
        runtime.spawn(async move {
            let undone = match (failed, batch.connection.as_deref_mut()) {
                (Some(error), _) => Err(error),
                (None, Some(connection)) => run(connection, UNDO).await,
                (None, None) => Ok(()),
            };
            match undone {
                Ok(()) => {
                    batch.under_way = false;
                    Self::end_soon(&batches, &mut batch);
                }
                Err(error) => batches.give_up(&mut batch, &error).await,
            }
        });
    }
}

/// Undoes all that was not committed; without a connection that works, SQLite does so when it is closed.
async fn take_back(mut connection: Lent<SqliteConnection>, error: &StoreError) {
    if error.kind() == StoreErrorKind::Unavailable || run(&mut connection, "ROLLBACK").await.is_err() {
        discard(connection);
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    Patience::usual().wait(raw_sql(sql).execute(connection)).await.map(drop)
}

pub(crate) fn busy() -> StoreError {
    StoreError::new(StoreErrorKind::Busy, "other writers kept the database too long")
}

fn lost() -> StoreError {
    StoreError::new(StoreErrorKind::Busy, "a commit failed that may have held what was seen")
}

pub(crate) fn over() -> StoreError {
    StoreError::new(StoreErrorKind::Other, "the unit of work has ended")
}

#[cfg(test)]
mod tests;
