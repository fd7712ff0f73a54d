//! Opening the database: what each engine must be told before the first statement.

mod address;

use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use log::LevelFilter;
use sqlx::{ConnectOptions, Connection as _, query_scalar, raw_sql};
use sqlx_postgres::{PgConnectOptions, PgConnection};
use sqlx_sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tokio::runtime::Handle;

use crate::backend::{Pools, Store};
use crate::batch::Batches;
use crate::condition::Condition;
use crate::error::{StoreError, StoreErrorKind};
use crate::in_place::InPlace;
use crate::logins::Logins;
use crate::pool::Pool;
use crate::thread::WriterThread;

pub use self::address::sqlite_file;

/// How long to wait for another process's write lock on a SQLite file.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to look for the cause when no connection was to be had at start.
const CAUSE_TIMEOUT: Duration = Duration::from_secs(2);
/// PostgreSQL ends a transaction in which nothing has happened for ten seconds: its node is gone, or cannot be heard,
/// and the rows it holds keep others waiting. No transaction of ours pauses between two statements.
const FORGET_TRANSACTIONS: &str = "SET idle_in_transaction_session_timeout = '10s'";
/// Permissions of the group and of everybody else.
const OF_OTHERS: u32 = 0o077;
/// How long to wait between two tries to set the journal mode.
const WRITE_AHEAD_PAUSE: Duration = Duration::from_millis(20);
/// A statement that takes longer is worth a line in the debug log.
const SLOW_STATEMENT: Duration = Duration::from_millis(500);

/// Which database, and how many connections to it.
///
/// No `Debug`: the address may carry a password.
#[derive(Clone)]
pub struct DatabaseSettings {
    /// `sqlite:<file>` or `postgres://…`.
    pub url: String,
    /// Most connections to PostgreSQL, or most readers of SQLite; at least one is opened.
    pub max_connections: u32,
}

/// What a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// To work with it. A missing SQLite file is created for its owner only (0600).
    Make,
    /// To work with what is there.
    Write,
    /// To read what is there. No statement writes, and no writer is waited for or kept waiting.
    Read,
}

impl Store {
    /// Opens the database, to [make](Access::Make) it where it is missing.
    ///
    /// # Errors
    /// As for [`Store::connect_to`].
    pub async fn connect(settings: &DatabaseSettings) -> Result<Self, StoreError> {
        Self::connect_to(settings, Access::Make).await
    }

