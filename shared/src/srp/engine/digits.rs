//! Exponents, taken apart.

use zeroize::Zeroizing;

use super::{ClientSecret, Scalar};

/// Bits of a window.
pub(super) const WINDOW: u32 = 4;
/// Values of a window.
pub(super) const ENTRIES: usize = 16;
/// Windows of a [`Scalar`].
pub(super) const WINDOWS: usize = 64;

/// Bytes of `a + u·x`: a product of two 256-bit numbers and the carry of one sum.
pub(super) const JOINT_BYTES: usize = 65;

/// The windows of a big-endian number, the highest first.
pub(super) fn windows(bytes: &[u8]) -> impl DoubleEndedIterator<Item = u32> {
    bytes.iter().flat_map(|byte| [u32::from(byte >> 4), u32::from(byte & 15)])
}

/// The bits of a big-endian number, the highest first.
pub(super) fn bits(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| u32::from(byte >> place & 1)))
}

/// `a + u·x`, over the integers: the order of `g` divides `(N−1)/2`, far above 513 bits, so nothing is reduced.
pub(super) fn joint_exponent(secret: &ClientSecret<'_>) -> Zeroizing<[u8; JOINT_BYTES]> {
    let (a, u, x) = (limbs(secret.a), limbs(secret.u), limbs(secret.x));
    // Limbs of 32 bits, the lowest first; the highest holds the carry of the sum.
    let mut sum = Zeroizing::new([0_u32; 17]);
    for (out, limb) in sum.iter_mut().zip(a.iter()) {
        *out = *limb;
    }
    for (offset, u) in u.iter().enumerate() {
        let mut carry = 0_u64;
        let mut x = x.iter();
        for out in sum.iter_mut().skip(offset) {
            // At most (2^32 − 1)² + 2·(2^32 − 1), which is 2^64 − 1.
            let term = x.next().map_or(0, |x| u64::from(*u).wrapping_mul(u64::from(*x)));
            let column = term.wrapping_add(u64::from(*out)).wrapping_add(carry);
            let [b0, b1, b2, b3, ..] = column.to_le_bytes();
            *out = u32::from_le_bytes([b0, b1, b2, b3]);
            carry = column >> 32;
        }
    }
    let mut out = Zeroizing::new([0; JOINT_BYTES]);
    for (byte, from) in out.iter_mut().rev().zip(sum.iter().flat_map(|limb| limb.to_le_bytes())) {
        *byte = from;
    }
    out
}

fn limbs(scalar: &Scalar) -> Zeroizing<[u32; 8]> {
    let mut out = Zeroizing::new([0; 8]);
    let (words, _) = scalar.as_chunks::<4>();
    for (limb, word) in out.iter_mut().rev().zip(words) {
        *limb = u32::from_be_bytes(*word);
    }
    out
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn joint(a: &Scalar, u: &Scalar, x: &Scalar) -> BigUint {
        BigUint::from_bytes_be(&*joint_exponent(&ClientSecret { k: &[0; 32], x, a, u }))
    }

    fn number(scalar: &Scalar) -> BigUint {
        BigUint::from_bytes_be(scalar)
    }

    #[test]
    fn the_largest_exponents_carry_into_the_last_byte() {
        let all = [0xff; 32];
        assert_eq!(joint(&all, &all, &all), number(&all) + number(&all) * number(&all));
    }

    proptest! {
        #[test]
        fn the_joint_exponent_is_that_of_the_integers(a: Scalar, u: Scalar, x: Scalar) {
            prop_assert_eq!(joint(&a, &u, &x), number(&a) + number(&u) * number(&x));
        }

        #[test]
        fn windows_and_bits_are_the_number(scalar: Scalar) {
            let of = |digits: &mut dyn Iterator<Item = u32>, base: u32| {
                digits.fold(BigUint::ZERO, |sum, digit| sum * base + digit)
            };
            prop_assert_eq!(of(&mut windows(&scalar), 16), number(&scalar));
            prop_assert_eq!(of(&mut bits(&scalar), 2), number(&scalar));
        }
    }
}
