use super::*;
use crate::testing::{NOW, account, account_id, after, commit, hash, on_both_engines, password_reset, read};
use crate::{StoreErrorKind, accounts};

on_both_engines! {
    async fn looking_at_a_reset_does_not_use_it(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let reset = password_reset(1, account_id(1));
        commit!(db, tx => insert(tx, &reset));
        for _ in 0..2 {
            assert_eq!(read!(db, tx => find_by_link(tx, reset.link_hash)), Some(reset.clone()));
        }
        assert_eq!(read!(db, tx => find_by_link(tx, reset.code_hash)), None);
        assert_eq!(read!(db, tx => find_by_link(tx, hash(6, 2))), None);
    }

    async fn a_reset_is_taken_once(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let reset = password_reset(1, account_id(1));
        commit!(db, tx => insert(tx, &reset));
        assert_eq!(commit!(db, tx => take(tx, reset.id, NOW)), Some(reset.clone()));
        assert_eq!(commit!(db, tx => take(tx, reset.id, NOW)), None);
        assert_eq!(read!(db, tx => find_by_link(tx, reset.link_hash)), None);
    }

    async fn of_two_takers_one_gets_the_reset(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let reset = password_reset(1, account_id(1));
        commit!(db, tx => insert(tx, &reset));
        let other = db.another_node().await;
        let (here, there) = tokio::join!(
            async { commit!(db, tx => take(tx, reset.id, NOW)) },
            async { commit!(other, tx => take(tx, reset.id, NOW)) },
        );
        assert!(here.is_some() != there.is_some());
    }

    async fn a_reset_is_given_back_by_a_rollback(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let reset = password_reset(1, account_id(1));
        commit!(db, tx => insert(tx, &reset));
        let mut tx = db.begin().await.unwrap();
        assert!(take(&mut tx, reset.id, NOW).await.unwrap().is_some());
        drop(tx);
        assert!(commit!(db, tx => take(tx, reset.id, NOW)).is_some());
    }

    async fn a_reset_works_until_just_before_it_expires(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let reset = password_reset(1, account_id(1));
        commit!(db, tx => insert(tx, &reset));
        assert_eq!(commit!(db, tx => take(tx, reset.id, after(1000))), None);
        assert!(commit!(db, tx => take(tx, reset.id, after(999))).is_some());
    }

    async fn an_accounts_resets_are_listed_while_they_are_good(db: Migrated) {
        for number in [1, 2] {
            commit!(db, tx => accounts::insert(tx, &account(number)));
        }
        for (number, whose) in [(1, 1), (2, 1), (3, 2)] {
            commit!(db, tx => insert(tx, &password_reset(number, account_id(whose))));
        }
        let listed = async |now| {
            let resets = read!(db, tx => list_of(tx, account_id(1), now));
            resets.into_iter().map(|reset| reset.link_hash).collect::<Vec<_>>()
        };
        assert_eq!(listed(after(999)).await, [hash(6, 2), hash(6, 1)], "the newest first");
        assert_eq!(listed(after(1000)).await, []);
    }

    async fn a_reset_needs_an_account(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        let error = insert(&mut tx, &password_reset(1, account_id(1))).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::ForeignKey);
    }

    async fn all_resets_of_an_account_are_void_together(db: Migrated) {
        for number in [1, 2] {
            commit!(db, tx => accounts::insert(tx, &account(number)));
        }
        for (number, whose) in [(1, 1), (2, 1), (3, 2)] {
            commit!(db, tx => insert(tx, &password_reset(number, account_id(whose))));
        }
        assert_eq!(commit!(db, tx => delete_for(tx, account_id(1))), 2);
        assert!(read!(db, tx => find_by_link(tx, hash(6, 3))).is_some());
    }

    async fn resets_go_with_their_account(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &password_reset(1, account_id(1))));
        commit!(db, tx => accounts::delete(tx, account_id(1)));
        assert_eq!(read!(db, tx => find_by_link(tx, hash(6, 1))), None);
    }

    async fn expired_resets_are_dropped(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &password_reset(1, account_id(1))));
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999), 9)), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000), 9)), 1);
    }
}
