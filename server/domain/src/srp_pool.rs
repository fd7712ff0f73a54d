//! The bounded pool that does SRP arithmetic, off the async threads.
//!
//! A login costs about a millisecond of one core. What does not fit is refused at once: a caller who waits would only be
//! told later.
//!
//! **How many may wait** depends. A burst (a class that logs in when the bell rings) may queue: it is over in the blink
//! of an eye. Under lasting overload a long queue would serve nobody better, and everybody later. So when somebody was
//! refused within the last second, or the queue has stood for a second, there are places for one computation that runs
//! and one that waits on each thread: whoever gets in is served in twice the usual time. Who has a place and is still at
//! the database makes no queue here; under overload that place is taken all the same, or they would all come at once.
//!
//! **Who is next.** Challenges and proofs have a lane each, and the threads take from both in turn. A login needs one of
//! each, so a flood of challenges leaves every proof its place: whoever proves something has paid for it. A flood of
//! proofs leaves challenges theirs.
//!
//! **Who has nothing to do** makes pairs for challenges to come, and then does what can wait for that.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tacit_shared::srp::Group;
use tacit_shared::srp::server::Pair;
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::pairs::Pairs;
use crate::fault::Internal;
use crate::seams::SecureEntropy;

mod pairs;

/// How long a queue may stand before it is no burst any more, and how long after a refusal that is remembered.
const OVERLOAD: Duration = Duration::from_secs(1);
/// How much may wait for a worker without anything else to do.
const LATER_MOST: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// Worker threads behind two lanes of bounded length.
pub struct SrpPool(Arc<Shared>);

/// Every thread and every place in the queue is taken.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the SRP pool is full")]
pub struct Busy;

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Step one of a login.
    Challenge,
    /// Step two.
    Proof,
}

/// A place in the pool; dropping it frees the place.
pub(crate) struct Slot {
    shared: Arc<Shared>,
    step: Step,
    /// Whether it has come to be computed.
    is_here: bool,
}

struct Shared {
    lanes: Mutex<Lanes>,
    bell: Condvar,
    workers: usize,
    queue: usize,
    entropy: Arc<dyn SecureEntropy>,
}

struct Lanes {
    challenges: Lane,
    proofs: Lane,
    pairs: Pairs,
    later: VecDeque<Job>,
    /// What was taken last; the other lane is next.
    last: Option<Step>,
    closed: bool,
}

#[derive(Default)]
struct Lane {
    /// Places that are reserved, waiting or being worked on.
    taken: usize,
    /// Of these, the ones that wait or are being worked on.
    here: usize,
    waiting: VecDeque<Job>,
    refused_at: Option<Instant>,
    /// Since when more are here than overload would leave room for.
    crowded_since: Option<Instant>,
}

impl SrpPool {
    /// Starts `workers` threads; before them, `queue` computations of each step may wait. They make up to `pairs` pairs
    /// ahead for each group in use.
    ///
    /// # Errors
    /// What the operating system says when it gives no thread.
    pub fn start(workers: usize, queue: usize, pairs: usize, entropy: Arc<dyn SecureEntropy>) -> std::io::Result<Self> {
        let workers = workers.max(1);
        let lanes = Lanes {
            challenges: Lane::default(),
            proofs: Lane::default(),
            pairs: Pairs::new(pairs),
            later: VecDeque::new(),
            last: None,
            closed: false,
        };
        let shared = Arc::new(Shared { lanes: Mutex::new(lanes), bell: Condvar::new(), workers, queue, entropy });
        let pool = Self(Arc::clone(&shared));
        for number in 0..workers {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name(format!("srp-{number}")).spawn(move || shared.work())?;
        }
        Ok(pool)
    }

    /// Takes a place, or says at once that there is none.
    pub(crate) fn reserve(&self, step: Step) -> Result<Slot, Busy> {
        let Self(shared) = self;
        let mut lanes = shared.lock();
        let places = shared.places(&lanes, step);
        let lane = lanes.of(step);
        if lane.taken >= places {
            lane.refused_at = Some(Instant::now());
            return Err(Busy);
        }
        lane.taken += 1;
        Ok(Slot { shared: Arc::clone(shared), step, is_here: false })
    }

    /// A pair that was made ahead, if there is one.
    pub(crate) fn pair(&self, group: Group) -> Option<Pair> {
        let (pair, time_to_make_some) = self.0.lock().pairs.take(group);
        if time_to_make_some {
            self.0.bell.notify_one();
        }
        pair
    }

    /// How many there are, of all groups.
    #[must_use]
    pub fn pairs_ready(&self) -> usize {
        self.0.lock().pairs.ready()
    }

