use std::time::Duration;

use super::*;
use crate::audit_events::AuditEventWithOrigin;
use crate::testing::{
    NOW, Prepared, account, account_id, after, audit_event, audit_head, audit_origin, commit, credential, hash,
    on_both_engines, on_postgres, pending, read, refresh_token, session, session_id, uuid,
};
use crate::{
    Store, StoreErrorKind, accounts, audit_events, credentials, pending_credentials, proof_failures, refresh_tokens,
    sessions, throttles,
};

const KEY: &[u8] = &[7; 32];

fn window() -> CountedWindow {
    CountedWindow { scope: "client_proof", key: [9; 32], start: NOW, end: after(1000) }
}

fn handshake(number: u8) -> SpentHandshake {
    SpentHandshake { nonce: [number; 16], keep_until: after(9) }
}

fn attempt(number: u8, window: Option<CountedWindow>) -> Spend {
    Spend {
        handshake: handshake(number),
        window,
        failures_key: [7; 32],
        now: NOW,
        kept_for_each: Duration::from_secs(1),
    }
}

const fn under(failures_key: &[u8], window: Option<CountedWindow>) -> Under<'_> {
    Under { failures_key, together: None, window }
}

/// An account with a credential, and the end of a chain.
async fn prepare(tx: &mut Tx) -> Result<(), StoreError> {
    accounts::insert(tx, &account(1)).await?;
    credentials::insert(tx, &credential(account_id(1), 1)).await?;
    audit_events::insert_head_if_absent(tx, &audit_head(3, 6)).await.map(drop)
}

/// What a login is told of the account; it refuses to open a session.
async fn locked(db: &Store, account: AccountId, chain: i64) -> Option<LockedLogin> {
    let refused = open::<(), _>(db, account, chain, Err).await.unwrap();
    refused.err().unwrap()
}

/// Opens a session, whatever there is.
async fn write(db: &Store, opened: OpenedLogin) -> Result<SessionRecord, StoreError> {
    let (account, chain) = (opened.session.account_id, opened.event.chain);
    let done = open(db, account, chain, move |locked| locked.map(|_| (opened.clone(), ())).ok_or(())).await?;
    Ok(done.unwrap().0)
}

/// Number 7 of chain 3.
fn login(number: u8, handshake: SpentHandshake) -> OpenedLogin {
    let sequence = number + 6;
    OpenedLogin {
        session: session(number, account_id(1)),
        token: refresh_token(number, session_id(number)),
        window: None,
        handshake,
        failures: [[7; 32]; 2],
        together: None,
        event: audit_event(sequence, 3, Some(account_id(1))),
        origin: audit_origin(sequence, account_id(1)),
        head: audit_head(3, sequence),
    }
}

