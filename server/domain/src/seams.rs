//! What a test replaces: the clock and the source of randomness.

use std::sync::Arc;

use tacit_shared::Entropy;
use tacit_store::Timestamp;

/// Tells the time; the domain never asks the system itself.
pub trait Clock: Send + Sync {
    /// The present, in unix milliseconds.
    fn now(&self) -> Timestamp;
}

/// Randomness fit for keys, shareable between threads.
pub trait SecureEntropy: Entropy + Send + Sync {}

impl<E: Entropy + Send + Sync> SecureEntropy for E {}

/// The replaceable parts of the world, handed in once at start.
#[derive(Clone)]
pub struct Seams {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn SecureEntropy>,
}
