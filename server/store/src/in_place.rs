//! Statements that read SQLite's file where they are asked.
//!
//! sqlx runs SQLite on a thread a connection: each statement is a message to it and one back, and two threads are woken for
//! what then takes some microseconds. The few statements that every login and every request of a session asks are not sent
//! there: they run on the thread that asks, on connections of `rusqlite`, the same SQLite underneath.
//!
//! Only what looks at a row or two by a key may be asked so: a thread that waits here serves nobody else. Whatever goes wrong
//! is left to the usual way, which asks once more and tells what it is.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::types::FromSql;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, ToSql, params_from_iter};

use crate::condition::Condition;
use crate::statements::is_in_order;

/// How long to wait for a lock. Readers of a write-ahead log wait for nobody, except while it is folded back or recovered.
const LOCK: Duration = Duration::from_millis(1);
/// A statement that takes longer waits for the disk.
const LONG: Duration = Duration::from_millis(50);
/// How long nothing is asked in place after that, or after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// How many statements a connection keeps prepared: all there are.
const PREPARED: usize = 8;

/// Connections that are not in use, to one file.
pub(crate) struct InPlace {
    path: PathBuf,
    condition: Arc<Condition>,
    idle: Mutex<Vec<Connection>>,
    closed: AtomicBool,
    /// How many may ask at once: one thread is left to serve everybody else should the disk not answer.
    most: usize,
    asking: AtomicUsize,
    begun: Instant,
    /// Until when nothing is asked in place, in milliseconds since the beginning.
    not_before: AtomicU64,
    #[cfg(test)]
    answered: AtomicU64,
}

/// What stands for `$1`, `$2` and so on.
pub(crate) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// How a row of a statement becomes a `T`.
pub(crate) type Read<T> = fn(&mut Columns<'_>) -> Result<T, rusqlite::Error>;

/// A row's columns, one after the other as the statement names them.
pub(crate) struct Columns<'a> {
    row: &'a Row<'a>,
    at: usize,
}

impl<'a> Columns<'a> {
    pub(crate) const fn of(row: &'a Row<'a>) -> Self {
        Self { row, at: 0 }
    }

    /// The next one's value.
    pub(crate) fn next<T: FromSql>(&mut self) -> Result<T, rusqlite::Error> {
        let value = self.row.get(self.at);
        self.at += 1;
        value
    }
}

impl InPlace {
    /// For a program with so many threads that serve requests.
    pub(crate) fn new(path: PathBuf, condition: Arc<Condition>, threads: usize) -> Arc<Self> {
        let (most, begun) = (threads.saturating_sub(1).max(1), Instant::now());
        let (idle, closed, asking, not_before) =
            (Mutex::default(), AtomicBool::new(false), AtomicUsize::new(0), AtomicU64::new(0));
        Arc::new(Self {
            path,
            condition,
            idle,
            closed,
            most,
            asking,
            begun,
            not_before,
            #[cfg(test)]
            answered: AtomicU64::new(0),
        })
    }

    /// The rows that a statement answers; `None` where it is to be asked in the usual way.
    pub(crate) fn rows<T>(&self, sql: &'static str, values: Values<'_>, read: Read<T>) -> Option<Vec<T>> {
        if self.millis() < self.not_before.load(Ordering::Relaxed) {
            return None;
        }
        debug_assert!(is_in_order(sql), "{sql}");
        let _asking = Asking::of(self)?;
        let asked = Instant::now();
        let connection = self.take()?;
        let answer = connection.prepare_cached(sql).and_then(|mut statement| {
            let rows = statement.query_map(params_from_iter(values), |row| read(&mut Columns::of(row)))?;
            rows.collect::<Result<Vec<_>, _>>()
        });
        let took = asked.elapsed();
        if took > LONG {
            self.pause();
            log::warn!(
                "a row or two were read in {} ms: the disk, or the machine, is slow; asked of other threads for now",
                took.as_millis()
            );
        }
        match answer {
            Ok(rows) => {
                self.put_back(connection);
                #[cfg(test)]
                self.answered.fetch_add(1, Ordering::Relaxed);
                Some(rows)
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                self.put_back(connection);
                None
            }
            Err(error) => {
                self.pause();
                log::warn!("a statement is asked once more of another thread, and others for now: {error}");
                None
            }
        }
    }

    /// Closes all connections, and those under way as they come back.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.idle().clear();
    }

    /// The one that came back last, whose pages are the freshest.
    fn take(&self) -> Option<Connection> {
        if self.closed.load(Ordering::SeqCst) {
            return None;
        }
        let idle = self.idle().pop();
        idle.or_else(|| {
            let made = self.connect();
            made.inspect_err(|error| {
                self.pause();
                log::warn!("the database cannot be read where it is asked, and is on other threads for now: {error}");
            })
            .ok()
        })
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle();
        if !self.closed.load(Ordering::SeqCst) {
            idle.push(connection);
        }
    }

    /// Leaves everything to the usual way for a moment.
    fn pause(&self) {
        let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        self.not_before.store(self.millis().saturating_add(pause), Ordering::Relaxed);
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn connect(&self) -> Result<Connection, Box<dyn std::error::Error>> {
        let connection = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        // What is there now may be another file than the one whose name was looked at. Nothing before this may read the schema:
        // that opens the log by name, and resets what another file has there.
        self.condition.check_file().map_err(|error| error.to_string())?;
        connection.busy_timeout(LOCK)?;
        connection.pragma_update(None, "query_only", "ON")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(connection)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that asks.
struct Asking<'a>(&'a InPlace);

impl<'a> Asking<'a> {
    fn of(all: &'a InPlace) -> Option<Self> {
        let asking = Self(all);
        (all.asking.fetch_add(1, Ordering::Relaxed) < all.most).then_some(asking)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.asking.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
