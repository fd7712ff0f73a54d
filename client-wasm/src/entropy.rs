//! Randomness of the platform: `crypto.getRandomValues` in browsers and Node.

use tacit_shared::Entropy;

/// The platform's cryptographically secure generator.
pub(crate) struct Platform;

impl Entropy for Platform {
    #[expect(clippy::disallowed_methods, reason = "this is the seam's implementation for the client")]
    #[expect(clippy::expect_used, reason = "a source that cannot deliver must not return; the worker ends with it")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the platform has no secure randomness");
    }
}
