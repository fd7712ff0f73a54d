use std::collections::HashSet;

use super::*;
use crate::testing::{TestDatabase, after, commit, on_both_engines, outbox_id, read, work};
use crate::{Engine, Store};

/// Every time written is believed.
const FAR: Timestamp = Timestamp::from_millis(i64::MAX);

async fn fill(db: &TestDatabase, numbers: impl IntoIterator<Item = u8>) {
    let mut tx = db.begin().await.unwrap();
    for number in numbers {
        push(&mut tx, &work(number)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn ids(claimed: &[OutboxRecord]) -> Vec<OutboxId> {
    claimed.iter().map(|work| work.id).collect()
}

/// Claims until nothing is left.
async fn drain(store: Store) -> Vec<OutboxId> {
    let mut taken = Vec::new();
    loop {
        let claimed = commit!(store, tx => claim(tx, after(500), after(900), 3, FAR));
        if claimed.is_empty() {
            return taken;
        }
        taken.extend(ids(&claimed));
    }
}

on_both_engines! {
    async fn due_work_is_claimed_longest_due_first_with_its_lease_and_attempt(db: Migrated) {
        fill(&db, [3, 1, 2]).await;
        let claimed = commit!(db, tx => claim(tx, after(500), after(900), 2, FAR));
        let expected =
            [1, 2].map(|number| OutboxRecord { attempts: 1, lease_until: Some(after(900)), ..work(number) });
        assert!(claimed == expected);
    }

    async fn work_is_due_at_its_very_time(db: Migrated) {
        fill(&db, [10]).await;
        assert!(commit!(db, tx => claim(tx, after(9), after(900), 5, FAR)).is_empty());
        assert_eq!(commit!(db, tx => claim(tx, after(10), after(900), 5, FAR)).len(), 1);
    }

    async fn claimed_work_is_free_again_when_its_lease_ends(db: Migrated) {
        fill(&db, [1]).await;
        assert_eq!(commit!(db, tx => claim(tx, after(10), after(100), 5, FAR)).len(), 1);
        assert!(commit!(db, tx => claim(tx, after(99), after(900), 5, FAR)).is_empty());
        let again = commit!(db, tx => claim(tx, after(100), after(900), 5, FAR));
        assert_eq!(again[0].attempts, 2);
    }

    async fn workers_never_get_the_same_work(db: Migrated) {
        fill(&db, 0..40).await;
        let other = db.another_node().await;
        let workers = [Store::clone(&db), Store::clone(&db), other.clone(), other].map(|node| tokio::spawn(drain(node)));
        let mut taken = Vec::new();
        for worker in workers {
            taken.extend(worker.await.unwrap());
        }
        assert_eq!(taken.len(), 40);
        assert_eq!(taken.into_iter().collect::<HashSet<_>>().len(), 40);
    }

    async fn a_worker_does_not_wait_for_another_on_postgresql(db: Migrated) {
        fill(&db, 0..4).await;
        let mut first = db.begin().await.unwrap();
        let held = claim(&mut first, after(500), after(900), 2, FAR).await.unwrap();
        if db.engine() == Engine::Postgres {
            let free = commit!(db, tx => claim(tx, after(500), after(900), 10, FAR));
            assert_eq!(ids(&free), [outbox_id(2), outbox_id(3)]);
        }
        assert_eq!(ids(&held), [outbox_id(0), outbox_id(1)]);
        first.commit().await.unwrap();
    }

    async fn finished_work_has_lost_its_secrets_and_is_not_claimed_again(db: Migrated) {
        fill(&db, [1]).await;
        commit!(db, tx => claim(tx, after(10), after(100), 5, FAR));
        assert!(commit!(db, tx => finish(tx, outbox_id(1), after(20))));
        assert!(commit!(db, tx => claim(tx, after(500), after(900), 5, FAR)).is_empty());
        assert_eq!(
            db.run("UPDATE outbox SET kind = kind WHERE sealed IS NULL AND key_id IS NULL AND done_at IS NOT NULL").await,
            1
        );
        assert!(!commit!(db, tx => finish(tx, outbox_id(1), after(30))));
        assert!(!commit!(db, tx => retry(tx, outbox_id(1), after(30), "late")));
        assert!(!commit!(db, tx => fail(tx, outbox_id(1), after(30), "late")));
    }

    async fn work_given_back_is_claimed_when_it_is_due_again(db: Migrated) {
        fill(&db, [1]).await;
        commit!(db, tx => claim(tx, after(10), after(900), 5, FAR));
        assert!(commit!(db, tx => retry(tx, outbox_id(1), after(50), "451 try later")));
        assert!(commit!(db, tx => claim(tx, after(49), after(900), 5, FAR)).is_empty());
        let again = commit!(db, tx => claim(tx, after(50), after(900), 5, FAR));
        assert_eq!((again[0].attempts, again[0].last_error.as_deref()), (2, Some("451 try later")));
        assert_eq!(again[0].sealed, work(1).sealed);
    }

    async fn times_beyond_the_horizon_are_not_believed(db: Migrated) {
        fill(&db, [1, 2]).await;
        commit!(db, tx => retry(tx, outbox_id(1), after(5_000), "451 try later"));
        commit!(db, tx => claim(tx, after(500), after(6_000), 5, FAR));
        assert!(commit!(db, tx => claim(tx, after(501), after(900), 5, after(6_000))).is_empty());
        let claimed = commit!(db, tx => claim(tx, after(501), after(900), 5, after(4_000)));
        assert_eq!(claimed.len(), 2, "one put off, one leased by a clock that was ahead");
    }

    async fn work_given_up_has_lost_its_secrets_and_is_not_claimed_again(db: Migrated) {
        fill(&db, [1]).await;
        assert!(commit!(db, tx => fail(tx, outbox_id(1), after(20), "550 no such user")));
        let failed = read!(db, tx => list_failed(tx, 5));
        assert_eq!(failed.iter().map(|work| work.id).collect::<Vec<_>>(), [outbox_id(1)]);
        assert_eq!(failed[0].last_error.as_deref(), Some("550 no such user"));
        assert!(commit!(db, tx => claim(tx, after(500), after(900), 5, FAR)).is_empty());
        assert_eq!(
            db.run("UPDATE outbox SET kind = kind WHERE sealed IS NULL AND last_error = '550 no such user'").await,
            1
        );
    }

    async fn open_work_is_counted_claimed_or_not(db: Migrated) {
        fill(&db, 1..=4).await;
        commit!(db, tx => claim(tx, after(500), after(900), 1, FAR));
        commit!(db, tx => finish(tx, outbox_id(2), after(20)));
        commit!(db, tx => fail(tx, outbox_id(3), after(20), "no"));
        assert_eq!(read!(db, tx => count_open(tx)), 2);
    }

    async fn work_for_an_address_is_listed_and_dropped_without_that_of_others(db: Migrated) {
        fill(&db, 1..=3).await;
        let others = OutboxRecord { recipient_key: Some("other@example.com".to_owned()), ..work(4) };
        let notice = OutboxRecord { kind: "mail.notice".to_owned(), ..work(5) };
        for work in [&others, &notice] {
            commit!(db, tx => push(tx, work));
        }
        commit!(db, tx => finish(tx, outbox_id(3), after(20)));
        let listed = read!(db, tx => list_for(tx, "person@example.com"));
        assert_eq!(ids(&listed), [outbox_id(5), outbox_id(2), outbox_id(1)], "what is done has forgotten whom it was for");
        assert_eq!(commit!(db, tx => delete_kind_for(tx, "person@example.com", "mail.notice")), 1);
        assert_eq!(commit!(db, tx => delete_for(tx, "person@example.com")), 2);
        assert_eq!(ids(&read!(db, tx => list_for(tx, "other@example.com"))), [outbox_id(4)]);
    }

    async fn only_work_long_over_is_dropped(db: Migrated) {
        fill(&db, 1..=3).await;
        commit!(db, tx => finish(tx, outbox_id(1), after(20)));
        commit!(db, tx => fail(tx, outbox_id(2), after(21), "no"));
        assert_eq!(commit!(db, tx => delete_done_before(tx, after(20), 9)), 0);
        assert_eq!(commit!(db, tx => delete_done_before(tx, after(21), 9)), 1);
        assert_eq!(commit!(db, tx => delete_done_before(tx, after(22), 9)), 1);
        assert_eq!(read!(db, tx => count_open(tx)), 1);
    }

    async fn work_of_a_transaction_that_is_rolled_back_is_not_done(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        push(&mut tx, &work(1)).await.unwrap();
        drop(tx);
        assert_eq!(read!(db, tx => count_open(tx)), 0);
    }
}