on_both_engines! {
    async fn spending_counts_for_the_client_and_for_whom_the_proof_is(db: Migrated) {
        let spend = async |number: u8, window| {
            commit!(db, tx => spend(tx, &attempt(number, window)))
        };
        let first = spend(1, Some(window())).await;
        assert_eq!((first.first, first.counted, first.failures.failures), (true, 1, 0));
        let second = spend(2, Some(window())).await;
        assert_eq!((second.first, second.counted), (true, 2));
        assert_eq!(second.failures, ProofFailures { failures: 1, last_at: Some(NOW) });
        let known = spend(3, None).await;
        assert_eq!((known.first, known.counted, known.failures.failures), (true, 0, 2));
        assert!(!spend(3, None).await.first);

        let stands = read!(db, tx => look(tx, uuid(1), under(KEY, Some(window())), &[3; 16]));
        assert_eq!((stands.counted, stands.failures.failures), (2, 4));
        assert!(stands.account.is_none() && stands.pending.is_none());
        assert!(stands.is_spent);
        assert_eq!(stands.together, ProofFailures::default());
        let device = Under { together: Some(KEY), ..under(b"other", None) };
        let stands = read!(db, tx => look(tx, uuid(1), device, &[4; 16]));
        assert!(stands.counted == 0 && !stands.is_spent);
        assert_eq!((stands.failures.failures, stands.together.failures), (0, 4));
    }

    async fn a_look_finds_what_an_owner_may_stand_for(db: Migrated) {
        commit!(db, tx => prepare(tx));
        commit!(db, tx => pending_credentials::insert(tx, &pending(2, "new@example.com")));
        let found = read!(db, tx => look(tx, uuid(1), under(KEY, None), &[1; 16]));
        let (record, found) = (credential(account_id(1), 1), found.account.unwrap());
        assert_eq!((found.owner, found.id, found.version), (uuid(1), record.id.as_uuid(), 1));
        assert_eq!((found.identity, found.salt, found.preset), (record.identity, record.salt, record.preset));
        assert_eq!(found.verifier_sealed, record.verifier_sealed);
        let found = read!(db, tx => look(tx, uuid(2), under(KEY, None), &[1; 16]));
        let (record, found) = (pending(2, "new@example.com"), found.pending.unwrap());
        assert_eq!((found.owner, found.id, found.version), (uuid(2), uuid(2), 0));
        assert_eq!((found.identity, found.verifier_sealed), (record.identity, record.verifier_sealed));
    }

    async fn a_login_sees_the_credential_and_the_chain_that_it_waited_for(db: Migrated) {
        commit!(db, tx => prepare(tx));
        let mut before = db.begin().await.unwrap();
        accounts::lock(&mut before, account_id(1)).await.unwrap();
        credentials::replace(&mut before, &credential(account_id(1), 2)).await.unwrap();
        audit_events::lock_head(&mut before, 3).await.unwrap();
        audit_events::update_head(&mut before, &audit_head(3, 7)).await.unwrap();
        let waiting = {
            let db = Store::clone(&db);
            tokio::spawn(async move { locked(&db, account_id(1), 3).await.unwrap() })
        };
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished());
        before.commit().await.unwrap();
        let login = waiting.await.unwrap();
        assert_eq!(login.credential_version, 2, "the credential of before the reset opens a session");
        assert_eq!(login.head, audit_head(3, 7));
        assert_eq!(login.account, account(1));
        assert!(locked(&db, account_id(2), 3).await.is_none());
        assert!(locked(&db, account_id(1), 4).await.is_none());
    }

    async fn a_login_writes_all_of_it_and_takes_its_counts_back(db: Migrated) {
        commit!(db, tx => prepare(tx));
        let [known, together, other] = [[8; 32], [5; 32], [6; 32]];
        for (number, window, failures_key) in
            [(1, Some(window()), [7; 32]), (2, Some(window()), known), (3, None, together), (4, None, other)]
        {
            commit!(db, tx => spend(tx, &Spend { failures_key, ..attempt(number, window) }));
        }
        let opened = OpenedLogin {
            window: Some(window()),
            failures: [[7; 32], known],
            together: Some(together),
            ..login(1, handshake(9))
        };
        let (event, origin) = (opened.event.clone(), opened.origin.clone());
        let session = write(&db, opened).await.unwrap();
        assert_eq!(session, crate::testing::session(1, account_id(1)));
        assert_eq!(read!(db, tx => sessions::find_active(tx, session.id, NOW)), Some((session, account(1))));
        let token = read!(db, tx => refresh_tokens::find(tx, hash(5, 1)));
        assert!(token == Some(refresh_token(1, session_id(1))));
        let noted = read!(db, tx => audit_events::list(tx, Some(account_id(1)), 9, 0));
        assert_eq!(noted.len(), 1);
        let AuditEventWithOrigin { event: found, origin_account_id, nonce, ip_address, user_agent } = noted.into_iter().next().unwrap();
        assert_eq!(found, event);
        assert_eq!(origin_account_id, Some(origin.account_id));
        assert_eq!((nonce, ip_address, user_agent), (Some(origin.nonce), origin.ip_address, origin.user_agent));
        assert_eq!(read!(db, tx => audit_events::list_heads(tx)), [audit_head(3, 7)]);
        assert_eq!(read!(db, tx => throttles::count(tx, "client_proof", &[9; 32], NOW)), 1);
        for (key, left) in [([7; 32], 0), (known, 0), (together, 0), (other, 1)] {
            assert_eq!(read!(db, tx => proof_failures::find(tx, &key)).failures, left);
        }
    }

    async fn a_login_spends_its_handshake_or_makes_sure_that_it_is_spent(db: Migrated) {
        commit!(db, tx => prepare(tx));
        write(&db, login(1, handshake(1))).await.unwrap();
        assert!(read!(db, tx => look(tx, uuid(1), under(KEY, None), &[1; 16])).is_spent);
        let mut tx = db.begin().await.unwrap();
        assert!(!spend(&mut tx, &attempt(1, None)).await.unwrap().first);
        drop(tx);

        // Whatever was overlooked before: where nothing was spent before the look, nothing opens two sessions.
        if db.engine() == Engine::Sqlite {
            let refused = write(&db, login(2, handshake(1))).await.unwrap_err();
            assert_eq!(refused.kind(), StoreErrorKind::UniqueViolation);
            assert!(read!(db, tx => sessions::find_active(tx, session_id(2), NOW)).is_none());
        }
    }

    async fn a_place_in_a_chain_is_taken_once_and_what_lost_it_leaves_nothing(db: Migrated) {
        commit!(db, tx => prepare(tx));
        write(&db, login(1, handshake(1))).await.unwrap();
        let event = AuditEventRecord { sequence: 7, ..audit_event(8, 3, Some(account_id(1))) };
        let late = OpenedLogin { event, ..login(2, handshake(2)) };
        assert_eq!(write(&db, late).await.unwrap_err().kind(), StoreErrorKind::UniqueViolation);
        assert!(!read!(db, tx => look(tx, uuid(1), under(KEY, None), &[2; 16])).is_spent);
        assert_eq!(read!(db, tx => sessions::list_active(tx, account_id(1), NOW, 9, 0)).len(), 1);
        write(&db, login(2, handshake(2))).await.unwrap();
        assert_eq!(read!(db, tx => audit_events::list_heads(tx)), [audit_head(3, 8)]);
    }

    async fn a_failed_attempt_is_written_down_once_for_all_it_is_counted_under(db: Migrated) {
        let together = [5; 32];
        assert!(fail(&db, attempt(1, Some(window())), Some(together)).await.unwrap());
        assert!(!fail(&db, attempt(1, Some(window())), Some(together)).await.unwrap(), "it was spent");
        assert!(fail(&db, attempt(2, None), None).await.unwrap());
        let stands = read!(db, tx => look(tx, uuid(1), under(KEY, Some(window())), &[2; 16]));
        assert_eq!((stands.is_spent, stands.counted), (true, 1));
        assert_eq!(stands.failures, ProofFailures { failures: 2, last_at: Some(NOW) });
        assert_eq!(read!(db, tx => proof_failures::find(tx, &together)).failures, 1);
    }
}

