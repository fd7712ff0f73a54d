use super::*;
use crate::Store;
use crate::testing::{NOW, after, commit, on_both_engines, read};

const EACH: Duration = Duration::from_secs(1);

fn stood(failures: i64, last_at: Option<Timestamp>) -> ProofFailures {
    ProofFailures { failures, last_at }
}

on_both_engines! {
    async fn each_count_tells_how_things_stood_before_it(db: Migrated) {
        assert_eq!(read!(db, tx => find(tx, b"key")), stood(0, None));
        assert_eq!(commit!(db, tx => add(tx, b"key", NOW, EACH)), stood(0, None));
        assert_eq!(commit!(db, tx => add(tx, b"key", after(1), EACH)), stood(1, Some(NOW)));
        assert_eq!(commit!(db, tx => add(tx, b"key", after(5), EACH)), stood(2, Some(after(1))));
        assert_eq!(read!(db, tx => find(tx, b"key")), stood(3, Some(after(5))));
        assert_eq!(read!(db, tx => find(tx, b"other")), stood(0, None));
    }

    async fn a_success_begins_anew(db: Migrated) {
        commit!(db, tx => add(tx, b"key", NOW, EACH));
        commit!(db, tx => add(tx, b"other", NOW, EACH));
        commit!(db, tx => clear(tx, b"key"));
        assert_eq!(read!(db, tx => find(tx, b"key")), stood(0, None));
        assert_eq!(read!(db, tx => find(tx, b"other")), stood(1, Some(NOW)));
    }

    async fn no_failure_is_lost_when_many_arrive_at_once(db: Migrated) {
        let other = db.another_node().await;
        let mut failures = tokio::task::JoinSet::new();
        for index in 0..40 {
            let node = if index % 2 == 0 { Store::clone(&db) } else { other.clone() };
            failures.spawn(async move { commit!(node, tx => add(tx, b"key", NOW, EACH)).failures });
        }
        let mut before = failures.join_all().await;
        before.sort_unstable();
        assert_eq!(before, (0..40).collect::<Vec<_>>());
    }

    async fn rows_are_kept_the_longer_the_more_failures_there_were(db: Migrated) {
        for key in [b"twice".as_slice(), b"twice", b"once"] {
            commit!(db, tx => add(tx, key, NOW, EACH));
        }
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999), 9)), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000), 9)), 1);
        assert_eq!(read!(db, tx => find(tx, b"twice")), stood(2, Some(NOW)));
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1999), 9)), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(2000), 9)), 1);
        // From the last failure on, however old the first is.
        commit!(db, tx => add(tx, b"later", NOW, EACH));
        commit!(db, tx => add(tx, b"later", after(500), EACH));
        assert_eq!(commit!(db, tx => delete_expired(tx, after(2499), 9)), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(2500), 9)), 1);
    }
}
