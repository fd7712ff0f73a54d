//! What can go wrong in the database, in words that both engines share.

use std::fmt;

use rusqlite::ffi::{
    SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
};
use sqlx::error::{DatabaseError, ErrorKind};

/// A failed statement, connection or migration.
///
/// The text is for the log. It carries the engine's message but never a bound value or a row, which is why
/// the engine's own error (whose details quote the conflicting key) is not kept as a source.
#[derive(Clone)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreErrorKind {
    /// A row with this key is there already.
    UniqueViolation,
    /// The row points to one that does not exist.
    ForeignKey,
    /// Somebody else holds the lock, or the engine asks to run the transaction again.
    Busy,
    /// The database cannot be reached, takes no writes for now, or its disk does not.
    Unavailable,
    /// What is stored cannot be read any more.
    Damaged,
    /// A later version of the program has changed the schema; this one must not touch it.
    NewerSchema,
    /// This engine cannot do it.
    Unsupported,
    /// The file to be written exists already.
    FileExists,
    /// A write was asked of a transaction from [`Store::read`](crate::Store::read).
    ReadOnly,
    /// Anything else: a broken statement, a row that cannot be read, a wrong address.
    Other,
}

impl StoreError {
    pub(crate) fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Whether the database failed and not the statement alone: SQLite may have undone all that was in the transaction.
    pub(crate) const fn is_the_database(&self) -> bool {
        matches!(self.kind, StoreErrorKind::Unavailable | StoreErrorKind::Busy | StoreErrorKind::Damaged)
    }

    /// What a caller can act on.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({:?}: {})", self.kind, self.message)
    }
}

impl std::error::Error for StoreError {}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let kind = match &error {
            sqlx::Error::Database(refused) => kind_of(refused.as_ref()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => StoreErrorKind::Unavailable,
            _ => StoreErrorKind::Other,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = error.sqlite_error().map_or(StoreErrorKind::Other, |refused| match refused.extended_code {
            SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_ROWID => {
                StoreErrorKind::UniqueViolation
            }
            SQLITE_CONSTRAINT_FOREIGNKEY => StoreErrorKind::ForeignKey,
            code => sqlite_kind(code),
        });
        Self::new(kind, error.to_string())
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(inner) => inner.into(),
            sqlx::migrate::MigrateError::ExecuteMigration(inner, version) => {
                let Self { kind, message } = inner.into();
                Self::new(kind, format!("migration {version}: {message}"))
            }
            other => Self::new(StoreErrorKind::Other, other.to_string()),
        }
    }
}

fn kind_of(refused: &(dyn DatabaseError + 'static)) -> StoreErrorKind {
    match refused.kind() {
        ErrorKind::UniqueViolation => return StoreErrorKind::UniqueViolation,
        ErrorKind::ForeignKeyViolation => return StoreErrorKind::ForeignKey,
        _ => {}
    }
    let code = refused.code().unwrap_or_default();
    if refused.try_downcast_ref::<sqlx_sqlite::SqliteError>().is_some() {
        code.parse().map_or(StoreErrorKind::Other, sqlite_kind)
    } else {
        postgres_kind(&code)
    }
}

/// By the primary result code, the low byte of the extended one (<https://www.sqlite.org/rescode.html>).
const fn sqlite_kind(code: i32) -> StoreErrorKind {
    match code & 0xff {
        // BUSY, LOCKED
        5 | 6 => StoreErrorKind::Busy,
        // READONLY, IOERR, FULL, CANTOPEN
        8 | 10 | 13 | 14 => StoreErrorKind::Unavailable,
        // CORRUPT, NOTADB
        11 | 26 => StoreErrorKind::Damaged,
        _ => StoreErrorKind::Other,
    }
}

/// By SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn postgres_kind(code: &str) -> StoreErrorKind {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => StoreErrorKind::Busy,
        // read_only_sql_transaction: a standby; object_not_in_prerequisite_state: the database lets nobody in;
        // idle_in_transaction_session_timeout: it took us for dead
        "25006" | "55000" | "25P03" => StoreErrorKind::Unavailable,
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => StoreErrorKind::Damaged,
        // connection exceptions, insufficient resources, operator intervention
        _ if code.starts_with("08") || code.starts_with("53") || code.starts_with("57") => StoreErrorKind::Unavailable,
        _ => StoreErrorKind::Other,
    }
}

#[cfg(test)]
mod tests;
