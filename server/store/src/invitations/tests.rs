use super::*;
use crate::testing::{NOW, account, account_id, after, commit, hash, invitation, on_both_engines, read};
use crate::{StoreErrorKind, accounts};

on_both_engines! {
    async fn looking_at_an_invitation_does_not_use_it(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &invitation(1, account_id(1))));
        for _ in 0..2 {
            assert_eq!(read!(db, tx => find(tx, hash(4, 1))), Some(invitation(1, account_id(1))));
        }
        assert_eq!(read!(db, tx => find(tx, hash(4, 2))), None);
    }

    async fn an_invitation_is_taken_once(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &invitation(1, account_id(1))));
        assert_eq!(commit!(db, tx => take(tx, hash(4, 1), NOW)), Some(invitation(1, account_id(1))));
        assert_eq!(commit!(db, tx => take(tx, hash(4, 1), NOW)), None);
    }

    async fn of_two_takers_one_gets_the_invitation(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &invitation(1, account_id(1))));
        let other = db.another_node().await;
        let (here, there) = tokio::join!(
            async { commit!(db, tx => take(tx, hash(4, 1), NOW)) },
            async { commit!(other, tx => take(tx, hash(4, 1), NOW)) },
        );
        assert!(here.is_some() != there.is_some());
    }

    async fn an_invitation_is_given_back_by_a_rollback(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &invitation(1, account_id(1))));
        let mut tx = db.begin().await.unwrap();
        assert!(take(&mut tx, hash(4, 1), NOW).await.unwrap().is_some());
        drop(tx);
        assert!(commit!(db, tx => take(tx, hash(4, 1), NOW)).is_some());
    }

    async fn an_invitation_works_until_just_before_it_expires(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &invitation(1, account_id(1))));
        assert_eq!(commit!(db, tx => take(tx, hash(4, 1), after(1000))), None);
        assert!(commit!(db, tx => take(tx, hash(4, 1), after(999))).is_some());
    }

    async fn an_invitation_needs_an_account(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        let error = insert(&mut tx, &invitation(1, account_id(1))).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::ForeignKey);
    }

    async fn all_invitations_to_an_account_are_dropped_together(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => accounts::insert(tx, &account(2)));
        for (number, whose) in [(1, 1), (2, 1), (3, 2)] {
            commit!(db, tx => insert(tx, &invitation(number, account_id(whose))));
        }
        assert_eq!(commit!(db, tx => delete_for(tx, account_id(1))), 2);
        assert!(read!(db, tx => find(tx, hash(4, 3))).is_some());
    }

    async fn expired_invitations_are_dropped(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &invitation(1, account_id(1))));
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999), 9)), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000), 9)), 1);
    }
}