    /// Does this when there is nothing else to do, or never, where too much waits for that already.
    pub(crate) fn later(&self, work: impl FnOnce() + Send + 'static) {
        let mut lanes = self.0.lock();
        if lanes.later.len() < LATER_MOST {
            lanes.later.push_back(Box::new(work));
            drop(lanes);
            self.0.bell.notify_one();
        }
    }

    /// Places taken, and places there are while nobody is refused.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        let lanes = self.0.lock();
        (lanes.challenges.taken + lanes.proofs.taken, 2 * (self.0.workers + self.0.queue))
    }
}

impl Drop for SrpPool {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.bell.notify_all();
    }
}

impl Slot {
    /// Runs `compute` on a worker.
    pub(crate) async fn run<T: Send + 'static>(
        mut self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Internal> {
        let (done, result) = oneshot::channel();
        let (shared, step) = (Arc::clone(&self.shared), self.step);
        self.is_here = true;
        let job = Box::new(move || {
            // Dropped from the last to the first, after a panic too: the place is free before whoever asked is told.
            let (done, place) = (done, self);
            // Whoever asked may have gone; nobody would read the value.
            if done.is_closed() {
                return;
            }
            let value = compute();
            drop(place);
            drop(done.send(value));
        });
        shared.push(step, job);
        shared.bell.notify_one();
        drop(shared);
        result.await.map_err(|_| Internal::Lost)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut lanes = self.shared.lock();
        let lane = lanes.of(self.step);
        lane.taken = lane.taken.saturating_sub(1);
        if self.is_here {
            lane.here = lane.here.saturating_sub(1);
        }
        if lane.here <= self.shared.short() {
            lane.crowded_since = None;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, step: Step, job: Job) {
        let mut lanes = self.lock();
        let lane = lanes.of(step);
        lane.waiting.push_back(job);
        lane.here += 1;
        if lane.here > self.short() {
            lane.crowded_since.get_or_insert_with(Instant::now);
        }
    }

    /// Places in a lane, taken ones included.
    fn places(&self, lanes: &Lanes, step: Step) -> usize {
        let (lane, other) = match step {
            Step::Challenge => (&lanes.challenges, &lanes.proofs),
            Step::Proof => (&lanes.proofs, &lanes.challenges),
        };
        let all = self.workers + self.queue;
        let refused = lane.refused_at.is_some_and(|at| at.elapsed() < OVERLOAD);
        let crowded = lane.crowded_since.is_some_and(|since| since.elapsed() >= OVERLOAD);
        if !refused && !crowded {
            return all;
        }
        // Of both lanes together; half of that is this lane's in any case.
        self.short().saturating_sub(other.taken).max(self.workers).min(all)
    }

    /// Places under overload: one runs and one waits on each thread.
    const fn short(&self) -> usize {
        2 * self.workers
    }

    fn work(&self) {
        while let Some(work) = self.next() {
            match work {
                Work::Job(job) => drop(unharmed(job)),
                Work::Pair(group) => {
                    let pair = unharmed(|| Pair::new(group, &*self.entropy));
                    self.lock().pairs.put(group, pair);
                }
            }
        }
    }

    /// What is to be done next, as soon as there is something; `None` when there will be no more.
    fn next(&self) -> Option<Work> {
        let mut lanes = self.lock();
        loop {
            if let Some(job) = lanes.next() {
                return Some(Work::Job(job));
            }
            if lanes.closed {
                return None;
            }
            if let Some(group) = lanes.pairs.wanted() {
                return Some(Work::Pair(group));
            }
            if let Some(job) = lanes.later.pop_front() {
                return Some(Work::Job(job));
            }
            lanes = self.bell.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// What a worker does.
enum Work {
    Job(Job),
    Pair(Group),
}

/// A panic costs one computation, never the worker.
fn unharmed<T>(compute: impl FnOnce() -> T) -> Option<T> {
    let value = std::panic::catch_unwind(AssertUnwindSafe(compute)).ok();
    if value.is_none() {
        tracing::error!("an SRP computation panicked");
    }
    value
}

impl Lanes {
    const fn of(&mut self, step: Step) -> &mut Lane {
        match step {
            Step::Challenge => &mut self.challenges,
            Step::Proof => &mut self.proofs,
        }
    }

    fn next(&mut self) -> Option<Job> {
        let order = match self.last {
            Some(Step::Proof) => [Step::Challenge, Step::Proof],
            Some(Step::Challenge) | None => [Step::Proof, Step::Challenge],
        };
        for step in order {
            if let Some(job) = self.of(step).waiting.pop_front() {
                self.last = Some(step);
                return Some(job);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
