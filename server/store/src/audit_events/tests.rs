use std::time::Duration;

use super::*;
use crate::accounts;
use crate::testing::{TestDatabase, account, account_id, audit_event, audit_origin, commit, on_both_engines, read};

/// Two accounts; events 1 and 2 of the first, 3 of the second, each with where it came from.
async fn populate(db: &TestDatabase) {
    for number in [1, 2] {
        commit!(db, tx => accounts::insert(tx, &account(number)));
    }
    for (number, whose) in [(1, 1), (2, 1), (3, 2)] {
        commit!(db, tx => insert(tx, &audit_event(number, account_id(whose))));
        assert!(commit!(db, tx => insert_origin(tx, &audit_origin(number, account_id(whose)))));
    }
}

on_both_engines! {
    async fn an_accounts_events_come_in_pages_newest_first_with_where_they_came_from(db: Migrated) {
        populate(&db).await;
        let page = read!(db, tx => list(tx, Some(account_id(1)), 1, 0));
        assert_eq!(page.len(), 1);
        assert_eq!(page[0].event, audit_event(2, account_id(1)));
        assert_eq!(page[0].ip_address, audit_origin(2, account_id(1)).ip_address);
        assert_eq!(page[0].user_agent, audit_origin(2, account_id(1)).user_agent);
        assert_eq!(read!(db, tx => list(tx, Some(account_id(1)), 9, 1))[0].event, audit_event(1, account_id(1)));
        assert_eq!(read!(db, tx => list(tx, None, 9, 0)).len(), 3);
        assert_eq!(read!(db, tx => count(tx, Some(account_id(1)))), 2);
    }

    async fn where_events_came_from_is_erased_and_the_events_stay(db: Migrated) {
        populate(&db).await;
        assert_eq!(commit!(db, tx => delete_origins_of(tx, account_id(1))), 2);
        for listed in read!(db, tx => list(tx, Some(account_id(1)), 9, 0)) {
            assert_eq!((listed.nonce, listed.ip_address, listed.user_agent), (None, None, None));
        }
        assert!(read!(db, tx => list(tx, Some(account_id(2)), 9, 0))[0].ip_address.is_some());
    }

    async fn nothing_is_kept_of_where_an_event_of_a_deleted_account_came_from(db: Migrated) {
        populate(&db).await;
        commit!(db, tx => accounts::delete(tx, account_id(1)));
        commit!(db, tx => insert(tx, &audit_event(4, account_id(1))));
        assert!(!commit!(db, tx => insert_origin(tx, &audit_origin(4, account_id(1)))));
    }

    async fn who_records_while_an_account_is_deleted_waits_and_keeps_nothing(db: Migrated) {
        populate(&db).await;
        let other = db.another_node().await;
        let mut tx = db.begin().await.unwrap();
        accounts::lock(&mut tx, account_id(1)).await.unwrap();
        let recording =
            tokio::spawn(async move { commit!(other, tx => insert_origin(tx, &audit_origin(4, account_id(1)))) });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!recording.is_finished());
        accounts::delete(&mut tx, account_id(1)).await.unwrap();
        delete_origins_of(&mut tx, account_id(1)).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!recording.await.unwrap());
    }
}
