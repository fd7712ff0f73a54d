use std::time::Duration;

use super::*;
use crate::StoreErrorKind;
use crate::testing::{
    account, account_id, after, commit, credential, email_change, invitation, on_both_engines, read, refresh_token,
    session, session_id,
};
use crate::{credentials, email_changes, invitations, refresh_tokens, sessions};

on_both_engines! {
    async fn an_account_is_found_by_id_and_by_key_as_it_was_inserted(db: Migrated) {
        let mut person = account(1);
        person.role = Role::Admin;
        person.status = AccountStatus::Disabled;
        person.disabled_at = Some(after(9));
        commit!(db, tx => insert(tx, &person));

        assert_eq!(read!(db, tx => find(tx, person.id)), Some(person.clone()));
        assert_eq!(read!(db, tx => find_by_key(tx, "person1@example.com")), Some(person));
        assert_eq!(read!(db, tx => find(tx, account_id(2))), None);
        assert_eq!(read!(db, tx => find_by_key(tx, "Person1@Example.com")), None);
    }

    async fn optional_fields_may_be_absent(db: Migrated) {
        let person = AccountRecord { display_name: None, activated_at: None, ..account(1) };
        commit!(db, tx => insert(tx, &person));
        assert_eq!(read!(db, tx => find(tx, person.id)), Some(person));
    }

    async fn an_address_has_one_account(db: Migrated) {
        commit!(db, tx => insert(tx, &account(1)));
        let second = AccountRecord { id: account_id(2), ..account(1) };
        let mut tx = db.begin().await.unwrap();
        assert_eq!(insert(&mut tx, &second).await.unwrap_err().kind(), StoreErrorKind::UniqueViolation);
    }

    async fn of_two_nodes_that_insert_one_address_one_succeeds(db: Migrated) {
        let other = db.another_node().await;
        let second = AccountRecord { id: account_id(2), ..account(1) };
        let (here, there) = tokio::join!(insert_alone(&db, account(1)), insert_alone(&other, second));
        assert!(here.is_ok() != there.is_ok());
        let refused = here.err().or(there.err()).unwrap();
        assert_eq!(refused.kind(), StoreErrorKind::UniqueViolation);
        assert_eq!(read!(db, tx => count(tx)), 1);
    }

    async fn an_invited_account_is_activated_once(db: Migrated) {
        let invited = AccountRecord { status: AccountStatus::Invited, activated_at: None, ..account(1) };
        commit!(db, tx => insert(tx, &invited));

        assert!(commit!(db, tx => update_activated(tx, invited.id, after(50))));
        let found = read!(db, tx => find(tx, invited.id)).unwrap();
        assert_eq!(found.status, AccountStatus::Active);
        assert_eq!((found.activated_at, found.updated_at), (Some(after(50)), after(50)));

        assert!(!commit!(db, tx => update_activated(tx, invited.id, after(60))));
        assert_eq!(read!(db, tx => find(tx, invited.id)).unwrap().activated_at, Some(after(50)));
    }

    async fn a_disabled_account_cannot_be_activated(db: Migrated) {
        let disabled = AccountRecord { status: AccountStatus::Disabled, ..account(1) };
        commit!(db, tx => insert(tx, &disabled));
        assert!(!commit!(db, tx => update_activated(tx, disabled.id, after(50))));
    }

    async fn disabling_notes_the_time_and_enabling_erases_it(db: Migrated) {
        commit!(db, tx => insert(tx, &account(1)));

        assert!(commit!(db, tx => update_status(tx, account_id(1), AccountStatus::Disabled, after(70))));
        let shut = read!(db, tx => find(tx, account_id(1))).unwrap();
        assert_eq!((shut.status, shut.disabled_at), (AccountStatus::Disabled, Some(after(70))));

        assert!(commit!(db, tx => update_status(tx, account_id(1), AccountStatus::Active, after(80))));
        let open = read!(db, tx => find(tx, account_id(1))).unwrap();
        assert_eq!((open.status, open.disabled_at, open.updated_at), (AccountStatus::Active, None, after(80)));

        assert!(!commit!(db, tx => update_status(tx, account_id(2), AccountStatus::Active, after(80))));
    }

    async fn accounts_are_counted(db: Migrated) {
        assert_eq!(read!(db, tx => count(tx)), 0);
        commit!(db, tx => insert(tx, &account(1)));
        commit!(db, tx => insert(tx, &account(2)));
        assert_eq!(read!(db, tx => count(tx)), 2);
    }

    async fn name_and_language_are_set_and_the_name_taken_away(db: Migrated) {
        commit!(db, tx => insert(tx, &account(1)));
        assert!(commit!(db, tx => update_profile(tx, account_id(1), Some("Ada"), "fr", after(90))));
        let ada = AccountRecord {
            display_name: Some("Ada".to_owned()),
            language: "fr".to_owned(),
            updated_at: after(90),
            ..account(1)
        };
        assert_eq!(read!(db, tx => find(tx, account_id(1))), Some(ada.clone()));
        assert!(commit!(db, tx => update_profile(tx, account_id(1), None, "fr", after(90))));
        assert_eq!(read!(db, tx => find(tx, account_id(1))), Some(AccountRecord { display_name: None, ..ada }));
        assert!(!commit!(db, tx => update_profile(tx, account_id(2), None, "fr", after(90))));
    }

    async fn an_account_gets_another_address_unless_that_has_one(db: Migrated) {
        for number in [1, 2] {
            commit!(db, tx => insert(tx, &account(number)));
        }
        assert!(commit!(db, tx => update_email(tx, account_id(1), "New@x.example", "new@x.example", after(90))));
        let moved = read!(db, tx => find_by_key(tx, "new@x.example")).unwrap();
        assert_eq!((moved.email.as_str(), moved.updated_at), ("New@x.example", after(90)));
        assert_eq!(read!(db, tx => find_by_key(tx, "person1@example.com")), None);
        let mut tx = db.begin().await.unwrap();
        let taken = update_email(&mut tx, account_id(1), "x", "person2@example.com", after(91)).await.unwrap_err();
        assert_eq!(taken.kind(), StoreErrorKind::UniqueViolation);
        drop(tx);
        assert!(!commit!(db, tx => update_email(tx, account_id(3), "x", "x", after(91))));
    }

    async fn an_account_goes_with_all_that_is_its_own(db: Migrated) {
        for number in [1, 2] {
            commit!(db, tx => insert(tx, &account(number)));
            commit!(db, tx => credentials::insert(tx, &credential(account_id(number), 1)));
            commit!(db, tx => sessions::insert(tx, &session(number, account_id(number))));
            commit!(db, tx => refresh_tokens::insert(tx, &refresh_token(number, session_id(number))));
            commit!(db, tx => invitations::insert(tx, &invitation(number, account_id(number))));
            commit!(db, tx => email_changes::insert(tx, &email_change(number, account_id(number))));
        }
        assert!(commit!(db, tx => delete(tx, account_id(1))));
        assert!(!commit!(db, tx => delete(tx, account_id(1))));
        assert_eq!(read!(db, tx => find(tx, account_id(1))), None);
        assert!(read!(db, tx => credentials::find(tx, account_id(1))).is_none());
        assert_eq!(read!(db, tx => sessions::list_of(tx, account_id(1))), []);
        assert!(read!(db, tx => refresh_tokens::find(tx, refresh_token(1, session_id(1)).hash)).is_none());
        assert!(read!(db, tx => refresh_tokens::find(tx, refresh_token(2, session_id(2)).hash)).is_some());
        assert_eq!(read!(db, tx => email_changes::list_of(tx, account_id(1))), []);
        assert_eq!(read!(db, tx => email_changes::list_of(tx, account_id(2))).len(), 1);
        assert_eq!(read!(db, tx => find(tx, account_id(2))), Some(account(2)));
    }

    async fn a_locked_account_is_changed_by_others_only_afterwards(db: Migrated) {
        commit!(db, tx => insert(tx, &account(1)));
        let other = db.another_node().await;

        let mut tx = db.begin().await.unwrap();
        assert_eq!(lock(&mut tx, account_id(1)).await.unwrap(), Some(account(1)));
        let disabling = tokio::spawn(async move {
            commit!(other, tx => update_status(tx, account_id(1), AccountStatus::Disabled, after(90)))
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!disabling.is_finished());
        assert_eq!(find(&mut tx, account_id(1)).await.unwrap().unwrap().status, AccountStatus::Active);
        tx.commit().await.unwrap();

        assert!(disabling.await.unwrap());
    }

    async fn an_unknown_account_locks_nothing(db: Migrated) {
        assert_eq!(commit!(db, tx => lock(tx, account_id(1))), None);
    }

    async fn locking_needs_a_transaction(db: Migrated) {
        let mut tx = db.read().await.unwrap();
        assert_eq!(lock(&mut tx, account_id(1)).await.unwrap_err().kind(), StoreErrorKind::ReadOnly);
    }
}

async fn insert_alone(store: &crate::Store, person: AccountRecord) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    insert(&mut tx, &person).await?;
    tx.commit().await
}
