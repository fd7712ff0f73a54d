//! The kernel for machines whose widest product has 64 bits: WebAssembly.
//!
//! Limbs have 28 bits, so that a product of two has 56 and a column of 64 bits holds the sum of 255 of them. Carries are
//! resolved once a product, not once a row. The form is Montgomery's with an `R` so much larger than `N` that a product of
//! two values below `2N` is below `2N` again; only [`Kernel::write`] gives the number below `N`.
//!
//! The code is the same for all lengths: three copies would be three times as much for a browser to fetch.

use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{Element, Kernel};
use crate::srp::Group;

mod columns;

use columns::{BITS, Columns, ROWS, low};

/// A number in limbs of 28 bits, the lowest first.
type Limbs = Vec<u32>;

/// Arithmetic modulo one number.
pub struct Limbs28 {
    modulus: &'static [u8],
    n: Limbs,
    /// `−1/N mod 2^28`
    inverse: u32,
    /// Blocks of rows in a reduction: `R = 2^(28·ROWS·blocks)`.
    blocks: usize,
    /// `2^(bits + 18) / N`, at most one too small.
    reciprocal: u64,
    /// Where `2^bits` stands in the highest limb.
    place: usize,
    /// `R mod N`
    one: Limbs,
    /// `R² mod N`
    r_squared: Limbs,
}

impl Limbs28 {
    /// The kernel of a group. Of `N` it takes for granted that it is odd and its highest bit set, and of its length that
    /// the highest limb has room for two more bits.
    #[must_use]
    pub fn new(group: Group) -> Self {
        let modulus = group.modulus();
        let (highest, place) = (group.bits() / BITS, group.bits() % BITS);
        let mut n = vec![0; highest + 1];
        read_limbs(&mut n, modulus);
        let mut kernel = Self {
            modulus,
            inverse: negated_inverse(n.first().copied().unwrap_or_default()),
            blocks: n.len().div_ceil(ROWS),
            reciprocal: reciprocal(modulus),
            place,
            one: vec![0; n.len()],
            r_squared: Limbs::new(),
            n,
        };
        // R is 2^exponent. 2^bits mod N is 2^bits − N, and the rest is doubling.
        let exponent = kernel.blocks * ROWS * BITS;
        let mut one = kernel.one.clone();
        if let Some(limb) = one.last_mut() {
            *limb = 1 << place;
        }
        kernel.subtract_n(&mut one, 1, u32::MAX);
        for _ in group.bits()..exponent {
            kernel.multiply_small(&mut one, 2);
        }
        // R itself in Montgomery form: 1 raised to it, one bit of the exponent at a time.
        let mut r = one.clone();
        for place in (0..usize::BITS - exponent.leading_zeros()).rev() {
            kernel.square(&mut r, 1);
            if exponent >> place & 1 == 1 {
                kernel.multiply_small(&mut r, 2);
            }
        }
        kernel.one = one;
        kernel.r_squared = r;
        kernel
    }

    /// Subtracts `times·N`, where the mask has all bits and not none; the borrow is −1 or 0.
    fn subtract_n(&self, value: &mut [u32], times: u32, mask: u32) -> i64 {
        let mut borrow = 0_i64;
        for (limb, n) in value.iter_mut().zip(&self.n) {
            borrow += i64::from(*limb) - i64::from((n * times) & mask);
            *limb = low(borrow.cast_unsigned());
            borrow >>= BITS;
        }
        borrow
    }

    /// Subtracts `times·N` unless the value is below it.
    fn settle(&self, value: &mut [u32], times: u32) {
        let compare = |borrow: i64, (limb, n): (&u32, &u32)| (borrow + i64::from(*limb) - i64::from(n * times)) >> BITS;
        let borrow = value.iter().zip(&self.n).fold(0_i64, compare);
        self.subtract_n(value, times, u32::conditional_select(&u32::MAX, &0, borrow.ct_eq(&-1)));
    }

    fn reduce(&self, columns: &mut Columns, out: &mut [u32]) {
        columns.reduce(&self.n, self.inverse, self.blocks, out);
    }
}

impl Kernel for Limbs28 {
    /// Below `2N`.
    type Residue = Limbs;

