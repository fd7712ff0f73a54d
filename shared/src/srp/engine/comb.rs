//! `v^u` with less squaring, from powers of `v` that are kept.

use zeroize::Zeroizing;

use super::{
    Element, Kernel, Scalar, digits,
    table::{Accumulator, SecretTable},
};

/// Bytes of `u` from one tooth to the next.
const SPACING: usize = 8;
/// Bits of the same.
const COLUMNS: u32 = 64;
/// Teeth that are kept; `v` itself is one more.
const KEPT: usize = size_of::<Scalar>() / SPACING - 1;

/// `v^(2^64)`, `v^(2^128)`, `v^(2^192)`: as secret as `v`, wiped when dropped.
pub struct Comb(Vec<Element>);

impl Comb {
    /// Three quarters of the squarings of a `v^u`, done once.
    pub(super) fn new<K: Kernel>(kernel: &K, v: &K::Residue) -> Self {
        let mut power = Zeroizing::new(v.clone());
        let next = || {
            kernel.square(&mut power, COLUMNS);
            kernel.write(&power)
        };
        Self(core::iter::repeat_with(next).take(KEPT).collect())
    }

    /// `v^u`: in each column one bit of `u` for every tooth. `u` is public, and so is which entry is taken.
    pub(super) fn power<K: Kernel>(&self, kernel: &K, v: &K::Residue, u: &Scalar) -> Zeroizing<K::Residue> {
        let entries = self.table(kernel, v);
        let mut power = Accumulator::new(kernel);
        for column in columns(u) {
            power.square(1);
            if column != 0
                && let Some(entry) = entries.entries().get(column)
            {
                power.multiply(entry);
            }
        }
        power.finish()
    }

    /// How many products [`Comb::power`] takes, squares and readings among them.
    pub(super) fn products(u: &Scalar) -> usize {
        let begun = columns(u).skip_while(|column| *column == 0);
        let factors = columns(u).filter(|column| *column != 0).count();
        // The table: a product for each choice of more than one tooth.
        KEPT + (digits::ENTRIES - KEPT - 2) + begun.count().saturating_sub(1) + factors.saturating_sub(1)
    }

    /// The product of each choice of teeth; bit 0 of its number stands for `v` itself.
    fn table<K: Kernel>(&self, kernel: &K, v: &K::Residue) -> SecretTable<K::Residue> {
        let mut products = SecretTable::new();
        products.push(&kernel.one());
        let kept = self.0.iter().map(|tooth| Zeroizing::new(kernel.read(tooth)));
        for tooth in core::iter::once(Zeroizing::new(v.clone())).chain(kept) {
            products.push(&tooth);
            // With each of the choices so far but the empty one.
            for number in 1..products.entries().len() - 1 {
                let mut product = tooth.clone();
                if let Some(factor) = products.entries().get(number) {
                    kernel.multiply(&mut product, factor);
                }
                products.push(&product);
            }
        }
        products
    }
}

/// The columns of `u`, the highest first; the highest tooth's bit is the highest.
fn columns(u: &Scalar) -> impl Iterator<Item = usize> {
    let (teeth, _) = u.as_chunks::<SPACING>();
    let teeth: Vec<u64> = teeth.iter().map(|tooth| u64::from_be_bytes(*tooth)).collect();
    (0..COLUMNS)
        .rev()
        .map(move |place| teeth.iter().fold(0, |column, tooth| column << 1 | usize::from(tooth >> place & 1 == 1)))
}
