//! Whether this node can do its work.

use std::sync::Arc;

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

impl Report {
    /// Whether requests can be served.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.database && self.signing_keys
    }
}

impl Health {
    /// Looks at every part.
    pub async fn report(&self) -> Report {
        let core = &self.0;
        let database = match core.store.ping().await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "not ready: the database cannot be worked with");
                false
            }
        };
        let signing_keys = core.key_set(core.now()).await.is_ok();
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