    fn name(&self) -> &'static str {
        "limbs28"
    }

    fn modulus(&self) -> &[u8] {
        self.modulus
    }

    fn read(&self, bytes: &[u8]) -> Limbs {
        let mut value = vec![0; self.n.len()];
        read_limbs(&mut value, bytes);
        self.multiply(&mut value, &self.r_squared);
        value
    }

    fn write(&self, value: &Limbs) -> Element {
        let mut columns = Columns::new();
        columns.set(value);
        let mut number = Zeroizing::new(vec![0; self.n.len()]);
        self.reduce(&mut columns, &mut number);
        // At most N: below 2N + R·N, divided by R.
        self.settle(&mut number, 1);
        let mut out = Zeroizing::new(vec![0; self.modulus.len()]);
        for (bytes, pair) in out.rchunks_mut(7).zip(number.chunks(2)) {
            let joined = pair.iter().rev().fold(0, |joined, limb| joined << BITS | u64::from(*limb));
            for (byte, from) in bytes.iter_mut().rev().zip(joined.to_le_bytes()) {
                *byte = from;
            }
        }
        out
    }

    fn one(&self) -> Limbs {
        self.one.clone()
    }

    fn multiply(&self, value: &mut Limbs, by: &Limbs) {
        let mut columns = Columns::new();
        columns.set_product(value, by);
        self.reduce(&mut columns, value);
    }

    fn square(&self, value: &mut Limbs, times: u32) {
        let mut columns = Columns::new();
        for _ in 0..times {
            columns.set_square(value);
            self.reduce(&mut columns, value);
        }
    }

    /// From the 45 highest bits of the product the quotient by `N` is estimated; it is never too large and at most one too
    /// small: the error is below 1 for rounding down, 1/2 for the reciprocal and 2^−26 for the bits that were not read.
    fn multiply_small(&self, value: &mut Limbs, by: u32) {
        let mut carry = 0_u64;
        for limb in value.iter_mut() {
            carry = carry.wrapping_add(u64::from(*limb).wrapping_mul(u64::from(by)));
            *limb = low(carry);
            carry >>= BITS;
        }
        let [.., lower, upper] = value.as_slice() else { return };
        let shift = 28 - self.place;
        let highest = u64::from(*lower) >> self.place | u64::from(*upper) << shift | carry << (28 + shift);
        let quotient = highest.wrapping_mul(self.reciprocal) >> (PRECISION + 28);
        let mut borrow = 0_i64;
        for (limb, n) in value.iter_mut().zip(&self.n) {
            borrow += i64::from(*limb) - u64::from(*n).wrapping_mul(quotient).cast_signed();
            *limb = low(borrow.cast_unsigned());
            borrow >>= BITS;
        }
    }

    fn add(&self, value: &mut Limbs, other: &Limbs) {
        let mut carry = 0;
        for (limb, other) in value.iter_mut().zip(other) {
            carry += u64::from(*limb) + u64::from(*other);
            *limb = low(carry);
            carry >>= BITS;
        }
        self.settle(value, 2);
    }

    fn subtract(&self, value: &mut Limbs, other: &Limbs) {
        let mut borrow = 0_i64;
        for ((limb, other), n) in value.iter_mut().zip(other).zip(&self.n) {
            borrow += i64::from(*limb) + i64::from(n * 2) - i64::from(*other);
            *limb = low(borrow.cast_unsigned());
            borrow >>= BITS;
        }
        self.settle(value, 2);
    }

    fn select(&self, out: &mut Limbs, table: &[Limbs], index: u32) {
        out.fill(0);
        for (number, entry) in (0_u32..).zip(table) {
            let mask = u32::conditional_select(&0, &u32::MAX, number.ct_eq(&index));
            for (limb, from) in out.iter_mut().zip(entry) {
                *limb |= from & mask;
            }
        }
    }
}

/// Bits of the reciprocal beyond those of `2^bits / N`.
const PRECISION: u32 = 18;

/// `2^(bits + 18) / N` from the 40 highest bits of `N`, which are rounded up.
fn reciprocal(modulus: &[u8]) -> u64 {
    let highest = modulus.iter().take(5).fold(0, |highest, byte| highest << 8 | u64::from(*byte));
    (1 << (40 + PRECISION)) / (highest + 1)
}

/// `−1/n mod 2^28` for an odd `n`, by Newton's iteration: each step doubles the bits that are right, the first being three.
const fn negated_inverse(n: u32) -> u32 {
    let mut inverse = n;
    let mut bits = 3;
    while bits < BITS {
        inverse = inverse.wrapping_mul(2_u32.wrapping_sub(n.wrapping_mul(inverse)));
        bits *= 2;
    }
    inverse.wrapping_neg() & ((1 << BITS) - 1)
}

/// Takes apart a big-endian number: seven bytes are two limbs.
fn read_limbs(limbs: &mut [u32], bytes: &[u8]) {
    for (pair, bytes) in limbs.chunks_mut(2).zip(bytes.rchunks(7)) {
        let mut joined = bytes.iter().fold(0, |joined, byte| joined << 8 | u64::from(*byte));
        for limb in pair {
            *limb = low(joined);
            joined >>= BITS;
        }
    }
}
