//! The real clock, the real randomness and the real way to other servers

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tacit_domain::Timestamp;
use tacit_domain::seams::{Clock, Seams};
use tacit_jobs::Fetcher;
use tacit_shared::Entropy;

/// The operating system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's randomness.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness enters")]
    fn fill(&self, out: &mut [u8]) {
        if let Err(error) = getrandom::fill(out) {
            // Keys made of anything else would be worse than no server.
            tracing::error!(%error, "the operating system gives no randomness");
            std::process::abort();
        }
    }
}

/// All of them, as the server runs with them.
#[must_use]
pub fn system_seams() -> Seams {
    Seams { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy), fetch: Arc::new(Fetcher::default()) }
}
