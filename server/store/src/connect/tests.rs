use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use sqlx::query_scalar;

use super::*;
use crate::testing::{Folder, Prepared, account, commit, on_postgres, on_sqlite, sqlite_settings};
use crate::{Engine, accounts};

fn mode(path: PathBuf) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn refused(url: &str) -> StoreError {
    let settings = DatabaseSettings { url: url.to_owned(), max_connections: 1 };
    match Store::connect(&settings).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_new_file_is_readable_by_its_owner_only() {
    on_sqlite(Prepared::Migrated, |db| async move {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        for suffix in ["", "-wal", "-shm"] {
            let mut name = db.file().into_os_string();
            name.push(suffix);
            assert_eq!(mode(name.into()), 0o600, "{suffix}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_existing_file_keeps_its_permissions() {
    let folder = Folder::new();
    let file = folder.join("tacit.db");
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    Store::connect(&sqlite_settings(&file)).await.unwrap().close().await;
    assert_eq!(mode(file), 0o640);
}

#[tokio::test]
async fn only_who_makes_a_database_makes_its_file() {
    let folder = Folder::new();
    let file = folder.join("tacit.db");
    for access in [Access::Write, Access::Read] {
        let opened = Store::connect_to(&sqlite_settings(&file), access).await;
        assert_eq!(opened.map(drop).unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert!(!file.exists());
    }
    Store::connect_to(&sqlite_settings(&file), Access::Make).await.unwrap().close().await;
    Store::connect_to(&sqlite_settings(&file), Access::Write).await.unwrap().close().await;
}

#[tokio::test]
async fn what_is_opened_to_read_waits_for_no_writer_and_takes_no_writes() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let writer = db.begin().await.unwrap();
        let reader = Store::connect_to(&sqlite_settings(&db.file()), Access::Read).await.unwrap();
        assert_eq!(reader.schema_state().await.unwrap(), crate::SchemaState::Current);
        reader.migrate().await.unwrap();
        assert_eq!(accounts::find(&mut reader.read().await.unwrap(), account(1).id).await.unwrap(), None);
        assert_eq!(reader.begin().await.map(drop).unwrap_err().kind(), StoreErrorKind::ReadOnly);
        reader.close().await;
        drop(writer);
    })
    .await;
}

#[tokio::test]
async fn what_is_opened_to_read_keeps_its_schema() {
    on_sqlite(Prepared::Blank, |db| async move {
        let reader = Store::connect_to(&sqlite_settings(&db.file()), Access::Read).await.unwrap();
        assert_eq!(reader.migrate().await.unwrap_err().kind(), StoreErrorKind::ReadOnly);
        assert_eq!(reader.schema_state().await.unwrap(), crate::SchemaState::Behind);
        reader.close().await;
    })
    .await;
}

#[tokio::test]
async fn sqlite_is_told_to_lose_nothing_and_to_check_references() {
    on_sqlite(Prepared::Blank, |db| async move {
        let Pools::Sqlite { writer, readers, .. } = &db.pools else { unreachable!() };
        for pool in [writer, readers] {
            let mut connection = pool.get().await.unwrap();
            let journal: String = query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
            assert_eq!(journal, "wal");
            // 2 is FULL.
            for (pragma, expected) in [
                ("PRAGMA synchronous", 2),
                ("PRAGMA secure_delete", 1),
                ("PRAGMA foreign_keys", 1),
                ("PRAGMA busy_timeout", 5000),
            ] {
                let value: i64 = query_scalar(pragma).fetch_one(&mut *connection).await.unwrap();
                assert_eq!(value, expected, "{pragma}");
            }
        }
        let mut reader = readers.get().await.unwrap();
        let query_only: i64 = query_scalar("PRAGMA query_only").fetch_one(&mut *reader).await.unwrap();
        assert_eq!(query_only, 1);
        let _only = writer.get().await.unwrap();
        let another = tokio::time::timeout(Duration::from_millis(50), writer.get()).await;
        assert!(another.is_err(), "SQLite has one writer");
    })
    .await;
}

#[tokio::test]
async fn an_address_of_another_kind_of_database_is_refused() {
    for url in ["mysql://localhost/tacit", "tacit.db", ""] {
        assert_eq!(refused(url).await.kind(), StoreErrorKind::Other, "{url}");
    }
    for url in ["sqlite::memory:", "sqlite:%3Amemory%3A", "sqlite:tacit.db?mode=memory"] {
        assert_eq!(refused(url).await.kind(), StoreErrorKind::Unsupported, "{url}");
    }
}

#[tokio::test]
async fn a_file_is_not_opened_in_another_way_than_is_relied_on() {
    let folder = Folder::new();
    let url = sqlite_settings(&folder.join("tacit.db")).url;
    for parameters in ["mode=ro", "cache=shared", "immutable=true", "vfs=unix-none", "mode=rw&vfs=canary", "canary"] {
        let error = refused(&format!("{url}?{parameters}")).await;
        assert_eq!(error.kind(), StoreErrorKind::Unsupported, "{parameters}");
        assert!(!error.to_string().contains("canary"), "{error}");
        assert!(!folder.join("tacit.db").exists(), "{parameters}");
    }
    for url in ["sqlite:file:tacit.db", "sqlite:file:tacit.db%3Fimmutable=1"] {
        assert_eq!(refused(url).await.kind(), StoreErrorKind::Unsupported, "{url}");
    }
    for parameters in ["", "mode=rwc", "mode=rw"] {
        let settings = DatabaseSettings { url: format!("{url}?{parameters}"), max_connections: 1 };
        Store::connect(&settings).await.unwrap().close().await;
    }
}

#[tokio::test]
async fn a_file_that_cannot_keep_a_write_ahead_log_is_refused() {
    let folder = Folder::new();
    // Locks by files have no memory to share, as some file systems of a network.
    let options =
        SqliteConnectOptions::new().filename(folder.join("tacit.db")).create_if_missing(true).vfs("unix-dotfile");
    let error = set_write_ahead(&options).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unsupported, "{error}");
}

#[tokio::test]
async fn a_file_in_a_missing_folder_is_unavailable() {
    let folder = Folder::new();
    let settings = sqlite_settings(&folder.join("missing").join("tacit.db"));
    assert_eq!(refused(&settings.url).await.kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_its_password_untold() {
    let folder = Folder::new();
    let url = format!("postgres://tacit:canary@localhost/tacit?host={}", folder.join("").display());
    let error = refused(&url).await;
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn a_connection_the_server_ended_is_replaced() {
    on_postgres(Prepared::Migrated, |db| async move {
        assert_eq!(db.engine(), Engine::Postgres);
        let mut cut = db.begin().await.unwrap();
        let other = db.another_node().await;
        let Pools::Postgres { pool, .. } = &other.pools else { unreachable!() };
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut *pool.get().await.unwrap())
        .await
        .unwrap();

        let error = accounts::insert(&mut cut, &account(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
        drop(cut);
        commit!(db, tx => accounts::insert(tx, &account(1)));
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_unit_begins_although_its_connection_was_ended_unnoticed() {
    on_postgres(Prepared::Migrated, |db| async move {
        let other = db.another_node().await;
        let Pools::Postgres { pool, .. } = &other.pools else { unreachable!() };
        let mut administration = pool.get().await.unwrap();
        commit!(db, tx => accounts::insert(tx, &account(1)));
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut *administration)
        .await
        .unwrap();
        // So soon that its connection is still believed to be alive.
        tokio::time::sleep(Duration::from_millis(20)).await;
        commit!(db, tx => accounts::insert(tx, &account(2)));
        drop(administration);
        other.close().await;
    })
    .await;
}
