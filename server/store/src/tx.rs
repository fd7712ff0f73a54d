//! A unit of work on one connection, and what becomes of the connection afterwards.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Executor, raw_sql};
use sqlx_postgres::PgConnection;
use sqlx_sqlite::SqliteConnection;
use tokio::runtime::Handle;

use crate::backend::Engine;
use crate::batch::Unit;
use crate::condition::Condition;
use crate::error::{StoreError, StoreErrorKind};
use crate::in_place::{InPlace, Read, Values};
use crate::pool::{Lent, discard};

/// How long one statement may take. Longer than SQLite waits for a lock; a network that swallows everything would
/// otherwise be waited for as long as the operating system believes in it, which is a quarter of an hour.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// The same for work nobody waits for.
const MUCH_PATIENCE: Duration = Duration::from_mins(5);
/// How long a connection may take to become fit for the next one.
const GIVE_BACK: Duration = Duration::from_secs(5);

/// A unit of work. Dropped without [`Tx::commit`], what it wrote is rolled back.
pub struct Tx {
    /// Taken out when this is dropped.
    held: Option<Held>,
    engine: Engine,
    condition: Arc<Condition>,
    writes: bool,
    /// Whether a lock that is not to be had in time is nothing to remember.
    is_hurried: bool,
    state: State,
    patience: Patience,
}

pub(crate) enum Held {
    /// A reader.
    Sqlite(Lent<SqliteConnection>, Arc<InPlace>),
    /// A writer's turn; its transaction is begun.
    Unit(Unit),
    Postgres(Lent<PgConnection>),
}

/// The connection a statement runs on.
pub(crate) enum Connection<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// How long to wait for an answer.
#[derive(Clone, Copy)]
pub(crate) struct Patience(Duration);

impl Patience {
    pub(crate) const fn usual() -> Self {
        Self(PATIENCE)
    }

    pub(crate) async fn wait<T>(self, answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
        match tokio::time::timeout(self.0, answer).await {
            Ok(answer) => answer.map_err(StoreError::from),
            Err(_) => Err(StoreError::new(StoreErrorKind::Unavailable, "the database did not answer in time")),
        }
    }
}

impl Tx {
    /// A connection to read from.
    pub(crate) fn reader(held: Held, condition: Arc<Condition>) -> Self {
        let engine = match held {
            Held::Sqlite(..) | Held::Unit(_) => Engine::Sqlite,
            Held::Postgres(_) => Engine::Postgres,
        };
        Self {
            held: Some(held),
            engine,
            condition,
            writes: false,
            is_hurried: false,
            state: State::default(),
            patience: Patience(PATIENCE),
        }
    }

    /// One that may write: SQLite's units are begun already, and where PostgreSQL is told of no beginning each statement is a
    /// transaction.
    pub(crate) fn unit(held: Held, condition: Arc<Condition>) -> Self {
        let mut tx = Self::reader(held, condition);
        tx.writes = true;
        tx
    }

    /// A transaction of PostgreSQL's that begins with this.
    pub(crate) async fn transaction(
        held: Held,
        condition: Arc<Condition>,
        sql: &'static str,
    ) -> Result<Self, StoreError> {
        let mut tx = Self::unit(held, condition);
        // Before it is: a BEGIN that nobody waits for any more, or something behind it fails, may be carried out all the same.
        tx.state.open = true;
        tx.control(sql).await?;
        Ok(tx)
    }

    /// For what waits for no lock for long.
    pub(crate) const fn hurried(mut self) -> Self {
        self.is_hurried = true;
        self
    }

