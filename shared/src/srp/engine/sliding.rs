//! `v^u` for a public `u`: the digits may show, the base may not.

use zeroize::Zeroizing;

use super::{
    Kernel, Scalar, digits,
    table::{Accumulator, SecretTable},
};

/// `base`, `base^3`, … `base^15`.
const ODD_POWERS: usize = digits::ENTRIES / 2;

/// `base^e` for a public `e` and a secret base: windows that begin and end with a 1, and no work for zeros.
pub(super) fn raise<K: Kernel>(kernel: &K, base: &K::Residue, exponent: &Scalar) -> Zeroizing<K::Residue> {
    // base, base^3, … base^15
    let mut odd = SecretTable::new();
    let mut entry = Zeroizing::new(base.clone());
    let mut square = entry.clone();
    kernel.square(&mut square, 1);
    odd.push(&entry);
    for _ in 1..ODD_POWERS {
        kernel.multiply(&mut entry, &square);
        odd.push(&entry);
    }

    let mut power = Accumulator::new(kernel);
    for step in steps(exponent) {
        power.square(step.squares);
        if let Some(factor) = step.odd_power.and_then(|number| odd.entries().get(number)) {
            power.multiply(factor);
        }
    }
    power.finish()
}

/// How many products [`raise`] takes, squares among them.
pub(super) fn products(exponent: &Scalar) -> usize {
    let steps = steps(exponent);
    let squares: u32 = steps.iter().skip(1).map(|step| step.squares).sum();
    let factors = steps.iter().skip(1).filter(|step| step.odd_power.is_some()).count();
    ODD_POWERS + usize::try_from(squares).unwrap_or(0) + factors
}

/// A step of a power with a public exponent: so many squares, then a product with an odd power.
struct Step {
    squares: u32,
    /// `base^(2·number + 1)`; none behind the last 1 of the exponent.
    odd_power: Option<usize>,
}

/// Cuts a public exponent into windows that begin and end with a 1, the highest first.
fn steps(exponent: &Scalar) -> Vec<Step> {
    let mut steps = Vec::with_capacity(digits::WINDOWS);
    let mut bits = digits::bits(exponent);
    let mut squares = 0;
    while let Some(bit) = bits.next() {
        squares += 1;
        if bit == 0 {
            continue;
        }
        let (mut value, mut zeros) = (1_usize, 0);
        for _ in 1..digits::WINDOW {
            match bits.next() {
                Some(0) => zeros += 1,
                Some(_) => {
                    value = (value << (zeros + 1)) | 1;
                    squares += zeros + 1;
                    zeros = 0;
                }
                None => break,
            }
        }
        steps.push(Step { squares, odd_power: Some(value >> 1) });
        squares = zeros;
    }
    if squares > 0 {
        steps.push(Step { squares, odd_power: None });
    }
    steps
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn slid(exponent: &Scalar) -> BigUint {
        steps(exponent).iter().fold(BigUint::ZERO, |sum, step| {
            (sum << step.squares) + step.odd_power.map_or(BigUint::ZERO, |number| BigUint::from(2 * number + 1))
        })
    }

    #[test]
    fn an_exponent_without_or_with_nothing_but_ones_slides() {
        for byte in [0, 1, 0x80, 0x11, 0xff] {
            assert_eq!(slid(&[byte; 32]), BigUint::from_bytes_be(&[byte; 32]));
        }
    }

    proptest! {
        #[test]
        fn sliding_windows_are_the_number_and_few(scalar: Scalar) {
            prop_assert_eq!(slid(&scalar), BigUint::from_bytes_be(&scalar));
            prop_assert!(steps(&scalar).iter().all(|step| step.odd_power.is_none_or(|number| number < ODD_POWERS)));
            prop_assert!(steps(&scalar).len() <= digits::WINDOWS + 1);
        }
    }
}
