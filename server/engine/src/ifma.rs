//! Montgomery arithmetic on AVX-512 IFMA: eight multiply-adds of 52 bits in one instruction.
//!
//! A number has `8·K` digits of 52 bits, held in `K` vectors of eight lanes; `n` of the digits are used, and the
//! Montgomery factor is `R = 2^(52·n)`:
//!
//! | bits | `K` | `n` | `R / N` above |
//! |---|---|---|---|
//! | 2048 | 5 | 40 | 2^32 |
//! | 3072 | 8 | 60 | 2^48 |
//! | 4096 | 10 | 80 | 2^64 |
//!
//! # Ranges
//!
//! Every [`Digits`] that leaves this module stands for a number below `2N`, with each digit below `2^52`:
//!
//! - A product of `a, b < 2N` is `(a·b + q·N) / R` with `q < R`, so below `4N²/R + N < 2N`, since `4N < R`: no
//!   subtraction follows (Walter, "Montgomery exponentiation needs no final subtractions", 1999; Gueron, "Efficient
//!   software implementations of modular exponentiation", 2012, calls it almost-Montgomery multiplication).
//! - What is read, any number below `2^bits ≤ 2N`, is multiplied with `R² mod N`.
//! - Sums, differences and small multiples are below `2^17·N` and then brought below `2N` ([`Number::settle`]).
//! - To write, a product with 1 is at most `N`, and one masked subtraction makes it less.
//!
//! How the 64-bit lanes keep their sums is told in `product.rs`.
//!
//! # What is wiped
//!
//! Residues by whoever holds them; numbers on the way in and out here. Vectors, scalars and numbers that moved, which the
//! compiler keeps on the stack, cannot be named: once a result is written, which is the end of every computation,
//! [`Size::forget`] clears the vector registers and overwrites the stack below whoever called [`Kernel::write`]. All of
//! this module that a computation called had its frames there.
//!
//! Out of reach are the frames of whoever calls, where a residue that moved may have left a copy; general registers, which
//! the next computation overwrites; and what an interrupt saves meanwhile.

mod number;
mod product;
mod vectors;

use tacit_shared::srp::engine::{Element, Kernel};
use zeroize::Zeroizing;

use number::Number;
pub use vectors::Digits;
use vectors::{Modulus, Size};

/// Arithmetic modulo an odd `N` of 2048 bits.
pub type Ifma2048 = Ifma<5>;
/// Arithmetic modulo an odd `N` of 3072 bits.
pub type Ifma3072 = Ifma<8>;
/// Arithmetic modulo an odd `N` of 4096 bits.
pub type Ifma4096 = Ifma<10>;

/// Whether this processor has what the kernel needs.
#[must_use]
pub fn is_available() -> bool {
    vectors::is_available()
}

/// Arithmetic modulo one `N`, on `K` vectors.
pub struct Ifma<const K: usize> {
    size: Size<K>,
    bytes: Vec<u8>,
    modulus: Modulus<K>,
    natural: Number<K>,
    /// `2N`, which keeps differences positive.
    twice: Number<K>,
    /// `R mod N`, which is 1 in Montgomery form.
    one: Digits<K>,
    /// `R² mod N`: a product with it brings a number into Montgomery form.
    square_of_r: Digits<K>,
    /// Reads quotients by `N` off the leading digits.
    reciprocal: u64,
}

macro_rules! constructor {
    ($k:literal) => {
        impl Ifma<$k> {
            /// The kernel for an odd `N`, big-endian, of exactly the bits of this size; none for another `N`, or where
            /// the processor lacks AVX-512 IFMA.
            #[must_use]
            pub fn new(modulus: &[u8]) -> Option<Self> {
                Size::<$k>::new().and_then(|size| Self::over(size, modulus))
            }
        }
    };
}
constructor!(5);
constructor!(8);
constructor!(10);

impl<const K: usize> Ifma<K> {
    fn over(size: Size<K>, modulus: &[u8]) -> Option<Self> {
        let fits = modulus.len() * 8 == size.bits
            && modulus.first().is_some_and(|top| *top >= 0x80)
            && modulus.last().is_some_and(|low| low % 2 == 1);
        if !fits {
            return None;
        }
        let natural = Number::from_bytes(modulus);
        let steps = size.digits * number::BITS;
        let one = Number::power_of_two(steps, &natural);
        let square_of_r = Number::power_of_two(2 * steps, &natural);
        Some(Self {
            size,
            bytes: modulus.to_vec(),
            modulus: Modulus::new(&natural),
            twice: natural.plus(&natural),
            reciprocal: natural.reciprocal(modulus.len()),
            natural,
            one: one.to_digits(),
            square_of_r: square_of_r.to_digits(),
        })
    }

    /// A frame of its own: what it leaves lies below `write`'s, where `forget` overwrites it.
    #[inline(never)]
    fn written(&self, value: &Digits<K>) -> Element {
        let mut value = Zeroizing::new(value.clone());
        self.multiply(&mut value, &Number::small(1).to_digits());
        Number::from_digits(&value).less_at_most(&self.natural).to_bytes(self.bytes.len())
    }

    fn settled(&self, number: &Number<K>) -> Digits<K> {
        number.settle(&self.natural, self.reciprocal, self.bytes.len()).to_digits()
    }
}

impl<const K: usize> Kernel for Ifma<K> {
    type Residue = Digits<K>;

    fn name(&self) -> &'static str {
        "ifma"
    }

    fn modulus(&self) -> &[u8] {
        &self.bytes
    }

    fn read(&self, bytes: &[u8]) -> Digits<K> {
        let mut value = Number::from_bytes(bytes).to_digits();
        self.multiply(&mut value, &self.square_of_r);
        value
    }

    fn write(&self, value: &Digits<K>) -> Element {
        let out = self.written(value);
        self.size.forget();
        out
    }

    fn one(&self) -> Digits<K> {
        self.one.clone()
    }

    fn multiply(&self, value: &mut Digits<K>, by: &Digits<K>) {
        self.size.multiply(value, by, &self.modulus);
    }

    fn square(&self, value: &mut Digits<K>, times: u32) {
        self.size.square(value, &self.modulus, times);
    }

    fn multiply_small(&self, value: &mut Digits<K>, by: u32) {
        *value = self.settled(&Number::from_digits(value).times(by.into()));
    }

    fn add(&self, value: &mut Digits<K>, other: &Digits<K>) {
        *value = self.settled(&Number::from_digits(value).plus(&Number::from_digits(other)));
    }

    fn subtract(&self, value: &mut Digits<K>, other: &Digits<K>) {
        let more = Number::from_digits(value).plus(&self.twice);
        *value = self.settled(&more.minus(&Number::from_digits(other)).0);
    }

    fn select(&self, out: &mut Digits<K>, table: &[Digits<K>], index: u32) {
        self.size.select(out, table, index);
    }
}
