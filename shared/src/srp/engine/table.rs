//! Where powers are kept while they are needed.

use zeroize::{Zeroize, Zeroizing};

use super::{Kernel, digits};

/// Powers of something secret, at most one a value of a window; wiped when dropped.
pub(super) struct SecretTable<R: Zeroize>(Vec<R>);

impl<R: Zeroize + Clone> SecretTable<R> {
    pub(super) fn new() -> Self {
        // Never more than that: growing would leave a copy behind.
        Self(Vec::with_capacity(digits::ENTRIES))
    }

    pub(super) fn push(&mut self, entry: &R) {
        self.0.push(entry.clone());
    }

    pub(super) fn entries(&self) -> &[R] {
        &self.0
    }
}

impl<R: Zeroize> Drop for SecretTable<R> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A power that grows, and costs nothing as long as it is 1. For public exponents.
pub(super) struct Accumulator<'a, K: Kernel> {
    kernel: &'a K,
    power: Option<Zeroizing<K::Residue>>,
}

impl<'a, K: Kernel> Accumulator<'a, K> {
    pub(super) const fn new(kernel: &'a K) -> Self {
        Self { kernel, power: None }
    }

    pub(super) fn square(&mut self, times: u32) {
        if let Some(power) = &mut self.power {
            self.kernel.square(power, times);
        }
    }

    pub(super) fn multiply(&mut self, factor: &K::Residue) {
        match &mut self.power {
            Some(power) => self.kernel.multiply(power, factor),
            None => self.power = Some(Zeroizing::new(factor.clone())),
        }
    }

    pub(super) fn finish(self) -> Zeroizing<K::Residue> {
        self.power.unwrap_or_else(|| Zeroizing::new(self.kernel.one()))
    }
}
