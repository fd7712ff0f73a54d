//! Statements that read SQLite's file where they are asked.
//!
//! sqlx runs SQLite on a thread a connection: each statement is a message to it and one back, and two threads are woken for
//! what then takes some microseconds. The few statements that every login and every request of a session asks are not sent
//! there: they run on the thread that asks, on connections of `rusqlite`, the same SQLite underneath.
//!
//! Only what looks at a row or two by a key may be asked so: a thread that waits here serves nobody else. Whatever goes wrong
//! is left to the usual way, which asks once more and tells what it is.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::FromSql;
use rusqlite::{Connection, OpenFlags, Row, ToSql, params_from_iter};

use crate::condition::Condition;

/// How long to wait for a lock. Readers of a write-ahead log wait for nobody, except while it is folded back or recovered.
const LOCK: Duration = Duration::from_millis(1);
/// How many statements a connection keeps prepared: all there are.
const PREPARED: usize = 8;

/// Connections that are not in use, to one file.
pub(crate) struct InPlace {
    path: PathBuf,
    condition: Arc<Condition>,
    idle: Mutex<Vec<Connection>>,
    closed: AtomicBool,
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

impl Columns<'_> {
    /// The next one's value.
    pub(crate) fn next<T: FromSql>(&mut self) -> Result<T, rusqlite::Error> {
        let value = self.row.get(self.at);
        self.at += 1;
        value
    }
}

impl InPlace {
    pub(crate) fn new(path: PathBuf, condition: Arc<Condition>) -> Arc<Self> {
        Arc::new(Self { path, condition, idle: Mutex::default(), closed: AtomicBool::new(false) })
    }

    /// The rows that a statement answers; `None` where it is to be asked in the usual way.
    pub(crate) fn rows<T>(&self, sql: &'static str, values: Values<'_>, read: Read<T>) -> Option<Vec<T>> {
        let connection = self.take()?;
        let answer = connection.prepare_cached(sql).and_then(|mut statement| {
            let rows = statement.query_map(params_from_iter(values), |row| read(&mut Columns { row, at: 0 }))?;
            rows.collect::<Result<Vec<_>, _>>()
        });
        match answer {
            Ok(rows) => {
                self.put_back(connection);
                Some(rows)
            }
            Err(error) => {
                log::debug!("a statement is asked once more in the usual way: {error}");
                None
            }
        }
    }

    /// Closes all connections, and those under way as they come back.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.idle().clear();
    }

    /// The one that came back last, whose pages are the freshest; there are never more than threads that ask.
    fn take(&self) -> Option<Connection> {
        if self.closed.load(Ordering::SeqCst) {
            return None;
        }
        let idle = self.idle().pop();
        idle.or_else(|| {
            let made = self.connect();
            made.inspect_err(|error| log::debug!("no connection to read from where it is asked: {error}")).ok()
        })
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle();
        if !self.closed.load(Ordering::SeqCst) {
            idle.push(connection);
        }
    }

    fn connect(&self) -> Result<Connection, Box<dyn std::error::Error>> {
        let connection = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        // What is there now may be another file than the one whose name was looked at.
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

#[cfg(test)]
mod tests;
