use std::time::Duration;

use crate::testing::{NOW, Prepared, account, account_id, after, identity, on_sqlite, read};
use crate::{Store, StoreErrorKind, accounts, identities, throttles};

/// Runs a unit of work that adds an account, in a task of its own.
fn adding(db: &Store, index: u8) -> tokio::task::JoinHandle<Result<(), crate::StoreError>> {
    let db = db.clone();
    tokio::spawn(async move {
        let mut tx = db.begin().await?;
        accounts::insert(&mut tx, &account(index)).await?;
        tx.commit().await
    })
}

/// Until the tasks before have come as far as they can.
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_or_seen_before_the_commit_that_it_shares() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let first = db.begin().await.unwrap();
        let second = adding(&db, 2);
        a_moment().await;
        let mut third = {
            let db = Store::clone(&db);
            tokio::spawn(async move { db.begin().await.unwrap() })
        };
        a_moment().await;
        drop(first);
        // The second is done and waits: the third, which came before it was, is in the same commit.
        let mut third = (&mut third).await.unwrap();
        a_moment().await;
        assert!(!second.is_finished(), "it was acknowledged before the commit");
        assert_eq!(read!(db, tx => accounts::count(tx)), 0, "it was seen before the commit");
        assert_eq!(accounts::count(&mut third).await.unwrap(), 1, "they share a transaction");
        accounts::insert(&mut third, &account(3)).await.unwrap();
        third.commit().await.unwrap();
        second.await.unwrap().unwrap();
        assert_eq!(read!(db, tx => accounts::count(tx)), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_is_given_up_takes_nothing_of_the_others_with_it() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let held = db.begin().await.unwrap();
        let mut units = tokio::task::JoinSet::new();
        for index in 0..40_u8 {
            let db = Store::clone(&db);
            units.spawn(async move {
                let mut tx = db.begin().await.unwrap();
                accounts::insert(&mut tx, &account(index)).await.unwrap();
                match index % 4 {
                    0 => drop(tx),
                    1 => {
                        // Refused by a constraint, which undoes that statement alone.
                        let twice = accounts::insert(&mut tx, &account(index)).await.unwrap_err();
                        assert_eq!(twice.kind(), StoreErrorKind::UniqueViolation);
                        tx.commit().await.unwrap();
                    }
                    _ => tx.commit().await.unwrap(),
                }
            });
        }
        a_moment().await;
        drop(held);
        units.join_all().await;
        assert_eq!(read!(db, tx => accounts::count(tx)), 30);
        let other = db.another_node().await;
        assert_eq!(read!(other, tx => accounts::count(tx)), 30);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_fails_all_that_share_the_commit_and_nobody_after() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let mut held = db.begin().await.unwrap();
        let pages: i64 = {
            let crate::backend::Connection::Sqlite(c) = held.writing().unwrap() else { unreachable!() };
            let pages = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *c).await.unwrap();
            let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages + 4));
            sqlx::raw_sql(limit).execute(&mut *c).await.unwrap();
            pages
        };
        let innocent = adding(&db, 1);
        a_moment().await;
        let greedy = {
            let db = Store::clone(&db);
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                for number in 0..2_000_u32 {
                    let key = number.to_be_bytes().repeat(64);
                    if let Err(error) = throttles::add(&mut tx, "proof", &key, NOW, after(1)).await {
                        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                        // Whoever goes on all the same gets nowhere.
                        assert!(throttles::add(&mut tx, "proof", b"key", NOW, after(1)).await.is_err());
                        return tx.commit().await;
                    }
                }
                panic!("{pages} pages and four more were enough");
            })
        };
        a_moment().await;
        drop(held);
        assert_eq!(greedy.await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert_eq!(innocent.await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert_eq!(read!(db, tx => accounts::count(tx)), 0);
        // The connection was replaced, and with it the limit.
        adding(&db, 2).await.unwrap().unwrap();
        assert_eq!(read!(db, tx => accounts::count(tx)), 1);
        db.settled(db.lost_commits()).await.unwrap();
    })
    .await;
}

/// Begins a unit whose commit fails, as a disk's does.
async fn doomed(db: &Store) -> crate::Tx {
    let mut tx = db.begin().await.unwrap();
    let crate::backend::Connection::Sqlite(c) = tx.writing().unwrap() else { unreachable!() };
    sqlx::raw_sql("PRAGMA defer_foreign_keys = ON").execute(&mut *c).await.unwrap();
    identities::insert(&mut tx, &identity(1, account_id(9))).await.unwrap();
    tx
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_seen_of_a_commit_that_failed_is_never_settled() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let before = db.lost_commits();
        let held = db.begin().await.unwrap();
        let writer = {
            let db = Store::clone(&db);
            tokio::spawn(async move {
                let tx = doomed(&db).await;
                tx.commit().await
            })
        };
        a_moment().await;
        let refused = {
            let db = Store::clone(&db);
            tokio::spawn(async move { identities::list_of(&mut db.begin().await.unwrap(), account_id(9)).await })
        };
        a_moment().await;
        drop(held);
        assert_eq!(refused.await.unwrap().unwrap().len(), 1, "it saw what was not committed yet");
        assert_eq!(writer.await.unwrap().unwrap_err().kind(), StoreErrorKind::ForeignKey);
        assert!(db.settled(before).await.is_err(), "what was seen is not so");
        db.settled(db.lost_commits()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_writer_that_is_kept_waiting_keeps_no_refusal_waiting() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let _held = db.begin().await.unwrap();
        let settled = db.settled(db.lost_commits());
        tokio::time::timeout(Duration::from_secs(1), settled).await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_goes_away_in_the_middle_leaves_all_of_a_unit_or_nothing() {
    on_sqlite(Prepared::Migrated, |db| async move {
        for round in 0..40_u8 {
            let units: Vec<_> = (0..5_u8)
                .map(|number| {
                    let (db, index) = (Store::clone(&db), round * 5 + number);
                    tokio::spawn(async move {
                        let mut tx = db.begin().await?;
                        accounts::insert(&mut tx, &account(index)).await?;
                        identities::insert(&mut tx, &identity(index, account_id(index))).await?;
                        tx.commit().await
                    })
                })
                .collect();
            tokio::time::sleep(Duration::from_micros(u64::from(round) * 40)).await;
            for (number, unit) in units.into_iter().enumerate() {
                if number % 2 == 0 {
                    unit.abort();
                } else {
                    unit.await.unwrap().unwrap();
                }
            }
        }
        let whole = read!(db, tx => accounts::count(tx));
        assert!(whole >= 80, "those who stayed were told so");
        for index in 0..200 {
            let linked = read!(db, tx => identities::list_of(tx, account_id(index))).len();
            let there = read!(db, tx => accounts::find(tx, account_id(index))).is_some();
            assert_eq!(linked, usize::from(there), "{index}");
        }
    })
    .await;
}
