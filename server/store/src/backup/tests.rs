use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::testing::{Folder, Prepared, account, account_id, commit, on_postgres, on_sqlite, read, sqlite_settings};
use crate::{SchemaState, accounts};

#[tokio::test]
async fn a_copy_is_complete_and_for_its_owner_only() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let folder = Folder::new();
        let copy = folder.join("copy.db");
        commit!(db, tx => accounts::insert(tx, &account(1)));
        db.backup_to(&copy).await.unwrap();
        commit!(db, tx => accounts::insert(tx, &account(2)));

        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(&folder), ["copy.db"]);
        let restored = Store::connect(&sqlite_settings(&copy)).await.unwrap();
        assert_eq!(restored.schema_state().await.unwrap(), SchemaState::Current);
        assert_eq!(read!(restored, tx => accounts::find(tx, account_id(1))), Some(account(1)));
        assert_eq!(read!(restored, tx => accounts::count(tx)), 1);
        restored.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_name_of_a_copy_is_not_there_before_the_copy_is() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let folder = Folder::new();
        let path = folder.join("copy.db");
        let mut copying = std::pin::pin!(db.backup_to(&path));
        tokio::select! {
            biased;
            copied = &mut copying => panic!("{copied:?} at once"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(names(&folder), ["copy.db.partial"], "whoever is killed now leaves no empty copy");
        copying.await.unwrap();
        assert_eq!(names(&folder), ["copy.db"]);
    })
    .await;
}

#[tokio::test]
async fn a_database_that_was_never_set_up_is_not_copied() {
    on_sqlite(Prepared::Blank, |db| async move {
        let folder = Folder::new();
        let error = db.backup_to(&folder.join("copy.db")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unsupported);
        assert!(names(&folder).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_copy_can_be_made_while_a_transaction_is_open() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let folder = Folder::new();
        let mut tx = db.begin().await.unwrap();
        accounts::insert(&mut tx, &account(1)).await.unwrap();
        db.backup_to(&folder.join("copy.db")).await.unwrap();
        tx.commit().await.unwrap();

        let restored = Store::connect(&sqlite_settings(&folder.join("copy.db"))).await.unwrap();
        assert_eq!(read!(restored, tx => accounts::count(tx)), 0);
        restored.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_existing_file_is_not_overwritten() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let folder = Folder::new();
        let file = folder.join("precious");
        std::fs::write(&file, "precious").unwrap();
        assert_eq!(db.backup_to(&file).await.unwrap_err().kind(), StoreErrorKind::FileExists);
        assert_eq!(db.backup_to(&db.file()).await.unwrap_err().kind(), StoreErrorKind::FileExists);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
        assert_eq!(names(&folder), ["precious"]);
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_fails_leaves_nothing_behind() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let folder = Folder::new();
        std::fs::write(folder.join("copy.db.partial"), "in the way").unwrap();
        assert_eq!(db.backup_to(&folder.join("copy.db")).await.unwrap_err().kind(), StoreErrorKind::FileExists);
        assert_eq!(names(&folder), ["copy.db.partial"]);

        let nowhere = folder.join("missing").join("copy.db");
        assert_eq!(db.backup_to(&nowhere).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    })
    .await;
}

#[tokio::test]
async fn postgresql_is_backed_up_with_its_own_tools() {
    on_postgres(Prepared::Migrated, |db| async move {
        let folder = Folder::new();
        let error = db.backup_to(&folder.join("copy.db")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unsupported);
        assert!(names(&folder).is_empty());
    })
    .await;
}

fn names(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
