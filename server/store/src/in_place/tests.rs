use super::*;
use crate::accounts::{AccountRecord, AccountStatus, Role};
use crate::backend::Pools;
use crate::logins::{CountedWindow, Spend, SpentHandshake, Under};
use crate::sessions::{RefreshDelivery, SessionRecord};
use crate::testing::{
    NOW, Prepared, TestDatabase, account, account_id, after, commit, credential, hash, on_sqlite, pending, read,
    session, session_id, uuid,
};
use crate::{accounts, candidates, credentials, logins, pending_credentials, sessions};

fn in_place(db: &TestDatabase) -> Arc<InPlace> {
    let Pools::Sqlite { in_place, .. } = &db.pools else { unreachable!() };
    Arc::clone(in_place)
}

fn number(columns: &mut Columns<'_>) -> Result<i64, rusqlite::Error> {
    columns.next()
}

const COUNT: &str = "SELECT COUNT(*) FROM accounts";

/// Forgets a pause: on a busy machine a thread may stand still for longer than a disk may take.
fn go_on(all: &InPlace) {
    all.not_before.store(0, Ordering::Relaxed);
}

fn count(db: &TestDatabase) -> Option<Vec<i64>> {
    go_on(&in_place(db));
    in_place(db).rows(COUNT, &[], number)
}

