use std::time::Duration;

use super::*;
use crate::testing::{
    TestDatabase, account, account_id, audit_event, audit_event_id, audit_head, audit_origin, commit, on_both_engines,
    read,
};
use crate::{StoreErrorKind, accounts};

/// Events 1 to 4 of chain 3: of the first account, the second, nobody, and the first again.
async fn populate(db: &TestDatabase) {
    for number in [1, 2] {
        commit!(db, tx => accounts::insert(tx, &account(number)));
    }
    for (number, whose) in [(1, Some(1)), (2, Some(2)), (3, None), (4, Some(1))] {
        let account = whose.map(account_id);
        commit!(db, tx => insert(tx, &audit_event(number, 3, account)));
        if let Some(account) = account {
            commit!(db, tx => insert_origin(tx, &audit_origin(number, account)));
        }
    }
    commit!(db, tx => insert_head_if_absent(tx, &audit_head(3, 4)));
}

/// As a deletion does; answers how many origins went.
async fn erase(tx: &mut Tx, account: AccountId) -> Result<u64, StoreError> {
    accounts::lock(tx, account).await?;
    accounts::delete(tx, account).await?;
    delete_origins_of(tx, account).await
}

fn numbers(found: &[AuditEventWithOrigin]) -> Vec<i64> {
    found.iter().map(|row| row.event.sequence).collect()
}