    /// Sees from its first statement on what was committed by then, and nothing later.
    pub(crate) async fn at_one_moment(mut self) -> Result<Self, StoreError> {
        self.state.open = true;
        match self.engine {
            Engine::Sqlite => self.control("BEGIN DEFERRED").await,
            Engine::Postgres => self.control("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await,
        }?;
        Ok(self)
    }

    /// For work that may take its time and keeps nobody waiting.
    #[must_use]
    pub const fn patiently(mut self) -> Self {
        self.patience = Patience(MUCH_PATIENCE);
        self
    }

    /// Waits no longer than this for each answer.
    pub(crate) const fn within(mut self, time: Duration) -> Self {
        self.patience = Patience(time);
        self
    }

    /// Makes what was written durable and visible.
    ///
    /// # Errors
    /// Any failure to do so. Then nothing was written, unless the database went away at this very moment: nobody can
    /// know then.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if !self.writes {
            return Ok(());
        }
        if let Some(Held::Unit(unit)) = self.held.take_if(|held| matches!(held, Held::Unit(_))) {
            return unit.commit().await;
        }
        self.control("COMMIT").await?;
        self.state.open = false;
        Ok(())
    }

    /// The same on PostgreSQL without waiting for the disk: others see it at once, and it becomes durable with whatever is
    /// committed after it. Nothing may be told that rests on it before.
    ///
    /// # Errors
    /// As for [`Tx::commit`].
    pub async fn commit_unsynced(mut self) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite || !self.writes {
            return self.commit().await;
        }
        self.control("SET LOCAL synchronous_commit TO off; COMMIT").await?;
        self.state.open = false;
        Ok(())
    }

    async fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let patience = self.patience;
        let answer = match self.reading()? {
            Connection::Sqlite(c) => patience.wait(raw_sql(sql).execute(c)).await.map(drop),
            Connection::Postgres(c) => patience.wait(raw_sql(sql).execute(c)).await.map(drop),
        };
        self.note(answer)
    }

    pub(crate) const fn engine(&self) -> Engine {
        self.engine
    }

    pub(crate) const fn patience(&self) -> Patience {
        self.patience
    }

    /// What a statement answers that can be asked on this very thread; `None` where it is to be sent to the database.
    pub(crate) fn rows_in_place<T>(&self, sql: &'static str, values: Values<'_>, read: Read<T>) -> Option<Vec<T>> {
        match &self.held {
            // Another connection would not see this one's moment.
            Some(Held::Sqlite(_, in_place)) if !self.state.open => in_place.rows(sql, values, read),
            _ => None,
        }
    }

    pub(crate) fn reading(&mut self) -> Result<Connection<'_>, StoreError> {
        self.state.asking = true;
        match &mut self.held {
            Some(Held::Sqlite(connection, _)) => Ok(Connection::Sqlite(connection)),
            Some(Held::Unit(unit)) => Ok(Connection::Sqlite(unit.connection()?)),
            Some(Held::Postgres(connection)) => Ok(Connection::Postgres(connection)),
            None => Err(StoreError::new(StoreErrorKind::Other, "the unit of work has ended")),
        }
    }

    /// The connection, if this may write: outside a transaction a write could not be rolled back.
    pub(crate) fn writing(&mut self) -> Result<Connection<'_>, StoreError> {
        if !self.writes {
            return Err(StoreError::new(
                StoreErrorKind::ReadOnly,
                "a write was asked of a connection taken for reading",
            ));
        }
        self.reading()
    }

    /// Remembers what an answer tells about the connection and the database.
    pub(crate) fn note<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        self.state.asking = false;
        if let Err(error) = &answer {
            self.state.broken |= error.kind() == StoreErrorKind::Unavailable;
            if let Some(Held::Unit(unit)) = &mut self.held
                && error.is_the_database()
            {
                unit.fail(error);
            }
            if !(self.is_hurried && error.kind() == StoreErrorKind::Busy) {
                self.condition.note(error, self.writes);
            }
        }
        answer
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        let state = self.state;
        match held {
            // It sees to that itself.
            Held::Unit(unit) => drop(unit),
            Held::Sqlite(connection, _) => give_back(connection, state),
            Held::Postgres(connection) => give_back(connection, state),
        }
    }
}

/// How a unit of work would leave its connection.
#[derive(Clone, Copy, Default)]
struct State {
    /// Whether a transaction may be open.
    open: bool,
    /// Whether an answer is still to come.
    asking: bool,
    /// Whether it is of no more use.
    broken: bool,
}

/// Gives a connection back as it is where it is fit for the next one, and otherwise makes it so first.
fn give_back<C>(connection: Lent<C>, state: State)
where
    C: sqlx::Connection + 'static,
    for<'c> &'c mut C: Executor<'c, Database = C::Database>,
{
    match Handle::try_current() {
        _ if state.broken => discard(connection),
        _ if !state.open && !state.asking => drop(connection),
        Ok(runtime) => drop(runtime.spawn(recover(connection, state.open))),
        // Nobody is left who could use it.
        Err(_) => discard(connection),
    }
}

/// Makes a connection fit for the next one; closes it where that fails or takes long.
async fn recover<C>(mut connection: Lent<C>, open: bool)
where
    C: sqlx::Connection + 'static,
    for<'c> &'c mut C: Executor<'c, Database = C::Database>,
{
    let recovered = tokio::time::timeout(GIVE_BACK, async {
        if open { raw_sql("ROLLBACK").execute(&mut *connection).await.map(drop) } else { connection.ping().await }
    });
    if !matches!(recovered.await, Ok(Ok(()))) {
        discard(connection);
    }
}
