//! Connections that are lent and come back.
//!
//! Not by sqlx's own pool: that asks each connection for a sign of life when it comes back, and each to PostgreSQL when it
//! goes out as well. Such a round trip costs more than most statements. Here a connection is asked only when it was not
//! used for a moment, or when another was found broken, or could not be made, since.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use sqlx::{ConnectOptions, Connection};

use crate::error::{StoreError, StoreErrorKind};

/// How long to wait for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection to a server is believed to be alive without a sign of it.
const BELIEVED: Duration = Duration::from_millis(100);
/// How long a sign of life may take.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// Time between two tries while a server is starting.
const RETRY: Duration = Duration::from_millis(50);
/// A connection to a server is replaced after this time: what it keeps there grows.
const LIFETIME: Duration = Duration::from_mins(30);
/// Time between two looks at whether all have come back.
const CLOSING: Duration = Duration::from_millis(5);

/// A connection on loan; it goes back when dropped.
pub(crate) type Lent<C> = Object<Maker<C>>;

/// What is done to a connection before it is used.
pub(crate) type Prepare<C> =
    for<'c> fn(&'c mut C) -> Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'c>>;

/// Connections to one database.
pub(crate) struct Pool<C: Connection>(managed::Pool<Maker<C>>);

impl<C: Connection> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Makes connections, and looks at those that go out again.
pub(crate) struct Maker<C: Connection> {
    options: C::Options,
    /// For a server, which may go away without the file of a database going with it.
    server: Option<Prepare<C>>,
    begun: Instant,
    /// When a connection was last found broken, or not to be had, in milliseconds since the beginning.
    broken_at: AtomicU64,
    closed: AtomicBool,
}

impl<C: Connection> Pool<C> {
    /// At most so many connections to a file. None is made before it is asked for.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn of_file(options: C::Options, most: u32) -> Result<Self, StoreError> {
        Self::new(options, most, None)
    }

    /// At most so many to a server, each prepared in this way.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn of_server(options: C::Options, most: u32, prepare: Prepare<C>) -> Result<Self, StoreError> {
        Self::new(options, most, Some(prepare))
    }

    fn new(options: C::Options, most: u32, server: Option<Prepare<C>>) -> Result<Self, StoreError> {
        let (begun, broken_at, closed) = (Instant::now(), AtomicU64::new(0), AtomicBool::new(false));
        let maker = Maker { options, server, begun, broken_at, closed };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // The one that came back last is the one whose caches are warm and whose thread is awake.
        let config = managed::PoolConfig { queue_mode: QueueMode::Lifo, ..managed::PoolConfig::new(most.max(1)) };
        let built = managed::Pool::builder(maker).config(config).build();
        built.map(Self).map_err(|error| StoreError::new(StoreErrorKind::Other, error.to_string()))
    }

    /// Lends a connection.
    pub(crate) async fn get(&self) -> Result<Lent<C>, sqlx::Error> {
        let lent = match tokio::time::timeout(ACQUIRE_TIMEOUT, self.0.get()).await {
            Ok(Ok(lent)) => lent,
            Ok(Err(PoolError::Backend(error))) => return Err(error),
            Ok(Err(PoolError::Closed)) => return Err(sqlx::Error::PoolClosed),
            Ok(Err(_)) | Err(_) => return Err(sqlx::Error::PoolTimedOut),
        };
        if self.0.manager().closed.load(Ordering::Relaxed) { Err(sqlx::Error::PoolClosed) } else { Ok(lent) }
    }

    /// What connections are made with.
    pub(crate) fn options(&self) -> &C::Options {
        &self.0.manager().options
    }

    /// Lends no more, and closes all connections as they come back.
    pub(crate) async fn close(&self) {
        self.0.manager().closed.store(true, Ordering::Relaxed);
        loop {
            for connection in self.0.retain(|_, _| false).removed {
                // It is of no more use either way.
                drop(connection.close().await);
            }
            if self.0.status().size == 0 {
                return self.0.close();
            }
            tokio::time::sleep(CLOSING).await;
        }
    }
}

/// Closes a connection that is of no more use. All others are asked for a sign of life before they are used again.
pub(crate) fn discard<C: Connection>(lent: Lent<C>) {
    if let Some(pool) = Object::pool(&lent) {
        pool.manager().suspect_all();
    }
    drop(Object::take(lent));
}

impl<C: Connection> Maker<C> {
    fn suspect_all(&self) {
        self.broken_at.fetch_max(self.millis(), Ordering::Relaxed);
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether a connection that went out last so long ago may have been broken since.
    fn is_doubtful(&self, last_used: Duration) -> bool {
        let used_at = self.millis().saturating_sub(u64::try_from(last_used.as_millis()).unwrap_or(u64::MAX));
        let broken_at = self.broken_at.load(Ordering::Relaxed);
        last_used > BELIEVED || (broken_at > 0 && broken_at >= used_at)
    }

    async fn connect(&self) -> Result<C, sqlx::Error> {
        let mut connection = self.options.connect().await?;
        if let Some(prepare) = self.server {
            prepare(&mut connection).await?;
        }
        Ok(connection)
    }
}

impl<C: Connection> managed::Manager for Maker<C> {
    type Type = C;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<C, sqlx::Error> {
        loop {
            match self.connect().await {
                Ok(connection) => return Ok(connection),
                Err(error) => {
                    self.suspect_all();
                    if self.server.is_none() || !is_starting(&error) {
                        return Err(error);
                    }
                    // Again, as long as whoever asked has patience.
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    async fn recycle(&self, connection: &mut C, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if self.server.is_none() {
            return Ok(());
        }
        if metrics.age() > LIFETIME {
            return Err(RecycleError::message("it is old"));
        }
        if !self.is_doubtful(metrics.last_used()) {
            return Ok(());
        }
        let answer = tokio::time::timeout(SIGN_OF_LIFE, connection.ping()).await;
        if !matches!(answer, Ok(Ok(()))) {
            self.suspect_all();
            return Err(RecycleError::message("no sign of life"));
        }
        Ok(())
    }
}

/// Whether a server is not there yet, or has no room at the moment (PostgreSQL's `cannot_connect_now` and
/// `too_many_connections`).
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => matches!(error.code().as_deref(), Some("57P03" | "53300")),
        _ => false,
    }
}
