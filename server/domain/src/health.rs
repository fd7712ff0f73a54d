//! Whether this node can do its work.

use std::sync::Arc;
use std::time::Instant;

use tacit_shared::preset;
use tacit_shared::srp::engine;
use tacit_store::outbox;

use crate::core::Core;

/// Looks at the parts.
#[derive(Clone)]
pub struct Health(pub(crate) Arc<Core>);

/// The state of each part.
pub struct Report {
    /// The database answers, and takes writes as far as is known.
    pub database: bool,
    /// There is a key that signs.
    pub signing_keys: bool,
    /// Where SRP is computed.
    pub srp: Srp,
}

/// Where SRP is computed.
pub struct Srp {
    /// Places taken in the pool.
    pub taken: usize,
    /// Places there are.
    pub places: usize,
    /// The kernel's name.
    pub kernel: &'static str,
    /// Pairs ready for challenges to come.
    pub pairs: usize,
    /// Accounts whose powers of the verifier are kept.
    pub combs: usize,
}

/// What the last look at the database found.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    ended: Instant,
    database: bool,
    signing_keys: bool,
}

impl Report {
    /// Whether requests can be served.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.database && self.signing_keys
    }
}

impl Health {
    /// Looks at every part. At the database one looks for all who ask meanwhile: nobody limits how often this is asked, and
    /// a flood must not take the connections of those who log in.
    pub async fn report(&self) -> Report {
        let core = &self.0;
        let Look { database, signing_keys, .. } = core.look().await;
        let (taken, places) = core.srp_pool.load();
        let kernel = engine::of(preset::DEFAULT.group).name();
        let srp = Srp { taken, places, kernel, pairs: core.srp_pool.pairs_ready(), combs: core.combs.len() };
        Report { database, signing_keys, srp }
    }

    /// How many mails wait; `None` where the database does not say. It takes the longer the more there are.
    pub async fn open_mails(&self) -> Option<u64> {
        let mut tx = self.0.store.read().await.ok()?;
        outbox::count_open(&mut tx).await.ok()?.try_into().ok()
    }
}

impl Core {
    /// The look that was under way when this was asked, or a new one.
    async fn look(&self) -> Look {
        let asked = Instant::now();
        let mut last = self.last_look.lock().await;
        if let Some(look) = last.filter(|look| look.ended >= asked) {
            return look;
        }
        let database = match self.store.ping().await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "not ready: the database cannot be worked with");
                false
            }
        };
        // Whoever waits here has waited for the database once.
        let signing_keys = database && self.key_set(self.now()).await.is_ok();
        *last.insert(Look { ended: Instant::now(), database, signing_keys })
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::task::Poll;

    use tacit_store::{StoreError, Tx};

    use super::Report;
    use crate::tests::World;

    type Asked<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

    /// Lets it come as far as it can without the others.
    async fn waits<T>(asked: &mut Asked<'_, T>) {
        let is_pending = poll_fn(|context| Poll::Ready(asked.as_mut().poll(context).is_pending())).await;
        assert!(is_pending);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn however_many_ask_one_looks_and_the_connections_are_left_to_others() {
        let world = World::start().await;
        let (core, health) = (world.core(), &world.domain.health);
        core.key_set(core.now()).await.unwrap();
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(core.store.read().await.unwrap());
        }
        let mut reports: Vec<Asked<'_, Report>> = Vec::new();
        for _ in 0..50 {
            reports.push(Box::pin(health.report()));
        }
        for report in &mut reports {
            waits(report).await;
        }
        let mut other: Asked<'_, Result<Tx, StoreError>> = Box::pin(core.store.read());
        waits(&mut other).await;

        // One connection comes back. The first who asked has it and gives it on; none of the rest stands in line for it.
        held.pop();
        assert!(reports.remove(0).await.database);
        other.await.unwrap();
        for report in reports {
            assert!(report.await.database);
        }
    }
}
