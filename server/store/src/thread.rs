//! A thread that does whole units of work, with the writer's turn.
//!
//! sqlx sends each statement to a thread of its connection and its answer back, which costs more than most statements. What
//! every login writes is sent whole: a function that runs on this thread, on a connection of `rusqlite`. All that wait go into
//! one transaction, a savepoint each, and everybody is answered when it is on the disk: nobody else can have seen it before.
//!
//! Who writes through sqlx and who writes here take turns (`batch.rs`): SQLite has one writer.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags, Params};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::batch::{Batches, TURN, busy, over};
use crate::condition::Condition;
use crate::connect::BUSY_TIMEOUT;
use crate::error::{StoreError, StoreErrorKind};
use crate::in_place::{Columns, Read};
use crate::statements::is_in_order;
use crate::tray::Tray;
use crate::tx::PATIENCE;

/// How many share a commit: whoever waits for the writer's turn meanwhile is not to wait long.
const MOST: usize = 256;
/// How many statements are kept prepared: more than there are.
const PREPARED: usize = 32;

/// The thread, and what it is asked.
pub(crate) struct WriterThread {
    desk: Arc<Desk>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread shares with those who ask.
struct Desk {
    path: PathBuf,
    condition: Arc<Condition>,
    batches: Arc<Batches>,
    runtime: Handle,
    tray: Mutex<Asks>,
    called: Condvar,
}

#[derive(Default)]
struct Asks {
    tray: Tray<Box<dyn Job>>,
    closed: bool,
}

/// A unit of work and whoever waits for it.
trait Job: Send {
    /// Whether somebody still waits.
    fn is_wanted(&self) -> bool;
    /// Does it, and keeps what comes of it.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;
    /// Answers what came of it, or why all that shared the transaction was lost.
    fn tell(self: Box<Self>, ended: &Result<(), StoreError>);
}

struct Asked<T, W> {
    work: Option<W>,
    outcome: Option<Result<T, StoreError>>,
    told: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Job for Asked<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.told.is_closed()
    }

    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        // Whoever breaks off takes nobody with them: all that comes after is done by this thread, too.
        let work = AssertUnwindSafe(|| self.work.take().ok_or_else(over).and_then(|work| work(connection)));
        let outcome = std::panic::catch_unwind(work).unwrap_or_else(|_| Err(over()));
        let ran = outcome.as_ref().map(drop).map_err(Clone::clone);
        self.outcome = Some(outcome);
        ran
    }

    fn tell(self: Box<Self>, ended: &Result<(), StoreError>) {
        let outcome = match ended {
            Ok(()) => self.outcome.unwrap_or_else(|| Err(over())),
            Err(error) => Err(error.clone()),
        };
        // Whoever has gone does not want to know.
        drop(self.told.send(outcome));
    }
}

impl WriterThread {
    /// # Errors
    /// [`StoreErrorKind::Unavailable`] where the system has no room for another thread.
    pub(crate) fn start(
        path: PathBuf,
        condition: Arc<Condition>,
        batches: Arc<Batches>,
    ) -> Result<Arc<Self>, StoreError> {
        let (runtime, tray, called) = (Handle::current(), Mutex::default(), Condvar::new());
        let desk = Arc::new(Desk { path, condition, batches, runtime, tray, called });
        let works = Arc::clone(&desk);
        let thread = std::thread::Builder::new().name("sqlite-units".to_owned()).spawn(move || works.work());
        let thread = thread.map_err(|error| {
            StoreError::new(StoreErrorKind::Unavailable, format!("no thread for the database: {error}"))
        })?;
        Ok(Arc::new(Self { desk, thread: Mutex::new(Some(thread)) }))
    }

    /// Does a unit of work, and answers when it is on the disk. Where the work fails, nothing of it is there.
    ///
    /// The work holds the only write lock, and keeps everybody waiting: it is a few statements, and waits for nothing else.
    /// It may see what is not committed yet; its answer is told only when that is.
    ///
    /// # Errors
    /// Those of the work; [`StoreErrorKind::Busy`] when other writers keep the lock; any failure to make it durable. Then
    /// nothing was written, unless the database did not answer in time or its file was taken away at this very moment: nobody
    /// can know then.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (told, mut outcome) = oneshot::channel();
        let number = self.desk.ask(Box::new(Asked { work: Some(work), outcome: None, told }))?;
        if let Ok(answer) = tokio::time::timeout(TURN, &mut outcome).await {
            return answer.unwrap_or_else(|_| Err(closed()));
        }
        if self.desk.withdraw(number) {
            return Err(busy());
        }
        if let Ok(answer) = tokio::time::timeout(PATIENCE, outcome).await {
            return answer.unwrap_or_else(|_| Err(closed()));
        }
        let error = StoreError::new(StoreErrorKind::Unavailable, "the database did not answer in time");
        self.desk.condition.note(&error, true);
        Err(error)
    }

    /// Ends after what is under way, and closes the connection; what waits is not done any more.
    pub(crate) async fn close(&self) {
        self.desk.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // What became of it there is no more to be done about.
            drop(tokio::task::spawn_blocking(|| thread.join()).await);
        }
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        self.desk.close();
    }
}

impl Desk {
    fn ask(&self, job: Box<dyn Job>) -> Result<u64, StoreError> {
        let mut asks = self.asks();
        if asks.closed {
            return Err(closed());
        }
        let number = asks.tray.put(job);
        drop(asks);
        self.called.notify_one();
        Ok(number)
    }

