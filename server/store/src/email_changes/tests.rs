use super::*;
use crate::testing::{TestDatabase, account, account_id, after, commit, email_change, hash, on_both_engines, read};
use crate::{StoreErrorKind, accounts};

async fn populate(db: &TestDatabase) {
    for number in [1, 2] {
        commit!(db, tx => accounts::insert(tx, &account(number)));
    }
    for (number, whose) in [(1, 1), (2, 1), (3, 2)] {
        commit!(db, tx => insert(tx, &email_change(number, account_id(whose))));
    }
}

fn confirmation(number: u8, at: i64) -> Confirmation {
    Confirmation {
        old_email: "Now@Example.com".to_owned(),
        undo_hash: hash(9, number),
        confirmed_at: after(at),
        expires_at: after(2000),
    }
}

on_both_engines! {
    async fn a_change_is_found_by_the_secret_of_its_new_address_and_listed_newest_first(db: Migrated) {
        populate(&db).await;
        let [first, second] = [1, 2].map(|number| email_change(number, account_id(1)));
        assert_eq!(read!(db, tx => find_by_confirm(tx, first.confirm_hash)), Some(first.clone()));
        assert_eq!(read!(db, tx => find_by_confirm(tx, hash(8, 9))), None);
        assert_eq!(read!(db, tx => find_by_undo(tx, first.confirm_hash)), None);
        assert_eq!(read!(db, tx => list_of(tx, account_id(1))), [second, first]);
    }

    async fn a_change_needs_an_account(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        let error = insert(&mut tx, &email_change(1, account_id(1))).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::ForeignKey);
    }

    async fn a_change_is_confirmed_once_and_in_its_time(db: Migrated) {
        populate(&db).await;
        let change = email_change(1, account_id(1));
        assert!(!commit!(db, tx => update_confirmed(tx, change.id, &confirmation(1, 5), change.expires_at)));
        assert!(commit!(db, tx => update_confirmed(tx, change.id, &confirmation(1, 5), after(5))));
        assert!(!commit!(db, tx => update_confirmed(tx, change.id, &confirmation(2, 6), after(6))));
        let confirmed = EmailChangeRecord {
            old_email: "Now@Example.com".to_owned(),
            undo_hash: Some(hash(9, 1)),
            confirmed_at: Some(after(5)),
            expires_at: after(2000),
            ..change
        };
        assert_eq!(read!(db, tx => find_by_undo(tx, hash(9, 1))), Some(confirmed));
    }

    async fn of_two_nodes_that_confirm_a_change_one_succeeds(db: Migrated) {
        populate(&db).await;
        let other = db.another_node().await;
        let id = email_change(1, account_id(1)).id;
        let here = async { commit!(db, tx => update_confirmed(tx, id, &confirmation(1, 5), after(5))) };
        let there = async { commit!(other, tx => update_confirmed(tx, id, &confirmation(2, 5), after(5))) };
        let (here, there) = tokio::join!(here, there);
        assert!(here != there);
    }

    async fn only_a_confirmed_change_is_taken_once_and_in_its_time(db: Migrated) {
        populate(&db).await;
        let id = email_change(1, account_id(1)).id;
        assert_eq!(commit!(db, tx => take(tx, id, after(5))), None);
        commit!(db, tx => update_confirmed(tx, id, &confirmation(1, 5), after(5)));
        assert_eq!(commit!(db, tx => take(tx, id, after(2000))), None);
        assert_eq!(commit!(db, tx => take(tx, id, after(1999))).unwrap().undo_hash, Some(hash(9, 1)));
        assert_eq!(commit!(db, tx => take(tx, id, after(1999))), None);
    }

    async fn what_waits_is_dropped_and_what_was_confirmed_stays(db: Migrated) {
        populate(&db).await;
        let id = email_change(1, account_id(1)).id;
        commit!(db, tx => update_confirmed(tx, id, &confirmation(1, 5), after(5)));
        assert_eq!(commit!(db, tx => delete_waiting_of(tx, account_id(1))), 1);
        assert_eq!(read!(db, tx => list_of(tx, account_id(1))).len(), 1);
        assert_eq!(read!(db, tx => list_of(tx, account_id(2))).len(), 1);
    }

    async fn what_was_confirmed_at_a_time_or_later_is_dropped(db: Migrated) {
        populate(&db).await;
        for (number, at) in [(1, 5), (2, 6)] {
            let id = email_change(number, account_id(1)).id;
            commit!(db, tx => update_confirmed(tx, id, &confirmation(number, at), after(1)));
        }
        assert_eq!(commit!(db, tx => delete_confirmed_from(tx, account_id(1), after(6))), 1);
        assert!(read!(db, tx => find_by_undo(tx, hash(9, 1))).is_some());
        assert_eq!(commit!(db, tx => delete_confirmed_from(tx, account_id(1), after(5))), 1);
        assert_eq!(read!(db, tx => list_of(tx, account_id(2))).len(), 1);
    }

    async fn expired_changes_are_dropped(db: Migrated) {
        populate(&db).await;
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999), 9)), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000), 9)), 3);
    }

    async fn changes_go_with_their_account(db: Migrated) {
        populate(&db).await;
        commit!(db, tx => accounts::delete(tx, account_id(1)));
        assert_eq!(read!(db, tx => list_of(tx, account_id(1))), []);
        assert_eq!(read!(db, tx => list_of(tx, account_id(2))).len(), 1);
    }
}
