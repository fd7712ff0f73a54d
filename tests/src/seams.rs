//! What tests replace: a clock that stands until it is moved. Randomness is real.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use tacit_domain::seams::{Clock, Seams};
use tacit_shared::entropy::Entropy;
use tacit_store::Timestamp;

/// Starts at the present, so that tokens are fresh to others too, and moves only when told.
pub struct TestClock(AtomicI64);

impl TestClock {
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    pub(crate) fn new() -> Arc<Self> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Arc::new(Self(AtomicI64::new(i64::try_from(since.as_millis()).unwrap())))
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Lets time pass until the next window of this length begins: windows begin at the same moments for everybody,
    /// and a sentence that says how long one lasts must not depend on the time of day.
    pub fn advance_to_next(&self, length: Duration) {
        let length = i64::try_from(length.as_millis()).unwrap();
        let into = self.now().as_millis().rem_euclid(length);
        self.0.fetch_add(length - into, Ordering::SeqCst);
    }

    /// Sets time back, as a clock that is corrected does.
    pub fn set_back(&self, by: Duration) {
        self.0.fetch_sub(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The operating system's randomness.
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system gives randomness");
    }
}

/// Random bytes.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsEntropy.fill(&mut bytes);
    bytes
}

pub(crate) fn seams(clock: &Arc<TestClock>) -> Seams {
    let clock: Arc<dyn Clock> = clock.clone();
    Seams { clock, entropy: Arc::new(OsEntropy), fetch: Arc::new(tacit_jobs::Fetcher::default()) }
}

/// A fresh random id in lower-case hex, for names that must not meet.
#[must_use]
pub(crate) fn fresh_name() -> String {
    let mut bytes = [0; 8];
    OsEntropy.fill(&mut bytes);
    tacit_shared::encoding::to_hex(&bytes)
}
