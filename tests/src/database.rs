//! A database of a test's own, and a look behind the server's back.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection as _};
use sqlx_postgres::PgConnection;
use sqlx_sqlite::SqliteConnection;

use crate::seams::fresh_name;
use crate::services;

/// The two engines every sentence holds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// The throw-away cluster.
    Postgres,
}

/// A database nobody else uses.
pub enum Database {
    /// The file.
    Sqlite(PathBuf),
    /// The cluster's maintenance database, and the name in the cluster.
    Postgres(String, String),
}

impl Database {
    pub(crate) async fn create(engine: Engine, folder: &Path) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(folder.join("tacit.db")),
            Engine::Postgres => Self::create_in(&services::postgres()).await,
        }
    }

    /// A database in a cluster, given by the address of its maintenance database.
    pub async fn create_in(cluster: &str) -> Self {
        let name = format!("tacit_{}", fresh_name());
        execute_postgres(cluster, &format!("CREATE DATABASE {name}")).await;
        Self::Postgres(cluster.to_owned(), name)
    }

    /// The database of this name in another cluster: a copy's.
    #[must_use]
    pub fn in_cluster(&self, cluster: &str) -> Self {
        match self {
            Self::Sqlite(file) => Self::Sqlite(file.clone()),
            Self::Postgres(_, name) => Self::Postgres(cluster.to_owned(), name.clone()),
        }
    }

    /// Its address, as the server's configuration takes it.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite:{}", file.display()),
            Self::Postgres(cluster, name) => cluster.replacen("/postgres?", &format!("/{name}?"), 1),
        }
    }

    /// Runs a statement.
    pub async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(file) => {
                let mut connection = open(file).await;
                sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Self::Postgres(..) => execute_postgres(&self.url(), sql).await,
        }
    }

    /// A query that answers one number.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(file) => {
                let mut connection = open(file).await;
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            Self::Postgres(..) => {
                let mut connection = PgConnection::connect(&self.url()).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// A query that answers rows of one text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(file) => {
                let mut connection = open(file).await;
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
            Self::Postgres(..) => {
                let mut connection = PgConnection::connect(&self.url()).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
            }
        }
    }

    /// Takes a table away, so that what needs it fails.
    pub async fn drop_table(&self, table: &str) {
        let cascade = if matches!(self, Self::Postgres(..)) { " CASCADE" } else { "" };
        self.execute(&format!("DROP TABLE {table}{cascade}")).await;
    }

    /// Everything in it, as it lies on the disk or as rows.
    pub async fn dump(&self) -> Vec<u8> {
        match self {
            Self::Sqlite(file) => {
                let (folder, name) = (file.parent().unwrap(), file.file_name().unwrap().to_str().unwrap());
                let files = [name.to_owned(), format!("{name}-wal")].map(|name| folder.join(name));
                files.iter().filter_map(|file| std::fs::read(file).ok()).flatten().collect()
            }
            Self::Postgres(..) => {
                let mut connection = PgConnection::connect(&self.url()).await.unwrap();
                let tables = "SELECT string_agg(query_to_xml(format('SELECT * FROM %I', tablename), true, false, '')::text, '') \
                              FROM pg_tables WHERE schemaname = 'public'";
                let hex = sqlx::query("SET xmlbinary = 'hex'");
                hex.execute(&mut connection).await.unwrap();
                let text: String = sqlx::query_scalar(tables).fetch_one(&mut connection).await.unwrap();
                text.into_bytes()
            }
        }
    }

    /// Every row of every table as text, in the order in which they lie there.
    pub async fn rows(&self) -> String {
        let Self::Sqlite(file) = self else { return String::from_utf8(self.dump().await).unwrap() };
        let mut connection = open(file).await;
        let of_tables = "SELECT t.name, group_concat('quote(\"' || c.name || '\")', ' || '','' || ') \
                         FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' GROUP BY t.name";
        let tables: Vec<(String, String)> = sqlx::query_as(of_tables).fetch_all(&mut connection).await.unwrap();
        let mut all = String::new();
        for (table, columns) in tables {
            let rows = format!("SELECT {columns} FROM \"{table}\"");
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut connection).await.unwrap();
            all.extend([&table, "\n", &rows.join("\n"), "\n"]);
        }
        all
    }

    /// Every file it is kept in, with what is written in it now: `(name, content)`.
    ///
    /// On PostgreSQL also the cluster's write-ahead log and what the server said, which others' tests share.
    pub async fn files(&self) -> Vec<(String, Vec<u8>)> {
        let read = |file: &Path| std::fs::read(file).map(|bytes| (file.display().to_string(), bytes));
        match self {
            Self::Sqlite(file) => {
                let (folder, name) = (file.parent().unwrap(), file.file_name().unwrap().to_str().unwrap());
                let files = ["", "-wal", "-shm"].map(|suffix| folder.join(format!("{name}{suffix}")));
                files.iter().filter_map(|file| read(file).ok()).collect()
            }
            Self::Postgres(administration, name) => {
                // Written out, so that the files are what the rows are.
                execute_postgres(administration, "CHECKPOINT").await;
                let oid = self.number(&format!("SELECT oid::bigint FROM pg_database WHERE datname = '{name}'")).await;
                let cluster = services::postgres_folder();
                let folders = [cluster.join(format!("data/base/{oid}")), cluster.join("data/pg_wal")];
                let mut files = vec![cluster.parent().unwrap().join("postgres.log")];
                for folder in folders {
                    files.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
                }
                // Files come and go while others work.
                files.iter().filter(|file| file.is_file()).filter_map(|file| read(file).ok()).collect()
            }
        }
    }

    /// Takes the database out of the server's reach: PostgreSQL lets nobody in, on SQLite somebody else writes on and on.
    pub async fn cut_off(&self) -> Outage<'_> {
        match self {
            Self::Sqlite(file) => {
                let mut connection = open(file).await;
                sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
                Outage { database: self, _writer: Some(connection) }
            }
            Self::Postgres(administration, name) => {
                execute_postgres(administration, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ";
                execute_postgres(administration, &format!("{end}'{name}'")).await;
                Outage { database: self, _writer: None }
            }
        }
    }

    /// Keeps others from writing, and from nothing else: on SQLite to all of it, on PostgreSQL to one table.
    pub async fn hold(&self, table: &str) -> Hold {
        match self {
            Self::Sqlite(file) => {
                let mut connection = open(file).await;
                sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
                Hold::Sqlite(connection)
            }
            Self::Postgres(..) => {
                let mut connection = PgConnection::connect(&self.url()).await.unwrap();
                sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
                let lock = AssertSqlSafe(format!("LOCK TABLE {table} IN EXCLUSIVE MODE"));
                sqlx::query(lock).execute(&mut connection).await.unwrap();
                Hold::Postgres(connection)
            }
        }
    }

    /// Throws it away.
    pub async fn remove(&self) {
        if let Self::Postgres(cluster, name) = self {
            execute_postgres(cluster, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// A database out of reach, until this ends.
pub struct Outage<'a> {
    database: &'a Database,
    /// Holds the write lock.
    _writer: Option<SqliteConnection>,
}

impl Outage<'_> {
    /// Lets the server back in.
    pub async fn end(self) {
        if let Database::Postgres(cluster, name) = self.database {
            execute_postgres(cluster, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
        }
    }
}

/// Nobody else writes, until this ends.
pub enum Hold {
    /// Holds the file's write lock.
    Sqlite(SqliteConnection),
    /// Holds the table's.
    Postgres(PgConnection),
}

impl Hold {
    /// Lets the others go on.
    pub async fn end(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(connection) => connection.close().await.unwrap(),
        }
    }
}

async fn open(file: &Path) -> SqliteConnection {
    // Foreign keys are off: a table can go while others point to it.
    let options = sqlx_sqlite::SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(false)
        .busy_timeout(std::time::Duration::from_secs(10));
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn execute_postgres(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
