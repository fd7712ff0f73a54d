use super::*;
use crate::StoreErrorKind;
use crate::testing::{after, commit, on_both_engines, read, signing_key};

on_both_engines! {
    async fn keys_are_listed_oldest_first(db: Migrated) {
        for number in [2, 1, 3] {
            commit!(db, tx => insert(tx, &signing_key(number)));
        }
        assert!(read!(db, tx => list(tx)) == [1, 2, 3].map(signing_key));
    }

    async fn a_key_name_is_taken_once(db: Migrated) {
        commit!(db, tx => insert(tx, &signing_key(1)));
        let mut tx = db.begin().await.unwrap();
        assert_eq!(insert(&mut tx, &signing_key(1)).await.unwrap_err().kind(), StoreErrorKind::UniqueViolation);
    }

    async fn a_key_moves_from_state_to_state(db: Migrated) {
        commit!(db, tx => insert(tx, &signing_key(1)));
        assert!(commit!(db, tx => update_state(tx, "key-1", KeyState::Published, KeyState::Signing, after(50))));
        assert!(!commit!(db, tx => update_state(tx, "key-1", KeyState::Published, KeyState::Signing, after(60))));
        assert!(commit!(db, tx => update_state(tx, "key-1", KeyState::Signing, KeyState::Retired, after(70))));
        let keys = read!(db, tx => list(tx));
        assert_eq!((keys[0].state, keys[0].state_changed_at), (KeyState::Retired, after(70)));
    }

    async fn of_two_nodes_that_promote_a_key_one_does(db: Migrated) {
        commit!(db, tx => insert(tx, &signing_key(1)));
        let other = db.another_node().await;
        let (here, there) = tokio::join!(
            async { commit!(db, tx => update_state(tx, "key-1", KeyState::Published, KeyState::Signing, after(5))) },
            async { commit!(other, tx => update_state(tx, "key-1", KeyState::Published, KeyState::Signing, after(5))) },
        );
        assert!(here != there);
    }

    async fn a_key_is_deleted_once(db: Migrated) {
        commit!(db, tx => insert(tx, &signing_key(1)));
        assert!(commit!(db, tx => delete(tx, "key-1")));
        assert!(!commit!(db, tx => delete(tx, "key-1")));
        assert!(read!(db, tx => list(tx)).is_empty());
    }
}
