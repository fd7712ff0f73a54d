use std::collections::BTreeSet;
use std::path::Path;

use sqlx::Row as _;
use tokio::task::JoinSet;

use super::*;
use crate::Engine;
use crate::testing::{
    Folder, Prepared, TestDatabase, account, account_id, commit, credential, hash, on_both_engines, on_postgres, read,
    sqlite_settings,
};
use crate::{accounts, audit_events, candidates, credentials};

on_both_engines! {
    async fn a_blank_database_is_behind_and_then_current(db: Blank) {
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Behind);
        db.migrate().await.unwrap();
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current);
        db.migrate().await.unwrap();
    }

    async fn many_nodes_may_migrate_at_once(db: Blank) {
        let mut nodes = JoinSet::new();
        for _ in 0..6 {
            let node = db.another_node().await;
            nodes.spawn(async move {
                let migrated = node.migrate().await;
                node.close().await;
                migrated
            });
        }
        for migrated in nodes.join_all().await {
            migrated.unwrap();
        }
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current);
        let applied = db.run("UPDATE _sqlx_migrations SET success = TRUE").await;
        assert_eq!(applied, u64::try_from(sqlite_migrations().iter().count()).unwrap());
    }

    async fn credentials_that_are_there_learn_their_addresses(db: Migrated) {
        for number in [1, 2] {
            commit!(db, tx => accounts::insert(tx, &account(number)));
        }
        commit!(db, tx => credentials::insert(tx, &credential(account_id(1), 4)));
        db.run("DROP INDEX credentials_by_email_key").await;
        db.run("ALTER TABLE credentials DROP COLUMN email_key").await;
        db.run("DELETE FROM _sqlx_migrations WHERE version = 5").await;
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Behind);
        db.migrate().await.unwrap();
        let found = read!(db, tx => candidates::find(tx, "person2@example.com", hash(1, 1)));
        assert_eq!(found.nearest.unwrap().email_key, "person1@example.com");
    }

    async fn a_newer_schema_is_refused_and_left_alone(db: Migrated) {
        db.run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
            SELECT 9999, 'from the future', TRUE, checksum, 0 FROM _sqlx_migrations WHERE version = 1")
        .await;
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Newer);
        let error = db.migrate().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NewerSchema);
        assert!(error.to_string().contains("schema 9999, made by a newer version"), "{error}");
    }

    async fn a_migration_altered_afterwards_is_noticed(db: Migrated) {
        alter_checksum(&db).await;
        assert_eq!(db.schema_state().await.unwrap_err().kind(), StoreErrorKind::Other);
        assert_eq!(db.migrate().await.unwrap_err().kind(), StoreErrorKind::Other);
    }

    async fn a_current_schema_needs_no_right_to_change_it(db: Migrated) {
        if db.engine() == Engine::Postgres {
            db.run("DROP TABLE _tacit_migration_lock").await;
            db.migrate().await.unwrap();
            let mut tx = db.read().await.unwrap();
            let found = columns(&mut tx).await;
            assert!(!found.iter().any(|(table, ..)| table == "_tacit_migration_lock"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_dump_gives_up_before_others_wait_long_behind_it() {
    on_postgres(Prepared::Migrated, |db| async move {
        db.run("CREATE INDEX audit_origins_by_account ON audit_origins (account_id)").await;
        db.run("DELETE FROM _sqlx_migrations WHERE version = 6").await;
        let mut dump = db.snapshot().await.unwrap();
        audit_events::list(&mut dump, None, 1, 0).await.unwrap();
        let error = db.migrate().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
        assert!(error.to_string().starts_with("migration 6: "), "{error}");
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Behind);
        drop(dump);
        db.migrate().await.unwrap();
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Current);
    })
    .await;
}

async fn alter_checksum(db: &TestDatabase) {
    match db.engine() {
        Engine::Sqlite => db.run("UPDATE _sqlx_migrations SET checksum = x'00'").await,
        Engine::Postgres => db.run("UPDATE _sqlx_migrations SET checksum = '\\x00'").await,
    };
}

/// Runs itself twice more, as processes of their own that migrate one file.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test tells its child processes apart by a variable")]
async fn two_processes_may_migrate_one_file_at_once() {
    const FILE: &str = "TACIT_TEST_MIGRATE_FILE";
    if let Ok(file) = std::env::var(FILE) {
        let store = Store::connect(&sqlite_settings(Path::new(&file))).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await;
        return;
    }
    let folder = Folder::new();
    let file = folder.join("tacit.db");
    let children = [(); 4].map(|()| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "migrate::tests::two_processes_may_migrate_one_file_at_once"])
            .env(FILE, &file)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    });
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    }
    let store = Store::connect(&sqlite_settings(&file)).await.unwrap();
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Current);
    store.close().await;
}

#[test]
fn the_migrations_of_both_engines_stand_side_by_side() {
    let named = |migrations: Migrator| {
        migrations.iter().map(|one| (one.version, one.description.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(named(sqlite_migrations()), named(postgres_migrations()));
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    use crate::testing::{Prepared, on_postgres, on_sqlite};
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    let report = |send: tokio::sync::mpsc::UnboundedSender<_>| {
        |db: TestDatabase| async move {
            let mut tx = db.read().await.unwrap();
            send.send(columns(&mut tx).await).unwrap();
        }
    };
    on_sqlite(Prepared::Migrated, report(send.clone())).await;
    on_postgres(Prepared::Migrated, report(send)).await;
    let (sqlite, mut postgres) = (receive.recv().await.unwrap(), receive.recv().await.unwrap());
    postgres.retain(|(table, ..)| table != "_tacit_migration_lock");
    assert!(sqlite.len() > 80, "the columns are found");
    assert_eq!(sqlite, postgres);
}

/// Table, column, and whether it may be NULL, sqlx's own table aside.
async fn columns(tx: &mut crate::Tx) -> BTreeSet<(String, String, bool)> {
    const SQLITE: &str = "SELECT t.name, c.name, c.\"notnull\" = 0 FROM sqlite_schema t, pragma_table_info(t.name) c \
        WHERE t.type = 'table' AND t.name <> '_sqlx_migrations'";
    const POSTGRES: &str = "SELECT table_name::TEXT, column_name::TEXT, is_nullable = 'YES' \
        FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'";
    match tx.reading().unwrap() {
        crate::backend::Connection::Sqlite(c) => {
            let rows = query(SQLITE).fetch_all(c).await.unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
        }
        crate::backend::Connection::Postgres(c) => {
            let rows = query(POSTGRES).fetch_all(c).await.unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
        }
    }
}
