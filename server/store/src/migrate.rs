//! Bringing the schema up to date, safely when several processes start at once.
//!
//! SQLite: the whole run is one transaction begun with the write lock. PostgreSQL: a row of a table of its own is
//! locked while another connection runs the migrations, each in its transaction. sqlx's own lock is not used: it
//! is an advisory one, which PostgreSQL-compatible distributed databases accept and ignore.

use std::time::Duration;

use sqlx::migrate::{Migrate, Migrator};
use sqlx::{ConnectOptions, Connection as _, query, query_scalar};
use sqlx_postgres::{PgConnectOptions, PgConnection};
use sqlx_sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::backend::{Pools, Store};
use crate::error::{StoreError, StoreErrorKind};

/// Where sqlx notes what was applied.
const TABLE: &str = "_sqlx_migrations";

const TABLE_EXISTS_SQLITE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations')";

const TABLE_EXISTS_POSTGRES: &str = "SELECT EXISTS (SELECT 1 FROM information_schema.tables \
    WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations')";

const CREATE_LOCK: &str = "CREATE TABLE IF NOT EXISTS _tacit_migration_lock (id BIGINT PRIMARY KEY)";
const FILL_LOCK: &str = "INSERT INTO _tacit_migration_lock (id) VALUES (1) ON CONFLICT (id) DO NOTHING";
const TAKE_LOCK: &str = "SELECT id FROM _tacit_migration_lock WHERE id = 1 FOR UPDATE";

/// How long to wait on SQLite for another process that migrates.
const LOCK_TIMEOUT: Duration = Duration::from_mins(1);

/// How the database's schema compares with the one this program is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchemaState {
    /// The same.
    Current,
    /// Migrations are missing, or all of them.
    Behind,
    /// A later version of the program has been here.
    Newer,
}

impl Store {
    /// Applies the migrations that are missing. Several processes may do so at once: one works, the others wait.
    ///
    /// # Errors
    /// [`StoreErrorKind::NewerSchema`] when a later version of the program has changed the schema (nothing is
    /// touched); [`StoreErrorKind::Busy`] when another process keeps the lock; [`StoreErrorKind::ReadOnly`] when the database
    /// was opened to read; any failure of the database.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // Without this look every start would need the right to create tables, and the write lock.
        if !self.found().await?.behind()? {
            return Ok(());
        }
        self.check_access()?;
        match &self.pools {
            Pools::Sqlite { writer, .. } => migrate_sqlite(writer.options()).await,
            Pools::Postgres { pool, .. } => migrate_postgres(pool.options()).await,
        }
    }

    /// Compares the schema with this program's; changes nothing.
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`] when a migration was altered after it had been applied; any failure of the database.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        Ok(self.found().await?.state)
    }

    pub(crate) async fn found(&self) -> Result<Found, StoreError> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => inspect_sqlite(&mut *readers.get().await?).await,
            Pools::Postgres { pool, .. } => inspect_postgres(&mut *pool.get().await?).await,
        }
    }
}

/// What the database says was applied, and what this program knows.
pub(crate) struct Found {
    state: SchemaState,
    applied: i64,
    known: i64,
}

impl Found {
    /// Whether nothing was ever applied.
    pub(crate) const fn is_blank(&self) -> bool {
        self.applied == 0
    }

    /// Whether there is anything to do.
    fn behind(&self) -> Result<bool, StoreError> {
        match self.state {
            SchemaState::Current => Ok(false),
            SchemaState::Behind => Ok(true),
            SchemaState::Newer => Err(StoreError::new(
                StoreErrorKind::NewerSchema,
                format!(
                    "the database has schema {}, made by a newer version of this program, which knows schemas up to {}",
                    self.applied, self.known
                ),
            )),
        }
    }
}

pub(crate) fn sqlite_migrations() -> Migrator {
    sqlx::migrate!("migrations/sqlite")
}

pub(crate) fn postgres_migrations() -> Migrator {
    sqlx::migrate!("migrations/postgres")
}

async fn migrate_sqlite(options: &SqliteConnectOptions) -> Result<(), StoreError> {
    let mut connection = options.clone().busy_timeout(LOCK_TIMEOUT).connect().await?;
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    if inspect_sqlite(&mut tx).await?.behind()? {
        apply_missing(&mut *tx, &sqlite_migrations()).await?;
    }
    tx.commit().await?;
    connection.close().await?;
    Ok(())
}

async fn migrate_postgres(options: &PgConnectOptions) -> Result<(), StoreError> {
    let mut keeper = options.connect().await?;
    create_lock(&mut keeper).await?;
    let mut lock = keeper.begin().await?;
    query(TAKE_LOCK).execute(&mut *lock).await?;

    let mut worker = options.connect().await?;
    if inspect_postgres(&mut worker).await?.behind()? {
        apply_missing(&mut worker, &postgres_migrations()).await?;
    }
    worker.close().await?;

    lock.commit().await?;
    keeper.close().await?;
    Ok(())
}

/// Two sessions that create the same table at once can collide in the catalogue despite `IF NOT EXISTS`: whoever
/// loses finds the table there.
async fn create_lock(connection: &mut PgConnection) -> Result<(), StoreError> {
    if let Err(error) = query(CREATE_LOCK).execute(&mut *connection).await {
        let duplicate = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| matches!(code.as_ref(), "23505" | "42P07" | "42710"));
        if !duplicate {
            return Err(error.into());
        }
    }
    query(FILL_LOCK).execute(connection).await?;
    Ok(())
}

async fn inspect_sqlite(connection: &mut SqliteConnection) -> Result<Found, StoreError> {
    let begun = query_scalar::<_, bool>(TABLE_EXISTS_SQLITE).fetch_one(&mut *connection).await?;
    compare(connection, begun, &sqlite_migrations()).await
}

async fn inspect_postgres(connection: &mut PgConnection) -> Result<Found, StoreError> {
    let begun = query_scalar::<_, bool>(TABLE_EXISTS_POSTGRES).fetch_one(&mut *connection).await?;
    compare(connection, begun, &postgres_migrations()).await
}

/// Applies what was not applied yet, in order, each in a transaction together with the note that it was.
async fn apply_missing<C: Migrate>(connection: &mut C, migrations: &Migrator) -> Result<(), StoreError> {
    connection.ensure_migrations_table(TABLE).await?;
    let applied = connection.list_applied_migrations(TABLE).await?;
    for migration in migrations.iter() {
        if !applied.iter().any(|done| done.version == migration.version) {
            connection.apply(TABLE, migration).await?;
        }
    }
    Ok(())
}

async fn compare<C: Migrate>(connection: &mut C, begun: bool, migrations: &Migrator) -> Result<Found, StoreError> {
    let applied = if begun { connection.list_applied_migrations(TABLE).await? } else { Vec::new() };
    let known = migrations.iter().map(|migration| migration.version).max().unwrap_or(0);
    let newest = applied.iter().map(|migration| migration.version).max().unwrap_or(0);
    if newest > known {
        return Ok(Found { state: SchemaState::Newer, applied: newest, known });
    }
    let mut missing = false;
    for migration in migrations.iter() {
        match applied.iter().find(|done| done.version == migration.version) {
            None => missing = true,
            Some(done) if done.checksum == migration.checksum => {}
            Some(_) => {
                return Err(StoreError::new(
                    StoreErrorKind::Other,
                    format!("migration {} is not the one that was applied to this database", migration.version),
                ));
            }
        }
    }
    let state = if missing { SchemaState::Behind } else { SchemaState::Current };
    Ok(Found { state, applied: newest, known })
}

#[cfg(test)]
mod tests;
