use super::*;
use crate::StoreErrorKind;
use crate::testing::{NOW, after, commit, hash, on_both_engines, pending, read};

on_both_engines! {
    async fn a_waiting_credential_is_found_by_its_ticket_and_its_link(db: Migrated) {
        let first = pending(1, "a@example.com");
        let second = PendingCredentialRecord { display_name: Some("Ann".to_owned()), ..pending(2, "a@example.com") };
        commit!(db, tx => insert(tx, &first));
        commit!(db, tx => insert(tx, &second));

        assert!(read!(db, tx => find_by_ticket(tx, hash(1, 1))) == Some(first));
        assert!(read!(db, tx => find_by_link(tx, hash(2, 2))) == Some(second));
        assert!(read!(db, tx => find_by_ticket(tx, hash(2, 1))).is_none());
        assert!(read!(db, tx => find_by_link(tx, hash(1, 1))).is_none());
    }

    async fn a_ticket_belongs_to_one_sign_up(db: Migrated) {
        commit!(db, tx => insert(tx, &pending(1, "a@example.com")));
        let copy = PendingCredentialRecord { ticket_hash: hash(1, 1), ..pending(2, "b@example.com") };
        let mut tx = db.begin().await.unwrap();
        assert_eq!(insert(&mut tx, &copy).await.unwrap_err().kind(), StoreErrorKind::UniqueViolation);
    }

    async fn an_address_lists_what_waits_for_it_newest_first(db: Migrated) {
        for number in [2, 1, 3] {
            commit!(db, tx => insert(tx, &pending(number, "a@example.com")));
        }
        commit!(db, tx => insert(tx, &pending(4, "b@example.com")));

        let waiting = read!(db, tx => list_by_key(tx, "a@example.com", NOW));
        let expected = [3, 2, 1].map(|number| pending(number, "a@example.com"));
        assert!(waiting == expected);
    }

    async fn a_waiting_credential_is_listed_until_just_before_it_expires(db: Migrated) {
        commit!(db, tx => insert(tx, &pending(1, "a@example.com")));
        assert_eq!(read!(db, tx => list_by_key(tx, "a@example.com", after(999))).len(), 1);
        assert_eq!(read!(db, tx => list_by_key(tx, "a@example.com", after(1000))).len(), 0);
    }

    async fn a_new_mail_voids_the_old_link(db: Migrated) {
        let waiting = pending(1, "a@example.com");
        commit!(db, tx => insert(tx, &waiting));
        assert!(commit!(db, tx => update_mailed(tx, waiting.id, hash(8, 1), hash(9, 1), after(60), after(0))));

        assert!(read!(db, tx => find_by_link(tx, hash(2, 1))).is_none());
        let found = read!(db, tx => find_by_link(tx, hash(8, 1))).unwrap();
        assert_eq!((found.code_hash, found.mailed_at), (hash(9, 1), after(60)));
    }

    async fn a_mail_is_not_followed_by_another_too_soon(db: Migrated) {
        let waiting = pending(1, "a@example.com");
        commit!(db, tx => insert(tx, &waiting));
        assert!(!commit!(db, tx => update_mailed(tx, waiting.id, hash(8, 1), hash(9, 1), after(59), after(-1))));
        assert!(read!(db, tx => find_by_link(tx, hash(2, 1))).is_some());
    }

    async fn of_two_requests_for_a_mail_one_writes_it(db: Migrated) {
        let id = pending(1, "a@example.com").id;
        commit!(db, tx => insert(tx, &pending(1, "a@example.com")));
        let other = db.another_node().await;
        let (here, there) = tokio::join!(
            async { commit!(db, tx => update_mailed(tx, id, hash(8, 1), hash(9, 1), after(60), after(0))) },
            async { commit!(other, tx => update_mailed(tx, id, hash(8, 2), hash(9, 2), after(60), after(0))) },
        );
        assert!(here != there);
    }

    async fn activation_drops_all_that_wait_for_the_address(db: Migrated) {
        for number in 1..=3 {
            commit!(db, tx => insert(tx, &pending(number, "a@example.com")));
        }
        commit!(db, tx => insert(tx, &pending(4, "b@example.com")));
        assert_eq!(commit!(db, tx => delete_by_key(tx, "a@example.com")), 3);
        assert!(read!(db, tx => find_by_ticket(tx, hash(1, 4))).is_some());
    }

    async fn what_has_expired_is_dropped_at_that_very_time(db: Migrated) {
        commit!(db, tx => insert(tx, &pending(1, "a@example.com")));
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999), 9)), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000), 9)), 1);
    }
}
