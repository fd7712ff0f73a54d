//! What the tests share: a database of their own on each engine, and records to put in.

use std::future::Future;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use sqlx_postgres::{PgConnectOptions, PgConnection};
use uuid::Uuid;

use crate::backend::on;
use crate::{DatabaseSettings, Store, Timestamp};

mod records;
pub(crate) use records::*;

/// A time for tests to start from.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// `NOW` and some milliseconds.
pub(crate) const fn after(millis: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() + millis)
}

/// Runs each test on both engines, on a database of its own that is `Blank` or `Migrated`.
macro_rules! on_both_engines {
    ($(async fn $name:ident($db:ident: $prepared:ident) $body:block)+) => { $(
        async fn $name($db: $crate::testing::TestDatabase) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                $crate::testing::on_sqlite($crate::testing::Prepared::$prepared, super::$name).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                $crate::testing::on_postgres($crate::testing::Prepared::$prepared, super::$name).await;
            }
        }
    )+ };
}
pub(crate) use on_both_engines;

/// Runs a store function in a transaction, commits, and answers its value.
macro_rules! commit {
    ($db:expr, $tx:ident => $call:expr) => {{
        let mut transaction = $db.begin().await.unwrap();
        let $tx = &mut transaction;
        let value = $call.await.unwrap();
        transaction.commit().await.unwrap();
        value
    }};
}
pub(crate) use commit;

/// Runs a store function that reads, and answers its value.
macro_rules! read {
    ($db:expr, $tx:ident => $call:expr) => {{
        let mut connection = $db.read().await.unwrap();
        let $tx = &mut connection;
        $call.await.unwrap()
    }};
}
pub(crate) use read;

/// What a test finds in its database.
#[derive(Clone, Copy)]
pub(crate) enum Prepared {
    /// Nothing, not even tables.
    Blank,
    /// The current schema, without rows.
    Migrated,
}

/// A test's own database, and one node's connections to it.
#[derive(Clone)]
pub(crate) struct TestDatabase {
    store: Store,
    place: Place,
}

#[derive(Clone)]
enum Place {
    File(PathBuf),
    Server(Box<PgConnectOptions>),
}

impl Deref for TestDatabase {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl TestDatabase {
    /// A second node: connections of its own to the same database.
    pub(crate) async fn another_node(&self) -> Store {
        self.place.open().await
    }

    /// Where a SQLite database lies.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.place {
            Place::File(path) => path.clone(),
            Place::Server(_) => panic!("PostgreSQL has no file"),
        }
    }

    /// Runs any statement, to arrange what no function of the crate would.
    pub(crate) async fn run(&self, sql: &'static str) -> u64 {
        let mut tx = self.begin().await.unwrap();
        let rows = run_in(&mut tx, sql).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }
}

async fn run_in(tx: &mut crate::Tx, sql: &'static str) -> Result<u64, crate::StoreError> {
    on!(execute tx, sqlx::query(sql))
}

impl Place {
    async fn open(&self) -> Store {
        match self {
            Self::File(path) => Store::connect(&sqlite_settings(path)).await.unwrap(),
            Self::Server(options) => Store::open_postgres(options.as_ref().clone(), 8).await.unwrap(),
        }
    }
}

pub(crate) fn sqlite_settings(path: &std::path::Path) -> DatabaseSettings {
    DatabaseSettings { url: format!("sqlite:{}", path.display()), max_connections: 4 }
}

/// A folder that is gone when the value is.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(unique_name());
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // A number of a process comes again, and what one that was killed has left is still there.
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros();
    format!("tacit_store_{}_{}_{now}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Runs a test on SQLite, in a temporary folder.
pub(crate) async fn on_sqlite<F>(prepared: Prepared, body: impl FnOnce(TestDatabase) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let folder = Folder::new();
    let place = Place::File(folder.join("tacit.db"));
    let store = place.open().await;
    if matches!(prepared, Prepared::Migrated) {
        store.migrate().await.unwrap();
    }
    let outcome = tokio::spawn(body(TestDatabase { store: store.clone(), place })).await;
    store.close().await;
    drop(folder);
    pass_on(outcome);
}

/// Runs a test on PostgreSQL, in a database made for it and dropped after it.
pub(crate) async fn on_postgres<F>(prepared: Prepared, body: impl FnOnce(TestDatabase) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let server = postgres_server();
    let mut keeper = server.connect().await.expect("the PostgreSQL of TACIT_TEST_POSTGRES answers");
    let name = unique_name();
    let template = match prepared {
        Prepared::Blank => "template0".to_owned(),
        Prepared::Migrated => migrated_template(&server, &mut keeper).await,
    };
    create(&mut keeper, &name, &template).await.unwrap();

    let place = Place::Server(Box::new(server.database(&name)));
    let store = place.open().await;
    let outcome = tokio::spawn(body(TestDatabase { store: store.clone(), place })).await;
    store.close().await;
    keeper.execute(AssertSqlSafe(format!("DROP DATABASE \"{name}\" WITH (FORCE)"))).await.unwrap();
    keeper.close().await.unwrap();
    pass_on(outcome);
}

/// Fails the test as its body failed, once its database is gone.
fn pass_on(outcome: Result<(), tokio::task::JoinError>) {
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}

/// The cluster the tests may use.
#[expect(clippy::disallowed_methods, reason = "tests take their server from the environment")]
fn postgres_server() -> PgConnectOptions {
    std::env::var("TACIT_TEST_POSTGRES")
        .expect("run `make test`, or set TACIT_TEST_POSTGRES to the URL of a superuser on a throw-away PostgreSQL")
        .parse()
        .expect("TACIT_TEST_POSTGRES is a PostgreSQL URL")
}

/// The name of a database with today's schema, to copy from; made by whichever test needs it first.
async fn migrated_template(server: &PgConnectOptions, keeper: &mut PgConnection) -> String {
    let name = format!("tacit_store_template_{}", schema_fingerprint());
    let exists = sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut *keeper)
        .await
        .unwrap();
    if !exists {
        // Made under another name first: nobody may copy a half-made one.
        let draft = unique_name();
        create(keeper, &draft, "template0").await.unwrap();
        let store = Store::open_postgres(server.clone().database(&draft), 2).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await;
        let renamed = keeper.execute(AssertSqlSafe(format!("ALTER DATABASE \"{draft}\" RENAME TO \"{name}\""))).await;
        if renamed.is_err() {
            // Another test was first.
            keeper.execute(AssertSqlSafe(format!("DROP DATABASE \"{draft}\" WITH (FORCE)"))).await.unwrap();
        }
    }
    name
}

async fn create(keeper: &mut PgConnection, name: &str, template: &str) -> Result<(), sqlx::Error> {
    let sql = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"");
    keeper.execute(AssertSqlSafe(sql)).await.map(drop)
}

/// A few characters that change with any migration.
fn schema_fingerprint() -> String {
    let mut bytes = [0_u8; 16];
    for migration in crate::migrate::postgres_migrations().iter() {
        for (index, byte) in migration.checksum.iter().enumerate() {
            bytes[index % 16] ^= byte;
        }
    }
    Uuid::from_bytes(bytes).simple().to_string()
}