on_both_engines! {
    async fn every_field_of_an_event_and_its_origin_is_kept(db: Migrated) {
        populate(&db).await;
        let found = read!(db, tx => list_chain(tx, 3, 1, 1)).remove(0);
        assert_eq!(found.event, audit_event(1, 3, Some(account_id(1))));
        let origin = audit_origin(1, account_id(1));
        assert_eq!(found.origin_account_id, Some(origin.account_id));
        assert_eq!(found.nonce, Some(origin.nonce));
        assert_eq!((found.ip_address, found.user_agent), (origin.ip_address, None));
    }

    async fn an_event_of_nobody_has_no_origin(db: Migrated) {
        populate(&db).await;
        let found = read!(db, tx => list_chain(tx, 3, 3, 1)).remove(0);
        assert_eq!(found.event, audit_event(3, 3, None));
        assert_eq!((found.origin_account_id, found.nonce, found.ip_address), (None, None, None));
    }

    async fn events_come_in_pages_newest_first(db: Migrated) {
        populate(&db).await;
        assert_eq!(numbers(&read!(db, tx => list(tx, None, 3, 0))), [4, 3, 2]);
        assert_eq!(numbers(&read!(db, tx => list(tx, None, 3, 3))), [1]);
        assert_eq!(numbers(&read!(db, tx => list(tx, Some(account_id(1)), 10, 0))), [4, 1]);
        assert_eq!(numbers(&read!(db, tx => list(tx, Some(account_id(1)), 10, 1))), [1]);
        assert_eq!(read!(db, tx => list(tx, Some(account_id(9)), 10, 0)), []);
        assert_eq!(read!(db, tx => count(tx, None)), 4);
        assert_eq!(read!(db, tx => count(tx, Some(account_id(1)))), 2);
    }

    async fn a_chain_comes_in_its_order_from_any_place_on(db: Migrated) {
        populate(&db).await;
        commit!(db, tx => insert(tx, &audit_event(9, 4, None)));
        assert_eq!(numbers(&read!(db, tx => list_chain(tx, 3, i64::MIN, 10))), [1, 2, 3, 4]);
        assert_eq!(numbers(&read!(db, tx => list_chain(tx, 3, 2, 2))), [2, 3]);
        assert_eq!(read!(db, tx => list_chain(tx, 3, 5, 10)), []);
        assert_eq!(read!(db, tx => find_sequence(tx, 3, i64::MIN)), Some(1));
        assert_eq!(read!(db, tx => find_sequence(tx, 3, 5)), None);
        assert_eq!(read!(db, tx => find_last(tx, 3)), Some((4, vec![2, 4])));
        assert_eq!(read!(db, tx => find_last(tx, 5)), None);
    }

    async fn events_of_no_chain_of_ours_are_found(db: Migrated) {
        populate(&db).await;
        assert_eq!(read!(db, tx => list_places_outside(tx, 3..=3, 10)), []);
        assert_eq!(read!(db, tx => list_places_outside(tx, 4..=15, 2)).len(), 2);
        assert_eq!(read!(db, tx => list_places_outside(tx, 0..=2, 10)).len(), 4);
    }

    async fn a_place_in_a_chain_is_taken_once(db: Migrated) {
        populate(&db).await;
        let again = AuditEventRecord { id: audit_event_id(7), ..audit_event(1, 3, None) };
        let mut tx = db.begin().await.unwrap();
        assert_eq!(insert(&mut tx, &again).await.unwrap_err().kind(), StoreErrorKind::UniqueViolation);
    }

    async fn erasing_origins_leaves_the_events_and_what_is_of_others(db: Migrated) {
        populate(&db).await;
        assert_eq!(commit!(db, tx => delete_origins_of(tx, account_id(1))), 2);
        let left = read!(db, tx => list_chain(tx, 3, 1, 10));
        assert_eq!(numbers(&left), [1, 2, 3, 4]);
        assert_eq!(left.iter().filter(|row| row.nonce.is_some()).count(), 1);
    }

    async fn a_chain_begins_once_and_its_end_moves(db: Migrated) {
        assert!(commit!(db, tx => insert_head_if_absent(tx, &audit_head(2, 0))));
        assert!(!commit!(db, tx => insert_head_if_absent(tx, &audit_head(2, 9))));
        commit!(db, tx => insert_head_if_absent(tx, &audit_head(1, 5)));
        commit!(db, tx => update_head(tx, &audit_head(2, 1)));
        assert_eq!(commit!(db, tx => lock_head(tx, 2)), Some(audit_head(2, 1)));
        assert_eq!(commit!(db, tx => lock_head(tx, 7)), None);
        assert_eq!(read!(db, tx => list_heads(tx)), [audit_head(1, 5), audit_head(2, 1)]);
    }

    async fn the_end_of_a_chain_is_locked_in_a_transaction_only(db: Migrated) {
        let mut tx = db.read().await.unwrap();
        assert_eq!(lock_head(&mut tx, 0).await.unwrap_err().kind(), StoreErrorKind::ReadOnly);
        drop(tx);
        let mut tx = db.snapshot().await.unwrap();
        assert_eq!(lock_head(&mut tx, 0).await.unwrap_err().kind(), StoreErrorKind::ReadOnly);
    }

    async fn a_snapshot_does_not_see_what_is_written_meanwhile(db: Migrated) {
        populate(&db).await;
        let mut tx = db.snapshot().await.unwrap();
        assert_eq!(count(&mut tx, None).await.unwrap(), 4);
        commit!(db, tx => insert(tx, &audit_event(5, 3, None)));
        commit!(db, tx => update_head(tx, &audit_head(3, 5)));
        assert_eq!(count(&mut tx, None).await.unwrap(), 4);
        assert_eq!(list_chain(&mut tx, 3, 1, 10).await.unwrap().len(), 4);
        drop(tx);
        let mut tx = db.snapshot().await.unwrap();
        assert_eq!(count(&mut tx, None).await.unwrap(), 5);
    }

    async fn a_row_that_cannot_be_read_is_told_and_its_place_found(db: Migrated) {
        populate(&db).await;
        db.run("UPDATE audit_events SET result = 'perhaps' WHERE sequence = 2").await;
        let mut tx = db.snapshot().await.unwrap();
        assert_eq!(list_chain(&mut tx, 3, 1, 10).await.unwrap_err().kind(), StoreErrorKind::Other);
        assert_eq!(find_sequence(&mut tx, 3, 2).await.unwrap(), Some(2));
        assert_eq!(numbers(&list_chain(&mut tx, 3, 3, 10).await.unwrap()), [3, 4]);
    }

    async fn nothing_is_kept_of_where_an_event_of_a_deleted_account_came_from(db: Migrated) {
        populate(&db).await;
        commit!(db, tx => accounts::delete(tx, account_id(1)));
        commit!(db, tx => insert(tx, &audit_event(5, 3, Some(account_id(1)))));
        assert!(!commit!(db, tx => insert_origin(tx, &audit_origin(5, account_id(1)))));
    }

    async fn a_deletion_waits_for_who_records_and_erases_that_too(db: Migrated) {
        populate(&db).await;
        let other = db.another_node().await;
        let mut tx = db.begin().await.unwrap();
        insert(&mut tx, &audit_event(5, 3, Some(account_id(1)))).await.unwrap();
        assert!(insert_origin(&mut tx, &audit_origin(5, account_id(1))).await.unwrap());
        let deleting = tokio::spawn(async move { commit!(other, tx => erase(tx, account_id(1))) });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!deleting.is_finished());
        tx.commit().await.unwrap();
        assert_eq!(deleting.await.unwrap(), 3);
    }

    async fn who_records_while_an_account_is_deleted_waits_and_keeps_nothing(db: Migrated) {
        populate(&db).await;
        let other = db.another_node().await;
        let mut tx = db.begin().await.unwrap();
        accounts::lock(&mut tx, account_id(1)).await.unwrap();
        let recording =
            tokio::spawn(async move { commit!(other, tx => insert_origin(tx, &audit_origin(5, account_id(1)))) });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!recording.is_finished());
        accounts::delete(&mut tx, account_id(1)).await.unwrap();
        delete_origins_of(&mut tx, account_id(1)).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!recording.await.unwrap());
    }
}