/// Another's connections to the same file.
fn beside(db: &TestDatabase) -> Arc<InPlace> {
    InPlace::new(db.file(), Condition::of_file(&db.file()).unwrap(), 2)
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

/// Asks once in place and once through sqlx, and makes sure that it was so.
macro_rules! both_ways {
    ($db:expr, $tx:ident => $ask:expr) => {{
        let answered = || in_place(&$db).answered.load(Ordering::Relaxed);
        let before = answered();
        go_on(&in_place(&$db));
        let mut reader = $db.read().await.unwrap();
        let $tx = &mut reader;
        let here = $ask.await.unwrap();
        assert_eq!(answered(), before + 1, "it was not asked in place");
        let mut moment = $db.snapshot().await.unwrap();
        let $tx = &mut moment;
        let there = $ask.await.unwrap();
        assert_eq!(answered(), before + 1, "it was asked in place");
        (here, there)
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_the_same_in_place_and_through_sqlx() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let bare = AccountRecord {
            display_name: None,
            activated_at: None,
            disabled_at: Some(after(3)),
            role: Role::Admin,
            status: AccountStatus::Disabled,
            ..account(2)
        };
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => accounts::insert(tx, &bare));
        let full = SessionRecord {
            device_name: Some("Anna’s phone".to_owned()),
            stepped_up_at: Some(after(1)),
            provider: Some("example".to_owned()),
            ..session(1, account_id(1))
        };
        let empty = SessionRecord {
            user_agent: None,
            ip_address: None,
            device_name: None,
            stepped_up_at: None,
            provider: None,
            refresh_delivery: RefreshDelivery::Body,
            ..session(2, account_id(2))
        };
        commit!(db, tx => sessions::insert(tx, &full));
        commit!(db, tx => sessions::insert(tx, &empty));
        for (record, whose) in [(full, account(1)), (empty, bare)] {
            let (here, there) = both_ways!(db, tx => sessions::find_active(tx, record.id, NOW));
            assert_eq!(here, Some((record, whose)));
            assert_eq!(here, there);
        }
        assert_eq!(both_ways!(db, tx => sessions::find_active(tx, session_id(3), NOW)), (None, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_challenge_is_made_from_is_the_same_in_place_and_through_sqlx() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let sign_up = pending(2, "new@example.com");
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => credentials::insert(tx, &credential(account_id(1), 4)));
        commit!(db, tx => pending_credentials::insert(tx, &sign_up));
        for (address, ticket) in [("person1@example.com", sign_up.ticket_hash), ("nobody@example.com", hash(1, 1))] {
            let (here, there) = both_ways!(db, tx => candidates::find(tx, address, ticket));
            assert!(here.nearest == there.nearest && here.nearest.is_some(), "{address}");
            assert!(here.shown == there.shown && here.shown.is_some() == (ticket == sign_up.ticket_hash), "{address}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_before_a_look_is_the_same_in_place_and_through_sqlx() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let window = CountedWindow { scope: "test", key: [7; 32], start: NOW, end: after(1000) };
        let sign_up = pending(2, "new@example.com");
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => credentials::insert(tx, &credential(account_id(1), 4)));
        commit!(db, tx => pending_credentials::insert(tx, &sign_up));
        let handshake = SpentHandshake { nonce: [9; 16], keep_until: after(1000) };
        let (failures_key, kept_for_each) = ([8; 32], Duration::from_mins(1));
        let spend = Spend { handshake, window: Some(window), failures_key, now: NOW, kept_for_each };
        commit!(db, tx => logins::spend(tx, &spend));
        for owner in [account_id(1).as_uuid(), uuid(2), uuid(3)] {
            for (key, window, nonce) in [([8; 32], Some(window), [9; 16]), ([1; 32], None, [1; 16])] {
                let other = failures_key.as_slice();
                let under = Under { failures_key: &key, together: window.is_none().then_some(other), window };
                let (here, there) = both_ways!(db, tx => logins::look(tx, owner, under, &nonce));
                assert!(here == there);
                assert_eq!(
                    (here.is_spent, here.counted, here.failures.failures, here.together.failures),
                    match window {
                        Some(_) => (true, 1, 1, 0),
                        None => (false, 0, 0, 1),
                    }
                );
                assert_eq!(
                    (here.account.is_some(), here.pending.is_some()),
                    (owner == account_id(1).as_uuid(), owner == uuid(2))
                );
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_answered_in_place_is_left_to_the_usual_way_and_all_else_for_a_moment() {
    on_sqlite(Prepared::Migrated, |db| async move {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        // Not a statement, not a number, not a reader.
        for sql in ["SELECT nothing FROM nowhere", "SELECT email FROM accounts", "DELETE FROM accounts RETURNING 1"] {
            let fresh = beside(&db);
            assert_eq!(fresh.rows(COUNT, &[], number), Some(vec![1]));
            go_on(&fresh);
            assert_eq!(fresh.rows(sql, &[], number), None, "{sql}");
            assert_eq!(fresh.rows(COUNT, &[], number), None);
            go_on(&fresh);
            assert_eq!(fresh.rows(COUNT, &[], number), Some(vec![1]));
        }
        in_place(&db).pause();
        assert!(accounts::find(&mut db.read().await.unwrap(), account_id(1)).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_thread_is_always_left_for_others() {
    on_sqlite(Prepared::Migrated, |db| async move {
        for (threads, at_once) in [(1, 1), (2, 1), (3, 2), (8, 7)] {
            let fresh = InPlace::new(db.file(), Condition::of_file(&db.file()).unwrap(), threads);
            let asking: Vec<_> = (0..at_once).map(|_| Asking::of(&fresh).unwrap()).collect();
            assert_eq!(fresh.rows(COUNT, &[], number), None, "{threads}");
            drop(asking);
            assert_eq!(fresh.rows(COUNT, &[], number), Some(vec![0]), "{threads}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_waits_for_the_disk_others_are_answered_by_other_threads() {
    on_sqlite(Prepared::Migrated, |db| async move {
        // Seconds: what others ask meanwhile takes milliseconds.
        const LONG: &str =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT COUNT(*) FROM n";
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => sessions::insert(tx, &session(1, account_id(1))));
        let all = in_place(&db);
        let waits = tokio::spawn({
            let all = Arc::clone(&all);
            async move { all.rows(LONG, &[], number) }
        });
        while all.asking.load(Ordering::Relaxed) == 0 && !waits.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for _ in 0..10 {
            assert!(read!(db, tx => sessions::find_active(tx, session_id(1), NOW)).is_some());
        }
        assert!(!waits.is_finished(), "it was over before anybody asked");
        assert_eq!(all.answered.load(Ordering::Relaxed), 0);
        assert_eq!(waits.await.unwrap(), Some(vec![20_000_000]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_slow_is_waited_for_once_and_then_by_other_threads() {
    on_sqlite(Prepared::Migrated, |db| async move {
        const SLOW: &str =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT COUNT(*) FROM n";
        let fresh = beside(&db);
        assert_eq!(fresh.rows(SLOW, &[], number), Some(vec![3_000_000]));
        assert_eq!(fresh.rows(COUNT, &[], number), None);
        go_on(&fresh);
        assert_eq!(fresh.rows(COUNT, &[], number), Some(vec![0]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_somebody_locks_everybody_out_nobody_is_waited_for_long() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let reader = beside(&db);
        assert_eq!(reader.rows(COUNT, &[], number), Some(vec![0]));
        reader.idle().clear();
        db.close().await;
        let alone = Connection::open(db.file()).unwrap();
        alone.pragma_update(None, "locking_mode", "EXCLUSIVE").unwrap();
        alone.execute_batch("BEGIN EXCLUSIVE; DELETE FROM accounts").unwrap();
        let asked = Instant::now();
        assert_eq!(reader.rows(COUNT, &[], number), None);
        assert!(asked.elapsed() < Duration::from_secs(1));
        alone.execute_batch("COMMIT").unwrap();
        drop(alone);
        go_on(&reader);
        assert_eq!(reader.rows(COUNT, &[], number), Some(vec![0]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_connection_is_made_to_a_file_that_took_the_place_of_the_one_opened() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let reader = beside(&db);
        assert_eq!(reader.rows(COUNT, &[], number), Some(vec![0]));
        reader.idle().clear();
        let copy = db.file().with_extension("copy");
        std::fs::copy(db.file(), &copy).unwrap();
        std::fs::rename(&copy, db.file()).unwrap();
        assert_eq!(reader.rows(COUNT, &[], number), None);
        assert!(reader.idle().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_end_nothing_is_asked_and_what_comes_back_is_closed() {
    on_sqlite(Prepared::Migrated, |db| async move {
        let reader = beside(&db);
        let under_way = reader.take().unwrap();
        reader.close();
        reader.put_back(under_way);
        assert!(reader.idle().is_empty());
        assert_eq!(reader.rows(COUNT, &[], number), None);
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