/// What an attempt comes to that is judged in one statement.
async fn enter(db: &Store, attempt: &Spend, together: Option<[u8; 32]>, most: i64) -> (Standing, bool) {
    look_and_spend(db, uuid(1), attempt, together, most).await.unwrap()
}

#[tokio::test]
async fn an_attempt_with_nothing_against_it_is_counted_as_it_is_looked_up() {
    on_postgres(Prepared::Migrated, |db| async move {
        commit!(db, tx => prepare(tx));
        let together = [5; 32];
        let (standing, is_counted) = enter(&db, &attempt(1, Some(window())), Some(together), 1).await;
        assert!(is_counted && !standing.is_spent);
        assert_eq!((standing.counted, standing.failures.failures), (1, 0));
        assert_eq!(standing.account.unwrap().owner, uuid(1));
        let stands = read!(db, tx => look(tx, uuid(1), under(KEY, Some(window())), &[1; 16]));
        assert_eq!((stands.is_spent, stands.counted), (true, 1));
        assert_eq!(stands.failures, ProofFailures { failures: 1, last_at: Some(NOW) });
        assert_eq!(read!(db, tx => proof_failures::find(tx, &together)).failures, 1);

        let known = Spend { failures_key: [8; 32], ..attempt(2, None) };
        let (standing, is_counted) = enter(&db, &known, None, 0).await;
        assert!(is_counted && standing.counted == 0, "without a window nothing is counted for the client");
        assert_eq!(read!(db, tx => proof_failures::find(tx, &[8; 32])).failures, 1);
    })
    .await;
}

