//! The bounded pool that does SRP arithmetic, off the async threads.
//!
//! A login costs about a millisecond of one core. What does not fit the queue is refused at once: a caller who waits
//! would only be told later.

use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::fault::Internal;

type Job = Box<dyn FnOnce() + Send>;

/// Worker threads behind a queue of fixed length.
pub struct SrpPool {
    places: Arc<Semaphore>,
    capacity: usize,
    jobs: Sender<Job>,
}

/// Every thread and every place in the queue is taken.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the SRP pool is full")]
pub struct Busy;

/// A place in the pool; dropping it frees the place.
pub(crate) struct Slot {
    place: OwnedSemaphorePermit,
    jobs: Sender<Job>,
}

impl SrpPool {
    /// Starts `workers` threads before which `queue` computations may wait.
    ///
    /// # Errors
    /// What the operating system says when it gives no thread.
    pub fn start(workers: usize, queue: usize) -> std::io::Result<Self> {
        let workers = workers.max(1);
        let (jobs, waiting) = channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..workers {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new().name(format!("srp-{number}")).spawn(move || work(&waiting))?;
        }
        let capacity = workers + queue;
        Ok(Self { places: Arc::new(Semaphore::new(capacity)), capacity, jobs })
    }

    /// Takes a place, or says at once that there is none.
    pub(crate) fn reserve(&self) -> Result<Slot, Busy> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Busy)?;
        Ok(Slot { place, jobs: self.jobs.clone() })
    }

    /// Places taken, and places there are.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        (self.capacity.saturating_sub(self.places.available_permits()), self.capacity)
    }
}

impl Slot {
    /// Runs `compute` on a worker.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Internal> {
        let Self { place, jobs } = self;
        let (done, result) = oneshot::channel();
        let job = move || {
            let value = compute();
            drop(place);
            // Whoever asked may have gone; the value then has no reader.
            drop(done.send(value));
        };
        jobs.send(Box::new(job)).map_err(|_| Internal::Lost)?;
        result.await.map_err(|_| Internal::Lost)
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A panic costs one computation, never the worker.
        if std::panic::catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("an SRP computation panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_pool_refuses_at_once_and_a_finished_slot_is_free_again() {
        let pool = SrpPool::start(1, 1).unwrap();
        let first = pool.reserve().unwrap();
        let second = pool.reserve().unwrap();
        assert!(pool.reserve().is_err());
        drop(second);
        assert_eq!(first.run(|| 7).await.unwrap(), 7);
        assert_eq!(pool.load(), (0, 2));
    }

    #[tokio::test]
    async fn a_panic_costs_one_computation_and_no_worker() {
        let pool = SrpPool::start(1, 0).unwrap();
        assert!(pool.reserve().unwrap().run(|| assert_eq!(1, 2)).await.is_err());
        assert_eq!(pool.reserve().unwrap().run(|| 7).await.unwrap(), 7);
    }
}
