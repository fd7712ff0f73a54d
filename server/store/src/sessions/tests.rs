use super::*;
use crate::testing::{
    NOW, TestDatabase, account, account_id, after, commit, on_both_engines, read, refresh_token, session, session_id,
};
use crate::{StoreErrorKind, accounts, refresh_tokens};

/// Two accounts; the first has sessions 1 to 3, the second has session 4.
async fn populate(db: &TestDatabase) {
    for number in [1, 2] {
        commit!(db, tx => accounts::insert(tx, &account(number)));
    }
    for (number, whose) in [(1, 1), (2, 1), (3, 1), (4, 2)] {
        commit!(db, tx => insert(tx, &session(number, account_id(whose))));
    }
}

on_both_engines! {
    async fn an_active_session_is_found_with_its_account(db: Migrated) {
        populate(&db).await;
        let (found, whose) = read!(db, tx => find_active(tx, session_id(4), NOW)).unwrap();
        assert_eq!(found, session(4, account_id(2)));
        assert_eq!(whose, account(2));
        assert!(read!(db, tx => find_active(tx, session_id(5), NOW)).is_none());
    }

    async fn every_field_of_a_session_is_kept(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let ended = SessionRecord {
            ended_at: Some(after(7)),
            ended_reason: Some("revoked".to_owned()),
            user_agent: None,
            ip_address: None,
            device_name: Some("Anna’s phone".to_owned()),
            refresh_delivery: RefreshDelivery::Body,
            ..session(1, account_id(1))
        };
        commit!(db, tx => insert(tx, &ended));
        db.run("UPDATE sessions SET ended_at = NULL").await;
        let (found, _) = read!(db, tx => find_active(tx, session_id(1), NOW)).unwrap();
        assert_eq!(found, SessionRecord { ended_at: None, ..ended });
    }

    async fn a_session_is_active_until_just_before_it_expires(db: Migrated) {
        populate(&db).await;
        assert!(read!(db, tx => find_active(tx, session_id(1), after(999))).is_some());
        assert!(read!(db, tx => find_active(tx, session_id(1), after(1000))).is_none());
        assert_eq!(read!(db, tx => count_active(tx, account_id(1), after(1000))), 0);
        assert_eq!(read!(db, tx => list_active(tx, account_id(1), after(1000), 10, 0)), []);
    }

    async fn a_session_needs_an_account(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        let error = insert(&mut tx, &session(1, account_id(1))).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::ForeignKey);
    }

    async fn an_accounts_sessions_come_in_pages_newest_first(db: Migrated) {
        populate(&db).await;
        let expected = |numbers: &[u8]| numbers.iter().map(|n| session(*n, account_id(1))).collect::<Vec<_>>();
        assert_eq!(read!(db, tx => list_active(tx, account_id(1), NOW, 2, 0)), expected(&[3, 2]));
        assert_eq!(read!(db, tx => list_active(tx, account_id(1), NOW, 2, 2)), expected(&[1]));
        assert_eq!(read!(db, tx => list_active(tx, account_id(1), NOW, 2, 3)), []);
        assert_eq!(read!(db, tx => count_active(tx, account_id(1), NOW)), 3);
    }

    async fn of_many_sessions_and_tokens_some_go_at_a_time_and_one_session_stays(db: Migrated) {
        populate(&db).await;
        for (number, whose) in [(1, 1), (2, 1), (3, 1), (4, 2), (5, 3), (6, 4)] {
            commit!(db, tx => refresh_tokens::insert(tx, &refresh_token(number, session_id(whose))));
        }
        let left = async || {
            let sessions = db.run("UPDATE sessions SET last_seen_at = last_seen_at").await;
            (sessions, db.run("UPDATE refresh_tokens SET created_at = created_at").await)
        };
        let mut seen = Vec::new();
        while commit!(db, tx => delete_some_of(tx, account_id(1), Some(session_id(2)), 2)) {
            seen.push(left().await);
        }
        assert_eq!(seen, [(4, 4), (4, 2), (3, 2), (2, 1)]);
        assert!(read!(db, tx => find_active(tx, session_id(2), NOW)).is_some());
        assert!(read!(db, tx => find_active(tx, session_id(4), NOW)).is_some(), "another account's");
    }

    async fn ending_a_session_leaves_the_others(db: Migrated) {
        populate(&db).await;
        assert!(commit!(db, tx => end(tx, session_id(2), account_id(1), "logout", after(5))));
        assert!(read!(db, tx => find_active(tx, session_id(2), after(5))).is_none());
        assert_eq!(read!(db, tx => count_active(tx, account_id(1), after(5))), 2);
        assert_eq!(db.run("UPDATE sessions SET ended_reason = ended_reason WHERE ended_reason = 'logout'").await, 1);
    }

    async fn a_session_ends_once(db: Migrated) {
        populate(&db).await;
        assert!(commit!(db, tx => end(tx, session_id(1), account_id(1), "logout", after(5))));
        assert!(!commit!(db, tx => end(tx, session_id(1), account_id(1), "revoked", after(6))));
    }

    async fn an_expired_session_cannot_be_ended(db: Migrated) {
        populate(&db).await;
        assert!(!commit!(db, tx => end(tx, session_id(1), account_id(1), "logout", after(1000))));
    }

    async fn nobody_ends_anothers_session(db: Migrated) {
        populate(&db).await;
        assert!(!commit!(db, tx => end(tx, session_id(4), account_id(1), "revoked", after(5))));
        assert!(read!(db, tx => find_active(tx, session_id(4), after(5))).is_some());
    }

    async fn all_but_one_session_of_an_account_end_together(db: Migrated) {
        populate(&db).await;
        assert_eq!(commit!(db, tx => end_all(tx, account_id(1), Some(session_id(2)), "logout_all", after(5))), 2);
        let left = read!(db, tx => list_active(tx, account_id(1), after(5), 10, 0));
        assert_eq!(left, [session(2, account_id(1))]);
        assert_eq!(read!(db, tx => count_active(tx, account_id(2), after(5))), 1);
    }

    async fn all_sessions_of_an_account_end_together(db: Migrated) {
        populate(&db).await;
        assert_eq!(commit!(db, tx => end_all(tx, account_id(1), None, "disabled", after(5))), 3);
        assert_eq!(commit!(db, tx => end_all(tx, account_id(1), None, "disabled", after(6))), 0);
        assert_eq!(read!(db, tx => count_active(tx, account_id(2), after(5))), 1);
    }

    async fn the_last_use_only_moves_forward(db: Migrated) {
        populate(&db).await;
        commit!(db, tx => update_seen(tx, session_id(1), after(300)));
        commit!(db, tx => update_seen(tx, session_id(1), after(200)));
        let (found, _) = read!(db, tx => find_active(tx, session_id(1), NOW)).unwrap();
        assert_eq!(found.last_seen_at, after(300));
    }

    async fn all_kept_sessions_of_an_account_are_listed_ended_ones_too(db: Migrated) {
        populate(&db).await;
        commit!(db, tx => end(tx, session_id(2), account_id(1), "logout", after(5)));
        let listed = read!(db, tx => list_of(tx, account_id(1)));
        assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), [3, 2, 1].map(session_id));
        assert_eq!(listed[1].ended_reason.as_deref(), Some("logout"));
    }

    async fn sessions_long_over_are_dropped_with_their_tokens(db: Migrated) {
        populate(&db).await;
        let token = refresh_token(1, session_id(1));
        commit!(db, tx => refresh_tokens::insert(tx, &token));
        commit!(db, tx => end(tx, session_id(1), account_id(1), "logout", after(5)));

        assert_eq!(commit!(db, tx => delete_ended_before(tx, after(5), 9)), 0);
        assert_eq!(commit!(db, tx => delete_ended_before(tx, after(6), 9)), 1);
        assert!(read!(db, tx => refresh_tokens::find(tx, token.hash)).is_none());
        assert_eq!(commit!(db, tx => delete_ended_before(tx, after(1000), 9)), 0);
        assert_eq!(commit!(db, tx => delete_ended_before(tx, after(1001), 9)), 3);
    }
}
