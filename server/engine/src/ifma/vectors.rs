//! The vectors: what a number is, and what may be done with it where the processor has the instructions.

use core::arch::{
    asm,
    x86_64::{
        __m512i, _mm512_cmpeq_epi64_mask, _mm512_loadu_si512, _mm512_movm_epi64, _mm512_set1_epi64,
        _mm512_setzero_si512, _mm512_storeu_si512, _mm512_ternarylogic_epi64,
    },
};

use zeroize::Zeroize;

use super::number::{BITS, MASK, Number};
use super::product::AHEAD;

/// Lanes of a vector.
pub(super) const LANES: usize = 8;
/// A number: digit `i` is lane `i / K` of row `i mod K`. Secret as whatever it stands for.
#[derive(Clone, Zeroize)]
#[repr(align(64))]
pub struct Digits<const K: usize>(pub(super) [[u64; LANES]; K]);

impl<const K: usize> Default for Digits<K> {
    fn default() -> Self {
        Self([[0; LANES]; K])
    }
}

impl<const K: usize> Digits<K> {
    /// The digits of one lane, which are neighbours.
    pub(super) fn lane(&self, lane: usize) -> impl Iterator<Item = u64> {
        self.0.iter().map(move |row| row.get(lane).copied().unwrap_or_default())
    }

    /// Replaces the digits of one lane.
    pub(super) fn set_lane(&mut self, lane: usize, digits: &[u64; K]) {
        for (row, digit) in self.0.iter_mut().zip(digits) {
            if let Some(to) = row.get_mut(lane) {
                *to = *digit;
            }
        }
    }
}

/// `N`, and what the quotient digits are made with. Everybody knows it.
pub(super) struct Modulus<const K: usize> {
    pub(super) rows: Digits<K>,
    /// The lowest digits.
    pub(super) low: [u64; AHEAD + 1],
    /// `−N^-1 mod 2^52`, times `2^12`: products with it drop by themselves what lies above a digit.
    pub(super) inverse: u64,
    /// The same. The compiler does not see that, or it would multiply a sum once, and lengthen the chain, where this
    /// multiplies two terms.
    pub(super) inverse_again: u64,
    /// `−N^-1` times the second digit of `N`.
    pub(super) inverse_of_second: u64,
}

impl<const K: usize> Modulus<K> {
    pub(super) fn new(number: &Number<K>) -> Self {
        let [first, second] = [0, 1].map(|index| number.digit(index));
        // Newton: an odd number is its own inverse modulo 8, and each round doubles the bits.
        let inverse =
            (0..5).fold(first, |inverse: u64, _| inverse.wrapping_mul(2_u64.wrapping_sub(first.wrapping_mul(inverse))));
        let inverse = inverse.wrapping_neg() & MASK;
        let shifted = inverse << (64 - BITS);
        Self {
            rows: number.to_digits(),
            low: core::array::from_fn(|index| number.digit(index)),
            inverse: shifted,
            inverse_again: shifted,
            inverse_of_second: second.wrapping_mul(inverse),
        }
    }
}

/// `value · by / R`, or `value² / R` as often as the last argument says.
type Run<const K: usize> = unsafe fn(&mut Digits<K>, &Digits<K>, &Modulus<K>, u32);

/// The kernel of one size. There is one only where the processor has the instructions: [`Size::detect`] makes it.
#[derive(Clone, Copy)]
pub(super) struct Size<const K: usize> {
    /// Bits of `N`.
    pub(super) bits: usize,
    /// Digits that are reduced: `n`.
    pub(super) digits: usize,
    multiply: Run<K>,
    square: Run<K>,
}

/// Whether the processor has the instructions: what each `target_feature` of this module and of `product.rs` names.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512ifma")
        && is_x86_feature_detected!("bmi2")
}

#[expect(unsafe_code, reason = "runs where the processor has the instructions")]
impl<const K: usize> Size<K> {
    pub(super) fn detect(bits: usize, digits: usize, multiply: Run<K>, square: Run<K>) -> Option<Self> {
        is_available().then_some(Self { bits, digits, multiply, square })
    }

    /// `value · by / R`.
    pub(super) fn multiply(self, value: &mut Digits<K>, by: &Digits<K>, modulus: &Modulus<K>) {
        // SAFETY: `detect` found the instructions, or there were no `self`.
        unsafe { (self.multiply)(value, by, modulus, 1) }
    }

