use super::*;
use crate::testing::{after, commit, epoch_key, on_both_engines, read};

on_both_engines! {
    async fn the_first_nodes_key_is_the_epochs_key(db: Migrated) {
        let late = EpochKeyRecord { sealed: vec![4; 72], ..epoch_key(495_000) };
        assert!(commit!(db, tx => insert_if_absent(tx, &epoch_key(495_000))));
        assert!(!commit!(db, tx => insert_if_absent(tx, &late)));
        assert!(read!(db, tx => find(tx, 495_000)) == Some(epoch_key(495_000)));
        assert!(read!(db, tx => find(tx, 495_001)).is_none());
    }

    async fn of_two_nodes_that_insert_an_epochs_key_one_does(db: Migrated) {
        let other = db.another_node().await;
        let (here, there) = tokio::join!(
            async { commit!(db, tx => insert_if_absent(tx, &epoch_key(1))) },
            async { commit!(other, tx => insert_if_absent(tx, &epoch_key(1))) },
        );
        assert!(here != there);
    }

    async fn a_key_is_destroyed_at_its_time(db: Migrated) {
        commit!(db, tx => insert_if_absent(tx, &epoch_key(1)));
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999))), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000))), 1);
        assert!(read!(db, tx => find(tx, 1)).is_none());
    }
}
