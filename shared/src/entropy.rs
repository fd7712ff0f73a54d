//! Where random bytes come from: an argument, never the operating system.

/// A source of cryptographically secure random bytes.
///
/// A source that cannot deliver must not return: there is no error to ignore here.
pub trait Entropy {
    /// Overwrites `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}
