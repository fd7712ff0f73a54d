//! A load generator: requests that cost it next to nothing, at a rate that does not wait for answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::wire::Wire;

/// What is sent, over how many connections, how fast, how long.
pub struct Flood {
    /// The requests, as they go over the wire; sent in turn, again and again.
    pub requests: Vec<Vec<u8>>,
    /// Connections; each waits for an answer before it sends again.
    pub connections: usize,
    /// Requests a second; without it each connection sends as fast as it is answered.
    pub rate: Option<f64>,
    /// How long.
    pub time: Duration,
}

/// What became of one request.
#[derive(Clone, Copy)]
pub struct Outcome {
    /// When it was sent, from the beginning.
    pub at: Duration,
    /// The status of its answer; 0 if the server hung up.
    pub status: u16,
    /// How long that took.
    pub took: Duration,
}

/// What became of all of them.
pub struct Outcomes(pub Vec<Outcome>);

impl Flood {
    /// Begins, on a thread of its own.
    #[must_use]
    pub fn begin(self, base: &str) -> JoinHandle<Outcomes> {
        let base = base.to_owned();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(self.run(&base))
        })
    }

    async fn run(self, base: &str) -> Outcomes {
        let (flood, next) = (Arc::new(self), Arc::new(AtomicUsize::new(0)));
        let mut wires = Vec::new();
        for _ in 0..flood.connections {
            wires.push(Wire::to(base).await);
        }
        let begun = Instant::now();
        let tasks: Vec<_> = wires
            .into_iter()
            .map(|wire| tokio::spawn(Arc::clone(&flood).send(wire, base.to_owned(), Arc::clone(&next), begun)))
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.extend(task.await.unwrap());
        }
        Outcomes(outcomes)
    }

    async fn send(
        self: Arc<Self>,
        mut wire: Wire,
        base: String,
        next: Arc<AtomicUsize>,
        begun: Instant,
    ) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if let Some(rate) = self.rate {
                let due = Duration::from_secs_f64(f64::from(u32::try_from(number).unwrap()) / rate);
                if let Some(early) = due.checked_sub(begun.elapsed()) {
                    tokio::time::sleep(early).await;
                }
            }
            let sent = Instant::now();
            let at = sent - begun;
            if at >= self.time {
                return outcomes;
            }
            let answer = wire.ask(&self.requests[number % self.requests.len()]).await;
            if answer.is_none() {
                wire = Wire::to(&base).await;
            }
            let status = answer.map_or(0, |(status, _)| status);
            outcomes.push(Outcome { at, status, took: sent.elapsed() });
        }
    }
}

impl Outcomes {
    /// Those sent after a while.
    #[must_use]
    pub fn after(&self, time: Duration) -> Self {
        Self(self.0.iter().filter(|outcome| outcome.at >= time).copied().collect())
    }

    /// Those with this status.
    #[must_use]
    pub fn with(&self, status: u16) -> Self {
        Self(self.0.iter().filter(|outcome| outcome.status == status).copied().collect())
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap()
    }

    /// The time within which this share of them was answered.
    #[must_use]
    pub fn within(&self, percent: usize) -> Duration {
        let mut times: Vec<_> = self.0.iter().map(|outcome| outcome.took).collect();
        times.sort_unstable();
        let last = times.len().checked_sub(1).expect("there are some");
        times[(times.len() * percent / 100).min(last)]
    }
}
