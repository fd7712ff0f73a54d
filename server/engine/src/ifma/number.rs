//! Numbers digit by digit, the lowest first: reading, writing, and what is done once a login rather than a thousand times.
//!
//! No branch and no index depends on a value.

use core::hint::black_box;

use tacit_shared::srp::engine::Element;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::vectors::{Digits, LANES};

/// Bits of a digit.
pub(super) const BITS: usize = 52;
/// The largest digit.
pub(super) const MASK: u64 = (1 << BITS) - 1;

/// Two digits are whole bytes.
const PAIR_BYTES: usize = 2 * BITS / 8;

/// Digits in their natural order, each below `2^52`. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Number<const K: usize>([[u64; K]; LANES]);

impl<const K: usize> Number<K> {
    fn digits(&self) -> impl Iterator<Item = u64> {
        self.0.as_flattened().iter().copied()
    }

    fn digits_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        self.0.as_flattened_mut().iter_mut()
    }

    pub(super) fn digit(&self, index: usize) -> u64 {
        self.0.as_flattened().get(index).copied().unwrap_or_default()
    }

    /// 0 to `2^52 − 1`.
    pub(super) const fn small(value: u64) -> Self {
        let mut digits = [[0; K]; LANES];
        if let Some(first) = digits.as_flattened_mut().first_mut() {
            *first = value;
        }
        Self(digits)
    }

    /// Takes a big-endian number.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let mut out = Self::small(0);
        let mut pair = Zeroizing::new([0; 16]);
        for (digits, chunk) in out.0.as_flattened_mut().chunks_mut(2).zip(bytes.rchunks(PAIR_BYTES)) {
            pair.fill(0);
            for (to, from) in pair.iter_mut().rev().zip(chunk.iter().rev()) {
                *to = *from;
            }
            let pair = u128::from_be_bytes(*pair);
            for (digit, value) in digits.iter_mut().zip([pair, pair >> BITS]) {
                *digit = u64::try_from(value & u128::from(MASK)).unwrap_or_default();
            }
        }
        out
    }

    /// The lowest `length` bytes, big-endian.
    pub(super) fn to_bytes(&self, length: usize) -> Element {
        let mut out = Zeroizing::new(vec![0; length]);
        for (chunk, digits) in out.rchunks_mut(PAIR_BYTES).zip(self.0.as_flattened().chunks(2)) {
            let pair = digits.iter().rev().fold(0, |pair, digit| pair << BITS | u128::from(*digit));
            for (to, from) in chunk.iter_mut().rev().zip(pair.to_le_bytes()) {
                *to = from;
            }
        }
        out
    }

    pub(super) fn from_digits(digits: &Digits<K>) -> Self {
        let mut out = Self::small(0);
        for (lane, row) in (0..).zip(&mut out.0) {
            for (to, from) in row.iter_mut().zip(digits.lane(lane)) {
                *to = from;
            }
        }
        out
    }

    pub(super) fn to_digits(&self) -> Digits<K> {
        let mut out = Digits::default();
        for (lane, row) in (0..).zip(&self.0) {
            out.set_lane(lane, row);
        }
        out
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut out = Self::small(0);
        let mut carry = 0;
        for ((to, left), right) in out.digits_mut().zip(self.digits()).zip(other.digits()) {
            let sum = left + right + carry;
            *to = sum & MASK;
            carry = sum >> BITS;
        }
        out
    }

    /// The difference, and 1 where it is negative; then `2^(52·8·K)` has been added.
    pub(super) fn minus(&self, other: &Self) -> (Self, u64) {
        let mut out = Self::small(0);
        let mut borrow = 0;
        for ((to, left), right) in out.digits_mut().zip(self.digits()).zip(other.digits()) {
            let difference = left.wrapping_sub(right).wrapping_sub(borrow);
            *to = difference & MASK;
            borrow = difference >> 63;
        }
        (out, borrow)
    }

    /// The product with a factor below `2^52`; it must fit.
    pub(super) fn times(&self, by: u64) -> Self {
        let mut out = Self::small(0);
        let mut carry = 0;
        for (to, digit) in out.digits_mut().zip(self.digits()) {
            let (low, high) = digit.carrying_mul(by, carry);
            *to = low & MASK;
            carry = high << (64 - BITS) | low >> BITS;
        }
        out
    }

    /// Less the modulus, unless it is below it.
    pub(super) fn less_at_most(&self, modulus: &Self) -> Self {
        let (mut out, negative) = self.minus(modulus);
        // All ones where the number stays; out of the compiler's sight, which could make it a branch.
        let stays = black_box(negative).wrapping_neg();
        for (digit, kept) in out.digits_mut().zip(self.digits()) {
            *digit ^= (*digit ^ kept) & stays;
        }
        out
    }

    /// `2^exponent mod modulus`, for an `exponent` that everybody knows.
    pub(super) fn power_of_two(exponent: usize, modulus: &Self) -> Self {
        let mut out = Self::small(1);
        for _ in 0..exponent {
            out = out.plus(&out).less_at_most(modulus);
        }
        out
    }

    /// The 50 bits or so from bit `8·length − 32` on, for numbers below `2^(8·length + 18)`.
    fn leading(&self, length: usize) -> u64 {
        let from = length * 8 - 32;
        let (digit, bit) = (from / BITS, from % BITS);
        self.digit(digit) >> bit | self.digit(digit + 1) << (BITS - bit)
    }

    /// `2^63 / (h + 1)` for the 32 leading bits `h` of a modulus of this many bytes.
    pub(super) fn reciprocal(&self, length: usize) -> u64 {
        (1 << 63) / (self.leading(length) + 1)
    }

    /// The same modulo `N`, below `2N`; for numbers below `2^18·N`.
    ///
    /// The quotient is guessed from leading bits `l < 2^50` and `h ≥ 2^31`, as `q = ⌊l·⌊2^63/(h+1)⌋ / 2^63⌋`. It is at
    /// most the true one, and falls short of the exact ratio `(l+1)/h` by less than
    /// `1` (rounding) `+ 2^-13` (the reciprocal) `+ l/h² + 2/h < 2^-11` (the bits left out): less than 2.
    pub(super) fn settle(&self, modulus: &Self, reciprocal: u64, length: usize) -> Self {
        let (low, high) = self.leading(length).carrying_mul(reciprocal, 0);
        let quotient = high << 1 | low >> 63;
        self.minus(&modulus.times(quotient)).0
    }
}
