use super::*;
use crate::testing::{account, account_id, after, commit, identity, on_both_engines, read};
use crate::{StoreErrorKind, accounts};

on_both_engines! {
    async fn an_identity_is_found_by_issuer_and_subject_together(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let linked = identity(1, account_id(1));
        commit!(db, tx => insert(tx, &linked));
        assert_eq!(read!(db, tx => find(tx, &linked.issuer, &linked.subject)), Some(linked.clone()));
        assert_eq!(read!(db, tx => find(tx, "https://other.example", &linked.subject)), None);
        assert_eq!(read!(db, tx => find(tx, &linked.issuer, "another")), None);
    }

    async fn an_identity_opens_one_account(db: Migrated) {
        for number in [1, 2] {
            commit!(db, tx => accounts::insert(tx, &account(number)));
        }
        commit!(db, tx => insert(tx, &identity(1, account_id(1))));
        let mut tx = db.begin().await.unwrap();
        let same = IdentityRecord { subject: identity(1, account_id(1)).subject, ..identity(2, account_id(2)) };
        assert_eq!(insert(&mut tx, &same).await.unwrap_err().kind(), StoreErrorKind::UniqueViolation);
    }

    async fn an_accounts_identities_are_listed_and_taken_away(db: Migrated) {
        for number in [1, 2] {
            commit!(db, tx => accounts::insert(tx, &account(number)));
        }
        for (number, whose) in [(1, 1), (2, 1), (3, 2)] {
            commit!(db, tx => insert(tx, &identity(number, account_id(whose))));
        }
        let listed = read!(db, tx => list_of(tx, account_id(1)));
        assert_eq!(listed, [identity(1, account_id(1)), identity(2, account_id(1))]);
        assert!(!commit!(db, tx => delete(tx, listed[0].id, account_id(2))), "another's");
        assert!(commit!(db, tx => delete(tx, listed[0].id, account_id(1))));
        assert_eq!(commit!(db, tx => delete_all(tx, account_id(1))), 1);
        assert_eq!(read!(db, tx => list_of(tx, account_id(2))).len(), 1);
    }

    async fn those_linked_after_a_moment_are_taken_away(db: Migrated) {
        for number in [1, 2] {
            commit!(db, tx => accounts::insert(tx, &account(number)));
        }
        for (number, whose, at) in [(1, 1, 5), (2, 1, 6), (3, 2, 9)] {
            let linked = IdentityRecord { created_at: after(at), ..identity(number, account_id(whose)) };
            commit!(db, tx => insert(tx, &linked));
        }
        assert_eq!(commit!(db, tx => delete_linked_after(tx, account_id(1), after(5))), 1);
        assert_eq!(read!(db, tx => list_of(tx, account_id(1)))[0].created_at, after(5));
        assert_eq!(read!(db, tx => list_of(tx, account_id(2))).len(), 1);
    }

    async fn a_use_is_noted(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        let linked = identity(1, account_id(1));
        commit!(db, tx => insert(tx, &linked));
        assert!(commit!(db, tx => update_used(tx, linked.id, None, after(9))));
        let found = read!(db, tx => find(tx, &linked.issuer, &linked.subject)).unwrap();
        assert_eq!((found.last_used_at, found.email), (after(9), None));
    }

    async fn identities_go_with_their_account(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &identity(1, account_id(1))));
        commit!(db, tx => accounts::delete(tx, account_id(1)));
        assert_eq!(read!(db, tx => list_of(tx, account_id(1))), []);
    }
}