#[tokio::test]
async fn an_attempt_with_something_against_it_is_looked_up_and_not_counted() {
    on_postgres(Prepared::Migrated, |db| async move {
        let together = [5; 32];
        for (number, failures_key, window) in [(1, [7; 32], Some(window())), (2, together, None)] {
            commit!(db, tx => spend(tx, &Spend { failures_key, ..attempt(number, window) }));
        }
        let free = |number, window| Spend { failures_key: [8; 32], ..attempt(number, window) };
        for (what, attempt, together, most) in [
            ("it failed before", attempt(3, None), None, 9),
            ("all devices together failed before", free(3, None), Some(together), 9),
            ("its handshake is spent", free(1, None), None, 9),
            ("its client's window is full", free(3, Some(window())), None, 1),
        ] {
            let (standing, is_counted) = enter(&db, &attempt, together, most).await;
            assert!(!is_counted, "{what}");
            let under = Under {
                failures_key: &attempt.failures_key,
                together: together.as_ref().map(<[u8; 32]>::as_slice),
                window: attempt.window,
            };
            let stands = read!(db, tx => look(tx, uuid(1), under, &attempt.handshake.nonce));
            assert!(standing == stands, "{what}");
        }
        assert!(!read!(db, tx => look(tx, uuid(1), under(KEY, None), &[3; 16])).is_spent);
        assert_eq!(read!(db, tx => proof_failures::find(tx, &[8; 32])).failures, 0);
        assert_eq!(read!(db, tx => throttles::count(tx, "client_proof", &[9; 32], NOW)), 1);
    })
    .await;
}

#[tokio::test]
async fn of_many_attempts_at_once_no_more_are_counted_than_may_be() {
    on_postgres(Prepared::Migrated, |db| async move {
        let at_once = async |attempts: Vec<Spend>, most| {
            let entered = attempts.into_iter().map(|attempt| {
                let db = Store::clone(&db);
                tokio::spawn(async move { enter(&db, &attempt, None, most).await.1 })
            });
            let mut counted = 0;
            for one in entered.collect::<Vec<_>>() {
                counted += i64::from(one.await.unwrap());
            }
            counted
        };
        for round in 0..20 {
            let key = |number| [100 + round * 7 + number; 32];
            let same = Spend { failures_key: key(0), ..attempt(round, None) };
            assert_eq!(at_once(vec![same; 8], 9).await, 1, "of one handshake");
            let of_one = |number| Spend { failures_key: key(1), ..attempt(100 + round * 7 + number, None) };
            assert_eq!(at_once((0..7).map(of_one).collect(), 9).await, 1, "against one address");
            assert_eq!(read!(db, tx => proof_failures::find(tx, &key(1))).failures, 1);
        }
        let window = CountedWindow { scope: "full", ..window() };
        let of_client = |number| Spend { failures_key: [number; 32], ..attempt(50 + number, Some(window)) };
        let counted = at_once((0..20).map(of_client).collect(), 6).await;
        assert!(counted <= 6, "{counted} of one client");
        assert_eq!(
            read!(db, tx => throttles::count(tx, "full", &[9; 32], NOW)),
            counted,
            "what is not counted leaves nothing"
        );
    })
    .await;
}