    /// Opens the database.
    ///
    /// The schema is not touched: see [`Store::migrate`].
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`] for an address that names no database, [`StoreErrorKind::Unavailable`] when it
    /// cannot be reached or its file not opened.
    pub async fn connect_to(settings: &DatabaseSettings, access: Access) -> Result<Self, StoreError> {
        let max_connections = settings.max_connections.max(1);
        let scheme = settings.url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" => {
                // Each connection would have a memory of its own.
                if settings.url.contains(":memory:") || settings.url.contains("mode=memory") {
                    return Err(StoreError::new(
                        StoreErrorKind::Unsupported,
                        "a database in memory only is not supported",
                    ));
                }
                address::check_sqlite_parameters(&settings.url)?;
                let options = SqliteConnectOptions::from_str(&settings.url).map_err(|error| unusable(&error))?;
                address::check_sqlite_file(options.get_filename())?;
                Self::open_sqlite(options, max_connections, access).await
            }
            "postgres" | "postgresql" => {
                address::check_parameters(&settings.url)?;
                let options = PgConnectOptions::from_str(&settings.url).map_err(|error| unusable(&error))?;
                Ok(Self { access, ..Self::open_postgres(options, max_connections).await? })
            }
            _ => Err(StoreError::new(
                StoreErrorKind::Other,
                "the database address must begin with sqlite: or postgres://",
            )),
        }
    }

    async fn open_sqlite(
        options: SqliteConnectOptions,
        max_connections: u32,
        access: Access,
    ) -> Result<Self, StoreError> {
        look_at_file(options.get_filename(), access)?;
        let options = options
            .create_if_missing(false)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            // What was acknowledged outlives a power failure: the log is synced at every commit.
            .synchronous(SqliteSynchronous::Full)
            // What was deleted, such as an epoch key, is overwritten in the file and not merely unlinked.
            .pragma("secure_delete", "ON")
            // What a savepoint undoes is kept in memory and not in a file that nobody syncs or wipes.
            .pragma("temp_store", "MEMORY")
            .log_statements(LevelFilter::Trace)
            .log_slow_statements(LevelFilter::Debug, SLOW_STATEMENT);
        // A copy that keeps no log yet is read as well.
        if access != Access::Read {
            set_write_ahead(&options).await?;
        }
        let condition = Condition::of_file(options.get_filename())?;
        let writer = Pool::of_file(options.clone(), 1)?;
        if access != Access::Read {
            drop(writer.get().await?);
        }
        let threads = Handle::current().metrics().num_workers();
        let in_place = InPlace::new(options.get_filename().to_owned(), Arc::clone(&condition), threads);
        let readers = Pool::of_file(options.pragma("query_only", "ON"), max_connections)?;
        let batches = Batches::new(writer.clone(), Arc::clone(&condition));
        let path = writer.options().get_filename().to_owned();
        let thread = WriterThread::start(path, Arc::clone(&condition), Arc::clone(&batches))?;
        Ok(Self { pools: Pools::Sqlite { writer, batches, readers, in_place, thread }, condition, access })
    }

    pub(crate) async fn open_postgres(options: PgConnectOptions, max_connections: u32) -> Result<Self, StoreError> {
        let options = options
            .application_name("tacit")
            .log_statements(LevelFilter::Trace)
            .log_slow_statements(LevelFilter::Debug, SLOW_STATEMENT);
        let pool = Pool::of_server(options.clone(), max_connections, |c| Box::pin(forget_transactions(c)))?;
        match pool.get().await {
            Ok(connection) => drop(connection),
            Err(sqlx::Error::PoolTimedOut) => return Err(cause(&options).await),
            Err(error) => return Err(error.into()),
        }
        Ok(Self {
            pools: Pools::Postgres { pool, logins: Logins::new(max_connections) },
            condition: Condition::of_server(),
            access: Access::Make,
        })
    }
}

async fn forget_transactions(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    match raw_sql(FORGET_TRANSACTIONS).execute(connection).await {
        // Not every database that speaks the protocol knows it.
        Ok(_) | Err(sqlx::Error::Database(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Why no connection was to be had: the pool, which tries again and again, does not say.
async fn cause(options: &PgConnectOptions) -> StoreError {
    match tokio::time::timeout(CAUSE_TIMEOUT, options.connect()).await {
        Ok(Err(error)) => error.into(),
        Ok(Ok(_)) => StoreError::new(StoreErrorKind::Unavailable, "it takes too long to let this program in"),
        Err(_) => StoreError::new(StoreErrorKind::Unavailable, "it did not answer"),
    }
}

/// SQLite would create the file by the process's umask, readable by everybody on most machines. Its `-wal` and
/// `-shm` files take over the permissions of the database file.
fn look_at_file(path: &Path, access: Access) -> Result<(), StoreError> {
    let (writes, makes) = (access != Access::Read, access == Access::Make);
    let opened = OpenOptions::new().read(true).write(writes).create(makes).truncate(false).mode(0o600).open(path);
    let mode = opened.and_then(|file| Ok(file.metadata()?.permissions().mode())).map_err(|error| {
        StoreError::new(
            StoreErrorKind::Unavailable,
            format!("the database file {} cannot be opened: {error}", path.display()),
        )
    })?;
    if mode & OF_OTHERS != 0 {
        log::warn!(
            "the database file {} is open to others than its owner (mode {:o}): chmod 600 it, and its -wal and -shm",
            path.display(),
            mode & 0o777
        );
    }
    Ok(())
}

/// Makes the file keep a write-ahead log, for good: the mode is part of the file.
///
/// The switch needs the file to itself and, unlike other statements, does not wait for that: two processes that
/// open a new file at once both try, so whoever finds it taken tries again until it is done.
async fn set_write_ahead(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let mut waited = Duration::ZERO;
    loop {
        let refused = match journal_mode(options).await {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(no_write_ahead(&mode)),
            Err(error) => StoreError::from(error),
        };
        if refused.kind() != StoreErrorKind::Busy || waited >= BUSY_TIMEOUT {
            return Err(refused);
        }
        tokio::time::sleep(WRITE_AHEAD_PAUSE).await;
        waited += WRITE_AHEAD_PAUSE;
    }
}

/// Asks for a write-ahead log, and what came of that: SQLite keeps another mode, without a word, where it cannot.
async fn journal_mode(options: &SqliteConnectOptions) -> Result<String, sqlx::Error> {
    let mut connection = options.clone().journal_mode(SqliteJournalMode::Wal).connect().await?;
    let mode = query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(mode)
}

fn no_write_ahead(mode: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unsupported,
        format!(
            "the database file cannot keep a write-ahead log where it is (journal mode {mode}); use a local file system"
        ),
    )
}

fn unusable(error: &sqlx::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Other, format!("the database address cannot be used: {error}"))
}

#[cfg(test)]
mod tests;