    /// `value² / R`, `times` times.
    pub(super) fn square(self, value: &mut Digits<K>, modulus: &Modulus<K>, times: u32) {
        // SAFETY: as in `multiply`. A factor is not looked at.
        unsafe { (self.square)(value, &modulus.rows, modulus, times) }
    }

    /// Entry `index` of a table, every entry of which is read.
    #[expect(clippy::unused_self, reason = "it proves that the instructions are there")]
    pub(super) fn select(self, out: &mut Digits<K>, table: &[Digits<K>], index: u32) {
        // SAFETY: as in `multiply`.
        unsafe { select(out, table, index) }
    }

    /// Clears the vector registers, and the stack below the caller's frame further down than this module goes.
    #[expect(clippy::unused_self, reason = "it proves that the instructions are there")]
    #[expect(
        clippy::inline_always,
        reason = "a frame of its own would lie over the first of what is to be overwritten"
    )]
    #[inline(always)]
    pub(super) fn forget(self) {
        overwrite();
        // SAFETY: as in `multiply`.
        unsafe { clear() }
    }
}

/// Bytes that [`overwrite`] overwrites: three times what is used. The deepest, in the program as it is built, is a sum at
/// 4096 bits with 4.6 kB; the helper of `write` and the product below it take 3.2.
const DEPTH: usize = 16 * 1024;

/// Where frames of this module were: deeper than any of them. It takes half a microsecond, once for each result.
#[inline(never)]
fn overwrite() {
    [0_u64; DEPTH / 8].zeroize();
}

#[expect(unsafe_code, reason = "names registers")]
#[target_feature(enable = "avx512f")]
fn clear() {
    macro_rules! registers {
        ($($name:tt)*) => {
            // SAFETY: each register that is written is declared.
            unsafe {
                asm!($(concat!("vpxord ", $name, ", ", $name, ", ", $name),)* $(out($name) _,)*
                    options(nomem, nostack, preserves_flags));
            }
        };
    }
    registers!("zmm0" "zmm1" "zmm2" "zmm3" "zmm4" "zmm5" "zmm6" "zmm7" "zmm8" "zmm9" "zmm10" "zmm11" "zmm12" "zmm13"
        "zmm14" "zmm15" "zmm16" "zmm17" "zmm18" "zmm19" "zmm20" "zmm21" "zmm22" "zmm23" "zmm24" "zmm25" "zmm26" "zmm27"
        "zmm28" "zmm29" "zmm30" "zmm31");
}

#[expect(unsafe_code, reason = "reads memory into vectors")]
#[target_feature(enable = "avx512f")]
pub(super) fn load(row: &[u64; LANES]) -> __m512i {
    // SAFETY: the row is borrowed, and 64 bytes long; it need not be aligned.
    unsafe { _mm512_loadu_si512(row.as_ptr().cast()) }
}

#[expect(unsafe_code, reason = "writes vectors to memory")]
#[target_feature(enable = "avx512f")]
pub(super) fn store(row: &mut [u64; LANES], vector: __m512i) {
    // SAFETY: the row is borrowed for this, and 64 bytes long; it need not be aligned.
    unsafe { _mm512_storeu_si512(row.as_mut_ptr().cast(), vector) }
}

#[expect(unsafe_code, reason = "hides a value from the compiler")]
#[target_feature(enable = "avx512f,avx512dq")]
fn select<const K: usize>(out: &mut Digits<K>, table: &[Digits<K>], index: u32) {
    let wanted = _mm512_set1_epi64(index.into());
    let mut rows = [_mm512_setzero_si512(); K];
    for (number, entry) in (0_i64..).zip(table) {
        let mut this = _mm512_movm_epi64(_mm512_cmpeq_epi64_mask(wanted, _mm512_set1_epi64(number)));
        // SAFETY: no instruction. The compiler no longer knows that the mask is all ones or nothing, and could not make
        // it a branch, or a load that is left out.
        unsafe { asm!("/* {0} */", inout(zmm_reg) this, options(nomem, nostack, preserves_flags)) }
        for (row, from) in rows.iter_mut().zip(&entry.0) {
            // row | from & this
            *row = _mm512_ternarylogic_epi64::<0b1111_1000>(*row, load(from), this);
        }
    }
    for (to, row) in out.0.iter_mut().zip(rows) {
        store(to, row);
    }
}
