//! Has the domain tidy up now and then

use std::time::Duration;

use tacit_domain::Domain;
use tokio::sync::watch;

/// Time between two rounds; more on every node of many would be wasted.
const EVERY: Duration = Duration::from_mins(5);

/// Deletes what has had its time and turns keys over, every five minutes.
#[derive(Clone)]
pub struct Cleaner {
    domain: Domain,
}

impl Cleaner {
    /// A cleaner of this domain.
    #[must_use]
    pub fn new(domain: Domain) -> Self {
        Self { domain }
    }

    /// Tidies up, begins with a pause, and returns when `stop` turns true.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        loop {
            // Nodes that were started together do not clean together.
            let pause = self.domain.outbox.jitter(EVERY);
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
            // What was begun is undone, or done in the next round.
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.run_now() => {}
            }
        }
    }

    /// One round. What fails is logged, and done in the next.
    pub async fn run_now(&self) {
        if let Err(error) = self.domain.housekeeping.run().await {
            tracing::error!(%error, "tidying up failed");
        }
        match self.domain.outbox.open_rows().await {
            // A gauge is a float; counts beyond 2^32 do not occur.
            Ok(rows) => metrics::gauge!("tacit_outbox_open").set(u32::try_from(rows).unwrap_or(u32::MAX)),
            Err(error) => tracing::error!(%error, "the outbox cannot be counted"),
        }
    }
}
