//! The switch between SQLite and PostgreSQL; nothing else knows there are two.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::query_scalar;
use sqlx_postgres::PgConnection;
use sqlx_sqlite::SqliteConnection;

use crate::batch::Batches;
use crate::condition::Condition;
use crate::connect::Access;
use crate::error::{StoreError, StoreErrorKind};
use crate::in_place::InPlace;
use crate::instance;
use crate::logins::Logins;
use crate::pool::Pool;
use crate::thread::WriterThread;
pub(crate) use crate::tx::Connection;
use crate::tx::Held;
pub use crate::tx::Tx;

/// What fails sooner than this was no server that keeps silent.
const SOON: Duration = Duration::from_secs(1);
/// How long a sign of life may take.
const PING: Duration = Duration::from_secs(2);
/// What SQLite answers with a look at the file; `SELECT 1` alone would need none.
const PING_SQLITE: &str = "SELECT COUNT(*) FROM sqlite_schema";
const PING_POSTGRES: &str = "SELECT 1::bigint";
const BEGIN: &str = "BEGIN";
// Lists are planned once, whatever their length: for short ones the planner would think longer than the statement takes.
const BEGIN_IN_A_HURRY: &str = "BEGIN; SET LOCAL lock_timeout TO '1s'; SET LOCAL plan_cache_mode TO force_generic_plan";

/// Runs one statement on whichever connection is inside a [`Tx`].
///
/// The statement is written once and compiled for each engine. `read` takes any `Tx`; `write` and `execute`
/// refuse one from [`Store::read`]; `execute` answers the number of rows touched. `postgres` is `write` for what SQLite has no
/// words for.
macro_rules! on {
    (postgres $tx:expr, $c:ident => $run:expr) => {{
        let patience = $tx.patience();
        let answer = match $tx.writing()? {
            $crate::backend::Connection::Postgres($c) => patience.wait($run).await,
            $crate::backend::Connection::Sqlite(_) => Err($crate::backend::not_here()),
        };
        $tx.note(answer)
    }};
    (read $tx:expr, $c:ident => $run:expr) => {
        $crate::backend::on!(@run reading $tx, $c => $run)
    };
    (write $tx:expr, $c:ident => $run:expr) => {
        $crate::backend::on!(@run writing $tx, $c => $run)
    };
    (execute $tx:expr, $query:expr) => {{
        let patience = $tx.patience();
        let answer = match $tx.writing()? {
            $crate::backend::Connection::Sqlite(c) => {
                patience.wait($query.execute(c)).await.map(|done| done.rows_affected())
            }
            $crate::backend::Connection::Postgres(c) => {
                patience.wait($query.execute(c)).await.map(|done| done.rows_affected())
            }
        };
        $tx.note(answer)
    }};
    (@run $how:ident $tx:expr, $c:ident => $run:expr) => {{
        let patience = $tx.patience();
        let answer = match $tx.$how()? {
            $crate::backend::Connection::Sqlite($c) => patience.wait($run).await,
            $crate::backend::Connection::Postgres($c) => patience.wait($run).await,
        };
        $tx.note(answer)
    }};
}
pub(crate) use on;

/// What is asked of an engine that has no way to do it.
pub(crate) fn not_here() -> StoreError {
    StoreError::new(StoreErrorKind::Unsupported, "this is for PostgreSQL only")
}

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
    pub(crate) condition: Arc<Condition>,
    pub(crate) access: Access,
}

#[derive(Clone)]
pub(crate) enum Pools {
    /// SQLite has one writer at a time. Units of work share the transactions of `writer`; those of every login run whole on
    /// `thread`, and both take turns.
    Sqlite {
        writer: Pool<SqliteConnection>,
        batches: Arc<Batches>,
        readers: Pool<SqliteConnection>,
        in_place: Arc<InPlace>,
        thread: Arc<WriterThread>,
    },
    /// Logins that come at the same time open their sessions together.
    Postgres { pool: Pool<PgConnection>, logins: Arc<Logins> },
}

impl Engine {
    /// Whether several nodes may work with one database.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        match self {
            Self::Sqlite => false,
            Self::Postgres => true,
        }
    }
}

