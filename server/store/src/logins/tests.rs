use std::time::Duration;

use super::*;
use crate::testing::{
    NOW, account, account_id, after, audit_event, audit_head, audit_origin, commit, credential, hash, on_both_engines,
    pending, read, refresh_token, session, session_id, uuid,
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

/// An account with a credential, and the end of a chain.
async fn prepare(tx: &mut Tx) -> Result<(), StoreError> {
    accounts::insert(tx, &account(1)).await?;
    credentials::insert(tx, &credential(account_id(1), 1)).await?;
    audit_events::insert_head_if_absent(tx, &audit_head(3, 6)).await.map(drop)
}

on_both_engines! {
    async fn spending_counts_for_the_client_and_for_whom_the_proof_is(db: Migrated) {
        let spend = async |number: u8, window| {
            let (tx, spent) = spend(&db, attempt(number, window)).await.unwrap();
            tx.commit().await.unwrap();
            spent
        };
        let first = spend(1, Some(window())).await;
        assert_eq!((first.first, first.counted, first.failures.failures), (true, 1, 0));
        let second = spend(2, Some(window())).await;
        assert_eq!((second.first, second.counted), (true, 2));
        assert_eq!(second.failures, ProofFailures { failures: 1, last_at: Some(NOW) });
        let known = spend(3, None).await;
        assert_eq!((known.first, known.counted, known.failures.failures), (true, 0, 2));
        assert!(!spend(3, None).await.first);

        let stands = read!(db, tx => look(tx, uuid(1), KEY, Some(window()), &[3; 16]));
        assert_eq!((stands.counted, stands.failures.failures), (2, 4));
        assert!(stands.account.is_none() && stands.pending.is_none());
        assert!(stands.is_spent);
        let stands = read!(db, tx => look(tx, uuid(1), b"other", None, &[4; 16]));
        assert!(stands.counted == 0 && !stands.is_spent);
    }

    async fn a_look_finds_what_an_owner_may_stand_for(db: Migrated) {
        commit!(db, tx => prepare(tx));
        commit!(db, tx => pending_credentials::insert(tx, &pending(2, "new@example.com")));
        let found = read!(db, tx => look(tx, uuid(1), KEY, None, &[1; 16]));
        let (record, found) = (credential(account_id(1), 1), found.account.unwrap());
        assert_eq!((found.owner, found.id, found.version), (uuid(1), record.id.as_uuid(), 1));
        assert_eq!((found.identity, found.salt, found.preset), (record.identity, record.salt, record.preset));
        assert_eq!(found.verifier_sealed, record.verifier_sealed);
        let found = read!(db, tx => look(tx, uuid(2), KEY, None, &[1; 16]));
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
            tokio::spawn(async move {
                lock(&db, account_id(1), 3).await.unwrap().1.unwrap()
            })
        };
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished());
        before.commit().await.unwrap();
        let locked = waiting.await.unwrap();
        assert_eq!(locked.credential_version, 2, "the credential of before the reset opens a session");
        assert_eq!(locked.head, audit_head(3, 7));
        assert_eq!(locked.account, account(1));
        assert!(lock(&db, account_id(2), 3).await.unwrap().1.is_none());
        assert!(lock(&db, account_id(1), 4).await.unwrap().1.is_none());
    }

    async fn a_login_writes_all_of_it_and_takes_its_counts_back(db: Migrated) {
        commit!(db, tx => prepare(tx));
        let [known, other] = [[8; 32], [6; 32]];
        for (number, window, failures_key) in [(1, Some(window()), [7; 32]), (2, Some(window()), known), (3, None, other)] {
            let (tx, _) = spend(&db, Spend { failures_key, ..attempt(number, window) }).await.unwrap();
            tx.commit().await.unwrap();
        }
        let (session, token) = (session(1, account_id(1)), refresh_token(1, session_id(1)));
        let (event, origin) = (audit_event(7, 3, Some(account_id(1))), audit_origin(7, account_id(1)));
        let opened = OpenedLogin {
            session: &session,
            token: &token,
            window: Some(window()),
            handshake: handshake(4),
            failures: [KEY, &known],
            event: &event,
            origin: &origin,
            head: &audit_head(3, 7),
        };
        commit!(db, tx => open(tx, &opened));
        assert_eq!(read!(db, tx => sessions::find_active(tx, session.id, NOW)), Some((session, account(1))));
        assert!(read!(db, tx => refresh_tokens::find(tx, hash(5, 1))).is_some());
        let noted = read!(db, tx => audit_events::list(tx, Some(account_id(1)), 9, 0));
        assert_eq!(noted.len(), 1);
        assert_eq!((&noted[0].event, noted[0].nonce.as_ref()), (&event, Some(&origin.nonce)));
        assert_eq!(read!(db, tx => audit_events::list_heads(tx)), [audit_head(3, 7)]);
        assert_eq!(read!(db, tx => throttles::count(tx, "client_proof", &[9; 32], NOW)), 1);
        for (key, left) in [(KEY, 0), (known.as_slice(), 0), (other.as_slice(), 1)] {
            assert_eq!(read!(db, tx => proof_failures::find(tx, key)).failures, left);
        }
    }

    async fn a_login_spends_its_handshake_or_makes_sure_that_it_is_spent(db: Migrated) {
        commit!(db, tx => prepare(tx));
        let (session, token) = (session(1, account_id(1)), refresh_token(1, session_id(1)));
        let (event, origin) = (audit_event(7, 3, Some(account_id(1))), audit_origin(7, account_id(1)));
        let opened = OpenedLogin {
            session: &session,
            token: &token,
            window: None,
            handshake: handshake(1),
            failures: [KEY, KEY],
            event: &event,
            origin: &origin,
            head: &audit_head(3, 7),
        };
        commit!(db, tx => open(tx, &opened));
        assert!(read!(db, tx => look(tx, uuid(1), KEY, None, &[1; 16])).is_spent);
        let (tx, spent) = spend(&db, attempt(1, None)).await.unwrap();
        drop(tx);
        assert!(!spent.first);

        // Whatever was overlooked before: where nothing was spent before the look, nothing opens two sessions.
        if db.engine() == Engine::Sqlite {
            let (event, token) = (audit_event(8, 3, Some(account_id(1))), refresh_token(2, session_id(2)));
            let (session, origin) = (crate::testing::session(2, account_id(1)), audit_origin(8, account_id(1)));
            let head = audit_head(3, 8);
            let again = OpenedLogin { session: &session, token: &token, event: &event, origin: &origin, head: &head, ..opened };
            let mut tx = db.begin().await.unwrap();
            assert_eq!(open(&mut tx, &again).await.unwrap_err().kind(), StoreErrorKind::UniqueViolation);
            drop(tx);
            assert!(read!(db, tx => sessions::find_active(tx, session.id, NOW)).is_none());
        }
    }
}
