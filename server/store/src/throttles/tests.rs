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
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999), 9)), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000), 9)), 1);
        assert_eq!(read!(db, tx => count(tx, "proof", b"key", NOW)), 0);
    }

    async fn of_two_expired_counts_one_goes_where_one_is_to_go(db: Migrated) {
        for key in [b"one", b"two"] {
            commit!(db, tx => add(tx, "proof", key, NOW, after(1000)));
        }
        for left in [1, 1, 0] {
            assert_eq!(commit!(db, tx => delete_expired(tx, after(1000), 1)), left);
        }
    }

    async fn a_key_is_shut_until_its_time_and_not_shut_anew_by_who_is_turned_away(db: Migrated) {
        let hold_at = async |now: i64| commit!(db, tx => hold(tx, "pause", b"key", after(now), after(now + 100), after(now + 150)));
        assert!(hold_at(0).await);
        for now in [0, 50, 99] {
            assert!(!hold_at(now).await, "{now}");
            assert_eq!(read!(db, tx => held_until(tx, "pause", b"key")), Some(after(100)));
        }
        assert!(hold_at(100).await);
        assert_eq!(read!(db, tx => held_until(tx, "pause", b"key")), Some(after(200)));
    }

    async fn a_time_that_is_too_far_ahead_shuts_nobody_out(db: Migrated) {
        let hold_at = async |now: i64| commit!(db, tx => hold(tx, "pause", b"key", after(now), after(now + 100), after(now + 150)));
        assert!(hold_at(1000).await);
        assert!(!hold_at(950).await, "clocks differ by a little");
        assert!(hold_at(949).await);
        assert_eq!(read!(db, tx => held_until(tx, "pause", b"key")), Some(after(1049)));
    }

    async fn keys_and_scopes_are_shut_apart_and_counted_apart(db: Migrated) {
        assert!(commit!(db, tx => hold(tx, "pause", b"key", NOW, after(100), after(100))));
        assert!(commit!(db, tx => hold(tx, "pause", b"other", NOW, after(100), after(100))));
        assert!(commit!(db, tx => hold(tx, "other", b"key", NOW, after(100), after(100))));
        assert_eq!(read!(db, tx => count(tx, "pause", b"key", NOW)), 0);
        assert_eq!(read!(db, tx => held_until(tx, "pause", b"third")), None);
    }

    async fn of_many_who_would_shut_a_key_one_does(db: Migrated) {
        let other = db.another_node().await;
        let mut holders = tokio::task::JoinSet::new();
        for index in 0..20 {
            let node = if index % 2 == 0 { Store::clone(&db) } else { other.clone() };
            // Their times are not in the order in which they come.
            let now = after(index * 7 % 20);
            let until = after(now.as_millis() - NOW.as_millis() + 100);
            holders.spawn(async move { commit!(node, tx => hold(tx, "pause", b"key", now, until, after(1000))) });
        }
        let winners = holders.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(winners, 1);
    }
}