    /// Takes back what was not begun; `false` if it was.
    fn withdraw(&self, number: u64) -> bool {
        // Dropped after the tray is free again.
        let taken = self.asks().tray.withdraw(number);
        taken.is_some()
    }

    fn close(&self) {
        let mut asks = self.asks();
        asks.closed = true;
        let left = std::mem::take(&mut asks.tray);
        drop(asks);
        self.called.notify_one();
        drop(left);
    }

    fn asks(&self) -> MutexGuard<'_, Asks> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread.
    fn work(&self) {
        let _closed = ClosedAtTheEnd(self);
        let mut kept = None;
        while self.is_asked() {
            let turn = self.runtime.block_on(self.batches.turn());
            self.batch(&mut kept);
            drop(turn);
        }
    }

    /// Waits until something is asked; `false` at the end.
    fn is_asked(&self) -> bool {
        let idle = |asks: &mut Asks| asks.tray.is_empty() && !asks.closed;
        let asks = self.called.wait_while(self.asks(), idle).unwrap_or_else(PoisonError::into_inner);
        !asks.closed
    }

    /// The next that somebody still waits for.
    fn next(&self) -> Option<Box<dyn Job>> {
        // What nobody waits for is dropped when the tray is free again: it may hold the last of what closes it.
        std::iter::from_fn(|| self.asks().tray.take()).find(|job| job.is_wanted())
    }

    /// Does all that wait, in one transaction.
    fn batch(&self, kept: &mut Option<Connection>) {
        let Some(first) = self.next() else { return };
        let mut jobs = vec![first];
        let ended = self.transaction(kept, &mut jobs);
        if let Err(error) = &ended {
            self.condition.note(error, true);
            // SQLite undoes what was not committed when a connection is closed.
            let whole = error.kind() != StoreErrorKind::Unavailable;
            *kept = kept.take().filter(|c| whole && (c.is_autocommit() || c.execute_batch("ROLLBACK").is_ok()));
        }
        for job in jobs {
            job.tell(&ended);
        }
    }

    fn transaction(&self, kept: &mut Option<Connection>, jobs: &mut Vec<Box<dyn Job>>) -> Result<(), StoreError> {
        let begun = self.begin(kept);
        if begun.is_err() {
            // The next would only wait as long once more.
            jobs.extend(std::iter::from_fn(|| self.next()));
        }
        let connection = begun?;
        let mut done = 0;
        while let Some(job) = jobs.get_mut(done) {
            // To begin may have taken long.
            if job.is_wanted() {
                unit(connection, job.as_mut())?;
            }
            done += 1;
            if done < MOST {
                jobs.extend(self.next());
            }
        }
        execute(connection, "COMMIT", [])?;
        // What went into a file that was taken away meanwhile must not be acknowledged.
        self.condition.check_file()
    }

    fn begin<'c>(&self, kept: &'c mut Option<Connection>) -> Result<&'c Connection, StoreError> {
        // Whoever waited long for their turn looks again: what is written into a file that was moved is there when it comes back.
        self.condition.check_file()?;
        let connection = match kept.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let connection = kept.insert(connection);
        execute(connection, "BEGIN IMMEDIATE", [])?;
        Ok(connection)
    }

    /// As sqlx's are: see `connect.rs`.
    fn connect(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        // What is there now may be another file than the one whose name was looked at. Nothing before this may read the schema:
        // that opens the log by name, and resets what another file has there.
        self.condition.check_file()?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        for (name, value) in
            [("foreign_keys", "ON"), ("synchronous", "FULL"), ("secure_delete", "ON"), ("temp_store", "MEMORY")]
        {
            connection.pragma_update(None, name, value)?;
        }
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(connection)
    }
}

/// However the thread ends, nobody waits for it any more.
struct ClosedAtTheEnd<'a>(&'a Desk);

impl Drop for ClosedAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Does one, and undoes it alone where it failed by itself.
///
/// # Errors
/// Where the transaction is of no more use.
fn unit(connection: &Connection, job: &mut dyn Job) -> Result<(), StoreError> {
    execute(connection, "SAVEPOINT unit", [])?;
    if let Err(error) = job.run(connection) {
        // After some failures SQLite has undone all of it.
        if error.is_the_database() || connection.is_autocommit() {
            return Err(error);
        }
        execute(connection, "ROLLBACK TO unit", [])?;
    }
    execute(connection, "RELEASE unit", []).map(drop)
}

/// Runs a statement whose `$1`, `$2` and so on are named in their order: here they are told by their places. Answers how many
/// rows it touched.
///
/// # Errors
/// As sqlx's would be.
pub(crate) fn execute(connection: &Connection, sql: &'static str, values: impl Params) -> Result<usize, StoreError> {
    debug_assert!(is_in_order(sql), "{sql}");
    Ok(connection.prepare_cached(sql)?.execute(values)?)
}

/// The same for a statement that answers one row.
///
/// # Errors
/// As sqlx's would be, and where there is no row.
pub(crate) fn query_one<T>(
    connection: &Connection,
    sql: &'static str,
    values: impl Params,
    read: Read<T>,
) -> Result<T, rusqlite::Error> {
    debug_assert!(is_in_order(sql), "{sql}");
    connection.prepare_cached(sql)?.query_row(values, |row| read(&mut Columns::of(row)))
}

fn closed() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the database was closed")
}

#[cfg(test)]
mod tests;
