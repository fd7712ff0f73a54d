use super::*;
use crate::Store;
use crate::testing::{after, commit, on_both_engines};

on_both_engines! {
    async fn a_handshake_is_spent_once(db: Migrated) {
        assert!(commit!(db, tx => spend(tx, &[1; 24], after(1000))));
        assert!(!commit!(db, tx => spend(tx, &[1; 24], after(1000))));
        assert!(commit!(db, tx => spend(tx, &[2; 24], after(1000))));
    }

    async fn of_many_spends_at_once_one_counts(db: Migrated) {
        let other = db.another_node().await;
        let mut spends = tokio::task::JoinSet::new();
        for index in 0..8_u8 {
            let node = if index % 2 == 0 { Store::clone(&db) } else { other.clone() };
            spends.spawn(async move { commit!(node, tx => spend(tx, &[1; 24], after(1000))) });
        }
        assert_eq!(spends.join_all().await.into_iter().filter(|first| *first).count(), 1);
    }

    async fn a_spend_that_is_rolled_back_did_not_happen(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        assert!(spend(&mut tx, &[1; 24], after(1000)).await.unwrap());
        drop(tx);
        assert!(commit!(db, tx => spend(tx, &[1; 24], after(1000))));
    }

    async fn a_handshake_is_remembered_until_just_before_it_expires(db: Migrated) {
        commit!(db, tx => spend(tx, &[1; 24], after(1000)));
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999), 9)), 0);
        assert!(!commit!(db, tx => spend(tx, &[1; 24], after(1000))));
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000), 9)), 1);
    }

    async fn what_expired_first_goes_first_and_no_more_at_once_than_was_said(db: Migrated) {
        for number in [3, 1, 2] {
            commit!(db, tx => spend(tx, &[number; 24], after(number.into())));
        }
        assert_eq!(commit!(db, tx => delete_expired(tx, after(9), 2)), 2);
        assert!(!commit!(db, tx => spend(tx, &[3; 24], after(3))), "the last to expire is still there");
        assert_eq!(commit!(db, tx => delete_expired(tx, after(9), 2)), 1);
    }

    async fn what_was_counted_and_forgotten_is_noticed(db: Migrated) {
        commit!(db, tx => spend(tx, &[1; 24], after(1000)));
        commit!(db, tx => touch(tx, &[1; 24]));
        let mut tx = db.begin().await.unwrap();
        assert_eq!(touch(&mut tx, &[2; 24]).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
        drop(tx);
        for _ in 0..2 {
            commit!(db, tx => renew(tx, &[2; 24], after(1000)));
        }
        commit!(db, tx => touch(tx, &[2; 24]));
    }
}
