//! The vectors, and all that is `unsafe` about them.
//!
//! # The order of digits
//!
//! Digit `i` of a number is lane `i / K` of vector `i mod K`, its *row*. So to move a number by one digit is to rename
//! the rows and to move the lanes of one of them, where the usual order (neighbours in neighbouring lanes) moves the
//! lanes of all; and the products of a square that occur twice can be left out by whole vectors.
//!
//! # A product
//!
//! Column `j` of `a·b` is `Σ lo(a_d·b_i)` over `d + i = j` and `Σ hi(a_d·b_i)` over `d + i = j − 1`. A vector `X_j` sums
//! this over the digits of row `r` of `a`, eight at once: lane `l` of `X_j` belongs to column `j + l·K`. A window of `K`
//! such vectors moves up by one column in each of `n` steps (Montgomery, 1985, digit by digit):
//!
//! - the column that leaves, `S` in its lane 0, gives the quotient digit `q = −S·N^-1 mod 2^52`;
//! - `q·N` is added to the window, which clears that lane modulo `2^52`; what it carries is kept in a scalar;
//! - the other lanes of the row that leaves are lanes one below of the row that enters, to which `X_(j+K)` is added.
//!
//! `q` goes from scalar to vector, and its effect on the next columns would have to come back from vector to scalar
//! before the next `q` is known: 20 cycles and more, the cost of a step. So the next `D` columns are also kept in
//! scalars, exactly: lane 0 of a column is read `D` steps before it leaves, and what the `D` last quotient digits add
//! is added by `mulx`. The chain from `q` to `q` is one high product, one sum and one low product: 8 cycles.
//!
//! # No lane overflows
//!
//! A column has at most `n` pairs `(d, i)` with a low and with a high half from `a·b`, and as many from `q·N`, each half
//! below `2^52`: with `n = 80` below `320·2^52 < 2^61`, whichever lanes the sum is spread over, products of a square
//! counted twice included. A scalar column adds at most `2D` halves of its own and a carry below `2^10`.
//!
//! # Squares
//!
//! Of the ordered pairs of rows `(r, s)` and `(s, r)` one is multiplied and the result doubled; of equal rows every
//! product is taken. That is `(K+1)/2K` of the products, with no masks.
//!
//! # The compiler
//!
//! The two multiply-adds are inline assembly of one instruction, without memory. As statements with an effect they stay
//! in the order they are written in; the intrinsics were scheduled such that rows went to the stack and quotient digits
//! came late, which cost 9% of a square at 2048 bits.

use core::arch::{asm, x86_64::*};

use zeroize::Zeroize;

use super::number::{BITS, MASK, Number};

/// Lanes of a vector.
pub(super) const LANES: usize = 8;
/// The most columns ahead that are kept in scalars.
const AHEAD: usize = 3;

/// A number: digit `i` is lane `i / K` of row `i mod K`. Secret as whatever it stands for.
#[derive(Clone, Zeroize)]
#[repr(align(64))]
pub struct Digits<const K: usize>([[u64; LANES]; K]);

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
    rows: Digits<K>,
    /// The lowest digits.
    low: [u64; AHEAD + 1],
    /// `−N^-1 mod 2^52`, times `2^12`: products with it drop by themselves what lies above a digit.
    inverse: u64,
    /// The same. The compiler does not see that, or it would multiply a sum once, and lengthen the chain, where this
    /// multiplies two terms.
    inverse_again: u64,
    /// `−N^-1` times the second digit of `N`.
    inverse_of_second: u64,
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
            low: [0, 1, 2, 3].map(|index| number.digit(index)),
            inverse: shifted,
            inverse_again: shifted,
            inverse_of_second: second.wrapping_mul(inverse),
        }
    }
}

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

/// Whether the processor has the instructions.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512ifma")
        && is_x86_feature_detected!("bmi2")
}

