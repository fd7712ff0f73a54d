use std::sync::Mutex;
use std::time::Duration;

use crate::testing::{NOW, account, account_id, after, commit, on_both_engines, read};
use crate::{Store, StoreErrorKind, accounts, instance, throttles};

on_both_engines! {
    async fn what_is_not_committed_is_rolled_back(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        accounts::insert(&mut tx, &account(1)).await.unwrap();
        assert!(accounts::find(&mut tx, account_id(1)).await.unwrap().is_some());
        drop(tx);
        assert_eq!(read!(db, tx => accounts::count(tx)), 0);
        commit!(db, tx => accounts::insert(tx, &account(1)));
    }

    async fn a_reader_sees_the_latest_commit_and_nothing_before_it(db: Migrated) {
        let mut reader = db.read().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        accounts::insert(&mut tx, &account(1)).await.unwrap();
        assert_eq!(accounts::count(&mut reader).await.unwrap(), 0);
        tx.commit().await.unwrap();
        assert_eq!(accounts::count(&mut reader).await.unwrap(), 1);
    }

    async fn readers_do_not_wait_for_a_writer_nor_a_writer_for_readers(db: Migrated) {
        let mut reader = db.read().await.unwrap();
        accounts::count(&mut reader).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        accounts::insert(&mut tx, &account(1)).await.unwrap();
        let other = db.another_node().await;
        assert_eq!(read!(other, tx => accounts::count(tx)), 0);
        tx.commit().await.unwrap();
    }

    async fn nothing_is_written_outside_a_transaction(db: Migrated) {
        let mut reader = db.read().await.unwrap();
        let error = accounts::insert(&mut reader, &account(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::ReadOnly);
        let error = throttles::add(&mut reader, "proof", b"key", NOW, after(1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::ReadOnly);
        reader.commit().await.unwrap();
        assert_eq!(read!(db, tx => accounts::count(tx)), 0);
    }

    async fn writers_on_two_nodes_take_turns(db: Migrated) {
        let other = db.another_node().await;
        let mut writers = tokio::task::JoinSet::new();
        for index in 0..30_u8 {
            let node = if index % 2 == 0 { Store::clone(&db) } else { other.clone() };
            writers.spawn(async move { commit!(node, tx => accounts::insert(tx, &account(index))) });
        }
        writers.join_all().await;
        assert_eq!(read!(db, tx => accounts::count(tx)), 30);
    }

    async fn a_request_given_up_midway_leaves_no_transaction_open(db: Migrated) {
        for micros in (0..2_000).step_by(40) {
            let store = Store::clone(&db);
            let writing = async move {
                let mut tx = store.begin().await.unwrap();
                instance::insert_if_absent(&mut tx, "given-up", "yes").await.unwrap();
                std::future::pending::<()>().await;
            };
            let _ = tokio::time::timeout(Duration::from_micros(micros), writing).await;
        }
        assert!(commit!(db, tx => instance::insert_if_absent(tx, "given-up", "no")));
        let other = db.another_node().await;
        commit!(other, tx => accounts::insert(tx, &account(1)));
    }

    async fn a_database_that_answers_is_alive_with_or_without_tables(db: Blank) {
        db.ping().await.unwrap();
        db.migrate().await.unwrap();
        db.ping().await.unwrap();
    }

    async fn a_closed_store_answers_nothing(db: Migrated) {
        let node = db.another_node().await;
        node.close().await;
        assert_eq!(node.ping().await.unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert_eq!(node.begin().await.err().unwrap().kind(), StoreErrorKind::Unavailable);
    }

    async fn no_value_of_a_statement_is_logged(db: Migrated) {
        // Another test may have set it before.
        let _ = log::set_logger(&RECORDER);
        log::set_max_level(log::LevelFilter::Trace);
        let mut person = account(1);
        person.display_name = Some("canary".to_owned());
        commit!(db, tx => accounts::insert(tx, &person));
        assert_eq!(read!(db, tx => accounts::find(tx, person.id)), Some(person));

        let lines = RECORDER.0.lock().unwrap();
        assert!(lines.iter().any(|line| line.contains("INSERT INTO accounts")), "statements are traced");
        assert!(!lines.iter().any(|line| line.contains("canary")));
    }
}

/// Keeps what is logged.
struct Recorder(Mutex<Vec<String>>);

static RECORDER: Recorder = Recorder(Mutex::new(Vec::new()));

impl log::Log for Recorder {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}