impl Store {
    /// The engine behind it.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres { .. } => Engine::Postgres,
        }
    }

    /// Whether it was opened to read: then nothing can be set up that is missing.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        matches!(self.access, Access::Read)
    }

    /// Starts a unit of work that may write. On SQLite it holds the only write lock until it ends, and shares its commit
    /// with others that come at the same time: see `batch.rs`.
    ///
    /// # Errors
    /// [`StoreErrorKind::Busy`] when other writers keep SQLite's lock, [`StoreErrorKind::Unavailable`] when no
    /// connection can be had in time, or when SQLite's file is no longer the one that was opened;
    /// [`StoreErrorKind::ReadOnly`] when the database was opened to read.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.check_access()?;
        self.condition.check_file_lately()?;
        match &self.pools {
            Pools::Sqlite { batches, .. } => {
                Ok(Tx::unit(Held::Unit(batches.begin().await?), Arc::clone(&self.condition)))
            }
            Pools::Postgres { pool, .. } => self.begin_by(pool, BEGIN).await,
        }
    }

    /// The same on PostgreSQL, for what waits for each lock only a moment, and then fails as [`StoreErrorKind::Busy`].
    ///
    /// # Errors
    /// As for [`Store::begin`].
    pub(crate) async fn begin_in_a_hurry(&self) -> Result<Tx, StoreError> {
        self.check_access()?;
        Ok(self.begin_by(self.postgres()?.0, BEGIN_IN_A_HURRY).await?.hurried())
    }

    /// Refuses writes where the database was opened to read.
    pub(crate) fn check_access(&self) -> Result<(), StoreError> {
        if self.is_read_only() {
            return Err(StoreError::new(StoreErrorKind::ReadOnly, "the database was opened to read"));
        }
        Ok(())
    }

    async fn begin_by(&self, pool: &Pool<PgConnection>, sql: &'static str) -> Result<Tx, StoreError> {
        let begun = Instant::now();
        match Tx::transaction(Held::Postgres(pool.get().await?), Arc::clone(&self.condition), sql).await {
            // A connection that broke since it was used: nothing was done on it, and the next one is asked whether it lives.
            Err(error) if error.kind() == StoreErrorKind::Unavailable && begun.elapsed() < SOON => {
                Tx::transaction(Held::Postgres(pool.get().await?), Arc::clone(&self.condition), sql).await
            }
            result => result,
        }
    }

    /// Takes a connection to PostgreSQL on which each statement is a transaction of its own, and may write.
    ///
    /// # Errors
    /// As for [`Store::read`].
    pub(crate) async fn outright(&self) -> Result<Tx, StoreError> {
        self.check_access()?;
        Ok(Tx::unit(Held::Postgres(self.postgres()?.0.get().await?), Arc::clone(&self.condition)))
    }

    /// Where logins wait that open their sessions together, on PostgreSQL.
    pub(crate) fn logins(&self) -> Result<&Arc<Logins>, StoreError> {
        Ok(self.postgres()?.1)
    }

    fn postgres(&self) -> Result<(&Pool<PgConnection>, &Arc<Logins>), StoreError> {
        match &self.pools {
            Pools::Postgres { pool, logins } => Ok((pool, logins)),
            Pools::Sqlite { .. } => Err(not_here()),
        }
    }

    /// The thread that does whole units of work; `None` on PostgreSQL.
    pub(crate) fn thread(&self) -> Result<Option<&WriterThread>, StoreError> {
        self.check_access()?;
        self.condition.check_file_lately()?;
        Ok(match &self.pools {
            Pools::Sqlite { thread, .. } => Some(thread),
            Pools::Postgres { .. } => None,
        })
    }

    /// Takes a connection to read from. No transaction is open: each statement sees the latest commit.
    ///
    /// # Errors
    /// [`StoreErrorKind::Unavailable`] when no connection can be had in time, or when SQLite's file is no longer the
    /// one that was opened.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        self.condition.check_file_lately()?;
        let held = match &self.pools {
            Pools::Sqlite { readers, in_place, .. } => Held::Sqlite(readers.get().await?, Arc::clone(in_place)),
            Pools::Postgres { pool, .. } => Held::Postgres(pool.get().await?),
        };
        Ok(Tx::reader(held, Arc::clone(&self.condition)))
    }

    /// Takes a connection to read from, on which every statement sees the same state, whatever others write meanwhile.
    ///
    /// # Errors
    /// As for [`Store::read`].
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        self.read().await?.at_one_moment().await
    }

    /// How many commits that units share have failed; see [`Store::settled`].
    #[must_use]
    pub fn lost_commits(&self) -> u64 {
        match &self.pools {
            Pools::Sqlite { batches, .. } => batches.lost(),
            Pools::Postgres { .. } => 0,
        }
    }

    /// Waits until what a unit of work may have seen, and then did not commit, is on the disk. `before` is the count of
    /// [`Store::lost_commits`] when it had not begun.
    ///
    /// On SQLite a unit sees what those before it in the same commit wrote. What is refused because of that is to be
    /// told only when nothing can undo it any more.
    ///
    /// # Errors
    /// Any failure to make it durable: then what was seen is not so.
    pub async fn settled(&self, before: u64) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { batches, .. } => batches.settled(before).await,
            Pools::Postgres { .. } => Ok(()),
        }
    }

    /// Asks the database whether it can be worked with: it answers, no damage was found in it, and if a write failed
    /// since the last look, one works again now.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn ping(&self) -> Result<(), StoreError> {
        answers(&mut self.read().await?.within(PING)).await?;
        self.condition.check_damage()?;
        if self.condition.writes_fail() {
            let written = tokio::time::timeout(PING, self.try_to_write()).await;
            written.map_err(|_| StoreError::new(StoreErrorKind::Busy, "the database takes no writes in time"))??;
            self.condition.writes_again();
        }
        Ok(())
    }

    async fn try_to_write(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        instance::touch(&mut tx).await?;
        tx.commit().await
    }

    /// Closes all connections after the statements under way; later calls fail.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers, in_place, thread, .. } => {
                in_place.close();
                readers.close().await;
                thread.close().await;
                // Last, so that SQLite can fold the write-ahead log back into the file.
                writer.close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }
}

async fn answers(tx: &mut Tx) -> Result<(), StoreError> {
    let sql = match tx.engine() {
        Engine::Sqlite => PING_SQLITE,
        Engine::Postgres => PING_POSTGRES,
    };
    on!(read tx, c => query_scalar::<_, i64>(sql).fetch_one(c))?;
    Ok(())
}

#[cfg(test)]
mod tests;
