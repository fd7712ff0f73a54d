//! The products: one number across the lanes.
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

use core::arch::{
    asm,
    x86_64::{
        __m512i, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512,
        _mm512_broadcastq_epi64, _mm512_castsi512_si128, _mm512_cmpeq_epi64_mask, _mm512_mask_add_epi64,
        _mm512_mask_cmpge_epu64_mask, _mm512_mask_cmpgt_epu64_mask, _mm512_set1_epi64, _mm512_setzero_si512,
        _mm512_srli_epi64, _mm512_zextsi128_si512,
    },
};

use super::number::{BITS, MASK};
use super::vectors::{Digits, LANES, Modulus, Size, load, store};

/// The most columns ahead that are kept in scalars.
pub(super) const AHEAD: usize = 3;

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
        let lane: usize = $lane;
        // On where scripts/sanitizer.sh runs the tests, which cannot see into assembly.
        debug_assert!(lane + usize::from($next) < LANES);
        let digit: __m512i;
        // SAFETY: `$lane` plus one where `$next` is less than `LANES`, as every use below shows, and a constant below `K`
        // is a row of the number; the function has the feature.
        unsafe {
            asm!("vpbroadcastq {0}, qword ptr [{1} + 8*{2:r} + {3}]", out(zmm_reg) digit, in(reg) digits.as_ptr(), in(reg) lane,
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
        #[expect(clippy::too_many_lines, reason = "one loop that must not leave the registers")]
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
                columns[0] = lowest(window[0]);
                each!(C in $ahead_list { columns[C] = lowest(window[C]); });
                let mut quotient = columns[0].wrapping_mul(modulus.inverse);
                let mut carry;
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
                        let _ = above;
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
                // What the last step has made for a next one.
                let _ = (quotient, columns, high, high_diagonal);

                // Carries within lanes,
                let mut sums = [zero; K];
                let mut over = _mm512_zextsi128_si512(_mm_cvtsi64_si128(carry.cast_signed()));
                each!(R in $rows {
                    sums[R] = _mm512_add_epi64(window[(LAST + R) % K], over);
                    over = _mm512_srli_epi64::<52>(sums[R]);
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
                over = _mm512_srli_epi64::<52>(factor[0]);
                each!(R in $rows { if R > 0 {
                    factor[R] = _mm512_add_epi64(_mm512_and_si512(sums[R], mask), over);
                    over = _mm512_srli_epi64::<52>(factor[R]);
                } });
                let _ = over;
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
