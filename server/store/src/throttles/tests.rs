use super::*;
use crate::Store;
use crate::testing::{NOW, after, commit, on_both_engines, read};

on_both_engines! {
    async fn attempts_are_counted_from_one(db: Migrated) {
        assert_eq!(read!(db, tx => count(tx, "proof", b"key", NOW)), 0);
        for expected in 1..=3 {
            assert_eq!(commit!(db, tx => add(tx, "proof", b"key", NOW, after(1000))), expected);
        }
        assert_eq!(read!(db, tx => count(tx, "proof", b"key", NOW)), 3);
    }

    async fn scopes_keys_and_windows_are_counted_apart(db: Migrated) {
        commit!(db, tx => add(tx, "proof", b"key", NOW, after(1000)));
        assert_eq!(commit!(db, tx => add(tx, "code", b"key", NOW, after(1000))), 1);
        assert_eq!(commit!(db, tx => add(tx, "proof", b"other", NOW, after(1000))), 1);
        assert_eq!(commit!(db, tx => add(tx, "proof", b"key", after(1), after(1000))), 1);
    }

    async fn no_attempt_is_lost_when_many_arrive_at_once(db: Migrated) {
        let other = db.another_node().await;
        let mut attempts = tokio::task::JoinSet::new();
        for index in 0..40 {
            let node = if index % 2 == 0 { Store::clone(&db) } else { other.clone() };
            attempts.spawn(async move { commit!(node, tx => add(tx, "proof", b"key", NOW, after(1000))) });
        }
        let mut counts = attempts.join_all().await;
        counts.sort_unstable();
        assert_eq!(counts, (1..=40).collect::<Vec<_>>());
        assert_eq!(read!(db, tx => count(tx, "proof", b"key", NOW)), 40);
    }

    async fn an_attempt_is_taken_back_but_never_below_zero(db: Migrated) {
        commit!(db, tx => add(tx, "proof", b"key", NOW, after(1000)));
        for _ in 0..3 {
            commit!(db, tx => refund(tx, "proof", b"key", NOW));
        }
        assert_eq!(read!(db, tx => count(tx, "proof", b"key", NOW)), 0);
        assert_eq!(commit!(db, tx => add(tx, "proof", b"key", NOW, after(1000))), 1);
    }

    async fn taking_back_what_was_never_counted_does_nothing(db: Migrated) {
        commit!(db, tx => refund(tx, "proof", b"key", NOW));
        assert_eq!(read!(db, tx => count(tx, "proof", b"key", NOW)), 0);
    }

    async fn counts_are_dropped_when_they_expire(db: Migrated) {
        commit!(db, tx => add(tx, "proof", b"key", NOW, after(1000)));
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999))), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000))), 1);
        assert_eq!(read!(db, tx => count(tx, "proof", b"key", NOW)), 0);
    }
}
