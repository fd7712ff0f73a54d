//! `g^e`, two ways: from a table of powers of `g`, or by using that `g` is small.

use zeroize::Zeroizing;

use super::{Kernel, Scalar, digits};

/// `g^(d · 16^i)` for each window `i` of an exponent, the lowest first, and each of its values `d`: 64 × 16 entries.
///
/// Nothing in it is secret; which entries are wanted is.
pub(super) struct Table<K: Kernel>(Vec<K::Residue>);

impl<K: Kernel> Table<K> {
    pub(super) fn new(kernel: &K, generator: u32) -> Self {
        let mut base = kernel.one();
        kernel.multiply_small(&mut base, generator);
        let mut entries = Vec::with_capacity(digits::WINDOWS * digits::ENTRIES);
        for _ in 0..digits::WINDOWS {
            let mut entry = kernel.one();
            for _ in 0..digits::ENTRIES {
                entries.push(entry.clone());
                kernel.multiply(&mut entry, &base);
            }
            // One step beyond the last entry: the base of the next window.
            base = entry;
        }
        Self(entries)
    }

    /// One product a window; each window's entries are read to the last.
    pub(super) fn power(&self, kernel: &K, exponent: &Scalar) -> Zeroizing<K::Residue> {
        let mut power = Zeroizing::new(kernel.one());
        let mut factor = Zeroizing::new(kernel.one());
        let mut windows = digits::windows(exponent).rev().zip(self.0.chunks(digits::ENTRIES));
        if let Some((digit, entries)) = windows.next() {
            kernel.select(&mut power, entries, digit);
        }
        for (digit, entries) in windows {
            kernel.select(&mut factor, entries, digit);
            kernel.multiply(&mut power, &factor);
        }
        power
    }
}

/// A square a bit, and small factors: `g^d` for each of the short windows whose values all stay below 2^16.
pub(super) fn power_of_small<K: Kernel>(kernel: &K, generator: u32, exponent: &Scalar) -> Zeroizing<K::Residue> {
    // Bits of a window: four for g = 2, two for g = 5.
    let width: u8 = if generator < 3 { 4 } else { 2 };
    let mut power = Zeroizing::new(kernel.one());
    let mut bits = digits::bits(exponent).peekable();
    while bits.peek().is_some() {
        let mut factor = 1_u32;
        for bit in bits.by_ref().take(width.into()) {
            // `g` where the bit is set, and 1 where it is not.
            let chosen = generator.wrapping_sub(1).wrapping_mul(bit).wrapping_add(1);
            factor = factor.wrapping_mul(factor).wrapping_mul(chosen);
        }
        kernel.square(&mut power, width.into());
        kernel.multiply_small(&mut power, factor);
    }
    power
}
