//! Logins on PostgreSQL that come at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::*;
use crate::StoreErrorKind;
use crate::audit_events::AuditHeadRecord;
use crate::backend::on;
use crate::logins::{CountedWindow, SpentHandshake, Under, look};
use crate::testing::{
    NOW, Prepared, TestDatabase, account, account_id, after, audit_event, audit_event_id, audit_head, audit_origin,
    commit, credential, hash, on_postgres, read, refresh_token, session, session_id, uuid,
};
use crate::{Tx, accounts, audit_events, credentials, proof_failures, refresh_tokens, sessions, throttles};

const CHAIN: i64 = 3;
const WINDOW: CountedWindow = CountedWindow { scope: "client_proof", key: [9; 32], start: NOW, end: after(1000) };

const UNDER_NOTHING: Under<'_> = Under { failures_key: &[], together: None, window: None };

type Opened = Result<Outcome<(), &'static str>, StoreError>;

/// Accounts 1 to 9 with a credential each, and the ends of two chains.
async fn prepare(db: &TestDatabase) {
    for number in 1..=9 {
        commit!(db, tx => accounts::insert(tx, &account(number)));
        let id = account_id(number);
        let record = credentials::CredentialRecord { account_id: id, ..credential(id, 1) };
        commit!(db, tx => credentials::insert(tx, &record));
    }
    for chain in [CHAIN, CHAIN + 1] {
        commit!(db, tx => audit_events::insert_head_if_absent(tx, &audit_head(chain, 6)));
    }
}

/// What login `number` writes behind this end of a chain.
fn after_end(number: u8, account: u8, end: &AuditHeadRecord) -> OpenedLogin {
    let sequence = u8::try_from(end.sequence + 1).unwrap();
    let account = account_id(account);
    let mut event = audit_event(number, end.chain, Some(account));
    event.sequence += end.sequence + 1 - i64::from(number);
    OpenedLogin {
        session: session(number, account),
        token: refresh_token(number, session_id(number)),
        window: Some(WINDOW),
        handshake: SpentHandshake { nonce: [number; 16], keep_until: after(9) },
        failures: [[number; 32]; 2],
        together: None,
        event,
        origin: audit_origin(number, account),
        head: audit_head(end.chain, sequence),
    }
}

/// Login `number` of that account.
fn log_in(db: &TestDatabase, number: u8, account: u8) -> JoinHandle<Opened> {
    log_in_by(db, account, CHAIN, move |locked| Ok((after_end(number, account, &locked.ok_or("missing")?.head), ())))
}

fn log_in_by(
    db: &TestDatabase,
    account: u8,
    chain: i64,
    decide: impl Fn(Option<LockedLogin>) -> Decided<(), &'static str> + Send + 'static,
) -> JoinHandle<Opened> {
    let db = Store::clone(db);
    tokio::spawn(async move { open(&db, account_id(account), chain, decide).await })
}

fn id_of(opened: Opened) -> crate::SessionId {
    opened.unwrap().unwrap().0.id
}

fn log_in_on(db: &TestDatabase, number: u8, account: u8, chain: i64) -> JoinHandle<Opened> {
    log_in_by(db, account, chain, move |locked| Ok((after_end(number, account, &locked.ok_or("missing")?.head), ())))
}

