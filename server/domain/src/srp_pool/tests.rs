use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use tacit_shared::Entropy;

use super::*;

/// Fails as the system's does that cannot deliver, or draws the same for ever.
struct Fixed(Option<u8>);

impl Entropy for Fixed {
    fn fill(&self, out: &mut [u8]) {
        out.fill(self.0.expect("randomness"));
    }
}

fn pool(workers: usize, queue: usize) -> SrpPool {
    SrpPool::start(workers, queue, 4, Arc::new(Fixed(Some(7)))).unwrap()
}

/// Work that goes on until it is over.
#[derive(Default)]
struct Standing(Arc<AtomicBool>, Vec<tokio::task::JoinHandle<Result<(), Internal>>>);

impl Standing {
    /// Has it done, as often as there is a place; answers how often that was.
    async fn fill(&mut self, pool: &SrpPool, step: Step) -> usize {
        let before = self.1.len();
        while let Ok(slot) = pool.reserve(step) {
            self.push(slot).await;
        }
        self.1.len() - before
    }

    async fn push(&mut self, slot: Slot) {
        let over = Arc::clone(&self.0);
        self.1.push(tokio::spawn(slot.run(move || {
            while !over.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
        })));
        tokio::task::yield_now().await;
    }

    async fn over(self) {
        self.0.store(true, Ordering::SeqCst);
        for one in self.1 {
            one.await.unwrap().unwrap();
        }
    }
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
    let pool = pool(1, 1);
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
    let pool = pool(1, 0);
    assert!(pool.reserve(Step::Proof).unwrap().run(|| assert_eq!(1, 2)).await.is_err());
    assert_eq!(pool.reserve(Step::Proof).unwrap().run(|| 7).await.unwrap(), 7);
    assert_eq!(pool.load().0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_burst_may_queue_and_under_overload_one_waits_on_each_thread() {
    let pool = pool(2, 10);
    // Somebody is refused: what is let in then is served in twice the usual time.
    for (pause, places) in [(Duration::ZERO, 12), (Duration::ZERO, 4), (OVERLOAD / 2, 4), (OVERLOAD, 12)] {
        tokio::time::advance(pause).await;
        let mut burst = Standing::default();
        assert_eq!(burst.fill(&pool, Step::Challenge).await, places, "after {pause:?}");
        burst.over().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_stands_is_no_burst_even_if_nobody_was_refused() {
    let pool = pool(2, 10);
    let mut standing = Standing::default();
    for _ in 0..10 {
        standing.push(pool.reserve(Step::Proof).unwrap()).await;
    }
    tokio::time::advance(OVERLOAD / 2).await;
    standing.push(pool.reserve(Step::Proof).unwrap()).await;
    tokio::time::advance(OVERLOAD / 2).await;
    assert!(pool.reserve(Step::Proof).is_err());
    // Worked off, and remembered no longer than a refusal is.
    standing.over().await;
    tokio::time::advance(OVERLOAD).await;
    let mut standing = Standing::default();
    assert_eq!(standing.fill(&pool, Step::Proof).await, 12);
    standing.over().await;
}

#[tokio::test(start_paused = true)]
async fn who_has_a_place_and_is_still_elsewhere_makes_no_queue_and_keeps_the_place() {
    let pool = pool(1, 10);
    let mut elsewhere: Vec<_> = (0..9).map(|_| pool.reserve(Step::Proof).unwrap()).collect();
    tokio::time::advance(2 * OVERLOAD).await;
    elsewhere.extend((0..2).map(|_| pool.reserve(Step::Proof).unwrap()));
    assert!(pool.reserve(Step::Proof).is_err());
    elsewhere.truncate(2);
    assert!(pool.reserve(Step::Proof).is_err(), "under overload, too");
    elsewhere.truncate(1);
    assert!(pool.reserve(Step::Proof).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_step_leaves_the_other_its_places() {
    let pool = pool(2, 10);
    let mut flood = Standing::default();
    flood.fill(&pool, Step::Challenge).await;
    flood.over().await;
    let mut flood = Standing::default();
    assert_eq!(flood.fill(&pool, Step::Challenge).await, 4);
    assert_eq!(flood.fill(&pool, Step::Proof).await, 12);
    flood.over().await;
    // Both flooded: half of the places each.
    let mut flood = Standing::default();
    assert_eq!(flood.fill(&pool, Step::Proof).await, 4);
    assert_eq!(flood.fill(&pool, Step::Challenge).await, 2);
    flood.over().await;
}

#[tokio::test]
async fn the_steps_take_turns_and_a_proof_begins() {
    use Step::{Challenge, Proof};
    let pool = pool(1, 10);
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
    let pool = pool(1, 10);
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

/// Looks again until it is so; a test that waits in vain is stopped from outside.
async fn until(mut so: impl FnMut() -> bool) {
    while !so() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn idle_workers_make_pairs_from_the_first_challenge_on() {
    let pool = pool(2, 10);
    assert!(pool.pair(Group::G2048).is_none());
    until(|| pool.pairs_ready() == 4).await;
    assert!(pool.pair(Group::G2048).is_some());
    assert!(pool.pair(Group::G4096).is_none());
}

#[tokio::test]
async fn a_worker_that_is_needed_makes_no_pairs() {
    let pool = pool(1, 10);
    let (release, held) = hold(&pool).await;
    assert!(pool.pair(Group::G2048).is_none());
    pool.later(|| panic!("this is later"));
    assert_eq!(pool.pairs_ready(), 0);
    let slot = pool.reserve(Step::Proof).unwrap();
    let proof = tokio::spawn(slot.run(|| 7));
    tokio::task::yield_now().await;
    drop(release);
    held.await.unwrap();
    assert_eq!(proof.await.unwrap().unwrap(), 7);
    until(|| pool.pairs_ready() == 4).await;
    assert_eq!(pool.reserve(Step::Proof).unwrap().run(|| 8).await.unwrap(), 8, "the worker outlived the panic");
}

#[tokio::test]
async fn randomness_that_fails_costs_no_worker() {
    let pool = SrpPool::start(1, 0, 4, Arc::new(Fixed(None))).unwrap();
    assert!(pool.pair(Group::G2048).is_none());
    assert_eq!(pool.reserve(Step::Proof).unwrap().run(|| 7).await.unwrap(), 7);
    assert_eq!(pool.pairs_ready(), 0);
}

#[tokio::test]
async fn what_can_wait_is_done_in_the_end_and_not_all_of_it_where_much_waits() {
    let pool = pool(1, 10);
    let (release, held) = hold(&pool).await;
    let (done, count) = mpsc::channel();
    for number in 0..2 * LATER_MOST {
        let done = done.clone();
        pool.later(move || done.send(number).unwrap());
    }
    drop(done);
    drop(release);
    held.await.unwrap();
    let done: Vec<usize> = tokio::task::spawn_blocking(move || count.iter().collect()).await.unwrap();
    assert_eq!(done, (0..LATER_MOST).collect::<Vec<_>>());
}
