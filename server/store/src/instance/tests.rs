use super::*;
use crate::testing::{commit, on_both_engines, read};

on_both_engines! {
    async fn a_value_is_pinned_for_good(db: Migrated) {
        assert_eq!(read!(db, tx => find(tx, "realm")), None);
        assert!(commit!(db, tx => insert_if_absent(tx, "realm", "example.com")));
        assert!(!commit!(db, tx => insert_if_absent(tx, "realm", "evil.example")));
        assert_eq!(read!(db, tx => find(tx, "realm")).as_deref(), Some("example.com"));
    }

    async fn a_value_is_replaced_only_by_who_knows_the_old_one(db: Migrated) {
        assert!(commit!(db, tx => insert_if_absent(tx, "shares", "one")));
        assert!(commit!(db, tx => replace(tx, "shares", "one", "two")));
        assert!(!commit!(db, tx => replace(tx, "shares", "one", "three")));
        assert_eq!(read!(db, tx => find(tx, "shares")).as_deref(), Some("two"));
    }

    async fn of_two_nodes_that_pin_a_value_one_does(db: Migrated) {
        let other = db.another_node().await;
        let (here, there) = tokio::join!(
            async { commit!(db, tx => insert_if_absent(tx, "realm", "a.example")) },
            async { commit!(other, tx => insert_if_absent(tx, "realm", "b.example")) },
        );
        assert!(here != there);
        let pinned = if here { "a.example" } else { "b.example" };
        assert_eq!(read!(db, tx => find(tx, "realm")).as_deref(), Some(pinned));
    }
}
