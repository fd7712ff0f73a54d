use super::*;
use crate::backend::Pools;
use crate::testing::{Prepared, TestDatabase, account, account_id, after, commit, on_sqlite, session, session_id};
use crate::{accounts, sessions};

fn in_place(db: &TestDatabase) -> Arc<InPlace> {
    let Pools::Sqlite { in_place, .. } = &db.pools else { unreachable!() };
    Arc::clone(in_place)
}

fn number(columns: &mut Columns<'_>) -> Result<i64, rusqlite::Error> {
    columns.next()
}

fn count(db: &TestDatabase) -> Option<Vec<i64>> {
    in_place(db).rows("SELECT COUNT(*) FROM accounts", &[], number)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_is_seen_by_the_next_statement_and_nothing_before() {
    on_sqlite(Prepared::Migrated, |db| async move {
        assert_eq!(count(&db), Some(vec![0]));
        let mut tx = db.begin().await.unwrap();
        accounts::insert(&mut tx, &account(1)).await.unwrap();
        assert_eq!(count(&db), Some(vec![0]));
        tx.commit().await.unwrap();
        assert_eq!(count(&db), Some(vec![1]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_writes_and_one_of_a_moment_see_what_they_see_and_not_what_is_there_now() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let is_there =
            async |tx: &mut crate::Tx| sessions::find_active(tx, session_id(1), after(1)).await.unwrap().is_some();
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let mut moment = db.snapshot().await.unwrap();
        assert!(!is_there(&mut moment).await);
        let mut unit = db.begin().await.unwrap();
        sessions::insert(&mut unit, &session(1, account_id(1))).await.unwrap();
        assert!(is_there(&mut unit).await);
        assert!(!is_there(&mut db.read().await.unwrap()).await);
        unit.commit().await.unwrap();
        assert!(is_there(&mut db.read().await.unwrap()).await);
        assert!(!is_there(&mut moment).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_answered_in_place_is_left_to_the_usual_way() {
    on_sqlite(Prepared::Migrated, |db| async move {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        // Not a statement, not a number, not a reader.
        let wrong: [(&'static str, Read<i64>); 3] = [
            ("SELECT nothing FROM nowhere", number),
            ("SELECT email FROM accounts", number),
            ("DELETE FROM accounts RETURNING 1", number),
        ];
        for (sql, read) in wrong {
            assert_eq!(in_place(&db).rows(sql, &[], read), None, "{sql}");
        }
        assert_eq!(count(&db), Some(vec![1]));
        assert!(accounts::find(&mut db.read().await.unwrap(), account_id(1)).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_somebody_locks_everybody_out_nobody_is_waited_for_long() {
    on_sqlite(Prepared::Migrated, |db| async move {
        assert_eq!(count(&db), Some(vec![0]));
        let alone = Connection::open(db.file()).unwrap();
        alone.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
        db.close().await;
        alone.execute_batch("BEGIN EXCLUSIVE; DELETE FROM accounts").unwrap();
        let reader = InPlace::new(db.file(), Condition::of_file(&db.file()).unwrap());
        let asked = std::time::Instant::now();
        assert_eq!(reader.rows("SELECT COUNT(*) FROM accounts", &[], number), None);
        assert!(asked.elapsed() < Duration::from_secs(1));
        alone.execute_batch("COMMIT").unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_is_made_to_a_file_that_took_the_place_of_the_one_opened_and_none_after_the_end() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let copy = db.file().with_extension("copy");
        std::fs::copy(db.file(), &copy).unwrap();
        std::fs::rename(&copy, db.file()).unwrap();
        assert_eq!(count(&db), None);
    })
    .await;
    on_sqlite(Prepared::Migrated, |db| async move {
        assert_eq!(count(&db), Some(vec![0]));
        in_place(&db).close();
        assert_eq!(count(&db), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_used_again_and_keeps_no_moment() {
    on_sqlite(Prepared::Migrated, |db| async move {
        for _ in 0..3 {
            assert_eq!(count(&db), Some(vec![0]));
            assert_eq!(in_place(&db).idle().len(), 1);
        }
        // Nobody reads: the log can be folded back to its beginning.
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let other = Connection::open(db.file()).unwrap();
        let folded = other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        assert_eq!(folded, Ok(0));
    })
    .await;
}
