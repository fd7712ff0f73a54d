use std::sync::mpsc;

use super::*;

/// Takes places until there is none.
fn fill(pool: &SrpPool, step: Step) -> Vec<Slot> {
    std::iter::from_fn(|| pool.reserve(step).ok()).take(1000).collect()
}

/// Holds the only worker until the sender is dropped.
async fn hold(pool: &SrpPool) -> (mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
    let (release, held) = mpsc::channel::<()>();
    let (begun, runs) = oneshot::channel();
    let slot = pool.reserve(Step::Challenge).unwrap();
    let task = tokio::spawn(async move {
        slot.run(move || {
            begun.send(()).unwrap();
            let _ = held.recv();
        })
        .await
        .unwrap();
    });
    runs.await.unwrap();
    (release, task)
}

#[tokio::test]
async fn a_full_pool_refuses_at_once_and_a_finished_slot_is_free_again() {
    let pool = SrpPool::start(1, 1).unwrap();
    let first = pool.reserve(Step::Proof).unwrap();
    let second = pool.reserve(Step::Proof).unwrap();
    assert!(pool.reserve(Step::Proof).is_err());
    assert!(pool.reserve(Step::Challenge).is_ok(), "each step has its own places");
    drop(second);
    assert_eq!(first.run(|| 7).await.unwrap(), 7);
    assert_eq!(pool.load(), (0, 4));
}

#[tokio::test]
async fn a_panic_costs_one_computation_and_no_worker() {
    let pool = SrpPool::start(1, 0).unwrap();
    assert!(pool.reserve(Step::Proof).unwrap().run(|| assert_eq!(1, 2)).await.is_err());
    assert_eq!(pool.reserve(Step::Proof).unwrap().run(|| 7).await.unwrap(), 7);
    assert_eq!(pool.load().0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_burst_may_queue_and_under_overload_one_waits_on_each_thread() {
    let pool = SrpPool::start(2, 10).unwrap();
    let burst = fill(&pool, Step::Challenge);
    assert_eq!(burst.len(), 12);
    drop(burst);
    // Somebody was refused: what is let in now is served in twice the usual time.
    assert_eq!(fill(&pool, Step::Challenge).len(), 4);
    tokio::time::advance(OVERLOAD / 2).await;
    assert_eq!(fill(&pool, Step::Challenge).len(), 4);
    tokio::time::advance(OVERLOAD).await;
    assert_eq!(fill(&pool, Step::Challenge).len(), 12);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_stands_is_no_burst_even_if_nobody_was_refused() {
    let pool = SrpPool::start(2, 10).unwrap();
    let mut standing = Vec::new();
    for _ in 0..10 {
        standing.push(pool.reserve(Step::Proof).unwrap());
    }
    tokio::time::advance(OVERLOAD / 2).await;
    standing.push(pool.reserve(Step::Proof).unwrap());
    tokio::time::advance(OVERLOAD / 2).await;
    assert!(pool.reserve(Step::Proof).is_err());
    // Worked off, and remembered no longer than a refusal is.
    standing.clear();
    tokio::time::advance(OVERLOAD).await;
    assert_eq!(fill(&pool, Step::Proof).len(), 12);
}

#[tokio::test(start_paused = true)]
async fn places_that_wait_for_the_database_make_no_overload() {
    let pool = SrpPool::start(2, 10).unwrap();
    let mut waiting = Vec::new();
    for _ in 0..10 {
        let mut slot = pool.reserve(Step::Proof).unwrap();
        slot.set_aside();
        waiting.push(slot);
    }
    tokio::time::advance(2 * OVERLOAD).await;
    // As many as there are places, and no more: each will be computed.
    waiting.extend(fill(&pool, Step::Proof));
    assert_eq!(waiting.len(), 12);
    // Refused once, it is careful again with those who press.
    waiting.truncate(10);
    assert_eq!(fill(&pool, Step::Proof).len(), 2);
    for slot in waiting.drain(..) {
        assert_eq!(slot.run(|| 7).await.unwrap(), 7);
    }
    assert_eq!(pool.load(), (0, 24));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_step_leaves_the_other_its_places() {
    let pool = SrpPool::start(2, 10).unwrap();
    fill(&pool, Step::Challenge);
    let challenges = fill(&pool, Step::Challenge);
    let proofs = fill(&pool, Step::Proof);
    assert_eq!((challenges.len(), proofs.len()), (4, 12));
    drop(challenges);
    drop(proofs);
    // Both flooded: half of the places each.
    let proofs = fill(&pool, Step::Proof);
    assert_eq!((proofs.len(), fill(&pool, Step::Challenge).len()), (4, 2));
}

#[tokio::test]
async fn the_steps_take_turns_and_a_proof_begins() {
    use Step::{Challenge, Proof};
    let pool = SrpPool::start(1, 10).unwrap();
    let (release, held) = hold(&pool).await;
    let (order, taken) = mpsc::channel();
    let mut jobs = Vec::new();
    for step in [Challenge, Challenge, Challenge, Proof, Proof] {
        let (slot, order) = (pool.reserve(step).unwrap(), order.clone());
        jobs.push(tokio::spawn(slot.run(move || order.send(step).unwrap())));
        tokio::task::yield_now().await;
    }
    drop(release);
    held.await.unwrap();
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    assert_eq!(taken.try_iter().collect::<Vec<_>>(), [Proof, Challenge, Proof, Challenge, Challenge]);
}

#[tokio::test]
async fn nothing_is_computed_for_those_who_have_gone() {
    let pool = SrpPool::start(1, 10).unwrap();
    let (release, held) = hold(&pool).await;
    let (done, computed) = mpsc::channel();
    let slot = pool.reserve(Step::Proof).unwrap();
    let gone = tokio::spawn(slot.run(move || done.send(()).unwrap()));
    tokio::task::yield_now().await;
    gone.abort();
    assert!(gone.await.is_err());
    drop(release);
    held.await.unwrap();
    assert_eq!(pool.reserve(Step::Proof).unwrap().run(|| 7).await.unwrap(), 7);
    assert!(computed.try_recv().is_err());
    assert_eq!(pool.load().0, 0);
}
