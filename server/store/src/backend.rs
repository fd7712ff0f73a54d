//! The switch between SQLite and PostgreSQL; nothing else knows there are two.

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};

use crate::error::{StoreError, StoreErrorKind};

/// Runs one statement on whichever connection is inside a [`Tx`].
///
/// The statement is written once and compiled for each engine. `read` takes any `Tx`; `write` and `execute`
/// refuse one from [`Store::read`]; `execute` answers the number of rows touched.
macro_rules! on {
    (read $tx:expr, $c:ident => $run:expr) => {
        match $tx.reading() {
            $crate::backend::Connection::Sqlite($c) => $run.await.map_err($crate::StoreError::from),
            $crate::backend::Connection::Postgres($c) => $run.await.map_err($crate::StoreError::from),
        }
    };
    (write $tx:expr, $c:ident => $run:expr) => {
        match $tx.writing()? {
            $crate::backend::Connection::Sqlite($c) => $run.await.map_err($crate::StoreError::from),
            $crate::backend::Connection::Postgres($c) => $run.await.map_err($crate::StoreError::from),
        }
    };
    (execute $tx:expr, $query:expr) => {
        match $tx.writing()? {
            $crate::backend::Connection::Sqlite(c) => {
                $query.execute(c).await.map(|done| done.rows_affected()).map_err($crate::StoreError::from)
            }
            $crate::backend::Connection::Postgres(c) => {
                $query.execute(c).await.map(|done| done.rows_affected()).map_err($crate::StoreError::from)
            }
        }
    };
}
pub(crate) use on;

/// The engine behind a [`Store`], for health reports and the start-up rules that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// One file, one node.
    Sqlite,
    /// A server that several nodes share.
    Postgres,
}

/// The database. Cheap to clone: clones share the connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) pools: Pools,
}

#[derive(Clone)]
pub(crate) enum Pools {
    /// SQLite has one writer at a time; waiting for the writer pool's only connection is fairer than its busy handler.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A unit of work. Dropped without [`Tx::commit`], what it wrote is rolled back.
pub struct Tx {
    held: Held,
}

enum Held {
    SqliteWrite(Transaction<'static, Sqlite>),
    SqliteRead(PoolConnection<Sqlite>),
    PostgresWrite(Transaction<'static, Postgres>),
    PostgresRead(PoolConnection<Postgres>),
}

/// The connection a statement runs on.
pub(crate) enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Store {
    /// The engine behind it.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Starts a transaction that may write. On SQLite it holds the only write lock until it ends.
    ///
    /// # Errors
    /// [`StoreErrorKind::Busy`] when other writers keep SQLite's lock, [`StoreErrorKind::Unavailable`] when no
    /// connection can be had in time.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let held = match &self.pools {
            Pools::Sqlite { writer, .. } => {
                Held::SqliteWrite(writer.begin_with("BEGIN IMMEDIATE").await.map_err(writer_error)?)
            }
            Pools::Postgres(pool) => Held::PostgresWrite(pool.begin().await?),
        };
        Ok(Tx { held })
    }

    /// Takes a connection to read from. No transaction is open: each statement sees the latest commit.
    ///
    /// # Errors
    /// [`StoreErrorKind::Unavailable`] when no connection can be had in time.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        let held = match &self.pools {
            Pools::Sqlite { readers, .. } => Held::SqliteRead(readers.acquire().await?),
            Pools::Postgres(pool) => Held::PostgresRead(pool.acquire().await?),
        };
        Ok(Tx { held })
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// Any failure to answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match &self.pools {
            // `SELECT 1` alone would be answered without a look at the file.
            Pools::Sqlite { readers, .. } => {
                sqlx::query("SELECT COUNT(*) FROM sqlite_schema").execute(readers).await?;
            }
            Pools::Postgres(pool) => {
                sqlx::query("SELECT 1").execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Closes all connections after the statements under way; later calls fail.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                // Last, so that SQLite can fold the write-ahead log back into the file.
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes what was written durable and visible.
    ///
    /// # Errors
    /// Any failure to do so; then nothing was written.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.held {
            Held::SqliteWrite(tx) => tx.commit().await?,
            Held::PostgresWrite(tx) => tx.commit().await?,
            Held::SqliteRead(_) | Held::PostgresRead(_) => {}
        }
        Ok(())
    }

    pub(crate) const fn engine(&self) -> Engine {
        match self.held {
            Held::SqliteWrite(_) | Held::SqliteRead(_) => Engine::Sqlite,
            Held::PostgresWrite(_) | Held::PostgresRead(_) => Engine::Postgres,
        }
    }

    pub(crate) fn reading(&mut self) -> Connection<'_> {
        match &mut self.held {
            Held::SqliteWrite(tx) => Connection::Sqlite(tx),
            Held::SqliteRead(connection) => Connection::Sqlite(connection),
            Held::PostgresWrite(tx) => Connection::Postgres(tx),
            Held::PostgresRead(connection) => Connection::Postgres(connection),
        }
    }

    /// The connection, if this may write: outside a transaction a write could not be rolled back.
    pub(crate) fn writing(&mut self) -> Result<Connection<'_>, StoreError> {
        match &mut self.held {
            Held::SqliteWrite(tx) => Ok(Connection::Sqlite(tx)),
            Held::PostgresWrite(tx) => Ok(Connection::Postgres(tx)),
            Held::SqliteRead(_) | Held::PostgresRead(_) => {
                Err(StoreError::new(StoreErrorKind::ReadOnly, "a write was asked of a connection taken for reading"))
            }
        }
    }
}

fn writer_error(error: sqlx::Error) -> StoreError {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return StoreError::new(StoreErrorKind::Busy, "other writers kept the database too long");
    }
    error.into()
}

#[cfg(test)]
mod tests;