/// Until so many wait.
async fn waiting(db: &TestDatabase, number: usize) {
    while db.logins().unwrap().lock().tray.len() < number {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn somebody_waits_for_a_lock(db: &TestDatabase) {
    const COUNT: &str = "SELECT COUNT(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let count = async |tx: &mut Tx| on!(read tx, c => sqlx::query_scalar::<_, i64>(COUNT).fetch_one(c));
    while read!(db, tx => count(tx)) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Opens them together.
async fn together(db: &TestDatabase, logins: impl IntoIterator<Item = JoinHandle<Opened>>) -> Vec<Opened> {
    together_with(db, 0, logins).await
}

/// With so many that wait already.
async fn together_with(
    db: &TestDatabase,
    others: usize,
    logins: impl IntoIterator<Item = JoinHandle<Opened>>,
) -> Vec<Opened> {
    let logins: Vec<_> = logins.into_iter().collect();
    waiting(db, others + logins.len()).await;
    db.logins().unwrap().resume(db);
    let mut opened = Vec::new();
    for login in logins {
        opened.push(tokio::time::timeout(Duration::from_mins(1), login).await.unwrap().unwrap());
    }
    opened
}

async fn prepared<F>(body: impl FnOnce(TestDatabase) -> F + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    on_postgres(Prepared::Migrated, |db| async move {
        prepare(&db).await;
        db.logins().unwrap().hold_up();
        body(db).await;
    })
    .await;
}

/// How many transactions opened the sessions that there are.
async fn transactions(db: &TestDatabase) -> i64 {
    const COUNT: &str = "SELECT COUNT(DISTINCT xmin::text) FROM sessions";
    let count = async |tx: &mut Tx| on!(read tx, c => sqlx::query_scalar::<_, i64>(COUNT).fetch_one(c));
    read!(db, tx => count(tx))
}

async fn is_open(db: &TestDatabase, number: u8) -> bool {
    read!(db, tx => sessions::find_active(tx, session_id(number), NOW)).is_some()
}

#[tokio::test]
async fn logins_that_wait_open_their_sessions_in_one_transaction_and_each_writes_all_of_it() {
    prepared(|db| async move {
        let late = CountedWindow { start: after(1000), ..WINDOW };
        for number in 1..=9 {
            let window = if number % 2 == 0 { late } else { WINDOW };
            commit!(db, tx => throttles::add(tx, window.scope, &window.key, window.start, window.end));
            commit!(db, tx => proof_failures::add(tx, &[number; 32], NOW, Duration::from_secs(1)));
            commit!(db, tx => proof_failures::add(tx, &[100 + number; 32], NOW, Duration::from_secs(1)));
        }
        let logins = (1..=5).map(|number| {
            log_in_by(&db, number, CHAIN + i64::from(number % 2), move |locked| {
                let mut opened = after_end(number, number, &locked.ok_or("missing")?.head);
                opened.window = match number {
                    1 => None,
                    2 => Some(late),
                    _ => Some(WINDOW),
                };
                opened.together = (number == 5).then_some([105; 32]);
                Ok((opened, ()))
            })
        });
        let logins: Vec<_> = logins.collect();
        for (number, opened) in (1..).zip(together(&db, logins).await) {
            assert_eq!(id_of(opened), session_id(number));
            let found = read!(db, tx => sessions::find_active(tx, session_id(number), NOW));
            assert_eq!(found, Some((session(number, account_id(number)), account(number))));
            let token = read!(db, tx => refresh_tokens::find(tx, hash(5, number)));
            assert!(token == Some(refresh_token(number, session_id(number))));
            assert!(read!(db, tx => look(tx, uuid(0), UNDER_NOTHING, &[number; 16])).is_spent);
            assert_eq!(read!(db, tx => proof_failures::find(tx, &[number; 32])).failures, 0);
            let left = read!(db, tx => proof_failures::find(tx, &[100 + number; 32])).failures;
            assert_eq!(left, i64::from(number != 5), "of all devices together, where one of them logs in");
            let noted = read!(db, tx => audit_events::list(tx, Some(account_id(number)), 9, 0));
            let [noted] = noted.as_slice() else { panic!("{} events", noted.len()) };
            assert_eq!((noted.event.id, &noted.nonce), (audit_event_id(number), &Some(vec![number; 32])));
        }
        assert_eq!(transactions(&db).await, 1);
        let ends = read!(db, tx => audit_events::list_heads(tx));
        assert_eq!(ends, [audit_head(CHAIN, 8), audit_head(CHAIN + 1, 9)], "each event has a place of its own");
        assert_eq!(
            read!(db, tx => throttles::count(tx, WINDOW.scope, &WINDOW.key, WINDOW.start)),
            2,
            "each takes one back"
        );
        assert_eq!(read!(db, tx => throttles::count(tx, late.scope, &late.key, late.start)), 3);
    })
    .await;
}

#[tokio::test]
async fn logins_of_one_account_can_wait_together() {
    prepared(|db| async move {
        for opened in together(&db, (1..=3).map(|number| log_in(&db, number, 2)).collect::<Vec<_>>()).await {
            id_of(opened);
        }
        assert_eq!(transactions(&db).await, 1);
        assert_eq!(read!(db, tx => sessions::list_active(tx, account_id(2), NOW, 9, 0)).len(), 3);
    })
    .await;
}

#[tokio::test]
async fn no_more_share_a_transaction_than_are_soon_done() {
    prepared(|db| async move {
        let most = u8::try_from(MOST).unwrap();
        for opened in together(&db, (1..=most + 2).map(|number| log_in(&db, number, 2)).collect::<Vec<_>>()).await {
            id_of(opened);
        }
        assert_eq!(transactions(&db).await, 2);
        assert_eq!(read!(db, tx => audit_events::list_heads(tx))[0].sequence, 6 + i64::from(most) + 2);
    })
    .await;
}

#[tokio::test]
async fn an_account_that_somebody_else_has_keeps_only_its_own_logins_waiting() {
    prepared(|db| async move {
        let mut holder = db.begin().await.unwrap();
        accounts::lock(&mut holder, account_id(1)).await.unwrap();
        let held = log_in(&db, 1, 1);
        waiting(&db, 1).await;
        let others = (2..=4).map(|number| log_in(&db, number, number)).collect::<Vec<_>>();
        for (number, opened) in (2..).zip(together_with(&db, 1, others).await) {
            assert_eq!(id_of(opened), session_id(number));
        }
        // Nor does it where it comes alone.
        let held_too = log_in(&db, 5, 1);
        assert_eq!(id_of(log_in(&db, 6, 6).await.unwrap()), session_id(6));
        assert!(!held.is_finished() && !held_too.is_finished());
        credentials::replace(&mut holder, &credential(account_id(1), 2)).await.unwrap();
        holder.commit().await.unwrap();
        assert_eq!(id_of(held.await.unwrap()), session_id(1));
        assert_eq!(id_of(held_too.await.unwrap()), session_id(5));
    })
    .await;
}

#[tokio::test]
async fn logins_see_what_they_waited_for() {
    prepared(|db| async move {
        let mut before = db.begin().await.unwrap();
        audit_events::lock_head(&mut before, CHAIN).await.unwrap();
        audit_events::update_head(&mut before, &audit_head(CHAIN, 7)).await.unwrap();
        let logins = [log_in(&db, 8, 1), log_in(&db, 9, 2)];
        let waiting = tokio::spawn({
            let db = db.clone();
            async move { together(&db, logins).await }
        });
        somebody_waits_for_a_lock(&db).await;
        before.commit().await.unwrap();
        for opened in waiting.await.unwrap() {
            id_of(opened);
        }
        assert_eq!(read!(db, tx => audit_events::list_heads(tx))[0], audit_head(CHAIN, 9));
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_chain_that_is_kept_for_long_keeps_only_logins_of_that_chain_waiting() {
    prepared(|db| async move {
        let mut holder = db.begin().await.unwrap();
        audit_events::lock_head(&mut holder, CHAIN).await.unwrap();
        // More than may go alone at once.
        let held: Vec<_> = (1..=6).map(|number| log_in(&db, number, number)).collect();
        waiting(&db, held.len()).await;
        let elsewhere: Vec<_> = (7..=9).map(|number| log_in_on(&db, number, number, CHAIN + 1)).collect();
        for (number, opened) in (7..).zip(together_with(&db, held.len(), elsewhere).await) {
            assert_eq!(id_of(opened), session_id(number));
        }
        assert_eq!(transactions(&db).await, 1);
        assert!(!held.iter().any(JoinHandle::is_finished));
        assert!(!db.condition.writes_fail(), "that is no failure of the database");
        drop(holder);
        for (number, held) in (1..).zip(held) {
            assert_eq!(id_of(held.await.unwrap()), session_id(number));
        }
    })
    .await;
}

#[tokio::test]
async fn what_does_not_come_to_an_end_keeps_nobody_waiting_who_comes_later() {
    prepared(|db| async move {
        db.run("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(9); RETURN NULL; END'").await;
        db.run("CREATE TRIGGER slow AFTER INSERT ON sessions FOR EACH ROW WHEN (NEW.device_name = 'slow') EXECUTE FUNCTION slow()")
            .await;
        let slow = log_in_by(&db, 1, CHAIN, |locked| {
            let mut opened = after_end(1, 1, &locked.ok_or("missing")?.head);
            opened.session.device_name = Some("slow".to_owned());
            Ok((opened, ()))
        });
        waiting(&db, 1).await;
        db.logins().unwrap().resume(&db);
        while !db.logins().unwrap().lock().tray.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(id_of(log_in_on(&db, 2, 2, CHAIN + 1).await.unwrap()), session_id(2));
        assert!(!slow.is_finished());
        assert_eq!(id_of(slow.await.unwrap()), session_id(1));
    })
    .await;
}

#[tokio::test]
async fn where_a_commit_fails_all_are_told_so_and_nobody_tries_again() {
    prepared(|db| async move {
        db.run("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'")
            .await;
        db.run(
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON sessions DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        .await;
        let decided = Arc::new(AtomicUsize::new(0));
        let logins = (1..=3).map(|number| {
            let decided = Arc::clone(&decided);
            log_in_by(&db, number, CHAIN, move |locked| {
                decided.fetch_add(1, Ordering::Relaxed);
                Ok((after_end(number, number, &locked.ok_or("missing")?.head), ()))
            })
        });
        let logins: Vec<_> = logins.collect();
        for opened in together(&db, logins).await {
            assert_eq!(opened.err().unwrap().kind(), StoreErrorKind::Other);
        }
        assert_eq!(decided.load(Ordering::Relaxed), 3);
        assert_eq!(transactions(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn one_that_cannot_be_written_fails_alone() {
    prepared(|db| async move {
        commit!(db, tx => sessions::insert(tx, &session(9, account_id(9))));
        let garbled = |locked: Option<LockedLogin>| {
            let mut opened = after_end(2, 2, &locked.ok_or("missing")?.head);
            opened.session.device_name = Some("a\0b".to_owned());
            Ok((opened, ()))
        };
        let taken = |locked: Option<LockedLogin>| {
            let mut opened = after_end(1, 1, &locked.ok_or("missing")?.head);
            (opened.session.id, opened.token.session_id) = (session_id(9), session_id(9));
            Ok((opened, ()))
        };
        let logins = [
            log_in_by(&db, 1, CHAIN, taken),
            log_in_by(&db, 2, CHAIN, garbled),
            log_in_by(&db, 3, CHAIN, |_| Err("refused")),
            log_in(&db, 10, 10),
            log_in_by(&db, 7, CHAIN + 7, |locked| locked.map(|_| unreachable!()).ok_or("missing")),
            log_in(&db, 4, 4),
            log_in(&db, 5, 5),
        ];
        let mut opened = together(&db, logins).await;
        assert_eq!(id_of(opened.pop().unwrap()), session_id(5));
        assert_eq!(id_of(opened.pop().unwrap()), session_id(4));
        assert_eq!(opened.pop().unwrap().unwrap().err(), Some("missing"), "the end of its chain");
        assert_eq!(opened.pop().unwrap().unwrap().err(), Some("missing"), "its account");
        assert_eq!(opened.pop().unwrap().unwrap().err(), Some("refused"));
        assert_eq!(opened.pop().unwrap().err().unwrap().kind(), StoreErrorKind::Other);
        assert_eq!(opened.pop().unwrap().err().unwrap().kind(), StoreErrorKind::UniqueViolation);
        assert_eq!(
            read!(db, tx => audit_events::list_heads(tx))[0].sequence,
            8,
            "those that were refused leave no gap"
        );
        for number in [1, 2, 3] {
            let active = read!(db, tx => sessions::list_active(tx, account_id(number), NOW, 9, 0));
            assert!(active.is_empty(), "of account {number}");
        }
    })
    .await;
}

#[tokio::test]
async fn one_that_is_refused_leaves_the_others_together() {
    prepared(|db| async move {
        let logins = [log_in(&db, 1, 1), log_in_by(&db, 2, CHAIN, |_| Err("refused")), log_in(&db, 3, 3)];
        let mut opened = together(&db, logins).await;
        assert_eq!(id_of(opened.pop().unwrap()), session_id(3));
        assert_eq!(opened.pop().unwrap().unwrap().err(), Some("refused"));
        assert_eq!(id_of(opened.pop().unwrap()), session_id(1));
        assert_eq!(transactions(&db).await, 1);
        assert_eq!(read!(db, tx => audit_events::list_heads(tx))[0].sequence, 8);
    })
    .await;
}

#[tokio::test]
async fn one_that_breaks_off_takes_nobody_with_it() {
    prepared(|db| async move {
        let mut opened = together(&db, [log_in_by(&db, 1, CHAIN, |_| panic!("on purpose")), log_in(&db, 2, 2)]).await;
        assert_eq!(id_of(opened.pop().unwrap()), session_id(2));
        assert_eq!(opened.pop().unwrap().err().unwrap().kind(), StoreErrorKind::Other);
        assert_eq!(id_of(log_in(&db, 3, 3).await.unwrap()), session_id(3));
    })
    .await;
}

#[tokio::test]
async fn whoever_goes_away_before_it_begins_is_not_served() {
    prepared(|db| async move {
        let gone = log_in(&db, 1, 1);
        waiting(&db, 1).await;
        gone.abort();
        assert!(gone.await.err().unwrap().is_cancelled());
        for opened in together(&db, [log_in(&db, 2, 2)]).await {
            id_of(opened);
        }
        assert!(!is_open(&db, 1).await && is_open(&db, 2).await);
    })
    .await;
}

#[tokio::test]
async fn whoever_waits_too_long_for_their_turn_is_told_so_and_not_served_later() {
    prepared(|db| async move {
        let late = log_in(&db, 1, 1).await.unwrap();
        assert_eq!(late.err().unwrap().kind(), StoreErrorKind::Busy);
        db.logins().unwrap().resume(&db);
        assert_eq!(id_of(log_in(&db, 2, 2).await.unwrap()), session_id(2));
        assert!(!is_open(&db, 1).await);
    })
    .await;
}

#[tokio::test]
async fn two_nodes_open_sessions_together_on_the_same_chains() {
    prepared(|db| async move {
        let other = db.another_node().await;
        other.logins().unwrap().hold_up();
        let on = |node: &Store, number: u8| {
            let (node, account) = (node.clone(), number % 9 + 1);
            let chain = CHAIN + i64::from(account % 2);
            tokio::spawn(async move {
                open(&node, account_id(account), chain, move |locked| {
                    Ok((after_end(number, account, &locked.ok_or("missing")?.head), ()))
                })
                .await
            })
        };
        let logins: Vec<_> = (1..=60).map(|number| on(if number <= 30 { &db } else { &other }, number)).collect();
        while db.logins().unwrap().lock().tray.len() + other.logins().unwrap().lock().tray.len() < 60 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for node in [&*db, &other] {
            node.logins().unwrap().resume(node);
        }
        for login in logins {
            id_of(login.await.unwrap());
        }
        let ends = read!(db, tx => audit_events::list_heads(tx));
        let ends: i64 = ends.iter().map(|end| end.sequence - 6).sum();
        assert_eq!(ends, 60, "all have a place, and there is no gap");
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn where_the_database_is_away_all_that_wait_are_told_so() {
    prepared(|db| async move {
        let queue = Arc::clone(db.logins().unwrap());
        let logins: Vec<_> = (1..=3).map(|number| log_in(&db, number, number)).collect();
        waiting(&db, 3).await;
        db.close().await;
        queue.resume(&db);
        for login in logins {
            assert_eq!(login.await.unwrap().err().unwrap().kind(), StoreErrorKind::Unavailable);
        }
    })
    .await;
}