#[expect(unsafe_code, reason = "runs where the processor has the instructions")]
impl<const K: usize> Size<K> {
    fn detect(bits: usize, digits: usize, multiply: Run<K>, square: Run<K>) -> Option<Self> {
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

    /// Clears the vector registers, and the stack below the caller's frame as far down as a product goes.
    #[expect(clippy::unused_self, reason = "it proves that the instructions are there")]
    pub(super) fn forget(self) {
        overwrite();
        // SAFETY: as in `multiply`.
        unsafe { clear() }
    }
}

/// Where frames of this module were: deeper than any of them.
#[inline(never)]
fn overwrite() {
    [0_u64; 512].zeroize();
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
fn load(row: &[u64; LANES]) -> __m512i {
    // SAFETY: the row is borrowed, and 64 bytes long.
    unsafe { _mm512_loadu_si512(row.as_ptr().cast()) }
}

#[expect(unsafe_code, reason = "writes vectors to memory")]
#[target_feature(enable = "avx512f")]
fn store(row: &mut [u64; LANES], vector: __m512i) {
    // SAFETY: the row is borrowed for this, and 64 bytes long.
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

/// `$body` once for each number, which it knows at compile time.
macro_rules! each {
    ($i:ident in [$($n:literal)*] $body:block) => { $({ const $i: usize = $n; $body })* };
}

/// `lo` or `hi` of eight products, added; see "The compiler" above.
macro_rules! multiply_add {
    (lo, $sum:expr, $x:expr, $y:expr) => { multiply_add!("vpmadd52luq {0}, {1}, {2}", $sum, $x, $y) };
    (hi, $sum:expr, $x:expr, $y:expr) => { multiply_add!("vpmadd52huq {0}, {1}, {2}", $sum, $x, $y) };
    ($instruction:literal, $sum:expr, $x:expr, $y:expr) => {
        // SAFETY: registers only, and the function has the feature.
        unsafe {
            asm!($instruction, inout(zmm_reg) $sum, in(zmm_reg) $x, in(zmm_reg) $y,
                options(nomem, nostack, preserves_flags));
        }
    };
}

/// Row `$row` of a number.
macro_rules! read_row {
    ($number:expr, $row:expr) => {{
        let number: &Digits<K> = $number;
        let row: __m512i;
        // SAFETY: a constant below `K` is a row of the number, which is aligned; the function has the feature.
        unsafe {
            asm!("vmovdqa64 {0}, zmmword ptr [{1} + {2}]", out(zmm_reg) row, in(reg) number,
                const { assert!($row < K); $row * size_of::<[u64; LANES]>() },
                options(readonly, nostack, preserves_flags));
        }
        row
    }};
}

/// The digit in a lane of row `$row`, or in the next lane, in all lanes.
macro_rules! read_digit {
    ($number:expr, $row:expr, $lane:expr, $next:expr) => {{
        let digits: &[u64] = $number.0.as_flattened();
        let digit: __m512i;
        // SAFETY: `$lane` plus one where `$next` is less than `LANES`, as every use below shows, and a constant below `K`
        // is a row of the number; the function has the feature.
        unsafe {
            asm!("vpbroadcastq {0}, qword ptr [{1} + 8*{2} + {3}]", out(zmm_reg) digit, in(reg) digits.as_ptr(), in(reg) $lane,
                const { assert!($row < K); ($row * LANES + if $next { 1 } else { 0 }) * size_of::<u64>() },
                options(readonly, nostack, preserves_flags));
        }
        digit
    }};
}

/// Whether a product of a digit of row `r` with one of row `s` is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Never,
    /// In a square it stands for its mirror image, too.
    Off,
    /// Of a square, and a row with itself.
    Diagonal,
}

/// The last lane has `last` digits below `n`; where a square has the choice, the other factor is of a row without one.
const fn taken(square: bool, k: usize, last: usize, r: usize, s: usize) -> Taken {
    if !square {
        return Taken::Off;
    }
    if r == s {
        return Taken::Diagonal;
    }
    let ahead = (k + s - r) % k;
    let off = if (r < last) == (s < last) { 2 * ahead < k || (2 * ahead == k && r < s) } else { r < last };
    if off { Taken::Off } else { Taken::Never }
}

/// Whether column `s` has products of a row with itself.
const fn has_diagonal(k: usize, s: usize) -> bool {
    s.is_multiple_of(2) || !k.is_multiple_of(2)
}

/// Which columns are computed, by the lanes of the digits of the other factor.
#[derive(Clone, Copy)]
enum Part {
    /// The first `K`, from lane 0.
    First,
    /// From a lane and the next.
    Middle,
    /// The same, where the next is the last lane, of which some rows are 0.
    Seventh,
    /// From the last lane only.
    Last,
}

const fn in_part(part: Part, k: usize, last: usize, r: usize, s: usize) -> bool {
    let exists = (k + s - r) % k < last;
    match part {
        Part::First => r <= s,
        Part::Middle => true,
        Part::Seventh => r > s || exists,
        Part::Last => r > s && exists,
    }
}

macro_rules! kernel {
    ($run:ident, $bits:literal, $k:literal, last $last:literal $rest:tt, ahead $ahead:literal $ahead_list:tt, rows $rows:tt, by urgency $urgent:tt) => {
        impl Size<$k> {
            #[doc = concat!("For ", $bits, " bits, where the processor has the instructions.")]
            pub(super) fn new() -> Option<Self> {
                Self::detect($bits, (LANES - 1) * $k + $last, $run::<false>, $run::<true>)
            }
        }

        #[expect(unsafe_code, reason = "the multiply-adds are assembly")]
        #[expect(clippy::too_many_lines, clippy::cognitive_complexity, reason = "one loop, in registers")]
        #[target_feature(enable = "avx512f,avx512dq,avx512ifma,bmi2")]
        fn $run<const SQUARE: bool>(value: &mut Digits<$k>, by: &Digits<$k>, modulus: &Modulus<$k>, times: u32) {
            const K: usize = $k;
            const LAST: usize = $last;
            const D: usize = $ahead;
            let zero = _mm512_setzero_si512();
            let mask = _mm512_set1_epi64(MASK.cast_signed());
            let mut factor = [zero; K];
            each!(R in $rows { factor[R] = load(&value.0[R]); });
            for time in 0..times {
                if SQUARE && time > 0 {
                    // What is above a digit is not multiplied.
                    each!(R in $rows { store(&mut value.0[R], factor[R]); });
                }
                let other = if SQUARE { &*value } else { by };
                let mut window = [zero; K];
                let mut high = zero;
                let mut high_diagonal = zero;

                macro_rules! products {
                    ($kind:ident, $low:ident, $high:ident, $S:ident, $part:ident, $lane:expr) => {
                        each!(R in $rows {
                            const OTHER: usize = (K + $S - R) % K;
                            if const { matches!(taken(SQUARE, K, LAST, R, OTHER), Taken::$kind) && in_part(Part::$part, K, LAST, R, $S) } {
                                let digit = if SQUARE && const { matches!(Part::$part, Part::First) } {
                                    _mm512_broadcastq_epi64(_mm512_castsi512_si128(factor[OTHER]))
                                } else {
                                    read_digit!(other, OTHER, $lane, matches!(Part::$part, Part::Middle | Part::Seventh) && R <= $S)
                                };
                                multiply_add!(lo, $low, factor[R], digit);
                                multiply_add!(hi, $high, factor[R], digit);
                            }
                        });
                    };
                }
                // Vector X_j of the product, for j = S modulo K. The high halves are left for the next.
                macro_rules! column {
                    ($S:ident, $part:ident, $lane:expr) => {{
                        let mut sum = high;
                        high = zero;
                        products!(Off, sum, high, $S, $part, $lane);
                        if SQUARE {
                            sum = _mm512_add_epi64(sum, sum);
                            if const { has_diagonal(K, (K + $S - 1) % K) } {
                                sum = _mm512_add_epi64(sum, high_diagonal);
                            }
                            high_diagonal = zero;
                            products!(Diagonal, sum, high_diagonal, $S, $part, $lane);
                        }
                        sum
                    }};
                }
                each!(S in $rows { window[S] = column!(S, First, 0); });

                let mut columns = [0; D + 1];
                each!(C in [0 1 2 3] { if C <= D { columns[C] = lowest(window[C]); } });
                let mut quotient = columns[0].wrapping_mul(modulus.inverse);
                let mut carry = 0;
                macro_rules! step {
                    ($S:ident, $column:expr) => {{
                        let digit = _mm512_set1_epi64((quotient >> (64 - BITS)).cast_signed());
                        // Its low digit and that of the quotient's product make 2^52, or both are 0.
                        carry = (columns[0] + MASK) >> BITS;
                        let (_, mut above) = quotient.carrying_mul(modulus.low[0], 0);
                        let known = columns[1].wrapping_add(carry);
                        let next_quotient = known
                            .wrapping_mul(modulus.inverse)
                            .wrapping_add(quotient.wrapping_mul(modulus.inverse_of_second))
                            .wrapping_add(above.wrapping_mul(modulus.inverse_again));
                        columns[1] = known;
                        each!(C in $ahead_list {
                            let (low, next) = quotient.carrying_mul(modulus.low[C], 0);
                            columns[C - 1] = columns[C].wrapping_add(above).wrapping_add(low >> (64 - BITS));
                            above = next;
                        });
                        quotient = next_quotient;
                        let entering = $column;
                        each!(R in $urgent {
                            let row = read_row!(&modulus.rows, R);
                            multiply_add!(lo, window[($S + R) % K], row, digit);
                            if R == K - 1 {
                                let leaving = _mm512_alignr_epi64::<1>(zero, window[$S % K]);
                                window[$S % K] = _mm512_add_epi64(leaving, entering);
                            }
                            multiply_add!(hi, window[($S + R + 1) % K], row, digit);
                        });
                        columns[D] = lowest(window[($S + 1 + D) % K]);
                    }};
                }
                for lane in 0..if LAST == K { LANES - 1 } else { LANES - 2 } {
                                        each!(S in $rows { step!(S, column!(S, Middle, lane)); });
                }
                                if LAST != K {
                    each!(S in $rows { step!(S, column!(S, Seventh, LANES - 2)); });
                }
                each!(S in $rest { step!(S, column!(S, Last, LANES - 1)); });
                let _ = quotient;

                // Carries within lanes,
                let mut sums = [zero; K];
                let mut over = _mm512_zextsi128_si512(_mm_cvtsi64_si128(carry.cast_signed()));
                each!(R in $rows {
                    sums[R] = _mm512_add_epi64(window[(LAST + R) % K], over);
                    over = _mm512_srli_epi64::<{ BITS as u32 }>(sums[R]);
                });
                // from each lane to the next, and through lanes that are all ones: as a sum of masks carries,
                let first = _mm512_add_epi64(_mm512_and_si512(sums[0], mask), _mm512_alignr_epi64::<7>(over, zero));
                let mut ones = mask;
                each!(R in $rows { if R > 0 { ones = _mm512_and_si512(ones, sums[R]); } });
                let all_ones = _mm512_cmpeq_epi64_mask(ones, mask);
                let carries = _mm512_mask_cmpgt_epu64_mask(all_ones, first, mask);
                let passes_on = _mm512_mask_cmpge_epu64_mask(all_ones, first, mask);
                let into = carries.wrapping_add(passes_on) ^ carries ^ passes_on;
                // and within lanes again.
                factor[0] = _mm512_mask_add_epi64(first, into, first, _mm512_set1_epi64(1));
                each!(R in $rows { if R > 0 {
                    let over = _mm512_srli_epi64::<{ BITS as u32 }>(factor[R - 1]);
                    factor[R] = _mm512_add_epi64(_mm512_and_si512(sums[R], mask), over);
                } });
            }
            each!(R in $rows { store(&mut value.0[R], _mm512_and_si512(factor[R], mask)); });
        }
    };
}

kernel!(run_2048, 2048, 5, last 5 [0 1 2 3 4], ahead 3 [1 2 3], rows [0 1 2 3 4], by urgency [3 2 0 1 4]);
kernel!(run_3072, 3072, 8, last 4 [0 1 2 3], ahead 2 [1 2], rows [0 1 2 3 4 5 6 7], by urgency [1 2 3 0 4 5 6 7]);
kernel!(run_4096, 4096, 10, last 10 [0 1 2 3 4 5 6 7 8 9], ahead 2 [1 2], rows [0 1 2 3 4 5 6 7 8 9],
    by urgency [1 2 3 0 4 5 6 7 8 9]);

#[target_feature(enable = "avx512f")]
fn lowest(vector: __m512i) -> u64 {
    _mm_cvtsi128_si64(_mm512_castsi512_si128(vector)).cast_unsigned()
}
