use std::sync::mpsc;
use std::time::{Duration, Instant};

use rusqlite::params;

use super::*;
use crate::backend::Pools;
use crate::testing::{NOW, Prepared, TestDatabase, account, account_id, after, on_sqlite, read};
use crate::{Store, accounts, throttles};

type Told<T> = tokio::task::JoinHandle<Result<T, StoreError>>;

/// Has the thread do this.
fn ask<T: Send + 'static>(
    db: &Store,
    work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
) -> Told<T> {
    let db = db.clone();
    tokio::spawn(async move { db.thread()?.unwrap().run(work).await })
}

/// Has the thread count for a key.
fn count_for(db: &Store, key: u8) -> Told<i64> {
    ask(db, move |c| throttles::add_whole(c, "test", &[key], NOW, after(1000)))
}

async fn counted(db: &Store, key: u8) -> i64 {
    read!(db, tx => throttles::count(tx, "test", &[key], NOW))
}

/// Until the tasks before have come as far as they can.
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

/// Until so many wait for the thread.
async fn waiting(db: &TestDatabase, number: usize) {
    let thread = thread(db);
    while thread.desk.asks().tray.len() != number {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn thread(db: &TestDatabase) -> Arc<WriterThread> {
    let Pools::Sqlite { thread, .. } = &db.pools else { unreachable!() };
    Arc::clone(thread)
}

/// A unit that is done and keeps the thread until it is told to go on.
fn holding(db: &Store, key: u8) -> (oneshot::Receiver<()>, mpsc::Sender<()>, Told<i64>) {
    let ((begun, has_begun), (go_on, to_go_on)) = (oneshot::channel(), mpsc::channel());
    let told = ask(db, move |c| {
        let count = throttles::add_whole(c, "test", &[key], NOW, after(1000));
        begun.send(()).unwrap();
        to_go_on.recv().unwrap();
        count
    });
    (has_begun, go_on, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_wait_share_a_commit_and_nobody_is_answered_or_seen_before_it() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let (begun, go_on, first) = holding(&db, 1);
        begun.await.unwrap();
        let second = count_for(&db, 2);
        waiting(&db, 1).await;
        let (begun, go_on_too, third) = holding(&db, 2);
        waiting(&db, 2).await;
        go_on.send(()).unwrap();
        begun.await.unwrap();
        a_moment().await;
        assert!(!first.is_finished() && !second.is_finished(), "it was answered before the commit");
        assert_eq!(counted(&db, 1).await + counted(&db, 2).await, 0, "it was seen before the commit");
        go_on_too.send(()).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), 1);
        assert_eq!((second.await.unwrap().unwrap(), third.await.unwrap().unwrap()), (1, 2), "they share a transaction");
        assert_eq!(counted(&db.another_node().await, 2).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_fails_takes_nothing_of_the_others_with_it() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let held = db.begin().await.unwrap();
        let units: Vec<_> = (0..200_u32)
            .map(|number| {
                ask(&db, move |c| {
                    throttles::add_whole(c, "test", &number.to_be_bytes(), NOW, after(1000))?;
                    match number % 4 {
                        0 => Err(StoreError::new(StoreErrorKind::Other, "no")),
                        1 => Ok(c.execute("INSERT INTO audit_heads VALUES (99, 0, x'00', x'00')", [])?),
                        2 => Ok(c.execute("INSERT INTO refresh_tokens VALUES (x'01', x'01', 0, 0, NULL, NULL)", [])?),
                        _ => Ok(0),
                    }
                })
            })
            .collect();
        waiting(&db, 200).await;
        drop(held);
        let mut kept = 0;
        for (number, unit) in units.into_iter().enumerate() {
            let outcome = unit.await.unwrap().map_err(|error| error.kind());
            match number % 4 {
                0 => assert_eq!(outcome, Err(StoreErrorKind::Other)),
                // One of them has it.
                1 if outcome == Ok(1) => kept += 1,
                1 => assert_eq!(outcome, Err(StoreErrorKind::UniqueViolation)),
                2 => assert_eq!(outcome, Err(StoreErrorKind::ForeignKey)),
                _ => assert_eq!(outcome, Ok(0)),
            }
            let key = u32::try_from(number).unwrap().to_be_bytes();
            let count = read!(db, tx => throttles::count(tx, "test", &key, NOW));
            assert_eq!(count, i64::from(outcome.is_ok()), "{number}");
        }
        assert_eq!(kept, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_fails_all_that_share_it_even_what_only_saw_something() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let (begun, go_on, first) = holding(&db, 1);
        begun.await.unwrap();
        let doomed = ask(&db, |c| {
            c.pragma_update(None, "defer_foreign_keys", "ON")?;
            let nobody = account_id(9);
            let insert = "INSERT INTO refresh_tokens VALUES (x'01', ?1, 0, 0, NULL, NULL)";
            Ok(c.execute(insert, params![nobody])?)
        });
        waiting(&db, 1).await;
        let saw = ask(&db, |c| Ok(c.query_row("SELECT COUNT(*) FROM refresh_tokens", [], |row| row.get::<_, i64>(0))?));
        waiting(&db, 2).await;
        go_on.send(()).unwrap();
        assert_eq!(first.await.unwrap().unwrap_err().kind(), StoreErrorKind::ForeignKey);
        assert_eq!(doomed.await.unwrap().unwrap_err().kind(), StoreErrorKind::ForeignKey);
        assert_eq!(saw.await.unwrap().unwrap_err().kind(), StoreErrorKind::ForeignKey);
        assert_eq!(counted(&db, 1).await, 0);
        assert_eq!(count_for(&db, 1).await.unwrap().unwrap(), 1, "what comes after is not concerned");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_fails_all_that_share_the_commit_and_nobody_after() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let (begun, go_on, first) = holding(&db, 1);
        begun.await.unwrap();
        let greedy = ask(&db, |c| {
            let pages: i64 = c.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            c.query_row(&format!("PRAGMA max_page_count = {}", pages + 4), [], |_| Ok(()))?;
            for number in 0..2_000_u32 {
                throttles::add_whole(c, "test", &number.to_be_bytes().repeat(64), NOW, after(1))?;
            }
            Ok(())
        });
        waiting(&db, 1).await;
        let behind = count_for(&db, 2);
        waiting(&db, 2).await;
        go_on.send(()).unwrap();
        assert_eq!(greedy.await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert_eq!(first.await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        // The connection was replaced, and with it the limit.
        assert_eq!(behind.await.unwrap().unwrap(), 1);
        assert_eq!(counted(&db, 1).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_through_sqlx_and_who_writes_here_take_turns() {
    on_sqlite(Prepared::Migrated, |db| async move {
        for round in 0..20_u8 {
            let held = db.begin().await.unwrap();
            let mut units = tokio::task::JoinSet::new();
            for index in 0..12_u8 {
                let (db, number) = (Store::clone(&db), round * 12 + index);
                units.spawn(async move {
                    if index % 3 == 0 {
                        count_for(&db, number).await.unwrap()?;
                        return Ok(());
                    }
                    let mut tx = db.begin().await?;
                    accounts::insert(&mut tx, &account(number)).await?;
                    if index % 3 == 1 { tx.commit().await } else { Ok(()) }
                });
                if round % 2 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            drop(held);
            let outcomes: Result<Vec<()>, StoreError> = units.join_all().await.into_iter().collect();
            outcomes.unwrap();
        }
        assert_eq!(read!(db, tx => accounts::count(tx)), 80);
        for number in 0..240_u8 {
            assert_eq!(counted(&db, number).await, i64::from(number % 12 % 3 == 0), "{number}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_breaks_off_is_undone_and_the_thread_goes_on() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let (begun, go_on, first) = holding(&db, 1);
        begun.await.unwrap();
        let broken = ask(&db, |c| -> Result<(), StoreError> {
            throttles::add_whole(c, "test", &[2], NOW, after(1000))?;
            panic!("on purpose");
        });
        let behind = count_for(&db, 3);
        waiting(&db, 2).await;
        go_on.send(()).unwrap();
        assert_eq!(broken.await.unwrap().unwrap_err().kind(), StoreErrorKind::Other);
        first.await.unwrap().unwrap();
        behind.await.unwrap().unwrap();
        count_for(&db, 3).await.unwrap().unwrap();
        assert_eq!((counted(&db, 1).await, counted(&db, 2).await, counted(&db, 3).await), (1, 0, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_fit_into_one_commit_go_into_several() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let (begun, go_on, first) = holding(&db, 1);
        begun.await.unwrap();
        let rest: Vec<_> = (0..MOST).map(|_| count_for(&db, 2)).collect();
        waiting(&db, MOST).await;
        let (begun, go_on_too, last) = holding(&db, 3);
        waiting(&db, MOST + 1).await;
        go_on.send(()).unwrap();
        begun.await.unwrap();
        assert_eq!(first.await.unwrap().unwrap(), 1, "the last is not in the same commit");
        go_on_too.send(()).unwrap();
        last.await.unwrap().unwrap();
        let mut counts: Vec<i64> = Vec::new();
        for one in rest {
            counts.push(one.await.unwrap().unwrap());
        }
        counts.sort_unstable();
        assert!(counts.into_iter().eq(1..=i64::try_from(MOST).unwrap()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_waits_for_any_more_is_not_begun() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let (begun, go_on, first) = holding(&db, 1);
        begun.await.unwrap();
        let (gone, stays) = (count_for(&db, 2), count_for(&db, 3));
        waiting(&db, 2).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        go_on.send(()).unwrap();
        first.await.unwrap().unwrap();
        stays.await.unwrap().unwrap();
        assert_eq!((counted(&db, 2).await, counted(&db, 3).await), (0, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_goes_away_while_another_program_keeps_the_lock_leaves_nothing() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let other = Connection::open(db.file()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let gone = count_for(&db, 1);
        a_moment().await;
        waiting(&db, 0).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(count_for(&db, 2).await.unwrap().unwrap(), 1);
        assert_eq!(counted(&db, 1).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_too_long_for_a_turn_is_told_and_nothing_is_done_for_them_later() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let held = db.begin().await.unwrap();
        let waited = count_for(&db, 1);
        assert_eq!(waited.await.unwrap().unwrap_err().kind(), StoreErrorKind::Busy);
        assert!(!db.condition.writes_fail(), "it tried to write without a turn");
        let next = count_for(&db, 2);
        waiting(&db, 1).await;
        drop(held);
        assert_eq!(next.await.unwrap().unwrap(), 1);
        assert_eq!(counted(&db, 1).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_too_long_once_begun_is_told_so_and_may_be_done_all_the_same() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let (begun, go_on, slow) = holding(&db, 1);
        begun.await.unwrap();
        assert_eq!(slow.await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert!(db.condition.writes_fail());
        go_on.send(()).unwrap();
        assert_eq!(count_for(&db, 1).await.unwrap().unwrap(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_of_another_program_is_waited_for_once_for_all_that_wait() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let other = Connection::open(db.file()).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let asked = Instant::now();
        let first = count_for(&db, 1);
        tokio::time::sleep(BUSY_TIMEOUT / 5).await;
        let (second, third) = (count_for(&db, 2), count_for(&db, 3));
        for one in [first, second, third] {
            assert_eq!(one.await.unwrap().unwrap_err().kind(), StoreErrorKind::Busy);
        }
        // Each for itself: the second would have given up a second later.
        assert!(asked.elapsed() < BUSY_TIMEOUT + BUSY_TIMEOUT / 5, "each waited for itself");
        assert!(db.condition.writes_fail());
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(count_for(&db, 1).await.unwrap().unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_into_a_file_that_was_taken_away_while_the_turn_was_waited_for() {
    on_sqlite(Prepared::Migrated, |db| async move {
        assert_eq!(count_for(&db, 1).await.unwrap().unwrap(), 1);
        let held = db.begin().await.unwrap();
        let waits = count_for(&db, 1);
        waiting(&db, 1).await;
        let away = db.file().with_extension("away");
        std::fs::rename(db.file(), &away).unwrap();
        drop(held);
        assert_eq!(waits.await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        std::fs::rename(&away, db.file()).unwrap();
        assert_eq!(count_for(&db, 1).await.unwrap().unwrap(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_went_into_a_file_that_was_taken_away_is_acknowledged() {
    on_sqlite(Prepared::Migrated, |db| async move {
        assert_eq!(count_for(&db, 1).await.unwrap().unwrap(), 1);
        let (begun, go_on, writing) = holding(&db, 1);
        begun.await.unwrap();
        let (away, copy) = (db.file().with_extension("away"), db.file().with_extension("copy"));
        std::fs::copy(db.file(), &copy).unwrap();
        std::fs::rename(db.file(), &away).unwrap();
        std::fs::rename(&copy, db.file()).unwrap();
        go_on.send(()).unwrap();
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert_eq!(count_for(&db, 1).await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        std::fs::rename(&away, db.file()).unwrap();
        // The one that was under way is in it; the one after was not begun.
        assert_eq!(count_for(&db, 1).await.unwrap().unwrap(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_thread_ends_with_the_last_who_could_ask_even_where_that_is_a_unit_of_its_own() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let condition = Condition::of_file(&db.file()).unwrap();
        let Pools::Sqlite { batches, .. } = &db.pools else { unreachable!() };
        let alone = WriterThread::start(db.file(), condition, Arc::clone(batches)).unwrap();
        let thread = alone.thread.lock().unwrap().take().unwrap();
        let held = db.begin().await.unwrap();
        let gone = tokio::spawn({
            let (alone, last) = (Arc::clone(&alone), Arc::clone(&alone));
            async move {
                alone
                    .run(move |_| {
                        drop(last);
                        Ok(())
                    })
                    .await
            }
        });
        let desk = Arc::clone(&alone.desk);
        drop(alone);
        while desk.asks().tray.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        drop(held);
        tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_what_is_under_way_is_done_and_what_waits_is_not() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let (begun, go_on, under_way) = holding(&db, 1);
        begun.await.unwrap();
        let waits = count_for(&db, 2);
        waiting(&db, 1).await;
        let closing = tokio::spawn({
            let thread = thread(&db);
            async move { thread.close().await }
        });
        assert_eq!(waits.await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert!(!closing.is_finished());
        go_on.send(()).unwrap();
        assert_eq!(under_way.await.unwrap().unwrap(), 1);
        closing.await.unwrap();
        assert_eq!(count_for(&db, 3).await.unwrap().unwrap_err().kind(), StoreErrorKind::Unavailable);
        assert_eq!((counted(&db, 1).await, counted(&db, 2).await), (1, 0));
        // Others write as before.
        db.begin().await.unwrap().commit().await.unwrap();
    })
    .await;
}
