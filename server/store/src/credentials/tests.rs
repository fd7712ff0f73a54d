use super::*;
use crate::testing::{account, account_id, commit, credential, on_both_engines, read};
use crate::{StoreErrorKind, accounts};

on_both_engines! {
    async fn a_credential_is_found_as_it_was_inserted(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &credential(account_id(1), 1)));
        assert!(read!(db, tx => find(tx, account_id(1))) == Some(credential(account_id(1), 1)));
        assert!(read!(db, tx => find(tx, account_id(2))).is_none());
    }

    async fn an_account_has_one_credential(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &credential(account_id(1), 1)));
        let mut tx = db.begin().await.unwrap();
        let error = insert(&mut tx, &credential(account_id(1), 2)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::UniqueViolation);
    }

    async fn a_credential_needs_an_account(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        let error = insert(&mut tx, &credential(account_id(1), 1)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::ForeignKey);
    }

    async fn a_newer_credential_takes_the_place_of_the_old(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        assert!(!commit!(db, tx => replace(tx, &credential(account_id(1), 2))));
        commit!(db, tx => insert(tx, &credential(account_id(1), 1)));
        assert!(commit!(db, tx => replace(tx, &credential(account_id(1), 2))));
        assert!(read!(db, tx => find(tx, account_id(1))) == Some(credential(account_id(1), 2)));
    }

    async fn an_older_credential_replaces_nothing(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &credential(account_id(1), 3)));
        assert!(!commit!(db, tx => replace(tx, &credential(account_id(1), 2))));
        assert!(!commit!(db, tx => replace(tx, &credential(account_id(1), 3))));
        assert!(read!(db, tx => find(tx, account_id(1))) == Some(credential(account_id(1), 3)));
    }

    async fn a_credential_goes_with_its_account(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &credential(account_id(1), 1)));
        db.run("DELETE FROM accounts").await;
        assert!(read!(db, tx => find(tx, account_id(1))).is_none());
    }

    async fn credentials_are_counted_by_preset(db: Migrated) {
        for (number, preset) in [(1, 3), (2, 1), (3, 3)] {
            commit!(db, tx => accounts::insert(tx, &account(number)));
            let held = CredentialRecord { preset, ..credential(account_id(number), 1) };
            commit!(db, tx => insert(tx, &held));
        }
        assert_eq!(read!(db, tx => count_by_preset(tx)), [(1, 1), (3, 2)]);
    }
}
